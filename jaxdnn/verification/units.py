"""What an error is: counted in units of u S, and at most K of them.

u is float64's unit roundoff, S the rounding scale of the value itself: K u S is the
limit of every verdict.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Complex = NDArray[np.complex128]
Columns = NDArray[np.intp]  # which examples

UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2
TINY = float(np.finfo(np.float64).tiny)

# K: the whole margin between an rms model of rounding and a verdict, see `scales`.
LIMIT = 256
RESOLUTION = LIMIT * UNIT_ROUNDOFF
# A leaf whose typical entry could hide a larger relative error is not verified.
COARSEST = 1e-6
# How many times its own bar an extrapolation may be off.
MARGIN = 8.0


def units(found: Values, expected: Values, S: Values) -> Values:
    """|found - expected| in units of u S; what is not finite is inf."""
    with np.errstate(all="ignore"):
        # In place, and the rare cases apart: these may be as large as W.
        error = np.asarray(found - expected)
        np.abs(error, out=error)
        error /= UNIT_ROUNDOFF
        error /= S
        if np.isfinite(error).all():
            return error
        error = abs(found - expected) / (UNIT_ROUNDOFF * S)
        error = np.where(np.isnan(S) | (found == expected), 0.0, error)
    return np.where(np.isfinite(found) & ~np.isnan(error), error, np.inf)


class Worst(NamedTuple):
    """The entry that is furthest off: by how much, where, and the two values there."""

    units: float
    where: tuple[int, ...]
    found: float
    expected: float

    @classmethod
    def of(cls, error: Values, found: Values, expected: Values) -> "Worst":
        """The largest of these errors, in units."""
        if not error.size:
            return cls(0.0, (), 0.0, 0.0)
        where = np.unravel_index(int(error.argmax()), error.shape)
        values = (float(a[where]) for a in (error, found, expected))
        units, found_there, expected_there = values
        return cls(units, tuple(int(i) for i in where), found_there, expected_there)

    @property
    def wrong(self) -> bool:
        """Whether it is off by more than K u S."""
        return not self.units <= LIMIT


def worst(found: Values, expected: Values, S: Values) -> Worst:
    """The entry that is furthest off, in units of u S.

    Example:
      >>> one = np.ones(2)
      >>> worst(one + [0, 2**-40], one, one)
      Worst(units=8192.0, where=(1,), found=1.0000000000009095, expected=1.0)
    """
    found, expected = np.asarray(found), np.asarray(expected)
    return Worst.of(units(found, expected, S), found, expected)


def norm(a: Values) -> float:
    """The Euclidean norm, of numbers whose squares may overflow, too.

    Example:
      >>> norm(np.array([3e200, 4e200]))
      5e+200
    """
    largest = float(abs(a).max()) if a.size else 0.0
    if not 0 < largest < np.inf:
        return largest
    return largest * float(np.linalg.norm(a / largest))


def sum_growth(n: int) -> float:
    """c(n): c(n) Σ t² bounds (what adding n terms t may lose, over K u) squared.

    At worst n u / 2 Σ |t| is lost, and (Σ |t|)² <= n Σ t².
    """
    return n * max(1.0, n / (2 * LIMIT)) ** 2
