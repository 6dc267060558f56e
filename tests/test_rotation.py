"""Descending over rotated inputs is descending over the inputs."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import Network, fit, initialize_parameters, predict
from jaxdnn.rotation import (
    input_basis,
    rotate,
    rotate_back,
    rotate_inputs,
    rotation_pays,
)

NETWORK = Network((300, 4, 1), "tanh")
KEY = jax.random.key(0)
WEIGHT = np.arange(9.0)


def data(m=9):
    rng, dtype = np.random.default_rng(0), jnp.result_type(float)
    X, Y = rng.normal(size=(300, m)), rng.binomial(1, 0.5, (1, m))
    return X.astype(dtype), Y.astype(dtype)


@pytest.mark.parametrize("rank_deficient", [False, True])
def test_the_rotation_keeps_products_norms_and_parameters(rank_deficient):
    with jax.enable_x64(True):
        X, _ = data()
        if rank_deficient:
            X[:, 1], X[:, 2] = X[:, 0], 0.0
        params = initialize_parameters(KEY, NETWORK.layer_dims)
        Q = input_basis(params, X)
        rotated, rotated_X = rotate(params, Q), rotate_inputs(Q, X)
        chex.assert_trees_all_close(rotate_back(rotated, Q), params, atol=1e-14)
    Q, W, W_0 = (np.asarray(of) for of in (Q, rotated[0].W, params[0].W))
    np.testing.assert_allclose(Q.T @ Q, np.eye(13), atol=1e-13)
    np.testing.assert_allclose(W @ np.asarray(rotated_X), W_0 @ X, atol=1e-12)
    norm = np.linalg.norm
    np.testing.assert_allclose(norm(W), norm(W_0), rtol=1e-13)


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"keep_prob": 0.7}, marks=pytest.mark.slow),
        pytest.param({"sample_weight": WEIGHT, "l2": 2.0}, marks=pytest.mark.slow),
    ],
    ids=lambda options: next(iter(options), "plain"),
)
def test_a_rotated_run_equals_a_plain_one(options):
    arguments = {"key": KEY, "learning_rate": 0.1, "epochs": 300} | options
    with jax.enable_x64(True):
        X, Y = data()
        rotated = fit(NETWORK, X, Y, **arguments)
        plain = fit(NETWORK, X, Y, **arguments, layout="plain")
        assert plain.history.cost[-1] < plain.history.cost[0]
        for part in ("params", "history"):
            ours, theirs = getattr(rotated, part), getattr(plain, part)
            chex.assert_trees_all_close(ours, theirs, rtol=1e-10, atol=1e-12)
        # They took different roads: bits differ, digits do not.
        assert not np.array_equal(rotated.params[0].W, plain.params[0].W)


def test_a_rotated_run_goes_on_bit_for_bit_and_watches_validation():
    X, Y = data()
    arguments = {"key": KEY, "learning_rate": 0.1, "epochs": 300}
    arguments["validation"] = (X[:, :5] + 0.1, Y[:, :5])
    states = []
    whole = fit(
        NETWORK,
        X,
        Y,
        **arguments,
        report_every=120,
        on_progress=lambda info: states.append(info.snapshot),
    )
    assert whole.snapshot.constants.basis is not None
    rest = fit(NETWORK, X, Y, **arguments, resume=states[0])
    chex.assert_trees_all_equal(rest.params, whole.params)
    chex.assert_trees_all_equal(rest.history, whole.history)
    score = whole.history.validation_score[whole.history.best_epoch]
    ours = predict(NETWORK, whole.params, arguments["validation"][0])
    assert (ours == Y[:, :5]).mean() == score


def test_chunks_see_unrotated_parameters_and_change_no_bit():
    X, Y = data()
    seen = []
    arguments = {"key": KEY, "learning_rate": 0.1, "epochs": 300}
    chunked = fit(NETWORK, X, Y, **arguments, report_every=70, on_progress=seen.append)
    chex.assert_trees_all_equal(chunked, fit(NETWORK, X, Y, **arguments))
    assert seen[0].params[0].W.shape == (4, 300)
    chex.assert_trees_all_equal(seen[-1].params, chunked.params)


@pytest.mark.parametrize(
    ("sizes", "pays"),
    [
        ((12288, 20, 209, 2500), True),
        ((12288, 20, 209, 10), False),
        ((784, 128, 60000, 100), False),
        ((2, 4, 400, 10000), False),
    ],
)
def test_it_is_done_only_where_it_pays(sizes, pays):
    assert rotation_pays(*sizes) is pays


def test_half_precision_is_not_rotated():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 6)).astype(np.float16)
    network = Network((400, 3, 1))
    result = fit(network, X, X[:1] > 0, key=jax.random.key(0), epochs=100)
    assert result.snapshot.constants.basis is None
    assert result.history.cost[-1] < result.history.cost[0]
