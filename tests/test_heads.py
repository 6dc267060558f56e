"""Heads, costs and L2: exact gradients, finite at logits of +-1e4, nothing cancels."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from jaxdnn import HEADS, head_backward


def targets(head, n_L, m):
    keys = jax.random.split(jax.random.key(2), 2)
    if head == "softmax":
        return jax.nn.one_hot(jax.random.randint(keys[0], (m,), 0, n_L), n_L).T
    if head == "sigmoid":
        return jax.random.bernoulli(keys[0], 0.4, (n_L, m)).astype(float)
    if head == "exp":
        return jax.random.poisson(keys[0], 3.0, (n_L, m)).astype(float)
    return jax.random.normal(keys[1], (n_L, m))


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0])
def test_dZ_is_AL_minus_Y_for_each_example_alone(head, scale):
    with jax.enable_x64(True):
        ZL = scale * jax.random.normal(jax.random.key(0), (4, 9))
        Y = targets(head, 4, 9)
        oracle = jax.grad(lambda ZL: HEADS[head].losses(ZL, Y).sum())(ZL)
        hand = head_backward(HEADS[head].output(ZL), Y)
        chex.assert_trees_all_close(hand, oracle, rtol=1e-13, atol=1e-14)
        assert HEADS[head].losses(ZL, Y).shape == (9,)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("head", HEADS)
def test_logits_of_ten_thousand_give_finite_costs_and_exact_gradients(head, dtype):
    with jax.enable_x64(True):
        ZL = jnp.array([[1e4, -1e4, 1e4, -1e4], [-1e4, 1e4, 1e4, -1e4]], dtype)
        Y = jnp.array([[1.0, 1.0, 0.0, 0.5], [0.0, 0.0, 1.0, 0.5]], dtype)
        losses, AL = HEADS[head].losses(ZL, Y), HEADS[head].output(ZL)
        assert jnp.isfinite(losses).all()
        oracle = jax.grad(lambda ZL: HEADS[head].losses(ZL, Y).sum())(ZL)
        chex.assert_trees_all_equal(head_backward(AL, Y), oracle)
        exact = {
            "sigmoid": [0, 2e4, 1e4, 1e4],
            "softmax": [0, 2e4, np.log(2), np.log(2)],
            "identity": [(9999.0**2 + 1e8) / 2, (10001.0**2 + 1e8) / 2],
        }.get(head, [])
        # The identity head's last two columns are left to the gradient.
        np.testing.assert_allclose(losses[: len(exact)], exact, rtol=1e-6)


def test_the_loss_of_a_sure_and_right_prediction_keeps_its_digits():
    head = HEADS["sigmoid"]
    ZL = jnp.array([[20.0, -20.0]], jnp.float32)
    losses = head.losses(ZL, jnp.array([[1.0, 0.0]], jnp.float32))
    np.testing.assert_allclose(losses, np.log1p(np.exp(-20.0)), rtol=1e-6)


def test_autodiff_of_the_losses_is_right_where_the_logits_are_zero():
    with jax.enable_x64(True):
        Y = jnp.array([[0.0, 1.0, 0.25]])
        for order, wanted in ((1, 0.5 - Y[0]), (2, jnp.full(3, 0.25))):
            f = lambda z, y: HEADS["sigmoid"].losses(z[None, None], y[None, None])[0]
            for _ in range(order):
                f = jax.grad(f)
            found = jax.vmap(f)(jnp.zeros(3), Y[0])
            chex.assert_trees_all_close(found, wanted, rtol=1e-14, atol=1e-15)


def test_sigmoid_losses_agree_with_scipy():
    near = 10.0 ** -np.r_[1:17, 100, 300, 308]
    logits = np.r_[np.linspace(-50, 50, 201), near, -near, -0.0]
    z, y = (of.ravel() for of in np.meshgrid(logits, np.r_[0:1:21j, near, 1 - near]))
    with jax.enable_x64(True):
        ours = HEADS["sigmoid"].losses(jnp.asarray(z)[None], jnp.asarray(y)[None])
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
    assert HEADS[head].accepts(np.asarray(targets(head, 3, 5)))


@pytest.mark.parametrize("output", ["sigmoid", "softmax", "identity", "exp"])
def test_a_weighed_score_counts_rows(output):
    head = HEADS[output]
    weight = np.array([0, 1, 2, 1, 3, 1])
    rows = np.repeat(np.arange(6), weight)
    ZL = jax.random.normal(jax.random.key(1), (3, 6))
    Y = jax.nn.one_hot(jnp.array([0, 1, 2, 2, 0, 1]), 3).T
    said = head.decide(ZL)
    weighed = head.score(said, Y, jnp.asarray(weight, jnp.float32))
    counted = head.score(said[:, rows], Y[:, rows])
    np.testing.assert_allclose(weighed, counted, rtol=1e-5)
