"""Derivatives without autodiff and without complex numbers, with their own error bar.

Central differences at shrinking steps, extrapolated to step zero by Neville's scheme;
the entry of the tableau that disagrees least with its neighbours is the answer, and
that disagreement is its error bar.

The difference of the one-sided slopes is extrapolated beside it, from the same calls.
A smooth function leaves nothing of it; beside a kink it is as wide as the jump, so that
an entry whose steps reach over a kink is never the best one, and nothing is decided.

References:
  Ridders (1982), Advances in Engineering Software 4.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from jaxdnn.verification.derivatives.along import Along, Line, Way
from jaxdnn.verification.units import MARGIN, UNIT_ROUNDOFF, Values

SHRINK = 2.0
COLUMNS = 14
# Columns without a better entry, after one this good: rounding has taken over.
PATIENCE, GOOD = 2, 1e-3
# Columns that tell what noise there is.
SMALLEST = 3
# First steps in sizes of x, and the relative error bar that needs no further ones.
# Small ones first: they stay where the loss was meant for. Minute ones where all fails.
FIRST_STEPS = {
    **dict.fromkeys((0.003, 0.01, 0.03, 0.1), 1e-10),
    **dict.fromkeys((1e-5, 3e-6, 1e-8, 3e-9), GOOD),
}
NAME = "Ridders extrapolation"


def ridders(function: Callable[[Any], Any], x: Any, step: Any) -> tuple[Any, Any]:
    """The derivative of a function that works element by element, and its error bar.

    Args:
      function: array -> array of the same shape, or number -> number.
      x: where.
      step: the first, largest step; positive, as x.

    Returns:
      The derivative and its error bar, shaped like x.

    Example:
      >>> import numpy as np
      >>> slope, bar = ridders(np.sin, np.array([0.0, 1.0]), np.array([0.5, 0.5]))
      >>> bool((abs(slope - np.cos([0.0, 1.0])) <= bar + 1e-15).all())
      True
    """
    x = np.asarray(x, np.float64)
    slopes: list[Any] = []
    jumps: list[Any] = []
    noise: list[Any] = []
    waited = 0
    with np.errstate(all="ignore"):
        middle = np.asarray(function(x), np.float64)
        best, bar = np.zeros_like(middle), np.full_like(middle, np.inf)
        reach = np.ones_like(middle)
        for column in range(COLUMNS):
            h = step / SHRINK**column
            above, below = x + h, x - h
            # Divide by the step that was really taken, not by the one asked for.
            up, down = above - x, x - below
            right = (np.asarray(function(above)) - middle) / up
            left = (middle - np.asarray(function(below))) / down
            older, slopes = slopes, [(up * right + down * left) / (up + down)]
            wider, jumps = jumps, [right - left]
            rounding = UNIT_ROUNDOFF * abs(middle) / h
            better, doubts = np.False_, list[Any]()
            for order, (slope, jump) in enumerate(zip(older, wider, strict=True), 1):
                # An even function of the step, and an odd one beside the jump itself.
                even, odd = SHRINK ** (2 * order), SHRINK ** (2 * order - 1)
                slopes.append((even * slopes[-1] - slope) / (even - 1))
                jumps.append((odd * jumps[-1] - jump) / (odd - 1))
                moved = np.maximum(
                    abs(slopes[-1] - slopes[-2]), abs(slopes[-1] - slope)
                )
                doubt = moved + abs(jumps[-1]) + rounding
                doubts.append(moved)
                closer = doubt < bar
                better = better | closer
                best = np.where(closer, slopes[-1], best)
                bar = np.where(closer, doubt, bar)
                reach = np.where(closer, h, reach)
            if doubts:
                noise.append(h * np.fmin.reduce(doubts))
            good = np.all(bar <= GOOD * abs(best)) and not np.any(better)
            waited = waited + 1 if good else 0
            if waited == PATIENCE:
                break
        # What the values jump by at the smallest steps they do at all steps. One doubt
        # among so many is small by chance.
        bar = bar + np.fmax.reduce(noise[-SMALLEST:]) / reach
    return best, bar


def extrapolated(
    loss: Callable[[Any], Any],
    x: Sequence[Values],
    V: Sequence[Values],
    size: float,
    typical: float = 0.0,
) -> Along:
    """The derivative of loss(x + t V) at t = 0 by Ridders' extrapolation.

    Twice, from different first steps, until two in a row agree: one error bar alone may
    flatter. Where the loss raises it has no value.

    Args:
      size: of x along V: the largest step tried is a tenth of it.
      typical: the size of a derivative that this one may be small beside.

    Example:
      >>> kink = extrapolated(lambda x: abs(x[0]), [0.0], [1.0], 1.0)
      >>> kink.bar > 1
      True
    """

    def at(t: float) -> float:
        try:
            return float(
                np.real(loss([a + float(t) * v for a, v in zip(x, V, strict=True)]))
            )
        except Exception:  # whatever it raises outside its domain
            return np.nan

    found: list[tuple[float, float]] = []
    pairs: list[Along] = []
    best = Along(0.0, np.inf, NAME)
    with np.errstate(all="ignore"):
        for first, enough in FIRST_STEPS.items():
            if best.bar <= enough * max(abs(best.value), typical):
                break
            value, bar = ridders(at, 0.0, first * size)
            found.append((float(value), float(bar)))
            for one, other in pairwise(found[-2:]):
                value, least = min(one, other, key=lambda pair: pair[1])
                bar = MARGIN * (abs(one[0] - other[0]) + least)
                pairs.append(Along(value, float(bar), NAME))
            best = min([best, *pairs], key=lambda pair: pair.bar)
    # Noise may look smooth to steps of one size, and like nothing to those of another.
    if any(abs(best.value - pair.value) > best.bar + pair.bar for pair in pairs):
        return best._replace(bar=np.inf)
    return best


def _along(line: Line) -> Along:
    return extrapolated(line.many, line.x, line.V, line.size, line.typical)


RIDDERS = Way(NAME, exact=False, most=200, along=_along)
