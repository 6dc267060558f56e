"""Why a correct gradient is left unresolved, by what the gradient itself does.

All parameters and inputs are moved by K u of themselves, signs at random, and the
gradient is computed again: what that does to it no checker can tell from a mistake.
A gradient that stays within COARSEST was left unresolved for want of a better bound.
"""

from typing import NamedTuple

import jax
import numpy as np

from jaxdnn import cost_and_gradients
from jaxdnn.verification import Report
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.units import COARSEST, RESOLUTION, norm
from tests.gradient_cases import Case

FLAT = "flat: every gradient is exactly 0"
BEYOND = "beyond the dtype: it overflows, or all of it is denormal"
MOVES = "it moves by more than a millionth when its arguments do by K u"
OPEN = "could be resolved"
RUNS = 8
TINY = float(np.finfo(np.float64).tiny)


class Why(NamedTuple):
    """A kind of reason, and the most any leaf moves, relative to itself."""

    kind: str
    moved: float


def why(case: Case, report: Report) -> Why:
    """Why this correct case is unresolved."""
    if report.empty:
        return Why(FLAT, 0.0)
    rng = np.random.default_rng(0)
    with exact_arithmetic():
        here = _gradient(case)
        there = [_gradient(_moved(case, rng)) for _ in range(RUNS)]
    known = [k for k, leaf in enumerate(here) if leaf.any()]
    with np.errstate(all="ignore"):
        moved = max(norm(run[k] - here[k]) / norm(here[k]) for run in there for k in known)
    finite = all(np.isfinite(leaf).all() for run in (here, *there) for leaf in run)
    if not finite or any(abs(here[k]).max() < TINY for k in known):
        return Why(BEYOND, moved)
    return Why(MOVES if moved > COARSEST else OPEN, moved)


def _gradient(case: Case) -> list[np.ndarray]:
    _, grads = cost_and_gradients(*case.arguments, **case.options)
    return [np.asarray(leaf) for leaf in jax.tree.leaves(grads)]


def _moved(case: Case, rng: np.random.Generator) -> Case:
    def move(leaf):
        leaf = np.asarray(leaf, np.float64)
        return leaf * (1 + RESOLUTION * rng.choice([-1.0, 1.0], leaf.shape))

    return case._replace(params=jax.tree.map(move, case.params), X=move(case.X))
