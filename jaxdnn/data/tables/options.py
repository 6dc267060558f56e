"""How a file is to be read: what says that a cell is missing, how CSV is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jaxdnn._names import MISSING_VALUES
from jaxdnn._text import cut, texts_of


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    Attributes:
      missing: the words that say so; the empty cell always does.
      delimiter: what parts the cells of a CSV file; found when None.
      decimal: "." or ",", of its numbers.
      encoding: of its text; UTF-8, or UTF-16 where the file begins so, when None.

    Example:
      >>> Reading.from_json({**vars(Reading()), "decimal": ","}).decimal
      ','
    """

    missing: tuple[str, ...] = MISSING_VALUES
    delimiter: str | None = None
    decimal: str = "."
    encoding: str | None = None

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Reading":
        """What `asdict` said, whose tuples came back as lists.

        Raises:
          ValueError: something else is there.
        """
        signs = [said[name] for name in ("delimiter", "decimal", "encoding")]
        if not all(sign is None or isinstance(sign, str) for sign in signs):
            raise ValueError(f"the signs of a CSV file are {cut(str(signs))}")
        return cls(texts_of("missing", said["missing"]), *signs)


USUAL = Reading()
