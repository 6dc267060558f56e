"""What the error of a wrong leaf of somebody's gradient looks like."""

import numpy as np

from jaxdnn.verification.functions.claim import Claim, rms
from jaxdnn.verification.functions.programs import shortens
from jaxdnn.verification.mistakes import mistake, shorter, within_float32
from jaxdnn.verification.slopes import hint_slope
from jaxdnn.verification.units import COARSEST, Values, units


def hint(claim: Claim, i: int, hand: Values, expected: Values, S: Values) -> str:
    """The first mistake that fits leaf i, or ''."""
    if not np.isfinite(expected).all():
        return ""
    if not hand.any():
        return "it is zero"
    with np.errstate(all="ignore"):
        error = units(hand, expected, S)
        text = mistake(hand, expected, error, claim.named) or shorter(hand, expected)
        program = claim.hand.program
        if not text and program is not None and shortens(program):
            text = within_float32(hand, expected)
        slight = abs(hand - expected).max() <= COARSEST * rms(expected)
        if text or slight or (slope := claim.slope(i)) is None:
            return text
        y, cotangent = slope
        found, due, scale = (a / cotangent for a in (hand, expected, S))
    names = ("f'", "the slope of the rule", claim.names[i].split()[0][1:])
    return hint_slope(names, claim.x[i], found, due, scale, y)
