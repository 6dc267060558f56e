"""A column of numbers, standardised by the training rows' mean and deviation.

References:
  Chan, Golub & LeVeque (1983), Amer. Statist. 37: means and variances of pieces.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn._text import cut
from jaxdnn.data.columns.notes import Note
from jaxdnn.data.columns.role import INPUT, Role
from jaxdnn.data.tables import Table, as_text, is_text, number_in

# Numbers are added up so many at a time, wherever the pieces of a file end: the same
# rows have the same mean, to the last digit, whatever file brings them.
BLOCK = 4096

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
    """What numbers add up to; squares are their squared distances from the mean.

    Example:
      >>> a, b = Moments.of(np.array([1.0, 2.0])), Moments.of(np.array([6.0]))
      >>> a.plus(b)
      Moments(count=3, mean=3.0, squares=14.0, low=1.0, high=6.0)
    """

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(cls, cells: NDArray[Any]) -> "Moments":
        """Those of some numbers."""
        with np.errstate(over="ignore", invalid="ignore"):
            mean = cells.mean()
            squares = np.square(cells - mean).sum()
        return cls(len(cells), *map(float, (mean, squares, cells.min(), cells.max())))

    def plus(self, other: "Moments") -> "Moments":
        """Those of the numbers of both."""
        if self.count == 0:
            return other
        count = self.count + other.count
        apart = other.mean - self.mean
        # Products, since a power of Python's floats overflows with an error.
        between = apart * apart * (self.count * other.count / count)
        return Moments(
            count,
            self.mean + apart * other.count / count,
            self.squares + other.squares + between,
            min(self.low, other.low),
            max(self.high, other.high),
        )

    @property
    def deviation(self) -> float:
        """The standard deviation; 0 of equal numbers, whatever rounding says."""
        return (
            0.0 if self.low == self.high else float(np.sqrt(self.squares / self.count))
        )

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


class MomentsLearner:
    """Adds up numbers that come in pieces, in blocks that do not depend on them."""

    def __init__(self) -> None:
        self._moments = Moments()
        self._waiting = np.empty(0)

    def add(self, cells: NDArray[np.float64]) -> None:
        """Take some more."""
        waiting = np.concatenate([self._waiting, cells])
        whole = len(waiting) // BLOCK * BLOCK
        for block in waiting[:whole].reshape(-1, BLOCK):
            self._moments = self._moments.plus(Moments.of(block))
        self._waiting = waiting[whole:]

    @property
    def moments(self) -> Moments:
        """Those of all so far."""
        if not len(self._waiting):
            return self._moments
        return self._moments.plus(Moments.of(self._waiting))


class NumbersLearner:
    """Learns a column of numbers, one piece of a table after the other."""

    def __init__(self, name: str, role: Role = INPUT) -> None:
        self.name = name
        self.role = role
        self.fits = True
        self._low, self._high = np.inf, -np.inf
        self._sum = MomentsLearner()
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
        self._sum.add(cells[chosen & there])
        if self._all is not None:
            self._all.append(cells[chosen & there])

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
    def moments(self) -> Moments:
        """What the chosen numbers add up to."""
        return self._sum.moments

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
