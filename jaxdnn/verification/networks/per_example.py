"""What the library says beyond the gradient: each example's gradient norm, and H v.

    ‖g_j‖² = Σ_l ‖dZ_l[:, j]‖² (‖A_{l-1}[:, j]‖² + 1)          H v = jvp(∇J)(θ; v)

The norms are held against autodiff's cotangents, the longest of them against gradients
that autodiff takes of one example alone; H v along a random direction. What ties
jvp(∇J) to a derivative without autodiff is `second_order`.
"""

from collections.abc import Mapping

import jax
import numpy as np

from jaxdnn._refusals import BadValueError
from jaxdnn.arguments import check_head_bends
from jaxdnn.curvature.hessian import hessian_vector_product
from jaxdnn.curvature.tangents import check_activations_bend
from jaxdnn.per_example.norms import per_example_norms
from jaxdnn.verification.derivatives.autodiff import lone_norms
from jaxdnn.verification.mistakes import mistake
from jaxdnn.verification.networks.equations import EXAMPLES
from jaxdnn.verification.networks.evidence import Evidence
from jaxdnn.verification.networks.second_order import direction_like, due_along
from jaxdnn.verification.networks.trial import Backward
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.units import LIMIT, Values, units
from jaxdnn.verification.verdicts import Due, Findings, judge_leaf

NORMS, PRODUCT = "per_example_norms", "hessian_vector_product"


@np.errstate(all="ignore")
def per_example(evidence: Evidence, backward: Backward, seed: int) -> Findings:
    """A row for each of the two functions; the backward is not looked at."""
    del backward
    return _norms(evidence) + _product(evidence, seed)


def _norms(evidence: Evidence) -> Findings:
    trial, problem, oracle = evidence.trial, evidence.problem, evidence.oracle
    spend(FORWARD + BACKWARD)
    found = np.asarray(trial.ask(per_example_norms))
    hidden = zip(problem.keep, oracle.A[:-1], strict=True)
    fed = problem.X, *(keep * A for keep, A in hidden)
    squares = (
        (dZ**2).sum(axis=0) * ((A_prev**2).sum(axis=0) + 1)
        for dZ, A_prev in zip(oracle.cotangents, fed, strict=True)
    )
    # The oracle's weights are the caller's over their mean.
    given = trial.sample_weight
    mean = 1.0 if given is None else given.mean()
    expected = mean * np.sqrt(sum(squares))
    longest = np.argsort(-expected, kind="stable")[:EXAMPLES]
    alone = lone_norms(trial.network, problem, longest)
    expected[longest] = mean * problem.weights[longest] * alone
    if not np.isfinite(expected).all():
        return Findings(doubts=(f"{NORMS}: the square of a norm overflows",))
    # Squares have one sign: a sum loses digits only where it is very long.
    added = max(1.0, max(trial.network.layer_dims) / (2 * LIMIT))
    S = np.hypot(mean * evidence.scales.norms, added * expected)
    written = "‖g_j‖² = Σ ‖dZ_l‖² (‖A_{l-1}‖² + 1)"
    return _row(NORMS, written, {"": (found, Due(expected, S))}, problem.m)


def _product(evidence: Evidence, seed: int) -> Findings:
    trial, problem = evidence.trial, evidence.problem
    try:
        check_activations_bend(trial.network)
        check_head_bends(trial.network)
    except BadValueError as error:
        return Findings(not_exercised=(f"{PRODUCT}: {error}",))
    v = direction_like(np.random.default_rng([seed, 3]), problem.params)
    _, due = due_along(evidence, v)
    spend(2 * (FORWARD + BACKWARD))
    answer = trial.ask(hessian_vector_product, v, l2=trial.l2)
    found = map(np.asarray, jax.tree.leaves(answer))
    names = (str(leaf._replace(order=2)) for leaf in evidence.due)
    leaves = dict(zip(names, zip(found, due, strict=True), strict=True))
    return _row(PRODUCT, f"H v of {PRODUCT}", leaves, problem.m)


def _row(
    name: str, equation: str, leaves: Mapping[str, tuple[Values, Due]], m: int
) -> Findings:
    """One row for all leaves, about the worst of them."""
    judged = {label: judge_leaf(*leaf) for label, leaf in leaves.items()}
    label = max(judged, key=lambda label: judged[label].far)
    worst, hint = judged[label], ""
    if worst.wrong:
        found, due = leaves[label]
        expected = np.asarray(due.autodiff)
        looks = mistake(found, expected, units(found, expected, due.S), {"m": m})
        hint = ", ".join(filter(None, (label, looks)))
    seen = [each.resolution for each in judged.values()]
    coarsest = max((of for of in seen if of is not None), default=None)
    row = worst.row(name, equation, "WRONG" if worst.wrong else "ok", hint)
    return Findings((row,), {} if coarsest is None else {name: coarsest})
