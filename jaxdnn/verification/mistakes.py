"""What the error of a wrong array looks like: mistakes that any gradient may have.

Every hint is a formula somebody writes by mistake. It is given only where the formula
reproduces the wrong values to nine digits; a name beside a factor is a suggestion.
"""

import numpy as np

from jaxdnn.arrays import ArrayLike
from jaxdnn.verification.units import COARSEST, LIMIT, UNIT_ROUNDOFF, Values

FIT = 1e-9


def mistake(
    found: Values, expected: Values, units: Values, named: dict[str, float]
) -> str:
    """The first mistake that fits, or ''.

    Args:
      found, expected, units: arrays of one shape; units: |found - expected| in limits.
      named: factors that have a name here, such as {"m": 20}.

    Example:
      >>> g = np.array([1.0, 2.0])
      >>> mistake(g / 20, g, np.full(2, 1e9), {"m": 20})
      'factor 0.05 (= 1/m)'
    """
    return (
        factor(found, expected, named)
        or _moved(found, expected)
        or _clipped(found, expected, units)
        or _confined(found, expected, units, named)
    )


def fits(found: Values, values: ArrayLike) -> bool:
    """Whether a formula gives these values."""
    values = np.asarray(values)
    if values.shape != found.shape or not np.isfinite(found).all():
        return False
    return bool((abs(found - values) <= FIT * abs(found).max()).all())


def factor(found: Values, expected: Values, named: dict[str, float]) -> str:
    """A constant factor, and what it may be."""
    ratio = float((found * expected).sum() / (expected**2).sum())
    if not fits(found, ratio * expected) or f"{ratio:.7g}" == "1":
        return ""
    if abs(ratio + 1) <= FIT:
        return "the sign"
    for text, value in (("2", 2.0), ("1/2", 0.5), ("-2", -2.0), ("-1/2", -0.5)):
        if abs(ratio - value) <= FIT:
            return f"factor {text}"
    for name, value in named.items():
        for text, power in ((name, value), (f"1/{name}", 1 / value)):
            if value != 1 and abs(ratio - power) <= FIT * power:
                return f"factor {ratio:.7g} (= {text})"
    # A lone number is a factor of any other: only a round one says something.
    round_one = abs(ratio - float(f"{ratio:.7g}")) <= FIT * abs(ratio)
    return f"factor {ratio:.7g}" if found.size > 1 or round_one else ""


def _moved(found: Values, expected: Values) -> str:
    """The right entries in other places."""
    if found.ndim == 2 and fits(found, expected.T):
        return "transposed"
    for axis in range(found.ndim):
        if found.shape[axis] > 1:
            where = f"axis {axis}" if found.ndim > 1 else "its only axis"
            if fits(found, np.flip(expected, axis)):
                return f"reversed along {where}"
            for shift in (1, -1):
                if fits(found, np.roll(expected, shift, axis)):
                    return f"shifted by one along {where}"
    return ""


def _clipped(found: Values, expected: Values, units: Values) -> str:
    """All that is larger than some size has that size."""
    size, wrong = float(abs(found).max()), ~(units <= LIMIT)
    # What is cut off is what is wrong, and not all of it.
    cut = wrong.any() and not wrong.all() and (abs(expected[wrong]) > size).all()
    return (
        f"clipped at {size:.4g}"
        if cut and fits(found, expected.clip(-size, size))
        else ""
    )


def _confined(
    found: Values, expected: Values, units: Values, named: dict[str, float]
) -> str:
    """One entry, two swapped ones, a row, a column, or a block of a packed vector."""
    wrong = [tuple(int(i) for i in place) for place in np.argwhere(~(units <= LIMIT))]
    if all(
        abs(found[at] - expected[at]) <= COARSEST * abs(expected[at]) for at in wrong
    ):
        return ""
    if len(wrong) == 1 and found.size > 1:
        ratio = found[wrong[0]] / expected[wrong[0]]
        times = f", factor {ratio:.7g}" if np.isfinite(ratio) else ""
        return f"only entry {list(wrong[0])}{times}"
    if len(wrong) == 2:
        one, two = wrong
        swapped = np.array([expected[two], expected[one]])
        if fits(np.array([found[one], found[two]]), swapped):
            return f"entries {list(one)} and {list(two)} swapped"
    for axis in range(found.ndim if found.ndim > 1 else 0):
        if found.shape[axis] > 1 and len({p[axis] for p in wrong}) == 1:
            kind = ("row", "column")[axis] if found.ndim == 2 else f"axis {axis}, index"
            return f"only {kind} {wrong[0][axis]}"
    if found.ndim == 1 and len(wrong) > 1:
        first, last = wrong[0][0], wrong[-1][0]
        looks = factor(found[first : last + 1], expected[first : last + 1], named)
        return f"{looks} in entries {first}..{last}" if looks else ""
    return ""


def shorter(found: Values, expected: Values) -> str:
    """Where the values are those of a shorter dtype."""
    if fits(found, expected.astype(np.float16)):
        return "rounded to float16"
    # Few float64 numbers are float32 numbers by chance.
    short = np.array_equal(found, found.astype(np.float32))
    return "rounded to float32" if short and within_float32(found, expected) else ""


def within_float32(found: Values, expected: Values) -> str:
    """Where the error is as large as float32 makes it on the way."""
    roundoff = float(np.finfo(np.float32).eps) / 2
    error = abs(found - expected).max() / abs(expected).max()
    least = max(roundoff / 100, LIMIT * UNIT_ROUNDOFF)
    return "computed in float32" if least <= error <= 8 * roundoff else ""
