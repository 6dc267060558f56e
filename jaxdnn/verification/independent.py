"""Any loss's derivative along a direction, without autodiff.

A complex step where the loss takes complex numbers. It may take them and still not be
analytic (abs, real, vdot), so it is believed only if a second witness agrees: autodiff
or Ridders' extrapolation. Where it takes none, Ridders' extrapolation alone, with an
error bar that covers four families of steps and the jump between the one-sided slopes:
next to a kink the bar is as wide as the jump, and nothing is decided.
"""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from jaxdnn.verification.complex_step import H
from jaxdnn.verification.problem import Values
from jaxdnn.verification.ridders import COLUMNS, ridders

FAMILIES = (1.0, 0.3, 0.1, 0.03)
# Halvings of the first step at which a kink is looked for: as far as COLUMNS go.
REACH = range(7, COLUMNS)
# How many times its own bar an extrapolation may be off.
MARGIN = 8.0


class Along(NamedTuple):
    """A directional derivative, its error bar, and how it was found."""

    value: float
    bar: float
    method: str


def complex_derivative(loss: Callable[[Any], Any], x: Any, V: Any) -> Values | None:
    """Im loss(x + i h V) / h, (); None if the loss takes no complex numbers.

    Example:
      >>> float(complex_derivative(lambda x: np.sin(x[0]), [0.0], [2.0]))
      2.0
    """
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            value: Any = np.asarray(
                loss([a + 1j * (H * v) for a, v in zip(x, V, strict=True)])
            )
        except Exception:
            # Whatever a loss does with numbers that it was not written for.
            return None
    if not np.iscomplexobj(value) or not np.isfinite(value).all():
        return None
    return value.imag / H


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

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
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
    return Along(value, float(bar), "Ridders extrapolation")
