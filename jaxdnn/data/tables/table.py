"""A table: named columns of equal length, each of numbers or of text."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)  # == of arrays is an array, not an answer
class Table:
    """Columns of equal length, each of numbers or of text.

    Attributes:
      source: where it comes from: messages begin with it.
      columns: name -> (m,), float64 (NaN where missing) or str ("" where missing).
      one_unit: whether all inputs measure the same, as pixels do.
      first_row: how many rows of the source come before these.
    """

    source: str
    columns: Columns
    one_unit: bool = False
    first_row: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def take(self, rows: NDArray[Any]) -> "Table":
        """The table of those rows (indices, or a mask)."""
        return replace(
            self, columns={name: cells[rows] for name, cells in self.columns.items()}
        )

    def select(self, names: Iterable[str]) -> "Table":
        """The table of those columns."""
        return replace(self, columns={name: self.columns[name] for name in names})

    def row(self, row: int) -> int:
        """The number that people give a row: they count from 1, below the header."""
        return row + self.first_row + 1

    def error(self, name: str, row: int, what: str) -> ValueError:
        """What is wrong with one cell."""
        return ValueError(
            f"{self.source}: column {name!r}, row {self.row(row)}: {what}"
        )

    def gaps(self, name: str) -> NDArray[np.bool_]:
        """(m,) where a column's cells hold nothing."""
        cells = self.columns[name]
        return cells == "" if is_text(cells) else np.isnan(cells)

    def texts(self, name):
        cells = self.columns[name]
        if is_text(cells):
            return cells
        gaps = np.isnan(cells)
        out = np.full(len(cells), "", object)
        out[~gaps] = as_text(cells[~gaps])
        return out

    def numbers(self, name):
        cells = self.columns[name]
        if not is_text(cells):
            return cells
        values = [number_in(t) if t else np.nan for t in cells]
        return None if None in values else np.array(values, float)


def is_text(cells: NDArray[Any]) -> bool:
    """Whether a column is text."""
    return cells.dtype == object


def number_in(text: str) -> float | None:
    """The finite number that a text spells, if it does.

    Example:
      >>> number_in("2.50"), number_in("2,50")
      (2.5, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) and "_" not in text else None


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
    for position, name in enumerate(names):
        if not name:
            raise ValueError(
                f"column {position + 1} has no name (pandas writes its index so: "
                "use index=False)"
            )
        if name in names[:position]:
            raise ValueError(f"two columns are named {name!r}")
    return dict(zip(names, cells, strict=True))
