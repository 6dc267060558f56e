"""A stack of equal layers computes what its layers compute, in every function."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    Network,
    fit,
    initialize_parameters,
    predict,
    propagation,
)
from jaxdnn.blocks import Stack, fold, unfold
from jaxdnn.dropout import Dropout
from jaxdnn.objective import mean_over
from tests.reference import data

KEY = jax.random.key(0)
DIMS = (3, *9 * (6,), 2)


# A stack knows of its activation only what the backward reads: A, which dropout thins
# out after it, or Z.
@pytest.mark.parametrize(
    ("hidden", "keep_prob"),
    [pytest.param("relu", 0.8, marks=pytest.mark.slow), ("gelu", None)],
)
def test_a_stack_is_its_layers(hidden, keep_prob):
    with jax.enable_x64(True):
        network = Network(DIMS, hidden)
        params = initialize_parameters(KEY, DIMS)
        folded = fold(network, params)
        assert [block.W.shape for block in folded] == [(6, 3), (8, 6, 6), (2, 6)]
        chex.assert_trees_all_equal(unfold(folded), params)
        X, Y = data(network, 12)
        dropout = keep_prob and Dropout(jax.random.key(2), keep_prob)
        run = jax.jit(propagation.cost_and_gradients, static_argnums=0)
        mean = mean_over(12, l2=0.3)
        J, grads = run(network, params, X, Y, mean, dropout)
        J_folded, grads_folded = run(network, folded, X, Y, mean, dropout)
        np.testing.assert_allclose(J_folded, J, rtol=1e-13)
        assert isinstance(grads_folded[1], Stack)
        chex.assert_trees_all_close(unfold(grads_folded), grads, rtol=1e-11, atol=1e-14)


@pytest.mark.slow
@pytest.mark.own_flags
def test_fifty_equal_layers_hold_no_cotangents_where_only_gradients_are_wanted():
    network = Network((32, *50 * (32,), 2), "tanh")
    params = initialize_parameters(KEY, network.layer_dims)
    X, Y = jnp.zeros((32, 64)), jnp.zeros((2, 64))
    run = jax.jit(propagation.cost_and_gradients, static_argnums=0)
    compiled = run.lower(network, fold(network, params), X, Y, mean_over(64)).compile()
    # Caches and gradients of the stack, and a fifth for all the rest.
    A, W = 50 * 32 * 64 * 4, 50 * 32 * 32 * 4
    assert compiled.memory_analysis().temp_size_in_bytes <= 1.2 * (A + W)


def test_runs_of_other_sizes_or_activations_are_left_alone():
    network = Network((3, 6, 6, 6, 2))
    params = initialize_parameters(KEY, network.layer_dims)
    chex.assert_trees_all_equal(fold(network, params), params)
    mixed = Network(DIMS, (*5 * ("relu",), *4 * ("tanh",)))
    params = initialize_parameters(KEY, DIMS)
    assert len(fold(mixed, params)) == 10


@pytest.mark.slow
def test_fit_folds_deep_networks_and_gives_layers_back():
    with jax.enable_x64(True):
        network = Network(DIMS, "tanh")
        X, Y = data(network, 12)
        arguments = {
            "key": KEY,
            "epochs": 6,
            "learning_rate": 0.1,
            "batch_size": 5,
            "validation": (X, Y),
            "l2": 0.1,
        }
        edges = []
        folded = fit(
            network, X, Y, **arguments, report_every=3, on_progress=edges.append
        )
        assert len(folded.snapshot.state.params) == 10
        assert len(edges[0].params) == len(folded.params) == 10
        plain = fit(network, X, Y, **arguments, layout="plain")
        for part in ("params", "history"):
            ours, theirs = getattr(folded, part), getattr(plain, part)
            chex.assert_trees_all_close(ours, theirs, rtol=1e-10, atol=1e-12)
        rest = fit(network, X, Y, **arguments, resume=edges[0].snapshot)
        chex.assert_trees_all_equal(rest.params, folded.params)


@pytest.mark.slow
def test_a_divergence_is_located_in_the_layer_of_a_stack():
    network = Network(DIMS, "relu")
    X, Y = data(network, 12)
    params = list(initialize_parameters(KEY, DIMS))
    # Z of layer 5 is beyond float32's range, and none before it.
    params[4] = params[4]._replace(W=3e38 * jnp.ones((6, 6)))
    with pytest.warns(RuntimeWarning, match="Z5 of layer 5 was not finite in step 0"):
        result = fit(network, 10 * X, Y, params=tuple(params), epochs=3)
    assert result.divergence == (0, 0, 5, "Z5")
    chex.assert_trees_all_equal(result.params, tuple(params))


def test_a_stack_is_no_public_parameter():
    params = (Stack(jnp.zeros((2, 6, 6)), jnp.zeros((2, 6, 1))),)
    with pytest.raises(ValueError, match=r"predict: W1 must have shape \(6, 6\)"):
        predict(Network((6, 6)), params, jnp.zeros((6, 4)))
