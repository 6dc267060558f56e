"""Why a correct gradient is left unresolved, by what the numbers themselves do.

`apart` is how far the hand gradient and autodiff's are from each other, `moves` how far
the hand gradient goes when all parameters and inputs are moved by K u of themselves,
signs at random: of the leaf that is furthest off, relative to its size. Where either is
above a millionth no checker in this precision can tell a right gradient from a wrong
one. Where both are below, the bound was too wide: derivative formulas are granted the
cancellation that some of them have where a unit is saturated (see `scales`).
"""

from typing import Any, NamedTuple

import jax
import numpy as np

from jaxdnn import cost, cost_and_gradients
from jaxdnn.verification import Report
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.units import COARSEST, RESOLUTION, TINY, norm
from tests.gradient_cases import Case

FLAT = "fair: flat, every gradient is exactly 0"
BEYOND = "fair: beyond the dtype, not finite or all of a leaf denormal"
APART = "fair: two right formulas are more than a millionth apart"
MOVES = "fair: it moves by more than a millionth when its arguments do by K u"
WIDE = "could be resolved by a narrower bound"
RUNS = 4


class Why(NamedTuple):
    """A kind of reason, and what it is drawn from."""

    kind: str
    apart: float
    moves: float


def why(case: Case, report: Report) -> Why:
    """Why this correct case is unresolved."""
    if report.empty:
        return Why(FLAT, 0.0, 0.0)
    rng = np.random.default_rng(0)
    with exact_arithmetic():
        hand = _leaves(cost_and_gradients(*case.arguments, **case.options)[1])
        network, params, *data = case.arguments
        other = _leaves(
            jax.grad(lambda p: cost(network, p, *data, **case.options))(params)
        )
        moved = []
        for _ in range(RUNS):
            there = _moved(case, rng)
            moved.append(
                _leaves(cost_and_gradients(*there.arguments, **there.options)[1])
            )
    known = [k for k, leaf in enumerate(hand) if leaf.any()]

    def furthest(run: list[Any]) -> float:
        return max(norm(run[k] - hand[k]) / norm(hand[k]) for k in known)

    with np.errstate(all="ignore"):
        apart, moves = furthest(other), max(map(furthest, moved))
    finite = all(
        np.isfinite(leaf).all() for run in (hand, other, *moved) for leaf in run
    )
    if not finite or any(abs(hand[k]).max() < TINY for k in known):
        kind = BEYOND
    elif apart > COARSEST:
        kind = APART
    else:
        kind = MOVES if moves > COARSEST else WIDE
    return Why(kind, apart, moves)


def _leaves(grads: Any) -> list[Any]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(grads)]


def _moved(case: Case, rng: np.random.Generator) -> Case:
    def move(leaf: Any) -> Any:
        leaf = np.asarray(leaf, np.float64)
        return leaf * (1 + RESOLUTION * rng.choice([-1.0, 1.0], leaf.shape))

    return case._replace(params=jax.tree.map(move, case.params), X=move(case.X))
