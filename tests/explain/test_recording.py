"""A recording is a run of fit."""

import jax
import numpy as np
import pytest

from jaxdnn import Activation, Network, fit
from jaxdnn.explain import record
from tests.explain.runs import HOW, NETWORKS, examples


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dropout", "none hidden"])
def test_it_is_the_run_of_fit(runs, name):
    run, network = runs[name], NETWORKS[name]
    with jax.enable_x64(True):
        X, Y = examples(network)
        how = {"learning_rate": 1.0, **HOW[name]}
        result = fit(network, X, Y, key=jax.random.key(1), epochs=150, **how)
    costs = np.asarray(result.history.cost)[run.epochs[:-1]]
    np.testing.assert_allclose(run.look.cost[:-1], costs, rtol=1e-12)
    last = jax.tree.map(lambda of: of[-1], run.look.params)
    for got, wanted in zip(*map(jax.tree.leaves, (last, result.params)), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.slow
def test_a_step_is_one_of_descent_with_the_masks_shown(runs):
    run = runs["dropout"]
    assert run.epochs[:3].tolist() == [0, 1, 2]
    kept = np.mean([mask.mean() for mask in run.look.masks])
    assert abs(kept - 0.7) < 0.01
    for theta, slope in zip(
        *map(jax.tree.leaves, (run.look.params, run.look.gradients)), strict=True
    ):
        after = theta[:40] - run.learning_rate * slope[:40]
        np.testing.assert_allclose(theta[1:41], after, rtol=1e-12, atol=1e-14)


def test_it_begins_where_it_is_told_to():
    network = NETWORKS["none hidden"]
    params = [(np.full((1, 2), 0.25), np.zeros((1, 1)))]
    run = record(
        network, *examples(network), key=jax.random.key(0), params=params, epochs=1
    )
    assert run.look.params[0][0][0].tolist() == [[0.25, 0.25]]
    assert run.epochs.tolist() == [0, 1]
    assert run.report.ok


OWN = Activation("cube", lambda Z: Z**3, lambda dA, Z: 3 * dA * Z**2)


@pytest.mark.parametrize(
    ("network", "how", "said"),
    [
        (Network((2, 2, 2, 2, 2, 1)), {}, "at most 4 layers, got 5"),
        (Network((2, 13, 1)), {}, "at most 12 units in a layer, got 2-13-1"),
        (Network((1, 3, 1)), {}, "must have 2 to 12 inputs and"),
        (Network((2, 3, 1), output="identity"), {}, "got identity of 1"),
        (Network((2, 3, 2)), {}, "got sigmoid of 2"),
        (Network((2, 3, 1), OWN), {}, "must have built-in activations, got cube"),
        (Network((2, 1)), {"m": 601}, "at most 600 examples, got 601"),
        (Network((2, 2, 1)), {"learning_rate": 1e200}, "try a smaller learning rate"),
        (Network((2, 1)), {"epochs": 0}, "epochs must be an int >= 1, got 0"),
        (Network((2, 1)), {"sure": 0.9}, "Y must be one class of each example: "),
        (Network((2, 1)), {"l2": -1.0}, "l2 must be finite and >= 0, got -1"),
    ],
)
def test_refusals(network, how, said):
    options = {"epochs": 20, **how}
    X, Y = examples(network, options.pop("m", 30))
    Y = options.pop("sure", 1) * Y
    with pytest.raises(ValueError, match=said) as refusal:
        record(network, X, Y, key=jax.random.key(0), **options)
    assert str(refusal.value).startswith("record: ")
