"""Initialisers, and the dictionary form."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import Layer, initialize_parameters, params_from_dict, params_to_dict

KEY = jax.random.key(0)


@pytest.mark.parametrize(
    ("method", "deviation"),
    [
        ("zeros", 0.0),
        ("normal", 0.01),
        ("he", (2 / 400) ** 0.5),
        ("xavier", (2 / 700) ** 0.5),
        ("lecun", (1 / 400) ** 0.5),
    ],
)
def test_standard_deviations(method, deviation):
    W, b = jax.device_get(initialize_parameters(KEY, (400, 300), method=method)[0])
    assert not b.any()
    assert b.shape == (300, 1)
    # A standard deviation of 120,000 draws is known to 0.2 %.
    np.testing.assert_allclose(W.std(), deviation, rtol=0.01)


def test_scale_is_traced_and_belongs_to_normal():
    scales = np.float32([0.1, 10.0])

    def drawn(scale):
        [layer] = initialize_parameters(KEY, (30, 40), method="normal", scale=scale)
        return layer.W

    W = np.asarray(jax.jit(jax.vmap(drawn))(scales))
    np.testing.assert_allclose(W.std(axis=(1, 2)), scales, rtol=0.05)


def test_layers_are_independent_and_repeatable():
    first = initialize_parameters(KEY, (5, 5, 5))
    chex.assert_trees_all_equal(first, initialize_parameters(KEY, (5, 5, 5)))
    assert not np.allclose(first[0].W, first[1].W)
    other = initialize_parameters(jax.random.key(1), (5, 5, 5))
    assert not np.allclose(first[0].W, other[0].W)


def test_dtypes():
    assert initialize_parameters(KEY, (2, 1))[0].W.dtype == jnp.float32
    with jax.enable_x64(True):
        assert initialize_parameters(KEY, (2, 1))[0].W.dtype == jnp.float64
        half = initialize_parameters(KEY, (2, 1), dtype=jnp.float32)
        chex.assert_type(jax.tree.leaves(half), jnp.float32)


def test_dictionary_there_and_back():
    params = initialize_parameters(KEY, (4, 3, 2, 1))
    dictionary = params_to_dict(params)
    assert list(dictionary) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    chex.assert_trees_all_equal(params_from_dict(dictionary), params)


W, b = np.ones((3, 2)), np.zeros((3, 1))


@pytest.mark.parametrize(
    ("dictionary", "says"),
    [
        ({}, r"keys must be W1, b1, \.\.\., WL, bL, got \[\]"),
        ({"W1": W}, r"got \['W1'\]"),
        ({"W1": W, "b1": b, "W3": W, "b3": b}, "got .*'W3'"),
        ({"W1": W, "b1": b[:, 0]}, r"b1 must have shape \(3, 1\).*got \(3,\)"),
        ({"W1": W[0], "b1": b}, r"W1 must have shape \(n, n_prev\), got \(2,\)"),
        ({"W1": W, "b1": b, "W2": W, "b2": b}, r"W2 must have shape \(3, 3\)"),
    ],
)
def test_broken_dictionaries_are_named(dictionary, says):
    with pytest.raises(ValueError, match=says):
        params_from_dict(dictionary)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"method": "hee"}, "method must be one of 'zeros', 'normal', 'he'.*got 'hee'"),
        ({"scale": 1.0}, "scale goes with method='normal', got 'he'"),
        ({"method": "normal", "scale": -1.0}, "scale must be finite and >= 0, got -1"),
        ({"layer_dims": (2,)}, "at least two whole numbers"),
        ({"layer_dims": (2, 0)}, r"got \(2, 0\)"),
        ({"layer_dims": (2, 1.5)}, r"got \(2, 1\.5\)"),
        ({"dtype": jnp.int32}, "dtype must be floating"),
    ],
)
def test_bad_arguments_are_named(arguments, says):
    with pytest.raises(ValueError, match=says):
        initialize_parameters(KEY, **({"layer_dims": (2, 1)} | arguments))


def test_a_layer_is_a_pytree_of_two():
    assert len(jax.tree.leaves(Layer(W, b))) == 2
