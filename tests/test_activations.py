"""Every g' against autodiff, against central differences, and where digits are lost."""

import math
from functools import partial

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


@partial(jax.jit, static_argnums=0)
def passes(g, Z, dA):
    """A, and dZ by hand and by autodiff."""
    A, pull = jax.vjp(g.forward, Z)
    return A, g.backward(dA, cache_of(g, Z)), pull(dA)[0]


@pytest.mark.parametrize("name", NAMES)
def test_backward_is_the_derivative_in_float64(name):
    with jax.enable_x64(True):
        dA = np.linspace(1.0, 2.0, POINTS.size)
        A, hand, oracle = passes(ACTIVATIONS[name], POINTS, dA)
    assert A.dtype == hand.dtype == np.float64
    np.testing.assert_allclose(hand, oracle, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
def test_backward_agrees_with_central_differences(name):
    g, h, ones = ACTIVATIONS[name], 1e-6, np.ones_like(POINTS)
    with jax.enable_x64(True):
        below, (_, hand, _), above = (
            jax.device_get(passes(g, POINTS + step, ones)) for step in (-h, 0, h)
        )
    off_kinks = np.abs(POINTS) > 1e-3
    differences = (above[0] - below[0])[off_kinks] / (2 * h)
    hand = hand[off_kinks]
    np.testing.assert_allclose(hand, differences, rtol=0, atol=3e-9)
    assert np.abs(1.001 * hand - differences).max() > 3e-9


# Float32 overflows soonest.
FAR = np.array([-1e30, -1e4, -0.0, 0.0, 1e4, 1e30], np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_saturated_units_stay_finite(name):
    A, dZ, _ = passes(ACTIVATIONS[name], FAR, np.ones_like(FAR))
    assert dZ.dtype == A.dtype == np.float32
    assert np.isfinite(A).all()
    assert np.isfinite(dZ).all()


@pytest.mark.parametrize("name", NAMES)
def test_autodiff_says_the_same_at_zero(name):
    _, hand, oracle = passes(ACTIVATIONS[name], FAR, np.ones_like(FAR))
    np.testing.assert_allclose(hand[3], oracle[3], rtol=1e-6)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_a_sign_is_all_these_read(name):
    g, Z = ACTIVATIONS[name], np.array([-2.0, -0.0, 0.0, 3.0])
    dA = np.arange(1.0, 5.0)
    chex.assert_trees_all_equal(g.backward(dA, Z), g.backward(dA, g.forward(Z)))


def test_relu_has_slope_zero_at_zero_forward_and_backward():
    assert jax.grad(lambda z: relu(z))(0.0) == 0.0
    assert relu_backward(jnp.ones(()), jnp.zeros(())) == 0.0


@pytest.mark.slow
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
    Z = np.linspace(-12, 12, 10_001, dtype=np.float32)
    exact = 1 / np.cosh(np.asarray(Z, np.float64)) ** 2
    error = np.abs(g.backward(np.ones_like(Z), tanh(Z)) - exact).max()
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
