"""Every planted bug that changes a gradient is caught, twice, and named.

Whether it changes the gradient is decided here, by a gradient computed again in long
double, and not by the checker.
"""

from functools import cache
from typing import NamedTuple

import jax
import numpy as np
import pytest

from jaxdnn.verification import selftest, units, verdicts
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.networks import planting
from jaxdnn.verification.networks.evidence import Evidence, compare, gather
from jaxdnn.verification.networks.judging import Asked, judge
from jaxdnn.verification.networks.mutations import MUTATIONS, Case
from jaxdnn.verification.networks.seams import right_backward
from jaxdnn.verification.networks.trial import set_up
from jaxdnn.verification.units import LIMIT, UNIT_ROUNDOFF
from tests.gradient_cases import catching_cases

SEED = 0
# A tanh, a ReLU and a sigmoid net; L2, dropout, both; three heads.
CASES = {each.name: each for each in catching_cases()[:3]}
EPS = float(np.finfo(np.float64).eps)

SLOPES = {
    "tanh": (np.tanh, lambda A: 1 - A * A),
    "relu": (lambda Z: np.maximum(Z, 0), lambda A: A > 0),
    "sigmoid": (lambda Z: 1 / (1 + np.exp(-Z)), lambda A: A * (1 - A)),
}
OUTPUTS = {
    "softmax": lambda Z: np.exp(Z) / np.exp(Z).sum(axis=0),
    "sigmoid": SLOPES["sigmoid"][0],
    "identity": lambda Z: Z,
}


def long_double_gradient(network, problem):
    """[dW_1, db_1, dW_2, ...], every operation in long double."""
    problem = jax.tree.map(lambda leaf: np.asarray(leaf, np.longdouble), problem)
    params, m = problem.params, problem.X.shape[1]
    entering, gs = [problem.X], [SLOPES[g.name] for g in network.activations]
    slopes = []
    for (W, b), (g, slope), keep in zip(params, gs, problem.keep, strict=False):
        A = g(W @ entering[-1] + b)
        slopes.append(keep * slope(A))
        entering.append(keep * A)
    W, b = params[-1]
    AL = OUTPUTS[network.output](W @ entering[-1] + b)
    dZ = (AL - problem.Y) * problem.weights
    grads = []
    for l in reversed(range(len(params))):
        dW = dZ @ entering[l].T / m + problem.decay * params[l].W
        grads = [dW, dZ.sum(axis=1, keepdims=True) / m, *grads]
        if l > 0:
            dZ = params[l].W.T @ dZ * slopes[l - 1]
    return grads


class Prepared(NamedTuple):
    evidence: Evidence
    case: Case
    exact: list


@cache
def prepared(name):
    each = CASES[name]
    with exact_arithmetic():
        trial = set_up(*each.arguments, **each.options)
        exact = long_double_gradient(trial.network, trial.problem)
        return Prepared(gather(trial, SEED), Case.of(trial), exact)


@cache
def selftested(name):
    each = CASES[name]
    return selftest(*each.arguments, **each.options, seed=SEED)


def gradient(evidence, backward):
    return [np.asarray(a) for a in jax.tree.leaves(evidence.trial.gradient(backward))]


def applicable():
    for name, each in CASES.items():
        options = each.options
        case = Case(
            each.network,
            "l2" in options,
            "key" in options,
            "sample_weight" in options,
            each.X.shape[1],
        )
        for mutation in MUTATIONS:
            if mutation.layers(case):
                yield pytest.param(name, mutation, id=f"{name}-{mutation.name}")


@pytest.fixture(autouse=True)
def _in_float64():
    with exact_arithmetic():
        yield


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mutation"), list(applicable()))
def test_what_changes_the_gradient_is_caught_twice_and_named(name, mutation):
    evidence, case, exact = prepared(name)
    hand = gradient(evidence, mutation.plant(case))
    alive = any(
        abs(leaf - due).max() > 1e3 * EPS * abs(due).max()
        for leaf, due in zip(hand, exact, strict=True)
    )
    [found] = [one for one in selftested(name).planted if one.name == mutation.name]
    assert (found.exact, found.step) == (alive, alive)
    if not alive:
        assert found.named == ()
        return
    assert found.well_named, f"{found.named}, not {found.equations}"
    assert found.recognised is not False, found.hints


@pytest.mark.parametrize("name", CASES)
def test_no_mutation_is_verified(name):
    evidence, _, exact = prepared(name)
    assert judge(evidence, Asked(right_backward), SEED).verdict == "verified"
    for leaf, due in zip(gradient(evidence, right_backward), exact, strict=True):
        assert abs(leaf - due).max() < 1e2 * EPS * abs(due).max()


@pytest.mark.parametrize("name", CASES)
def test_the_scale_covers_the_true_error_and_little_more(name):
    """Autodiff and hand against long double, coordinate by coordinate."""
    evidence, _, exact = prepared(name)
    right = gradient(evidence, right_backward)
    for hand, due, true in zip(right, evidence.due.values(), exact, strict=True):
        for value in (hand, due.autodiff):
            assert (abs(value - true) <= LIMIT / 16 * UNIT_ROUNDOFF * due.S).all()
        assert np.linalg.norm(due.S) < 1e4 * np.linalg.norm(np.float64(true))


@pytest.mark.parametrize("name", CASES)
def test_the_complex_step_is_the_true_directional_derivative(name):
    evidence, _, exact = prepared(name)
    for due, true in zip(evidence.due.values(), exact, strict=True):
        assert due.along.bar == 0
        along = float((true * due.v).sum())
        assert due.along.value == pytest.approx(along, rel=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("leaf", [0, 1, 4])
def test_a_lone_coordinate_shows_whatever_it_is(name, leaf):
    """Each coordinate in turn, off by a part in a thousand of the leaf's largest."""
    evidence, _, exact = prepared(name)
    for place in np.ndindex(exact[leaf].shape):
        hand = [np.array(g, np.float64) for g in exact]
        hand[leaf][place] += 1e-3 * abs(hand[leaf]).max()
        found = list(compare(evidence, hand).values())
        assert [i for i, each in enumerate(found) if each.worst.units > LIMIT] == [leaf]
        assert [i for i, each in enumerate(found) if each.step > LIMIT] == [leaf]
        assert found[leaf].worst.where == place


def test_selftest_says_that_all_were_caught():
    result = selftested("tanh softmax L2")
    assert result.ok
    count = len(result.alive)
    assert count > 30
    assert str(result).splitlines()[-1] == f"{count} of {count} caught here"


def test_selftest_can_fail(monkeypatch):
    monkeypatch.setattr(units, "LIMIT", np.inf)
    monkeypatch.setattr(verdicts, "LIMIT", np.inf)
    monkeypatch.setattr(planting, "MUTATIONS", MUTATIONS[::10])
    each = CASES["tanh softmax L2"]
    result = selftest(*each.arguments, **each.options)
    assert not result.ok
    assert str(result).splitlines()[-1].startswith("0 of ")
