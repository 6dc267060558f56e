"""Heads, costs and L2: exact gradients, finite at logits of +-1e4, nothing cancels."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from jaxdnn import HEADS, head_backward


def targets(head, n_L, m):
    rng = np.random.default_rng(2)
    return {
        "softmax": np.eye(n_L)[:, rng.integers(0, n_L, m)],
        "sigmoid": rng.binomial(1, 0.4, (n_L, m)).astype(float),
        "exp": rng.poisson(3.0, (n_L, m)).astype(float),
        "identity": rng.normal(size=(n_L, m)),
    }[head]


@partial(jax.jit, static_argnums=0)
def derived(head, ZL, Y):
    """The losses, and their slope by hand and by autodiff."""
    hand = head_backward(HEADS[head].output(ZL), Y)
    oracle = jax.grad(lambda ZL: HEADS[head].losses(ZL, Y).sum())(ZL)
    return HEADS[head].losses(ZL, Y), hand, oracle


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0])
def test_dZ_is_AL_minus_Y_for_each_example_alone(head, scale):
    ZL = scale * np.random.default_rng(0).normal(size=(4, 9))
    with jax.enable_x64(True):
        losses, hand, oracle = derived(head, ZL, targets(head, 4, 9))
    np.testing.assert_allclose(hand, oracle, rtol=1e-13, atol=1e-14)
    assert losses.shape == (9,)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("head", HEADS)
def test_logits_of_ten_thousand_give_finite_costs_and_exact_gradients(head, dtype):
    ZL = np.array([[1e4, -1e4, 1e4, -1e4], [-1e4, 1e4, 1e4, -1e4]], dtype)
    Y = np.array([[1.0, 1.0, 0.0, 0.5], [0.0, 0.0, 1.0, 0.5]], dtype)
    with jax.enable_x64(True):
        losses, hand, oracle = derived(head, ZL, Y)
    assert losses.dtype == hand.dtype == dtype
    assert np.isfinite(losses).all()
    np.testing.assert_array_equal(hand, oracle)
    exact = {
        "sigmoid": [0, 2e4, 1e4, 1e4],
        "softmax": [0, 2e4, np.log(2), np.log(2)],
        "identity": [(9999.0**2 + 1e8) / 2, (10001.0**2 + 1e8) / 2],
    }.get(head, [])
    # The identity head's last two columns are left to the gradient.
    np.testing.assert_allclose(np.asarray(losses)[: len(exact)], exact, rtol=1e-6)


def test_the_loss_of_a_sure_and_right_prediction_keeps_its_digits():
    head = HEADS["sigmoid"]
    ZL = jnp.array([[20.0, -20.0]], jnp.float32)
    losses = head.losses(ZL, jnp.array([[1.0, 0.0]], jnp.float32))
    np.testing.assert_allclose(losses, np.log1p(np.exp(-20.0)), rtol=1e-6)


def test_autodiff_of_the_losses_is_right_where_the_logits_are_zero():
    with jax.enable_x64(True):
        Y = np.array([[0.0, 1.0, 0.25]])
        for order, wanted in ((1, 0.5 - Y[0]), (2, np.full(3, 0.25))):
            f = lambda z, y: HEADS["sigmoid"].losses(z[None, None], y[None, None])[0]
            for _ in range(order):
                f = jax.grad(f)
            found = jax.jit(jax.vmap(f))(np.zeros(3), Y[0])
            np.testing.assert_allclose(found, wanted, rtol=1e-14, atol=1e-15)


def test_sigmoid_losses_agree_with_scipy():
    near = 10.0 ** -np.r_[1:17, 100, 300, 308]
    logits = np.r_[np.linspace(-50, 50, 201), near, -near, -0.0]
    z, y = (of.ravel() for of in np.meshgrid(logits, np.r_[0:1:21j, near, 1 - near]))
    with jax.enable_x64(True):
        ours = jax.jit(HEADS["sigmoid"].losses)(z[None], y[None])
    theirs = -(y * special.log_expit(z) + (1 - y) * special.log_expit(-z))
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-300)


@pytest.mark.parametrize(
    ("head", "Y"),
    [
        ("sigmoid", [[1.5]]),
        ("sigmoid", [[np.nan]]),
        ("softmax", [[1.0], [1.0]]),
        ("softmax", [[2.0], [-1.0]]),
        ("identity", [[np.inf]]),
        ("exp", [[-1.0]]),
    ],
)
def test_heads_know_their_targets(head, Y):
    assert not HEADS[head].accepts(np.array(Y))
    assert HEADS[head].accepts(targets(head, 3, 5))


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity", "exp"])
def test_a_weighed_score_counts_rows(output):
    head = HEADS[output]
    weight = np.array([0, 1, 2, 1, 3, 1])
    rows = np.repeat(np.arange(6), weight)
    ZL = np.random.default_rng(1).normal(size=(3, 6)).astype(np.float32)
    Y = np.eye(3, dtype=np.float32)[:, [0, 1, 2, 2, 0, 1]]
    said, score = np.asarray(jax.jit(head.decide)(ZL)), jax.jit(head.score)
    weighed = score(said, Y, np.asarray(weight, np.float32))
    counted = score(said[:, rows], Y[:, rows])
    np.testing.assert_allclose(weighed, counted, rtol=1e-5)
