"""Stage 7 for any gradient: the mistakes that need no knowledge of the function."""

from typing import Any

import numpy as np

from jaxdnn.verification.hints import FIT
from jaxdnn.verification.problem import LIMIT, UNIT_ROUNDOFF


def hint_any(found: Any, expected: Any, units: Any, named: dict[str, float]) -> str:
    """What the error of one wrong leaf looks like, or ''.

    Args:
      found, expected, units: arrays of one shape; units: |found - expected| in limits.
      named: factors that have a name here, such as {"m": 20.0}.

    Example:
      >>> g = np.array([1.0, 2.0])
      >>> hint_any(g / 20, g, np.full(2, 1e9), {"m": 20.0})
      'factor 1/m = 0.05'
    """
    if not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return ""
    with np.errstate(all="ignore"):
        if not found.any():
            return "it is zero"
        return (
            _factor(found, expected, named)
            or _moved(found, expected)
            or _confined(found, expected, units)
            or _shorter(found, expected)
        )


def _fits(found: Any, values: Any) -> bool:
    return found.shape == values.shape and bool(
        (abs(found - values) <= FIT * abs(found).max()).all()
    )


def _factor(found: Any, expected: Any, named: dict[str, float]) -> str:
    factor = float((found * expected).sum() / (expected**2).sum())
    if not _fits(found, factor * expected):
        return ""
    if abs(factor + 1) <= FIT:
        return "the sign"
    # A lone number is a factor of any other: only a round one says something.
    for value in (2.0, 0.5, -2.0, -0.5):
        if abs(factor - value) <= FIT:
            return f"factor {'-' * (value < 0)}{'2' if abs(value) == 2 else '1/2'}"
    for name, value in named.items():
        for text, power in ((name, value), (f"1/{name}", 1 / value)):
            if value > 1 and abs(factor - power) <= FIT * power:
                return f"factor {text} = {factor:.7g}"
    round_one = abs(factor - float(f"{factor:.3g}")) <= FIT * abs(factor)
    if found.size == 1 and not round_one:
        return ""
    return f"factor {factor:.7g}"


def _moved(found: Any, expected: Any) -> str:
    if found.ndim == 2 and _fits(found, expected.T):
        return "transposed"
    for axis in range(found.ndim):
        if found.shape[axis] > 1:
            where = f"axis {axis}" if found.ndim > 1 else "its only axis"
            if _fits(found, np.flip(expected, axis)):
                return f"reversed along {where}"
            for shift in (1, -1):
                if _fits(found, np.roll(expected, shift, axis)):
                    return f"shifted by one along {where}"
    return ""


def _confined(found: Any, expected: Any, units: Any) -> str:
    wrong = [tuple(int(i) for i in place) for place in np.argwhere(~(units <= LIMIT))]
    if len(wrong) == 1 and found.size > 1:
        ratio = found[wrong[0]] / expected[wrong[0]]
        factor = f", factor {ratio:.7g}" if np.isfinite(ratio) else ""
        return f"only entry {list(wrong[0])}{factor}"
    if len(wrong) == 2:
        one, two = wrong
        if _fits(
            np.array([found[one], found[two]]), np.array([expected[two], expected[one]])
        ):
            return f"entries {list(one)} and {list(two)} swapped"
    for axis in range(found.ndim):
        if (
            found.ndim > 1
            and found.shape[axis] > 1
            and len({p[axis] for p in wrong}) == 1
        ):
            kind = ("row", "column")[axis] if found.ndim == 2 else f"axis {axis}, index"
            return f"only {kind} {wrong[0][axis]}"
    return ""


def _shorter(found: Any, expected: Any) -> str:
    roundoff = float(np.finfo(np.float32).eps) / 2
    error = abs(found - expected).max() / abs(expected).max()
    least = max(roundoff / 100, LIMIT * UNIT_ROUNDOFF)
    return "rounded to float32" if least <= error <= 8 * roundoff else ""
