"""A column of numbers, standardised by the training rows' mean and deviation.

Sums are exact, and so the same to the last digit in whatever order, pieces, files or
processes the rows come.

References:
  Ozaki, Ogita, Oishi & Rump (2012), Numer. Algorithms 59: products of numbers cut to
  parts so short that nothing is rounded.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn._text import cut
from jaxdnn.data.columns.notes import Note
from jaxdnn.data.columns.role import INPUT, Role
from jaxdnn.data.tables import Table, as_text, is_text, number_in

# Numbers are cut to parts of so many bits, of which so many are added up at a time: the
# products of 2 * 20 bits and the 12 of their count are below the 53 of a float64.
_BITS, _BLOCK = 20, 4096

# Sums count multiples of 2 to the minus this: the last bit of any part, and more.
_UNIT = 1100

# Below it squares have lost digits, or are 0.
_CLOSEST = 1e-145


def numbers_of(table: Table, name: str) -> NDArray[np.float64]:
    """(m,) a table's numbers, NaN where there is none; text that spells them will do.

    Raises:
      ValueError: an infinite number, text among numbers, a whole number that float64
        cannot hold.

    Example:
      >>> table = Table("t", {"x": np.array(["1.5", ""], dtype=object)})
      >>> numbers_of(table, "x")
      array([1.5, nan])
    """
    cells = table.numbers(name)
    if cells is None:
        texts = table.texts(name)
        row = next(i for i, t in enumerate(texts) if t and number_in(t) is None)
        raise table.error(name, row, f"{cut(texts[row])} is not a number")
    infinite = np.isinf(cells)
    if infinite.any():
        more = f", the first of {infinite.sum()}" if infinite.sum() > 1 else ""
        row = int(infinite.argmax())
        raise table.error(name, row, f"an infinite number{more}")
    return cells


def new_gaps(table: Table, name: str, said: str) -> Note | None:
    """Of cells that are missing where none were in training, if there are.

    Example:
      >>> table = Table("t", {"x": np.array([np.nan])})
      >>> new_gaps(table, "x", "the mean stands for").cells
      1
    """
    gaps = int(table.gaps(name).sum())
    return (
        Note(name, "no cell was missing", f"{said} {{}} here", gaps) if gaps else None
    )


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, standardised: (value - mean) / deviation.

    A deviation of 0 says that the column was constant in training: it taught nothing
    and counts for nothing, so it is always encoded as 0.

    Attributes:
      name, mean, deviation: of the training rows.
      filler: what stands for a missing number; the mean where None.
      indicator: whether a second row of X says where numbers are missing, because some
        were in training.

    Example:
      >>> column = Numbers("x", mean=2.0, deviation=1.0, indicator=True)
      >>> column.encode(Table("t", {"x": np.array([5.0, np.nan])})).tolist()
      [[3.0, 0.0], [0.0, 1.0]]
    """

    kind: ClassVar[str] = "numbers"
    head: ClassVar[str] = "identity"
    classes: ClassVar[tuple[str, ...]] = ()
    outputs: ClassVar[int] = 1

    name: str
    mean: float
    deviation: float
    filler: float | None = None
    indicator: bool = False

    @property
    def width(self) -> int:
        """How many rows of X it makes."""
        return 1 + self.indicator

    def encode(self, table: Table) -> NDArray[np.float64]:
        """(width, m) of a table's rows."""
        cells = numbers_of(table, self.name)
        gaps = np.isnan(cells)
        filler = self.mean if self.filler is None else self.filler
        rows = [self._standardised(np.where(gaps, filler, cells))]
        return np.stack([*rows, *[gaps] * self.indicator])

    def encode_target(self, table: Table) -> NDArray[np.float64]:
        """(1, m) of a table's rows."""
        return self._standardised(numbers_of(table, self.name))[np.newaxis]

    def _standardised(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.deviation == 0:
            return np.zeros(len(cells))
        return (cells - self.mean) / self.deviation

    def truth(self, table: Table) -> NDArray[np.float64]:
        """(m,) what predictions are compared with."""
        return numbers_of(table, self.name)

    def decode(self, said: NDArray[Any]) -> NDArray[np.float64]:
        """What `predict` says, (1, m), as (m,) numbers."""
        return said[0].astype(np.float64) * self.deviation + self.mean

    def probabilities(self, _: NDArray[Any]) -> None:
        """None: numbers have no classes."""

    def note(self, table: Table) -> Note | None:
        """Of missing numbers, if training had none."""
        filler = "mean" if self.filler is None else "median"
        said = f"the {filler} stands for"
        return None if self.indicator else new_gaps(table, self.name, said)

    def describe(self, found: Any) -> str:
        """The lowest and the highest number, as learned, for the screen."""
        low, high = found
        return f"{low:g} to {high:g}"


@dataclass(frozen=True)
class Moments:
    """What numbers add up to, exactly: in whole multiples of a small power of two.

    Example:
      >>> a, b = Moments.of(np.array([1.0, 2.0])), Moments.of(np.array([6.0]))
      >>> both = a.plus(b)
      >>> both.count, both.mean, both.squares, both.low, both.high
      (3, 3.0, 14.0, 1.0, 6.0)
    """

    count: int = 0
    total: int = 0
    total_of_squares: int = 0
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(cls, cells: NDArray[np.float64]) -> "Moments":
        """Those of some numbers, all of them finite."""
        if not len(cells):
            return cls()
        total = squares = 0
        for start in range(0, len(cells), _BLOCK):
            parts = _parts(cells[start : start + _BLOCK])
            for i, (shift, part) in enumerate(parts):
                total += int(part.sum()) << shift
                squares += int(part @ part) << 2 * shift
                for before, larger in parts[:i]:
                    squares += 2 * int(part @ larger) << (shift + before)
        return cls(len(cells), total, squares, float(cells.min()), float(cells.max()))

    def plus(self, other: "Moments") -> "Moments":
        """Those of the numbers of both."""
        return Moments(
            self.count + other.count,
            self.total + other.total,
            self.total_of_squares + other.total_of_squares,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    @property
    def mean(self) -> float:
        """The mean, rounded once."""
        return _ratio(self.total, self.count << _UNIT)

    @property
    def squares(self) -> float:
        """The sum of the squared distances from the mean."""
        return _ratio(self._apart, self.count << 2 * _UNIT)

    @property
    def deviation(self) -> float:
        """The standard deviation; 0 of equal numbers."""
        return math.sqrt(_ratio(self._apart, self.count**2 << 2 * _UNIT))

    @property
    def _apart(self) -> int:
        return self.count * self.total_of_squares - self.total**2

    def column(self, name: str, **gaps: Any) -> Numbers:
        """The column that has them.

        Raises:
          ValueError: the numbers, or what parts them, are too large or too small to
            square.
        """
        if not np.isfinite([self.mean, self.deviation]).all():
            raise ValueError(f"column {name!r}: its numbers are too large to square")
        if self.deviation < _CLOSEST and self.low < self.high:
            raise ValueError(
                f"column {name!r}: its numbers, {self.low:g} to {self.high:g}, are too "
                "close together to square what parts them"
            )
        return Numbers(name, self.mean, self.deviation, **gaps)


def _parts(cells: NDArray[np.float64]) -> list[tuple[int, NDArray[np.float64]]]:
    """Numbers as Σ part 2^(shift - _UNIT), the parts whole numbers of few bits."""
    parts: list[tuple[int, NDArray[np.float64]]] = []
    rest = np.asarray(cells, np.float64)
    while (largest := max(-rest.min(), rest.max())) > 0:
        last = math.frexp(largest)[1] - _BITS
        part = np.rint(np.ldexp(rest, -last))
        parts.append((last + _UNIT, part))
        rest = rest - np.ldexp(part, last)
    return parts


def _ratio(above: int, below: int) -> float:
    """The quotient, rounded once; infinite where float64 does not reach."""
    try:
        return above / below
    except OverflowError:
        return math.inf


class NumbersLearner:
    """Learns a column of numbers, one piece of a table after the other."""

    def __init__(self, name: str, role: Role = INPUT) -> None:
        self.name = name
        self.role = role
        self.fits = True
        self._low, self._high = np.inf, -np.inf
        # What the chosen numbers add up to.
        self.moments = Moments()
        self._gaps = False
        # Of a cell that is no number; raised if the column is taken for numbers.
        self.refusal: ValueError | None = None
        # The median needs them all.
        self._all: list[NDArray[np.float64]] | None = None
        if role.missing == "median":
            self._all = []

    def add(self, table: Table, chosen: NDArray[np.bool_]) -> None:
        """Look at a piece, and learn from the rows chosen."""
        if is_text(table.columns[self.name]) and not self.role.asked:
            self.fits = False
        if not self.fits or self.refusal is not None:
            return
        try:
            cells = numbers_of(table, self.name)
        except ValueError as refusal:
            self.refusal = refusal
            return
        there = ~np.isnan(cells)
        if there.any():
            self._low = min(self._low, float(cells[there].min()))
            self._high = max(self._high, float(cells[there].max()))
        self._gaps |= bool((chosen & ~there).any())
        self.moments = self.moments.plus(Moments.of(cells[chosen & there]))
        if self._all is not None:
            self._all.append(cells[chosen & there])

    def merge(self, other: "NumbersLearner") -> None:
        """Take what another learned of other rows."""
        self.fits = self.fits and other.fits
        self._low = min(self._low, other._low)
        self._high = max(self._high, other._high)
        self._gaps |= other._gaps
        self.moments = self.moments.plus(other.moments)
        self.refusal = self.refusal or other.refusal
        if self._all is not None and other._all is not None:
            self._all += other._all

    @property
    def found(self) -> tuple[float, float]:
        """The lowest and the highest of all numbers."""
        return self._low, self._high

    @property
    def only(self) -> str | None:
        """What every cell holds, if they all hold the same."""
        alike = self._low == self._high
        return as_text(np.array([self._low]))[0] if alike else None

    @property
    def useless(self) -> str | None:
        """Why the column cannot be learnt from, if so."""
        return None if self.moments.count else "empty"

    def column(self) -> Numbers:
        """The column as the chosen rows have it.

        Raises:
          ValueError: the numbers are too large to square.
        """
        filler = None if self._all is None else float(np.median(np.hstack(self._all)))
        return self.moments.column(self.name, filler=filler, indicator=self._gaps)
