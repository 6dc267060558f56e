"""A column of classes, one-hot: texts, or whole numbers that are names of classes."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn._text import cut
from jaxdnn.data.columns.notes import Note
from jaxdnn.data.columns.role import INPUT, Role
from jaxdnn.data.tables import Table, is_text, number_in

# Whole numbers with more values than this are measured, with fewer they are classes.
MOST_CODES = 20

# Different texts of a column after which they are no categories, whatever the rows.
_MOST_TEXTS = 100_000


@dataclass(frozen=True)
class Categories:
    """A column of text, one-hot; a text not seen in training is none of them.

    A category is the file's own text: "007" and "7" are two. Cells that held nothing in
    training are a category of their own, "".

    Example:
      >>> column = Categories("kind", ("cat", "dog"))
      >>> table = Table("t", {"kind": np.array(["cat", "cow"], dtype=object)})
      >>> column.encode(table).tolist()
      [[1.0, 0.0], [0.0, 0.0]]
    """

    kind: ClassVar[str] = "categories"

    name: str
    categories: tuple[str, ...]

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

    def index(self, texts: NDArray[Any]) -> NDArray[np.int64]:
        """(m,) texts to the numbers of their categories, -1 for none of them.

        A text that is none of them is the one that spells the same number, if only one
        does: files that keep numbers have no "007".

        Example:
          >>> Categories("code", ("007", "12")).index(np.array(["007", "7", "8"]))
          array([ 0,  0, -1])
        """
        number = {text: k for k, text in enumerate(self.categories)}
        spelled = Counter(map(number_in, self.categories))
        alone = {
            value: k
            for k, text in enumerate(self.categories)
            if (value := number_in(text)) is not None and spelled[value] == 1
        }
        for text in set(texts) - number.keys():
            value = number_in(text) if alone else None
            number[text] = -1 if value is None else alone.get(value, -1)
        return np.array([number[text] for text in texts], np.int64)

    def encode(self, table: Table) -> NDArray[np.float64]:
        """(k, m) zeros and ones of a table's rows."""
        texts = table.texts(self.name)
        rows = np.zeros((len(self.categories), len(texts)))
        index = self.index(texts)
        seen = index >= 0
        rows[index[seen], np.flatnonzero(seen)] = 1
        return rows

    def encode_target(self, table: Table) -> NDArray[np.float64]:
        """(k, m) of a table's rows, or (1, m) of two classes: 1 for the second."""
        rows = self.encode(table)
        return rows[1:] if len(rows) == 2 else rows

    def truth(self, table: Table) -> NDArray[np.object_]:
        """(m,) the names that predictions are compared with."""
        texts = table.texts(self.name)
        index = self.index(texts)
        return np.where(index < 0, texts, np.array(self.categories, object)[index])

    def decode(self, said: NDArray[Any]) -> NDArray[np.object_]:
        """What `predict` says, (1, m) numbers of classes, as (m,) names."""
        return np.array(self.categories, dtype=object)[said[0].astype(np.int64)]

    def probabilities(self, AL: NDArray[Any]) -> NDArray[Any]:
        """What `predict_proba` says, (n_L, m), as (k, m): one row for each class."""
        return np.concatenate([1 - AL, AL]) if len(AL) == 1 else AL

    def note(self, table: Table) -> Note | None:
        """Of texts never seen in training, if the table holds some."""
        texts = table.texts(self.name)
        new = texts[self.index(texts) < 0]
        if not new.size:
            return None
        what = f"{cut(str(new[0]))} was never seen" if new[0] else "no cell was missing"
        then = "such cells ({} here) count as no category"
        return Note(self.name, what, then, new.size)

    def describe(self, found: Any) -> str:
        """The classes and their rows, as learned, for the screen."""
        if len(found) > 5:
            return f"{len(found)} classes"
        return ", ".join(f"{name} ({found[name]})" for name in self.categories)


def is_classes(table: Table, name: str) -> bool:
    """Whether a column, taken as a target, is of classes: few whole numbers, or text.

    Example:
      >>> table = Table("t", {"y": np.array([0.0, 1.0]), "z": np.array([0.5, 1.0])})
      >>> is_classes(table, "y"), is_classes(table, "z")
      (True, False)
    """
    cells = table.columns[name]
    if is_text(cells):
        return True
    there = cells[~np.isnan(cells)]
    if (there != np.floor(there)).any() or len(np.unique(there)) > MOST_CODES:
        return False
    # Long codes are more in the file's own words than as float64.
    return len(set(table.texts(name))) <= MOST_CODES


class CategoriesLearner:
    """Learns a column of classes, one piece of a table after the other.

    Only the target's numbers can be the names of classes, unless somebody says so.
    """

    def __init__(self, name: str, role: Role = INPUT) -> None:
        self.name = name
        self.role = role
        self.fits = True
        self.found: Counter[str] = Counter()
        self._trained: Counter[str] = Counter()
        self._too_many = False
        # Whether numbers, unasked, were taken for the names of classes.
        self._codes = False
        # The first text that is no number, and its row, counted from 1.
        self._stray: tuple[str, int] | None = None

    def add(self, table: Table, chosen: NDArray[np.bool_]) -> None:
        """Look at a piece, and learn from the rows chosen."""
        if not self.role.asked and not is_text(table.columns[self.name]):
            few = self.role.target and is_classes(table, self.name)
            self.fits = self.fits and few
            self._codes = True
        if not self.fits or self._too_many:
            return
        texts = table.texts(self.name)
        new = set(texts) - self.found.keys() - {""}
        if self._stray is None and any(number_in(text) is None for text in new):
            row = next(i for i, t in enumerate(texts) if t and number_in(t) is None)
            self._stray = texts[row], table.row(row)
        self.found.update(texts)
        self._trained.update(texts[chosen])
        self._look_whether_many()

    def merge(self, other: "CategoriesLearner") -> None:
        """Take what another learned of other rows.

        Where there are too many texts, each stopped counting by itself.
        """
        self.fits = self.fits and other.fits
        self._codes |= other._codes
        self.found.update(other.found)
        self._trained.update(other._trained)
        strays = [of for of in (self._stray, other._stray) if of is not None]
        self._stray = min(strays, key=lambda stray: stray[1], default=None)
        self._look_whether_many()
        self._too_many |= other._too_many

    def _look_whether_many(self) -> None:
        self.fits = self.fits and not (self._codes and len(self.found) > MOST_CODES)
        self._too_many = len(self.found) > _MOST_TEXTS

    @property
    def only(self) -> str | None:
        """What every cell holds, if they all hold the same."""
        return next(iter(self.found)) if len(self.found) == 1 else None

    @property
    def useless(self) -> str | None:
        """Why the column cannot be learnt from, if so.

        Raises:
          ValueError: a stray text among numbers, which would turn them into categories;
            numbers with a decimal comma; a text of several lines.
        """
        self._check_texts()
        different = len(self._trained.keys() - {""})
        rows = self._trained.total() - self._trained[""]
        if not rows:
            return "empty"
        most = _MOST_TEXTS if self.role.asked else max(MOST_CODES, rows / 2)
        if different > most or self._too_many:
            return f"{different} different texts in {rows} rows"
        return None

    def column(self) -> Categories:
        """The column as the chosen rows have it, numbers among its texts first.

        Raises:
          ValueError: a class of the target without a row to learn from.
        """
        lines = next((text for text in self.found if "\n" in text), None)
        if lines is not None and not self.role.asked:
            raise ValueError(
                f"column {self.name!r}: {lines[:40]!r} has several lines: is a quote "
                "not closed? Leave the column out, or say that it is categorical"
            )
        unseen = sorted(self.found.keys() - self._trained.keys())
        if self.role.target and unseen:
            rows = sum(self.found[name] for name in unseen)
            raise ValueError(
                f"no row to train on has {', '.join(unseen[:10])} in column "
                f"{self.name!r}, but {rows} of the others: leave such rows out, or "
                "share the rows out in another way (split, seed)"
            )
        found = {text: number_in(text) for text, n in self._trained.items() if n}
        order = sorted((v is None, v or 0.0, text) for text, v in found.items())
        return Categories(self.name, tuple(text for *_, text in order))

    @property
    def stray(self) -> tuple[str, int] | None:
        """The text, and its row, for which a column of numbers is of text."""
        numbers = sum(n for t, n in self.found.items() if number_in(t) is not None)
        return self._stray if 2 * numbers > self.found.total() else None

    def _check_texts(self) -> None:
        if self._stray is None or self.role.asked:
            return
        self._check_not_mixed(*self._stray)
        texts = self.found.keys() - {""}
        comma = all(re.fullmatch(r"[+-]?\d*,\d+|[+-]?\d+", text) for text in texts)
        if comma and not self._too_many:
            raise ValueError(
                f"column {self.name!r}, row {self._stray[1]}: {self._stray[0]!r} looks "
                "like a number with a decimal comma: say what the decimal sign is, or "
                "that the column is categorical"
            )

    def _check_not_mixed(self, text: str, row: int) -> None:
        """Refuse the stray text that would turn numbers into categories."""
        numbers = {t: v for t in self.found if (v := number_in(t)) is not None}
        count = sum(self.found[text] for text in numbers)
        mixed = count < self.found.total() - self.found[""] < 2 * count
        values = np.array(list(numbers.values()))
        measured = len(values) > MOST_CODES or bool((values != np.floor(values)).any())
        # "0", "1", "2", "3+" are categories of an input; a target leaves no such doubt.
        if mixed and (self.role.target or measured):
            raise ValueError(
                f"column {self.name!r}, row {row}: {cut(text)} is text among numbers; "
                "say that it is categorical if it is meant"
            )
