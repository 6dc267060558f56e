"""The layer's backward against jax.vjp, and its messages."""

from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    LinearCache,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
)


def draw(n=3, n_prev=5, m=7):
    rng = np.random.default_rng(1)
    shapes = ((n_prev, m), (n, n_prev), (n, 1), (n, m))
    return [rng.normal(size=shape).astype(jnp.result_type(float)) for shape in shapes]


def oracle_of(forward, dZ, A_prev, W, b):
    """dA_prev, dW and db by autodiff, the latter with the mean taken."""

    @jax.jit
    def pulled(*given):
        _, pull = jax.vjp(lambda *of: forward(*of)[0], *given)
        return pull(jnp.asarray(dZ))

    dA_prev, dW, db = jax.device_get(pulled(A_prev, W, b))
    return dA_prev, dW / dZ.shape[1], db / dZ.shape[1]


@pytest.mark.parametrize("wrap", [jax.jit, lambda f: f], ids=["jit", "eager"])
def test_linear_backward_is_the_vjp_with_the_mean_taken(wrap):
    with jax.enable_x64(True):
        A_prev, W, b, dZ = draw()
        Z, cache = wrap(linear_forward)(A_prev, W, b)
        np.testing.assert_allclose(Z, W @ A_prev + b, rtol=1e-14)
        hand = wrap(linear_backward)(dZ, cache)
        oracle = oracle_of(linear_forward, dZ, A_prev, W, b)
        chex.assert_trees_all_close(hand, oracle, rtol=1e-13)


# Of one the backward reads A, of the other Z.
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_linear_activation_backward_is_the_vjp(activation):
    with jax.enable_x64(True):
        A_prev, W, b, dA = draw()
        forward = partial(linear_activation_forward, activation=activation)
        _, cache = forward(A_prev, W, b)
        hand = linear_activation_backward(dA, cache, activation)
        oracle = oracle_of(forward, dA, A_prev, W, b)
        chex.assert_trees_all_close(hand, oracle, rtol=1e-12, atol=1e-14)


def test_pieces_vmap_over_parameters():
    A_prev, W, b, dZ = draw()
    Ws = np.stack([W, 2 * W])
    Zs, caches = jax.vmap(lambda W: linear_forward(A_prev, W, b))(Ws)
    one_Z, one_cache = linear_forward(A_prev, 2 * W, b)
    chex.assert_trees_all_close(Zs[1], one_Z, rtol=1e-6)
    _, dWs, _ = jax.vmap(lambda cache: linear_backward(dZ, cache))(caches)
    chex.assert_trees_all_close(dWs[1], linear_backward(dZ, one_cache)[1], rtol=1e-5)


def test_a_cache_holds_what_the_backward_reads_and_no_more():
    A_prev, W, b, _ = jax.device_put(draw())
    _, cache = linear_activation_forward(A_prev, W, b, "relu")
    assert len(jax.tree.leaves(cache)) == 3
    assert cache.linear.A_prev is A_prev


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda A, W, b, dZ: linear_forward(A, W, b[:, 0]),
            r"linear_forward: b must have shape \(3, 1\) \(n from W\), got \(3,\)",
        ),
        (
            lambda A, W, b, dZ: linear_forward(A, W.T, b),
            r"W must have shape \(5, 5\) \(n_prev from A_prev\), got \(5, 3\)",
        ),
        (
            lambda A, W, b, dZ: linear_forward(A[0], W, b),
            r"A_prev must have shape \(n, m\), one column per example.*got \(7,\)",
        ),
        (
            lambda A, W, b, dZ: linear_backward(dZ.T, LinearCache(A, W)),
            r"linear_backward: dZ must have shape \(3, 7\) \(n from W, m from A_prev\)"
            r", got \(7, 3\)",
        ),
        (
            lambda A, W, b, dZ: linear_activation_backward(
                dZ[:1], linear_activation_forward(A, W, b, "tanh")[1], "tanh"
            ),
            r"linear_activation_backward: dA must have shape \(3, 7\)",
        ),
    ],
)
@pytest.mark.parametrize("wrap", [jax.jit, lambda f: f], ids=["traced", "concrete"])
def test_wrong_shapes_are_named(call, says, wrap):
    with pytest.raises(ValueError, match=says):
        wrap(call)(*draw())


def test_numbers_in_lists_are_taken_and_nothing_else_is():
    Z, cache = linear_forward([[1, 2]], [[3.0]], [[1]])
    assert Z.tolist() == [[4.0, 7.0]]
    dA_prev, dW, db = linear_backward([[1, 1]], cache)
    assert (dA_prev.tolist(), dW.tolist(), db.tolist()) == (
        [[3.0, 3.0]],
        [[1.5]],
        [[1.0]],
    )
    for A_prev in ("ab", None, {"A": 1}, [["a"]], 1j * np.ones((1, 1))):
        with pytest.raises(TypeError, match="linear_forward: A_prev must be"):
            linear_forward(A_prev, [[3.0]], [[1]])


@pytest.mark.parametrize("dZ", [1.0, np.ones((3, 1)), np.ones((1, 7)), np.ones(7)])
def test_a_cotangent_of_another_shape_is_not_broadcast(dZ):
    A_prev, W, b, _ = draw()
    cache = linear_forward(A_prev, W, b)[1]
    with pytest.raises((TypeError, ValueError), match="linear_backward: dZ must"):
        linear_backward(dZ, cache)
