"""Derivatives without autodiff and without complex numbers, with their own error bar.

Central differences at shrinking steps, extrapolated to step zero by Neville's scheme;
the entry of the tableau that disagrees least with its neighbours is the answer, and
that disagreement is its error bar.

References:
  Ridders (1982), Advances in Engineering Software 4.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

SHRINK = 2.0
COLUMNS = 14


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
