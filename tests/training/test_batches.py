"""Mini-batches: the loop in Python, weights, labels, the shuffle, the padded end."""

import chex
import jax
import numpy as np
import pytest

from jaxdnn import (
    Network,
    cost,
    fit,
    initialize_parameters,
)
from jaxdnn.training.order import shuffled
from tests.reference import data, train

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 4), "tanh", "softmax")
M = 23


def columns(labels):
    return np.eye(4)[:, labels]


@pytest.mark.parametrize(
    ("options", "weight"),
    [
        ({"batch_size": 8, "l2": 0.5}, np.arange(M) % 3.0),
        *(
            pytest.param({"batch_size": size, **l2}, None, marks=pytest.mark.slow)
            for size, l2 in ((1, {}), (7, {"l2": 0.5}), (30, {"l2": 0.5}))
        ),
    ],
    ids=str,
)
def test_a_run_is_the_python_loop(options, weight):
    with jax.enable_x64(True):
        X, labels = data(NETWORK, M)
        options = {"key": KEY, "learning_rate": 0.3, "sample_weight": weight} | options
        asked = {"record": ("gradient_norm",)}
        result = fit(NETWORK, X, labels, epochs=3, **options, **asked)
        params, costs, norms = train(3, NETWORK, X, columns(labels), **options)
        chex.assert_trees_all_close(result.params, params, rtol=1e-11, atol=1e-13)
        chex.assert_trees_all_close(result.history.cost, costs, rtol=1e-11)
        chex.assert_trees_all_close(result.history.gradient_norm, norms, rtol=1e-11)


def test_dropout_draws_a_mask_for_every_step():
    with jax.enable_x64(True):
        X, labels = data(NETWORK, M)
        # Without padding: a mask's bits depend on the batch's width.
        X, labels = X[:, :21], labels[:21]
        options = {"batch_size": 7, "epochs": 3, "learning_rate": 0.3}
        result = fit(NETWORK, X, labels, key=KEY, keep_prob=0.6, **options)
        again = fit(NETWORK, X, labels, key=KEY, keep_prob=0.6, **options)
        other = fit(NETWORK, X, labels, key=jax.random.key(9), keep_prob=0.6, **options)
        chex.assert_trees_all_equal(result.params, again.params)
        assert not np.array_equal(result.params[0].W, other.params[0].W)


@pytest.mark.slow
def test_labels_are_one_hot_columns():
    X, labels = data(NETWORK, M)
    for size in (None, 7):
        arguments = {"key": KEY, "epochs": 5, "batch_size": size}
        by_labels = fit(NETWORK, X, labels, **arguments)
        by_columns = fit(NETWORK, X, columns(labels), **arguments)
        chex.assert_trees_all_close(by_labels.params, by_columns.params, rtol=1e-6)


@pytest.mark.parametrize("batch_size", [None, M])
def test_weights_stand_for_rows(batch_size):
    with jax.enable_x64(True):
        X, labels = data(NETWORK, M)
        weight = np.ones(M)
        weight[[3, 5]] = 0.0, 2.0
        rows = np.r_[0:3, 4, 5, 5, 6:M]
        arguments = {
            "key": KEY,
            "epochs": 20,
            "learning_rate": 0.3,
            "l2": 0.4,
            "shuffle": False,
            "batch_size": batch_size,
        }
        weighted = fit(NETWORK, X, labels, sample_weight=weight, **arguments)
        repeated = fit(NETWORK, X[:, rows], labels[rows], **arguments)
        chex.assert_trees_all_close(weighted.params, repeated.params, rtol=1e-10)
        chex.assert_trees_all_close(
            weighted.history.cost, repeated.history.cost, rtol=1e-10
        )


def test_class_weights_are_weights_of_their_examples():
    X, labels = data(NETWORK, M)
    arguments = {"key": KEY, "epochs": 5, "batch_size": 7}
    balanced = fit(NETWORK, X, labels, class_weight="balanced", **arguments)
    counts = np.bincount(labels, minlength=4)
    by_hand = M / ((counts > 0).sum() * np.maximum(counts, 1))
    mapped = fit(NETWORK, X, labels, class_weight=dict(enumerate(by_hand)), **arguments)
    weighted = fit(NETWORK, X, labels, sample_weight=by_hand[labels], **arguments)
    chex.assert_trees_all_close(balanced.params, weighted.params, rtol=1e-5)
    chex.assert_trees_all_close(mapped.params, weighted.params, rtol=1e-5)
    plain = fit(NETWORK, X, labels, **arguments)
    assert not np.allclose(plain.params[0].W, weighted.params[0].W, rtol=1e-3)


def test_a_batch_without_weight_changes_nothing_but_l2():
    X, labels = data(NETWORK, M)
    weight = np.eye(M)[0]
    result = fit(
        NETWORK,
        X,
        labels,
        key=KEY,
        epochs=3,
        batch_size=5,
        sample_weight=weight,
        shuffle=False,
    )
    assert np.isfinite(result.history.cost).all()
    assert result.divergence is None


def test_every_epoch_has_each_example_once_in_an_order_of_its_own():
    order_of = lambda epoch: shuffled(jax.random.fold_in(KEY, epoch), 10, 8)
    orders = np.asarray(jax.jit(jax.vmap(order_of))(np.arange(50)))
    # Two rows are padding, and come last.
    assert all(sorted(order[:8]) == list(range(8)) for order in orders)
    assert all(sorted(order[8:]) == [8, 9] for order in orders)
    assert len({tuple(order) for order in orders}) == 50
    first = np.bincount([order[0] for order in orders], minlength=8)
    assert (first > 0).all()


def test_the_cost_reported_is_that_of_all_examples():
    with jax.enable_x64(True):
        X, labels = data(NETWORK, M)
        arguments = {"key": KEY, "epochs": 1, "batch_size": 6, "l2": 0.3}
        result = fit(NETWORK, X, labels, learning_rate=1e-12, **arguments)
        params = initialize_parameters(jax.random.split(KEY, 3)[0], NETWORK.layer_dims)
        whole = cost(NETWORK, params, X, columns(labels), l2=0.3)
        np.testing.assert_allclose(result.history.cost[0], whole, rtol=1e-10)


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be an int >= 1, got 0"),
        ({"key": None}, ValueError, "give a key to draw parameters from"),
        (
            {"key": None, "params": initialize_parameters(KEY, NETWORK.layer_dims)},
            ValueError,
            "give a key to shuffle by, or shuffle=False",
        ),
        ({"Y": np.full(M, 4)}, ValueError, r"labels must be 0 to 3.*got 4 to 4"),
        ({"Y": np.zeros(M)}, TypeError, "labels must be whole numbers, got float32"),
        ({"Y": np.zeros(5, int)}, ValueError, r"labels must have shape \(23,\)"),
        (
            {"class_weight": {7: 1.0}},
            ValueError,
            "must map classes 0 to 3",
        ),
        ({"class_weight": "even"}, ValueError, 'must be "balanced" or a mapping'),
        ({"class_weight": {0: -1.0}}, ValueError, "to weights >= 0"),
    ],
)
def test_what_makes_no_batches_is_refused(changed, error, says):
    X, labels = data(NETWORK, M)
    arguments = {"X": X, "Y": labels, "key": KEY, "batch_size": 7} | changed
    with pytest.raises(error, match=says):
        fit(NETWORK, **arguments)


def test_costs_whose_sum_would_overflow_are_recorded():
    X = np.random.default_rng(0).standard_normal((3, 20_000), np.float32)
    network = Network((3, 1), output="identity")
    options = {"batch_size": 64, "epochs": 2, "learning_rate": 1e-6}
    result = fit(network, X, 1.5e18 * (X[:1] > 0), key=jax.random.key(0), **options)
    assert result.divergence is None
    np.testing.assert_allclose(result.history.cost, 5.6e35, rtol=0.02)
