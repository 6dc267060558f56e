"""The kinds of columns there are: a new one is a file beside this, and a line here."""

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from jaxdnn.data.columns.categories import Categories, CategoriesLearner
from jaxdnn.data.columns.numbers import Numbers, NumbersLearner

Column = Numbers | Categories
Learner = NumbersLearner | CategoriesLearner

# What every cell of a target holds: its classes and their rows, or a range.
Found = Mapping[str, int] | tuple[float, float]

# A column is of the first kind whose learner it fits.
LEARNERS = (CategoriesLearner, NumbersLearner)

_KINDS: Mapping[str, type[Numbers] | type[Categories]] = MappingProxyType(
    {kind.kind: kind for kind in (Numbers, Categories)}
)


def to_json(column: Column) -> dict[str, Any]:
    """A dictionary of numbers, names and lists.

    Example:
      >>> to_json(Numbers("x", 0.0, 1.0))
      {'kind': 'numbers', 'name': 'x', 'mean': 0.0, 'deviation': 1.0}
    """
    return {"kind": column.kind, **asdict(column)}


def from_json(said: Mapping[str, Any]) -> Column:
    """What `to_json` said.

    Raises:
      ValueError: there is no such kind.

    Example:
      >>> from_json(to_json(Categories("y", ("a", "b")))).categories
      ('a', 'b')
    """
    if said.get("kind") not in _KINDS:
        raise ValueError(f"a column of a kind that is not known: {said.get('kind')!r}")
    return _KINDS[said["kind"]].from_json(said)
