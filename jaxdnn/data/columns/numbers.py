"""A column of numbers, standardised by the training rows' mean and deviation.

References:
  Chan, Golub & LeVeque (1983), Amer. Statist. 37: means and variances of pieces.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.tables import Table, as_text, is_text, number_in

# Numbers are added up so many at a time, wherever the pieces of a file end: the same
# rows have the same mean, to the last digit, whatever file brings them.
BLOCK = 4096


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, standardised: (value - mean) / deviation.

    A deviation of 0 says that the column was constant in training: it taught nothing
    and counts for nothing, so it is always encoded as 0.

    Example:
      >>> column = Numbers("x", mean=2.0, deviation=1.0)
      >>> column.encode(np.array([5.0])).tolist()
      [[3.0]]
    """

    kind: ClassVar[str] = "numbers"
    head: ClassVar[str] = "identity"
    score: ClassVar[str] = "R²"
    classes: ClassVar[tuple[str, ...]] = ()
    is_text: ClassVar[bool] = False
    width: ClassVar[int] = 1
    outputs: ClassVar[int] = 1

    name: str
    mean: float
    deviation: float

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Numbers":
        """What `asdict` said."""
        return cls(said["name"], said["mean"], said["deviation"])

    def cells(self, table: Table) -> NDArray[np.float64]:
        """(m,) the table's numbers, all there; text that spells numbers will do.

        Raises:
          ValueError: a cell is missing, infinite, or text among numbers.
        """
        table.check_complete([self.name])
        cells = table.columns[self.name]
        if not is_text(cells):
            return cells
        numbers = [number_in(text) for text in cells]
        if None in numbers:
            row = numbers.index(None)
            raise table.error(self.name, row, f"{cells[row]!r} is not a number")
        return np.array(numbers)

    def encode(self, cells: NDArray[Any]) -> NDArray[Any]:
        """(m,) numbers to (1, m)."""
        if self.deviation == 0:
            return np.zeros((1, len(cells)))
        return ((cells - self.mean) / self.deviation)[np.newaxis]

    encode_target = encode

    def decode(self, said: NDArray[Any]) -> NDArray[Any]:
        """What `predict` says, (1, m), as (m,) numbers."""
        return said[0] * self.deviation + self.mean

    def probabilities(self, _: NDArray[Any]) -> None:
        """None: numbers have no classes."""

    def tally(self, truth: NDArray[Any], said: NDArray[Any]) -> NDArray[np.float64]:
        """(4,) sums over rows: how many, squared errors, distances, their squares."""
        # About the training's mean, which is near: else digits would cancel.
        apart = truth - self.mean
        error = np.square(said - truth).sum()
        return np.array([len(truth), error, apart.sum(), np.square(apart).sum()])

    def scores(self, sums: NDArray[np.float64]) -> dict[str, float]:
        """R2 and the root of the mean squared error, in the column's own units."""
        count, error, total, square = sums.tolist()
        spread = square - total**2 / count
        R2 = 1 - error / spread if spread > 0 else float("nan")
        return {"R2": R2, "RMSE": sqrt(error / count)}

    def note(self, _: Table) -> None:
        """None: any number is as good as those of the training."""

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

    def column(self, name: str) -> Numbers:
        """The column that has them.

        Raises:
          ValueError: the numbers are too large to square.
        """
        # The deviation of equal numbers can round to something above 0.
        constant = self.low == self.high
        deviation = 0.0 if constant else float(np.sqrt(self.squares / self.count))
        if not np.isfinite([self.mean, deviation]).all():
            raise ValueError(f"column {name!r}: its numbers are too large to square")
        return Numbers(name, self.mean, deviation)


class NumbersLearner:
    """Learns a column of numbers, one piece of a table after the other."""

    def __init__(self, name: str, *, is_target: bool = False) -> None:
        self.name = name
        self.is_target = is_target
        self.fits = True
        self._low, self._high = np.inf, -np.inf
        self._moments = Moments()
        self._waiting = np.empty(0)

    def add(self, table: Table, chosen: NDArray[np.bool_]) -> None:
        """Look at a piece, and learn from the rows chosen."""
        cells = table.columns[self.name]
        self.fits = self.fits and not is_text(cells)
        if not self.fits:
            return
        table.check_complete([self.name])
        self._low = min(self._low, float(cells.min()))
        self._high = max(self._high, float(cells.max()))
        waiting = np.concatenate([self._waiting, cells[chosen]])
        whole = len(waiting) // BLOCK * BLOCK
        for block in waiting[:whole].reshape(-1, BLOCK):
            self._moments = self._moments.plus(Moments.of(block))
        self._waiting = waiting[whole:]

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
        if not len(self._waiting):
            return self._moments
        return self._moments.plus(Moments.of(self._waiting))

    def column(self) -> Numbers:
        """The column as the chosen rows have it.

        Raises:
          ValueError: the numbers are too large to square.
        """
        return self.moments.column(self.name)
