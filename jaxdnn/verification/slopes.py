"""What a wrong slope g'(Z) looks like, and where."""

from collections.abc import Iterator

import numpy as np

from jaxdnn.verification.mistakes import factor, fits
from jaxdnn.verification.units import Values, worst

Candidates = Iterator[tuple[str, Values]]


def hint_slope(
    names: tuple[str, str, str],
    Z: Values,
    found: Values,
    slope: Values,
    error: Values,
    A: Values,
) -> str:
    """Where a slope is most wrong, and what it looks like; '' if right everywhere.

    Args:
      names: of the slope, in short and in full, and of its argument.
      Z, found, slope, error, A: the argument; what the code under test gives there,
        what is right, and the rounding scale of that; g(Z).

    Example:
      >>> Z = np.array([0.5, 3.0])
      >>> print(hint_slope(("g'", "g' of 'square'", "Z"), Z, Z, 2 * Z, 2 * Z, Z**2))
      g' of 'square' is wrong: at Z = 0.5 it gives 0.5, the slope of forward is 1
      (factor 1/2)
    """
    short, full, argument = names
    far = worst(found, slope, error)
    if not far.wrong:
        return ""
    with np.errstate(all="ignore"):
        fitting = (t for t, v in slope_mistakes(slope, A, short) if fits(found, v))
        looks = factor(found, slope, {}) or next(fitting, "")
    told = (
        f"{full} is wrong: at {argument} = {Z[far.where]:.4g} it gives "
        f"{far.found:.4g}, the slope of forward is {far.expected:.4g}"
    )
    return told + (f" ({looks})" if looks else "")


def slope_mistakes(slope: Values, A: Values, g: str) -> Candidates:
    """What is written for a slope g'(Z), where A = g(Z)."""
    yield f"{g} is missing", np.ones_like(slope)
    yield f"{g} is squared", slope**2
    yield f"1 - {g} for {g}", 1 - slope
    yield f"{g} with its units reversed", slope[::-1]
    if fits(slope, 1 - A**2):
        yield f"1 - |a| for 1 - a²: {g} of tanh", 1 - abs(A)
        yield f"1 - a for 1 - a²: {g} of tanh", 1 - A
    if fits(slope, A * (1 - A)):
        yield f"a for a (1 - a): {g} of sigmoid", A
    for leak in (0.01, 0.1, 0.2, 0.3):
        yield f"a leak of {leak} in {g}", np.where(slope > 0, slope, leak)
