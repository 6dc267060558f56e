"""A column of classes, one-hot: texts, or whole numbers that are names of classes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.tables import Table, as_text, is_text, number_in

# Whole numbers with more values than this are measured, with fewer they are classes.
MOST_CODES = 20

# Different texts of a column after which they are no categories, whatever the rows.
_MOST_TEXTS = 100_000


@dataclass(frozen=True)
class Categories:
    """A column of text, one-hot; a text not seen in training is none of them.

    Example:
      >>> column = Categories("kind", ("cat", "dog"))
      >>> column.encode(np.array(["cat", "cow"], dtype=object)).tolist()
      [[1.0, 0.0], [0.0, 0.0]]
    """

    kind: ClassVar[str] = "categories"
    score: ClassVar[str] = "accuracy"

    name: str
    categories: tuple[str, ...]

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Categories":
        """What `asdict` said."""
        return cls(said["name"], tuple(said["categories"]))

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the target's classes."""
        return self.categories

    @property
    def width(self) -> int:
        """How many rows of X it makes."""
        return len(self.categories)

    @property
    def outputs(self) -> int:
        """How many rows of Y it makes."""
        return 1 if self.width == 2 else self.width

    @property
    def head(self) -> str:
        """The output that predicts this column."""
        return "sigmoid" if self.width == 2 else "softmax"

    @property
    def is_text(self) -> bool:
        """Whether a file's column must be read as text, even where it looks otherwise.

        Example:
          >>> (
          ...     Categories("zip", ("01", "1")).is_text,
          ...     Categories("y", ("0", "1")).is_text,
          ... )
          (True, False)
        """
        numbers = [number_in(text) for text in self.categories]
        return None in numbers or self.categories != tuple(as_text(np.array(numbers)))

    def cells(self, table: Table) -> NDArray[Any]:
        """(m,) the table's texts, all there.

        Raises:
          ValueError: a cell is missing.
        """
        table.check_complete([self.name])
        return as_text(table.columns[self.name])

    def index(self, cells: NDArray[Any]) -> NDArray[np.int64]:
        """(m,) texts to the numbers of their categories, -1 for none of them."""
        number = {text: k for k, text in enumerate(self.categories)}
        return np.array([number.get(text, -1) for text in as_text(cells)], np.int64)

    def encode(self, cells: NDArray[Any]) -> NDArray[Any]:
        """(m,) texts to (k, m) zeros and ones."""
        rows = np.zeros((len(self.categories), len(cells)))
        index = self.index(cells)
        seen = index >= 0
        rows[index[seen], np.flatnonzero(seen)] = 1
        return rows

    def encode_target(self, cells: NDArray[Any]) -> NDArray[Any]:
        """(m,) texts to (k, m), or to (1, m) of two classes: 1 for the second."""
        rows = self.encode(cells)
        return rows[1:] if len(rows) == 2 else rows

    def decode(self, said: NDArray[Any]) -> NDArray[Any]:
        """What `predict` says, (1, m) numbers of classes, as (m,) names."""
        return np.array(self.categories, dtype=object)[said[0]]

    def probabilities(self, AL: NDArray[Any]) -> NDArray[Any]:
        """What `predict_proba` says, (n_L, m), as (k, m): one row for each class."""
        return np.concatenate([1 - AL, AL]) if len(AL) == 1 else AL

    def tally(self, truth: NDArray[Any], said: NDArray[Any]) -> NDArray[np.float64]:
        """(2,) sums over rows: how many, and how many are right."""
        return np.array([len(truth), (said == truth).sum()], np.float64)

    def scores(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """The part of the rows that are right."""
        count, right = sums.tolist()
        return {"accuracy": right / count}

    def note(self, table: Table) -> str | None:
        """A line about texts never seen in training, if the table holds some."""
        cells = as_text(table.columns[self.name])
        new = cells[self.index(cells) < 0]
        if not new.size:
            return None
        return (
            f"{table.source}: column {self.name!r}: {str(new[0])!r} was never seen in "
            f"training; such cells ({new.size} here) count as no category"
        )

    def describe(self, found: Any) -> str:
        """The classes and their rows, as learned, for the screen."""
        if len(found) > 5:
            return f"{len(found)} classes"
        return ", ".join(f"{name} ({found[name]})" for name in self.categories)


def is_measured(numbers: NDArray[Any]) -> bool:
    """Whether numbers measure something, and are no names of classes.

    Example:
      >>> is_measured(np.array([0.0, 1.0])), is_measured(np.array([0.5, 1.0]))
      (False, True)
    """
    fractions = bool((numbers != np.floor(numbers)).any())
    return fractions or len(np.unique(numbers)) > MOST_CODES


class CategoriesLearner:
    """Learns a column of classes, one piece of a table after the other.

    Only the target's numbers can be the names of classes.
    """

    def __init__(self, name: str, *, is_target: bool = False) -> None:
        self.name = name
        self.is_target = is_target
        self.fits = True
        self.found: Counter[str] = Counter()
        self._trained: set[str] = set()
        self._count = 0
        # The first text that is no number, and its row, counted from 1.
        self._stray: tuple[str, int] | None = None

    def add(self, table: Table, chosen: NDArray[np.bool_]) -> None:
        """Look at a piece, and learn from the rows chosen."""
        cells = table.columns[self.name]
        codes = not is_text(cells)
        if codes and (not self.is_target or is_measured(cells)):
            self.fits = False
        if not self.fits:
            return
        table.check_complete([self.name])
        cells = as_text(cells)
        new = set(cells) - self.found.keys()
        if self._stray is None and any(number_in(text) is None for text in new):
            row = next(i for i, text in enumerate(cells) if number_in(text) is None)
            self._stray = cells[row], table.first_row + row + 1
        self.found.update(cells)
        self._trained.update(cells[chosen])
        self._count += int(chosen.sum())
        self.fits = not codes or len(self.found) <= MOST_CODES
        if len(self.found) > _MOST_TEXTS:
            raise ValueError(
                f"{table.source}: column {self.name!r}: more than {_MOST_TEXTS} "
                "different texts; leave such a column out"
            )

    @property
    def only(self) -> str | None:
        """What every cell holds, if they all hold the same."""
        return next(iter(self.found)) if len(self.found) == 1 else None

    def column(self) -> Categories:
        """The column as the chosen rows have it, numbers among its texts first.

        Raises:
          ValueError: a stray text among numbers, texts that hardly repeat, a class of
            the target without a row to learn from.
        """
        self._check_not_mixed()
        unseen = sorted(self.found.keys() - self._trained)
        if self.is_target and unseen:
            raise ValueError(
                f"no row to train on has {', '.join(unseen)} in column {self.name!r}: "
                "leave such rows out, or choose another seed"
            )
        found = {text: number_in(text) for text in self._trained}
        if len(found) > max(MOST_CODES, self._count / 2):
            raise ValueError(
                f"column {self.name!r}: {len(found)} different texts in {self._count} "
                "rows; a category must come back to be learnt, so leave such a column "
                "out"
            )
        order = sorted((v is None, v or 0.0, text) for text, v in found.items())
        return Categories(self.name, tuple(text for *_, text in order))

    def _check_not_mixed(self) -> None:
        """Refuse the stray text that would turn numbers into categories."""
        numbers = {text: number_in(text) for text in self.found}
        values = [value for value in numbers.values() if value is not None]
        count = sum(self.found[text] for text, v in numbers.items() if v is not None)
        mixed = count < self.found.total() < 2 * count
        # "0", "1", "2", "3+" are categories of an input; a target leaves no such doubt.
        if self._stray and mixed and (self.is_target or is_measured(np.array(values))):
            text, row = self._stray
            raise ValueError(
                f"column {self.name!r}, row {row}: {text!r} is text among numbers"
            )
