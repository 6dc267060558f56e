"""Products of a step in bfloat16: what moves, and what stays in float32."""

import re

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    Network,
    cost,
    cost_and_gradients,
    fit,
    initialize_parameters,
    update_parameters,
    verify,
)
from jaxdnn.sharding import SHORT, product, products_in_short
from tests.second_order import close, flat

NETWORK = Network((8, 16, 16, 3), "tanh", "softmax")
PARAMS = initialize_parameters(jax.random.key(0), NETWORK.layer_dims)
X = np.random.default_rng(1).normal(size=(8, 40)).astype(np.float32)
Y = np.eye(3, dtype=np.float32)[:, np.arange(40) % 3]
STEP = {"params": PARAMS, "epochs": 1, "learning_rate": 0.5}


def in_bfloat16():
    with products_in_short():
        return cost_and_gradients(NETWORK, PARAMS, X, Y)


def test_a_product_rounds_its_factors_and_adds_up_in_float32():
    A, B = X[:, :8], X[:, 8:16]
    with products_in_short():
        found = jax.jit(product)(A, B)
    rounded = (np.asarray(of.astype(SHORT), np.float64) for of in (A, B))
    np.testing.assert_allclose(found, np.matmul(*rounded), rtol=1e-5, atol=1e-5)
    assert found.dtype == jnp.float32
    assert not close(found, jax.jit(product)(A, B), 1e-4)


def test_the_gradient_moves_and_by_less_than_two_percent():
    (J, grads), (due_J, due) = in_bfloat16(), cost_and_gradients(NETWORK, PARAMS, X, Y)
    chex.assert_trees_all_equal_dtypes(grads, due)
    moved = np.linalg.norm(flat(grads) - flat(due)) / np.linalg.norm(flat(due))
    assert 1e-4 < moved < 0.02
    assert J.dtype == jnp.float32
    assert 0 < abs(J - due_J) < 0.02 * due_J


@pytest.mark.parametrize("clip", [{}, {"clip_examples": 1e6}], ids=["", "clipped"])
def test_fit_takes_the_step_of_that_gradient(clip):
    result = fit(NETWORK, X, Y, compute_dtype=jnp.bfloat16, **STEP, **clip)
    J, grads = in_bfloat16()
    due = update_parameters(PARAMS, grads, learning_rate=0.5)
    chex.assert_trees_all_close(result.params, due, rtol=1e-5, atol=1e-6)
    plain = fit(NETWORK, X, Y, **STEP).params
    assert not close(flat(result.params), flat(plain), 1e-4)
    chex.assert_trees_all_equal_dtypes(result.params, plain)
    assert float(result.history.cost[0]) == pytest.approx(float(J), rel=1e-6)
    assert float(J) != float(cost(NETWORK, PARAMS, X, Y))


def test_every_product_of_a_step_is_taken_in_it():
    def step(params, X, Y):
        return fit(NETWORK, X, Y, params=params, epochs=1, compute_dtype="bfloat16")

    text = jax.jit(lambda *of: step(*of).params).lower(PARAMS, X, Y).as_text()
    products = re.findall(r"dot_general.*: \((.*), (.*)\) -> (.*)", text)
    # Z, dW and dA_prev of three layers; nobody asks for dX, which some JAX drops here.
    assert len(products) in (8, 9)
    for *factors, found in products:
        assert all("xbf16>" in factor for factor in factors)
        assert "xf32>" in found


def test_a_resumed_run_goes_on_to_the_same_bits():
    asked = STEP | {"compute_dtype": jnp.bfloat16, "batch_size": 8, "shuffle": False}
    whole = fit(NETWORK, X, Y, **asked | {"epochs": 4})
    half = fit(NETWORK, X, Y, **asked | {"epochs": 2})
    rest = fit(NETWORK, X, Y, resume=half.snapshot, **asked | {"epochs": 4})
    chex.assert_trees_all_equal(rest.params, whole.params)


def test_verify_says_how_far_the_gradient_moves_and_what_it_verified():
    report = verify(NETWORK, PARAMS, X, Y, compute_dtype=jnp.bfloat16)
    assert report.ok
    [note] = report.notes
    told = re.fullmatch(
        r"products in bfloat16 move the gradient by (.*)% in norm; "
        r"verified is the function in float64",
        note,
    )
    grads, due = in_bfloat16()[1], cost_and_gradients(NETWORK, PARAMS, X, Y)[1]
    moved = np.linalg.norm(flat(grads) - flat(due)) / np.linalg.norm(flat(due))
    assert float(told[1]) == pytest.approx(100 * moved, rel=0.1)


@pytest.mark.parametrize("dtype", [jnp.float16, "abc", 3])
def test_another_dtype_is_refused(dtype):
    says = "compute_dtype must be None or bfloat16, got"
    with pytest.raises(ValueError, match=f"fit: {says}"):
        fit(NETWORK, X, Y, compute_dtype=dtype, **STEP)
    with pytest.raises(ValueError, match=f"verify: {says}"):
        verify(NETWORK, PARAMS, X, Y, compute_dtype=dtype)
