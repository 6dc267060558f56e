"""Rounding scales of a function that nobody has written a recursion for.

Random arithmetic: the function is run again with every rounded result multiplied by
1 ± K u, signs at random, and its arguments too. What the answer does is, to first
order, what rounding can do to it, K times enlarged; S is the range of the answers over
the runs, divided by K u. Because the enlarged error is the very limit of a verdict, a
gate within that reach of its kink flips, and S covers the jump: nothing is decided.

Runs come in pairs of opposite signs, so that an argument that sits exactly on a kink
falls on either side. Where JAX cannot look into a function, or a host takes part in it,
only its arguments are perturbed.

References:
  Parker (1997), Monte Carlo arithmetic; Higham (2002), ch. 1 (condition and rounding).
"""

from collections.abc import Sequence

import numpy as np

from jaxdnn.arrays import PyTree
from jaxdnn.verification.derivatives.autodiff import NUDGE
from jaxdnn.verification.functions.function import Function
from jaxdnn.verification.units import RESOLUTION, TINY, UNIT_ROUNDOFF, Values

PAIRS = 4
# u S must not underflow where the answer is exactly 0.
LEAST = TINY / UNIT_ROUNDOFF


def perturbed(
    function: Function,
    x: Sequence[Values],
    rest: PyTree,
    seed: int,
    *,
    own_dtypes: bool = False,
    nudge: bool = True,
) -> list[list[Values]]:
    """Up to 2 PAIRS answers of function(x, rest) in random arithmetic.

    Where it raises there is no answer.

    Args:
      own_dtypes: enlarge a float32 result's rounding K times too, not float64's.
      nudge: move an argument of 0 off it, to either side.

    Example:
      >>> import jax
      >>> from jaxdnn.verification.functions.function import function
      >>> with jax.enable_x64(True):
      ...     there = [np.ones(())], ()
      ...     f = function("f", lambda x, _: [(x[0] + 1e8) - 1e8], *there)
      ...     answers = perturbed(f, *there, seed=0)
      >>> largest = max(abs(float(answer) - 1) for (answer,) in answers)
      >>> 1e-7 < largest < 1e-4
      True
    """
    rng = np.random.default_rng(seed)
    answers: list[list[Values]] = []
    for pair in range(PAIRS):
        # In the first pair all arguments move one way: many kinks flip together.
        least = -1.0 if pair else 1.0
        ways = [rng.choice([least, 1.0], np.shape(leaf)) for leaf in x]
        # A host refuses what is not quite what it was told to expect.
        signs = (not function.opaque) * rng.choice([-1.0, 1.0], function.signs)
        for side in (1.0, -1.0):
            moved = [
                _moved(leaf, side * way, nudge)
                for leaf, way in zip(x, ways, strict=True)
            ]
            try:
                answers.append(
                    function.answer(moved, rest, side * signs, own_dtypes=own_dtypes)
                )
            except Exception:  # whatever it raises outside its domain
                continue
    return answers


def _moved(leaf: Values, way: Values, nudge: bool) -> Values:
    # XLA takes a number below TINY for 0.
    zero = abs(leaf) < TINY
    return np.where(zero, leaf + nudge * way * NUDGE, leaf * (1 + way * RESOLUTION))


def spread(answers: list[list[Values]], base: Sequence[Values]) -> list[Values]:
    """S for each array: the range of the answers over K u, and the last rounding."""
    with np.errstate(all="ignore"):
        return [
            np.hypot(
                np.ptp([leaf, *(answer[i] for answer in answers)], axis=0) / RESOLUTION,
                leaf,
            )
            + LEAST
            for i, leaf in enumerate(base)
        ]
