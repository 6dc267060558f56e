"""A table: named columns of equal length, each of numbers or of text."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]

# Columns, and for some of those of numbers the texts that the file has: Arrow arrays.
Pieces = tuple[Columns, dict[str, Any]]

# From here on float64 does not hold every whole number.
EXACT = 2.0**53

# Digits of a number that a message does not show.
_LONG = 40


class Turn(NamedTuple):
    """Whose turn it is to read: of so many readers, this one takes every so-manieth.

    Example:
      >>> [i for i in range(7) if Turn(1, 3).takes(i)]
      [1, 4]
    """

    reader: int = 0
    readers: int = 1

    def takes(self, i: int) -> bool:
        """Whether the i-th is this reader's."""
        return i % self.readers == self.reader


ALONE = Turn()


@dataclass(frozen=True, eq=False)  # == of arrays is an array, not an answer
class Table:
    """Columns of equal length, each of numbers or of text.

    Attributes:
      source: where it comes from: messages begin with it.
      columns: name -> (m,), float64 (NaN where missing) or str ("" where missing).
      one_unit: whether all inputs measure the same, as pixels do.
      first_row: how many rows of the source come before these.
      spelled: of columns of numbers, the file's own texts, as Arrow arrays of all rows
        that were read together.
      rows: which of those are left; all when None.
    """

    source: str
    columns: Columns
    one_unit: bool = False
    first_row: int = 0
    spelled: Mapping[str, Any] = field(default_factory=dict[str, Any])
    rows: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def take(self, rows: NDArray[Any] | slice) -> "Table":
        """The table of those rows (indices, a mask, or a slice)."""
        left = np.arange(len(self)) if self.rows is None else self.rows
        columns = {name: cells[rows] for name, cells in self.columns.items()}
        return replace(self, columns=columns, rows=left[rows])

    def select(self, names: Iterable[str]) -> "Table":
        """The table of those columns."""
        return replace(self, columns={name: self.columns[name] for name in names})

    def row(self, row: int) -> int:
        """The number that people give a row: they count from 1, below the header."""
        return self.first_row + 1 + int(row if self.rows is None else self.rows[row])

    def error(self, name: str, row: int, what: str) -> ValueError:
        """What is wrong with one cell."""
        return ValueError(
            f"{self.source}: column {name!r}, row {self.row(row)}: {what}"
        )

    def gaps(self, name: str) -> NDArray[np.bool_]:
        """(m,) where a column's cells hold nothing."""
        cells = self.columns[name]
        return cells == "" if is_text(cells) else np.isnan(cells)

    def texts(self, name: str) -> NDArray[Any]:
        """(m,) a column's cells as the file has them; "" where they hold nothing.

        Example:
          >>> Table("t", {"x": np.array([7.0, 0.5, np.nan])}).texts("x").tolist()
          ['7', '0.5', '']
        """
        cells = self.columns[name]
        if is_text(cells):
            return cells
        texts = self.spelled.get(name)
        if texts is not None:
            texts = texts if self.rows is None else texts.take(self.rows)
            return texts.to_numpy(zero_copy_only=False)
        there = ~np.isnan(cells)
        found = np.full(len(cells), "", dtype=object)
        found[there] = as_text(cells[there])
        return found

    def numbers(self, name: str) -> NDArray[np.float64] | None:
        """(m,) a column's numbers, NaN where it has none; None if a text is no number.

        Raises:
          ValueError: a whole number that float64 cannot hold.

        Example:
          >>> Table("t", {"x": np.array(["1", ""], dtype=object)}).numbers("x")
          array([ 1., nan])
        """
        cells = self.columns[name]
        if is_text(cells):
            spelled = {text: number_in(text) for text in set(cells) - {""}}
            if None in spelled.values():
                return None
            cells = np.array([spelled.get(text, np.nan) for text in cells], np.float64)
        large = np.flatnonzero(abs(cells) >= EXACT)
        texts = self.texts(name) if len(large) else cells
        for row in large:
            text = texts[row]
            if re.fullmatch(r"[+-]?\d+", text) and not _holds(cells[row], text):
                said = text if len(text) < _LONG else f"one of {len(text)} digits"
                raise self.error(
                    name,
                    int(row),
                    f"{said} is more than float64 can hold; take the column as "
                    "categories, or leave it out",
                )
        return cells


def _holds(number: np.float64, digits: str) -> bool:
    """Whether the number is the one that the digits spell, of which there may be many.

    Example:
      >>> (
      ...     _holds(np.float64(1e22), "1" + "0" * 22),
      ...     _holds(np.float64(np.inf), "9" * 400),
      ... )
      (True, False)
    """
    return bool(np.isfinite(number)) and Decimal(digits) == int(number)


def is_text(cells: NDArray[Any]) -> bool:
    """Whether a column is text."""
    return cells.dtype == object


def number_in(text: str) -> float | None:
    """The finite number that a text spells, if it does; in digits 0 to 9 alone.

    Example:
      >>> number_in("2.50"), number_in("2,50"), number_in("١٢")
      (2.5, None, None)
    """
    if not text.isascii() or "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None


def as_text(cells: NDArray[Any]) -> NDArray[Any]:
    """Numbers as people write them: whole ones without a point.

    Example:
      >>> as_text(np.array([3.0, 0.5])).tolist()
      ['3', '0.5']
    """
    if is_text(cells):
        return cells
    values, which = np.unique(cells, return_inverse=True)
    texts = [str(int(v)) if v.is_integer() else repr(v) for v in values.tolist()]
    return np.array(texts, dtype=object)[which]


def named(names: list[str], cells: Iterable[NDArray[Any]]) -> Columns:
    """The columns by name, after the names were looked at."""
    seen: set[str] = set()
    for position, name in enumerate(names):
        if not name:
            raise ValueError(
                f"column {position + 1} has no name (pandas writes its index so: "
                "use index=False)"
            )
        if name in seen:
            raise ValueError(f"two columns are named {name!r}")
        seen.add(name)
    return dict(zip(names, cells, strict=True))
