"""Inverted dropout: its own transpose, unbiased, the same masks in every dtype."""

import chex
import jax
import jax.numpy as jnp
import pytest

from jaxdnn import dropout_backward, dropout_forward

KEY = jax.random.key(4)


def test_backward_is_the_vjp():
    with jax.enable_x64(True):
        A = jax.random.normal(KEY, (6, 50))
        dA = jax.random.normal(jax.random.key(5), (6, 50))
        _, cache = dropout_forward(KEY, A, 0.7)
        _, vjp = jax.vjp(lambda A: dropout_forward(KEY, A, 0.7)[0], A)
        chex.assert_trees_all_equal(dropout_backward(dA, cache), vjp(dA)[0])


def test_what_is_kept_is_scaled_so_that_the_mean_stays():
    A, cache = dropout_forward(KEY, jnp.ones((100, 1000)), 0.8)
    kept = float(cache.D.mean())
    # Five standard deviations of a mean of 100,000 Bernoulli draws.
    assert abs(kept - 0.8) < 5 * (0.8 * 0.2 / 1e5) ** 0.5
    assert abs(float(A.mean()) - kept / 0.8) < 1e-5


def test_keeping_all_changes_no_bit():
    A = jax.random.normal(KEY, (5, 9))
    chex.assert_trees_all_equal(dropout_forward(KEY, A, 1.0)[0], A)


@pytest.mark.parametrize("keep_prob", [0.1, 0.5, 0.8, 0.86])
def test_masks_do_not_depend_on_the_dtype(keep_prob):
    D32 = dropout_forward(KEY, jnp.ones((50, 200), jnp.float32), keep_prob)[1].D
    with jax.enable_x64(True):
        D64 = dropout_forward(KEY, jnp.ones((50, 200)), keep_prob)[1].D
    chex.assert_trees_all_equal(D32, D64)


def test_keep_prob_is_traced():
    mapped = jax.vmap(lambda p: dropout_forward(KEY, jnp.ones((3, 40)), p)[0])
    probabilities = jnp.array([0.5, 0.9])
    for p, A in zip(probabilities, mapped(probabilities), strict=True):
        one = dropout_forward(KEY, jnp.ones((3, 40)), p)[0]
        chex.assert_trees_all_close(A, one, rtol=1e-6)


@pytest.mark.parametrize("keep_prob", [0.0, -0.1, 1.1, float("nan")])
def test_keep_prob_outside_its_range_is_refused(keep_prob):
    says = r"dropout_forward: keep_prob must be in \(0, 1\], got"
    with pytest.raises(ValueError, match=says):
        dropout_forward(KEY, jnp.ones((2, 2)), keep_prob)
