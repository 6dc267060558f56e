"""One layer: Z = W A_prev + b, A = g(Z), forward and backward.

    forward   Z = W A_prev + b                    A = g(Z)
    backward  dZ = dA * g'(Z)                     dA_prev = Wᵀ dZ
              dW = dZ A_prevᵀ / m                 db = Σⱼ dZ[:, j] / m

Column j of dZ and dA belongs to example j alone; the mean over the m examples is taken
in dW and db, as in the course.

References:
  Rumelhart, Hinton & Williams (1986), Nature 323; Nielsen (2015), ch. 2, BP2-BP4.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxdnn._checks import check_columns, check_kind, check_shape
from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn._shown import by_field
from jaxdnn.activations import Activation, get_activation
from jaxdnn.arrays import ArrayLike, Scalar, admitted, on_device
from jaxdnn.sharding import product, record_dtype


class LinearCache(NamedTuple):
    """What linear_backward reads: A_prev (n_prev, m) and W (n, n_prev)."""

    A_prev: Array
    W: Array

    def __repr__(self) -> str:
        return by_field(self)


class LinearActivationCache(NamedTuple):
    """What linear_activation_backward reads: the linear part, and Z or A (n, m)."""

    linear: LinearCache
    activation: Array

    def __repr__(self) -> str:
        return by_field(self)


def push(A_prev: Array, W: Array, b: Array) -> Array:
    """Z = W A_prev + b (n, m): example by example."""
    return product(W, A_prev) + b


def pull(dZ: Array, W: Array) -> Array:
    """dA_prev = Wᵀ dZ (n_prev, m): example by example."""
    return product(W.T, dZ)


def contract(dZ: Array, A_prev: Array) -> tuple[Array, Array]:
    """dZ A_prevᵀ (n, n_prev) and Σⱼ dZ[:, j] (n, 1), in the dtype of records."""
    wide = record_dtype(dZ.dtype)
    return product(dZ, A_prev.T, wide), dZ.sum(axis=1, keepdims=True, dtype=wide)


def mean_contract(dZ: Array, A_prev: Array, total: Scalar) -> tuple[Array, Array]:
    """dW and db: what `contract` adds up over `total`, in the dtype of dZ."""
    dW, db = ((1 / total) * added for added in contract(dZ, A_prev))
    return dW.astype(dZ.dtype), db.astype(dZ.dtype)


@public
def linear_forward(
    A_prev: ArrayLike, W: ArrayLike, b: ArrayLike
) -> tuple[Array, LinearCache]:
    """Z = W A_prev + b.

    Args:
      A_prev: (n_prev, m), one column per example.
      W: (n, n_prev).
      b: (n, 1).

    Returns:
      Z (n, m) and what linear_backward reads.

    Raises:
      TypeError: no real numbers: see `arrays`.
      ValueError: shapes disagree, e.g. "linear_forward: b must have shape (3, 1) (n
        from W), got (3,)".

    Example:
      >>> import jax.numpy as jnp
      >>> Z, _ = linear_forward(jnp.ones((2, 3)), jnp.ones((1, 2)), jnp.ones((1, 1)))
      >>> Z.tolist()
      [[3.0, 3.0, 3.0]]
    """
    A_prev, W, b = _admitted(A_prev=A_prev, W=W, b=b)
    check_columns("A_prev", A_prev)
    n = (*W.shape, 0)[0]
    check_shape("W", W, (n, A_prev.shape[0]), "n_prev from A_prev")
    check_shape("b", b, (n, 1), "n from W")
    return _push(*on_device((A_prev, W, b))), LinearCache(A_prev, W)


@public
def linear_backward(dZ: ArrayLike, cache: LinearCache) -> tuple[Array, Array, Array]:
    """Pull dZ back through Z = W A_prev + b.

        dW = dZ A_prevᵀ / m        db = Σⱼ dZ[:, j] / m        dA_prev = Wᵀ dZ

    Args:
      dZ: (n, m); column j is the gradient of example j's loss with respect to Z[:, j].
      cache: what linear_forward returned.

    Returns:
      dA_prev (n_prev, m), dW (n, n_prev), db (n, 1).

    Raises:
      TypeError: no real numbers, or a cache of another function.
      ValueError: shapes disagree, e.g. "linear_backward: dZ must have shape (3, 7) (n
        from W, m from A_prev), got (7, 3)".

    Example:
      >>> import jax.numpy as jnp
      >>> A_prev, W = jnp.ones((2, 4)), jnp.ones((1, 2))
      >>> dA_prev, dW, db = linear_backward(jnp.ones((1, 4)), LinearCache(A_prev, W))
      >>> dW.tolist(), db.tolist()
      ([[1.0, 1.0]], [[1.0]])
    """
    check_kind("cache", cache, LinearCache, "what linear_forward returned")
    dZ, A_prev, W = _admitted(dZ=dZ, A_prev=cache.A_prev, W=cache.W)
    m = A_prev.shape[1]
    check_shape("dZ", dZ, (W.shape[0], m), "n from W, m from A_prev")
    return _pull_and_contract(*on_device((dZ, A_prev, W)))


_push = compiled(push)


@compiled
def _pull_and_contract(
    dZ: Array, A_prev: Array, W: Array
) -> tuple[Array, Array, Array]:
    dW, db = mean_contract(dZ, A_prev, A_prev.shape[1])
    return pull(dZ, W), dW, db


def _admitted(**arrays: ArrayLike) -> list[Array]:
    """Each by the rule of `arrays`, whole numbers as numbers with a point."""
    floating = jnp.result_type(float)
    return [admitted(name, array, floating) for name, array in arrays.items()]


@public
def linear_activation_forward(
    A_prev: ArrayLike, W: ArrayLike, b: ArrayLike, activation: str | Activation
) -> tuple[Array, LinearActivationCache]:
    """A = g(W A_prev + b).

    Args:
      A_prev: (n_prev, m); W: (n, n_prev); b: (n, 1).
      activation: a name from ACTIVATIONS, or an Activation.

    Returns:
      A (n, m) and what linear_activation_backward reads.

    Raises:
      ValueError: shapes disagree, or no activation has that name.

    Example:
      >>> import jax.numpy as jnp
      >>> W, b = jnp.array([[1.0, -2.0]]), jnp.zeros((1, 1))
      >>> A, _ = linear_activation_forward(jnp.ones((2, 1)), W, b, "relu")
      >>> A.tolist()
      [[0.0]]
    """
    g = get_activation(activation)
    Z, linear = linear_forward(A_prev, W, b)
    A = g.forward(Z)
    return A, LinearActivationCache(linear, A if g.reads == "A" else Z)


@public
def linear_activation_backward(
    dA: ArrayLike, cache: LinearActivationCache, activation: str | Activation
) -> tuple[Array, Array, Array]:
    """Pull dA back through A = g(Z), Z = W A_prev + b: dZ = dA * g'(Z), then linear.

    Args:
      dA: (n, m); column j is the gradient of example j's loss with respect to A[:, j].
      cache: what linear_activation_forward returned.
      activation: the activation it was called with.

    Returns:
      dA_prev (n_prev, m), dW (n, n_prev), db (n, 1).

    Raises:
      ValueError: shapes disagree, or no activation has that name.

    Example:
      >>> import jax.numpy as jnp
      >>> W, b = jnp.array([[1.0, 2.0]]), jnp.zeros((1, 1))
      >>> A, cache = linear_activation_forward(jnp.ones((2, 1)), W, b, "relu")
      >>> dA_prev, dW, db = linear_activation_backward(jnp.ones((1, 1)), cache, "relu")
      >>> dA_prev.tolist()
      [[1.0], [2.0]]
    """
    wanted = "what linear_activation_forward returned"
    check_kind("cache", cache, LinearActivationCache, wanted)
    g = get_activation(activation)
    dA, Z = _admitted(dA=dA, Z=cache.activation)
    check_shape("dA", dA, Z.shape, "of Z")
    return linear_backward(g.backward(dA, Z), cache.linear)
