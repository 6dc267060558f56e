"""Inverted dropout: its own transpose, unbiased, the same masks in every dtype."""

import jax
import numpy as np
import pytest

from jaxdnn import dropout_backward, dropout_forward

KEY = jax.random.key(4)


def test_backward_is_the_vjp():
    with jax.enable_x64(True):
        A, dA = np.random.default_rng(4).normal(size=(2, 6, 50))
        _, cache = dropout_forward(KEY, A, 0.7)
        _, vjp = jax.vjp(lambda A: dropout_forward(KEY, A, 0.7)[0], A)
        # Not in one program: XLA may multiply by 1/0.7 there, and end a bit apart.
        np.testing.assert_array_equal(dropout_backward(dA, cache), vjp(dA)[0])


def test_what_is_kept_is_scaled_so_that_the_mean_stays():
    A, cache = dropout_forward(KEY, np.ones((100, 1000), np.float32), 0.8)
    kept = np.mean(cache.D)
    # Five standard deviations of a mean of 100,000 Bernoulli draws.
    assert abs(kept - 0.8) < 5 * (0.8 * 0.2 / 1e5) ** 0.5
    assert abs(np.mean(A, dtype=float) - kept / 0.8) < 1e-5


def test_keeping_all_changes_no_bit():
    A = np.random.default_rng(4).normal(size=(50, 200)).astype(np.float32)
    np.testing.assert_array_equal(dropout_forward(KEY, A, 1.0)[0], A)


@pytest.mark.parametrize("keep_prob", [0.1, 0.5, 0.8, 0.86])
def test_masks_do_not_depend_on_the_dtype(keep_prob):
    D32 = dropout_forward(KEY, np.ones((50, 200), np.float32), keep_prob)[1].D
    with jax.enable_x64(True):
        D64 = dropout_forward(KEY, np.ones((50, 200)), keep_prob)[1].D
    np.testing.assert_array_equal(D32, D64)


def test_keep_prob_is_traced():
    ones, probabilities = np.ones((50, 200), np.float32), np.float32([0.5, 0.9])
    mapped = jax.jit(jax.vmap(lambda p: dropout_forward(KEY, ones, p)[0]))
    for p, A in zip(probabilities, np.asarray(mapped(probabilities)), strict=True):
        np.testing.assert_allclose(A, dropout_forward(KEY, ones, p)[0], rtol=1e-6)


@pytest.mark.parametrize("keep_prob", [0.0, -0.1, 1.1, float("nan")])
def test_keep_prob_outside_its_range_is_refused(keep_prob):
    says = r"dropout_forward: keep_prob must be in \(0, 1\], got"
    with pytest.raises(ValueError, match=says):
        dropout_forward(KEY, np.ones((2, 2)), keep_prob)
