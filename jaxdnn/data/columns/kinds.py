"""The kinds of columns there are: a new one is a file beside this, and a line here."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import Any, get_type_hints

from jaxdnn._refusals import shown
from jaxdnn._text import cut
from jaxdnn.data.columns.categories import Categories, CategoriesLearner, is_classes
from jaxdnn.data.columns.counts import Counts, CountsLearner
from jaxdnn.data.columns.dates import LAYOUTS, Dates, DatesLearner
from jaxdnn.data.columns.numbers import Numbers, NumbersLearner
from jaxdnn.data.columns.role import Role
from jaxdnn.data.tables import Table

Column = Numbers | Categories | Dates
Target = Numbers | Categories | Counts
Learner = NumbersLearner | CategoriesLearner | DatesLearner

# What every cell of a target holds: its classes and their rows, or a range.
Found = Mapping[str, int] | tuple[float, float]

# A column is of the first kind whose learner it fits.
LEARNERS: tuple[type[Learner], ...] = (DatesLearner, CategoriesLearner, NumbersLearner)

# What can be said of the targets -> what they are then learned as.
TASKS: Mapping[str, type[Learner]] = MappingProxyType(
    {
        "classification": CategoriesLearner,
        "regression": NumbersLearner,
        "counts": CountsLearner,
        "multilabel": CategoriesLearner,
    }
)

_KINDS: Mapping[str, type[Column] | type[Target]] = MappingProxyType(
    {kind.kind: kind for kind in (Numbers, Categories, Dates, Counts)}
)


@dataclass(frozen=True)
class Asked:
    """What somebody says of the columns, so that it is not guessed.

    Attributes:
      task: a key of TASKS: what the targets are.
      categorical, numeric: columns that are so, whatever they look like.
      missing: one of `_names.MISSING`.
    """

    task: str | None = None
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    missing: str = "mean"

    def learners(self, name: str, *, target: bool) -> list[Learner]:
        """What may learn the column of that name.

        Example:
          >>> len(Asked().learners("x", target=False))
          3
          >>> Asked(task="counts").learners("y", target=True)  # doctest: +ELLIPSIS
          [<...CountsLearner object at ...>]
        """
        kind = self._kind(name, target)
        if kind is not None:
            return [kind(name, Role(target, True, self.missing))]
        return [kind(name, Role(target, False, self.missing)) for kind in LEARNERS]

    def classifies(self, table: Table, target: str) -> bool:
        """Whether that target is of classes."""
        kind = self._kind(target, target=True)
        if kind is not None:
            return kind is CategoriesLearner
        return is_classes(table, target)

    def _kind(self, name: str, target: bool) -> type[Learner] | None:
        if target and self.task is not None:
            return TASKS[self.task]
        if name in self.categorical:
            return CategoriesLearner
        return NumbersLearner if name in self.numeric else None


GUESSED = Asked()


def to_json(column: Column | Target) -> dict[str, Any]:
    """A dictionary of numbers, names and lists.

    Example:
      >>> to_json(Categories("x", ("a", "b")))
      {'kind': 'categories', 'name': 'x', 'categories': ('a', 'b')}
    """
    return {"kind": column.kind, **asdict(column)}


def from_json(said: Mapping[str, Any]) -> Any:
    """What `to_json` said.

    Raises:
      ValueError: there is no such kind, or something else is where a number, a name or
        names are to be.

    Example:
      >>> from_json(to_json(Categories("y", ("a", "b")))).categories
      ('a', 'b')
      >>> from_json({**to_json(Categories("y", ())), "categories": ["a", "a"]})
      Traceback (most recent call last):
      ValueError: a column of categories whose categories is ('a', 'a')
    """
    kind = _KINDS.get(said.get("kind", ""))
    if kind is None:
        found = cut(str(said.get("kind")))
        raise ValueError(f"a column of a kind that is not known: {found}")
    values: dict[str, Any] = {}
    wanted = get_type_hints(kind)
    for field in fields(kind):
        value = said.get(field.name)
        value = tuple(value) if isinstance(value, list) else value
        within = _WITHIN.get(field.name)
        if not _is_of(value, wanted[field.name]) or (within and not within(value)):
            found = cut(value) if isinstance(value, str) else shown(value)
            raise ValueError(f"a column of {kind.kind} whose {field.name} is {found}")
        values[field.name] = value
    return kind(**values)


# Field -> what it holds, beyond its type.
_WITHIN: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {"deviation": lambda value: value >= 0, "layout": LAYOUTS.__contains__}
)


def _is_of(value: Any, wanted: Any) -> bool:
    """Whether a field can hold the value."""
    if wanted in (str, bool):
        return isinstance(value, wanted)
    if wanted == tuple[str, ...]:
        names = isinstance(value, tuple) and all(isinstance(v, str) for v in value)
        return names and len(set(value)) == len(value)
    if value is None:
        return wanted == float | None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and math.isfinite(value)
