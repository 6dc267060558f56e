"""Every layout gives back the layers it took; which runs may have which."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import Layer, Network, initialize_parameters
from jaxdnn.blocks import Stack
from jaxdnn.training.examples import Columns, Rows
from jaxdnn.training.layouts import folded, plain, run_basis
from jaxdnn.training.stopping import Best
from jaxdnn.training.types import State

NETWORK = Network((40, *9 * (4,), 2), "tanh")
PARAMS = initialize_parameters(jax.random.key(0), NETWORK.layer_dims)
X = jnp.asarray(np.random.default_rng(1).normal(size=(40, 6)), np.float32)


def state(params):
    value, epoch = np.float32(1), np.int32(0)
    best = Best(params, value, epoch, value, value, epoch)
    return State(params, None, np.int32(0), np.int32(0), best)


@pytest.mark.parametrize("make", [plain, lambda network: folded(network, None)])
def test_into_and_back_are_the_same_bits(make):
    layout = make(NETWORK)
    inside = layout.into(state(PARAMS))
    assert any(isinstance(block, Stack) for block in inside.params) == layout.folded
    assert (
        any(isinstance(block, Stack) for block in inside.best.params) == layout.folded
    )
    back = layout.back(inside)
    assert all(isinstance(layer, Layer) for layer in back.params)
    chex.assert_trees_all_equal(back, state(PARAMS))


def test_a_rotated_run_starts_at_the_same_logits():
    basis = run_basis(PARAMS, Columns(X, X[:2], None, 6), 10_000, None)
    layout = folded(NETWORK, basis)
    assert layout.network.layer_dims[0] == basis.shape[1] == 10
    W = layout.start(PARAMS)[0].W
    np.testing.assert_allclose(
        W @ layout.inputs(X), PARAMS[0].W @ X, rtol=1e-4, atol=1e-5
    )


def test_who_is_rotated():
    full = Columns(X, X[:2], None, 6)
    assert run_basis(PARAMS, Rows(X.T, X[:2].T, None, 6, 6), 10_000, None) is None
    assert (
        run_basis(PARAMS, full._replace(X=X.astype(jnp.bfloat16)), 10_000, None) is None
    )
    assert run_basis(PARAMS, full, 1, None) is None
    # A run that was not rotated goes on so; one that was keeps its basis.
    assert run_basis(PARAMS, full, 10_000, {}) is None
    saved = {".constants.basis": np.eye(40)[:, :10]}
    chex.assert_trees_all_equal(run_basis(PARAMS, full, 1, saved), jnp.eye(40)[:, :10])
