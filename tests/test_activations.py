"""Every g' against autodiff, against central differences, and where digits are lost."""

import math

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import ACTIVATIONS, Activation, relu, relu_backward, sigmoid_backward, tanh
from jaxdnn.activations import get_activation, tanh_backward

NAMES = sorted(ACTIVATIONS)
# Off the kinks of relu, leaky_relu and elu, and out to where most of them are flat.
POINTS = np.concatenate([-np.geomspace(30, 1e-6, 60), np.geomspace(1e-6, 30, 60)])


def cache_of(g: Activation, Z: jax.Array) -> jax.Array:
    return g.forward(Z) if g.reads == "A" else Z


@pytest.mark.parametrize("name", NAMES)
def test_backward_is_the_derivative_in_float64(name):
    g = ACTIVATIONS[name]
    with jax.enable_x64(True):
        Z, dA = jnp.asarray(POINTS), jnp.linspace(1.0, 2.0, POINTS.size)
        _, vjp = jax.vjp(g.forward, Z)
        chex.assert_trees_all_close(
            g.backward(dA, cache_of(g, Z)), vjp(dA)[0], rtol=1e-12, atol=1e-15
        )


@pytest.mark.parametrize("name", NAMES)
def test_backward_agrees_with_central_differences(name):
    g, h = ACTIVATIONS[name], 1e-6
    with jax.enable_x64(True):
        Z = jnp.asarray(POINTS[np.abs(POINTS) > 1e-3])
        differences = (g.forward(Z + h) - g.forward(Z - h)) / (2 * h)
        hand = g.backward(jnp.ones_like(Z), cache_of(g, Z))
        chex.assert_trees_all_close(hand, differences, rtol=0, atol=3e-9)
        assert jnp.abs(1.001 * hand - differences).max() > 3e-9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
def test_saturated_units_stay_finite(name, dtype):
    g = ACTIVATIONS[name]
    with jax.enable_x64(True):
        Z = jnp.array([-1e30, -1e4, -0.0, 0.0, 1e4, 1e30], dtype)
        dZ = g.backward(jnp.ones_like(Z), cache_of(g, Z))
        assert dZ.dtype == g.forward(Z).dtype == dtype
        assert jnp.isfinite(g.forward(Z)).all()
        assert jnp.isfinite(dZ).all()


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_a_sign_is_all_these_read(name):
    g, Z = ACTIVATIONS[name], jnp.array([-2.0, -0.0, 0.0, 3.0])
    dA = jnp.arange(1.0, 5.0)
    chex.assert_trees_all_equal(g.backward(dA, Z), g.backward(dA, g.forward(Z)))


def test_relu_has_slope_zero_at_zero_forward_and_backward():
    assert jax.grad(lambda z: relu(z))(0.0) == 0.0
    assert relu_backward(jnp.ones(()), jnp.zeros(())) == 0.0


@pytest.mark.parametrize("name", NAMES)
def test_autodiff_says_the_same_at_zero(name):
    g = ACTIVATIONS[name]
    hand = g.backward(jnp.ones(()), cache_of(g, jnp.zeros(())))
    np.testing.assert_allclose(hand, jax.grad(g.forward)(0.0), rtol=1e-6)


@pytest.mark.own_flags
def test_sigmoid_and_tanh_keep_the_digits_that_a_formula_in_a_loses():
    one = jnp.ones((), jnp.float32)
    assert jax.grad(jax.nn.sigmoid)(17.0) == 0.0
    s = 1 / (1 + math.exp(-17.0))
    true = math.exp(-17.0) * s * s
    np.testing.assert_allclose(sigmoid_backward(one, 17.0 * one), true, rtol=1e-6)
    assert jax.grad(jnp.tanh)(12.0) == 0.0
    true = 1 / math.cosh(12.0) ** 2
    np.testing.assert_allclose(tanh_backward(one, 12.0 * one), true, rtol=2e-6)


def test_tanh_from_a_errs_by_a_few_roundoffs_of_its_largest_slope():
    g = ACTIVATIONS["tanh"]
    Z = jnp.linspace(-12, 12, 10_001, dtype=jnp.float32)
    exact = 1 / np.cosh(np.asarray(Z, np.float64)) ** 2
    error = np.abs(g.backward(jnp.ones_like(Z), tanh(Z)) - exact).max()
    assert error < 8 * np.finfo(np.float32).eps


def test_own_activation_is_taken_as_it_is_and_names_are_looked_up():
    own = Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)
    assert get_activation(own) is own
    assert hash(own) == hash(own)
    assert get_activation("silu") is ACTIVATIONS["silu"]


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: get_activation("rleu"), ValueError, "unknown activation 'rleu'.*relu"),
        (lambda: get_activation(3), TypeError, "name or an Activation, got 3"),
        (lambda: Activation("a", 3, abs), TypeError, "'a': forward must be callable"),
        (lambda: Activation("a", abs, abs, reads="B"), ValueError, "'Z' or 'A'.*'B'"),
    ],
)
def test_errors_say_what_was_wanted(call, error, says):
    with pytest.raises(error, match=says):
        call()
