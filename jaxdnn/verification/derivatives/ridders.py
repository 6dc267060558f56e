"""Derivatives without autodiff and without complex numbers, with their own error bar.

Central differences at shrinking steps, extrapolated to step zero by Neville's scheme;
the entry of the tableau that disagrees least with its neighbours is the answer, and
that disagreement is its error bar.

A loss on a line gets a bar that covers four families of steps and the jump between the
one-sided slopes too: next to a kink it is as wide as the jump, and nothing is decided.

References:
  Ridders (1982), Advances in Engineering Software 4.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from jaxdnn.verification.derivatives.along import Along, Line, Way
from jaxdnn.verification.derivatives.quiet import quiet
from jaxdnn.verification.units import MARGIN

SHRINK = 2.0
COLUMNS = 14
FAMILIES = (1.0, 0.3, 0.1, 0.03)
# Halvings of the first step at which a kink is looked for: as far as COLUMNS go.
REACH = range(7, COLUMNS)
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
    best, bar = np.zeros_like(x), np.full_like(x, np.inf)
    previous: list[Any] = []
    with np.errstate(all="ignore"):
        for column in range(COLUMNS):
            h = step / SHRINK**column
            above, below = x + h, x - h
            # Divide by the step that was really taken, not by the one asked for.
            difference = np.asarray(function(above)) - np.asarray(function(below))
            row = [difference / (above - below)]
            for order, older in enumerate(previous, start=1):
                factor = SHRINK ** (2 * order)
                row.append((factor * row[-1] - older) / (factor - 1))
                doubt = np.maximum(abs(row[-1] - row[-2]), abs(row[-1] - older))
                better = doubt < bar
                best, bar = (
                    np.where(better, row[-1], best),
                    np.where(better, doubt, bar),
                )
            previous = row
    return best, bar


def extrapolated(loss: Callable[[Any], Any], x: Any, V: Any, size: float) -> Along:
    """The derivative of loss(x + t V) at t = 0 by Ridders' extrapolation.

    Args:
      size: of x along V: the largest step tried is a tenth of it.

    Example:
      >>> kink = extrapolated(lambda x: abs(x[0] - 1e-8), [0.0], [1.0], 1.0)
      >>> kink.bar > 1
      True
    """

    def at(t: Any) -> float:
        return float(
            np.real(loss([a + float(t) * v for a, v in zip(x, V, strict=True)]))
        )

    with quiet():
        first, middle = 0.1 * size, at(0.0)
        found = [ridders(at, 0.0, first * part) for part in FAMILIES]
        values, bars = ([float(pair[i]) for pair in found] for i in (0, 1))

        def bend(h: float) -> float:
            """The difference of the one-sided slopes: h f'' + O(h³), or a jump."""
            return (at(h) + at(-h) - 2 * middle) / h

        # Of a smooth loss 2 bend(h / 2) - bend(h) leaves h³; of a kink the jump.
        steps = [first / 2**k for k in REACH]
        kink = max(abs(2 * bend(h / 2) - bend(h)) for h in steps)
        bar = max(values) - min(values) + min(bars) + kink
    value = values[int(np.argmin(bars))]
    bar = MARGIN * bar if np.isfinite(bar) else np.inf
    return Along(value, float(bar), NAME)


def _along(line: Line) -> Along:
    found = extrapolated(line.many, line.x, line.V, line.size)
    known = np.isfinite(found.value) and np.isfinite(found.bar)
    return found if known else Along(0.0, np.inf, NAME)


RIDDERS = Way(NAME, exact=False, most=50, along=_along)
