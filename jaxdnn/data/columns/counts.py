"""A target of counts, 0, 1, 2, ..., predicted by the Poisson head."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.columns.numbers import NumbersLearner, numbers_of
from jaxdnn.data.tables import Table


@dataclass(frozen=True)
class Counts:
    """How often something happened: Y is the count itself, and A_L its mean.

    Example:
      >>> Counts("visits").encode_target(Table("t", {"visits": np.array([0.0, 3.0])}))
      array([[0., 3.]])
    """

    kind: ClassVar[str] = "counts"
    head: ClassVar[str] = "exp"
    classes: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[int] = 1

    name: str

    def encode_target(self, table: Table) -> NDArray[np.float64]:
        """(1, m) of a table's rows."""
        return self.truth(table)[np.newaxis]

    def truth(self, table: Table) -> NDArray[np.float64]:
        """(m,) what predictions are compared with.

        Raises:
          ValueError: a number that counts nothing.
        """
        cells = numbers_of(table, self.name)
        odd = (cells < 0) | (cells != np.floor(cells))
        odd &= ~np.isnan(cells)
        if odd.any():
            row = int(odd.argmax())
            raise table.error(
                self.name, row, f"{cells[row]:g} is no count (0, 1, 2, ...)"
            )
        return cells

    def decode(self, said: NDArray[Any]) -> NDArray[np.float64]:
        """What `predict` says, (1, m), as (m,) mean counts."""
        return said[0].astype(np.float64)

    def probabilities(self, _: NDArray[Any]) -> None:
        """None: counts have no classes."""

    def describe(self, found: Any) -> str:
        """The lowest and the highest count, as learned, for the screen."""
        low, high = found
        return f"counts from {low:g} to {high:g}"


class CountsLearner(NumbersLearner):
    """Looks at a target of counts, one piece of a table after the other."""

    def add(self, table: Table, chosen: NDArray[np.bool_]) -> None:
        """Look at a piece: every number must be a count."""
        super().add(table, chosen)
        if self.refusal is None:
            Counts(self.name).truth(table)

    def column(self) -> Counts:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The column: a count needs no figures of the training rows."""
        return Counts(self.name)
