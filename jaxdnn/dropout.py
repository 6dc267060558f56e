"""Inverted dropout: what is kept is scaled up, so that prediction needs no change.

    forward   A~ = A * D / keep_prob,   D[i, j] = 1 with probability keep_prob, else 0
    backward  dA = dA~ * D / keep_prob

References:
  Srivastava et al. (2014), JMLR 15; the course's regularisation write-up.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._checks import check_key, check_kind, check_scalar, check_shape
from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn._shown import by_field
from jaxdnn.arrays import ArrayLike, Scalar, admitted, on_device
from jaxdnn.sharding import lying_as


class Dropout(NamedTuple):
    """What a forward pass drops out with: a PRNG key and keep_prob () in (0, 1]."""

    key: Array
    keep_prob: Scalar


class DropoutCache(NamedTuple):
    """What the backward reads: the mask D (bool, shape of A) and keep_prob ()."""

    D: Array
    keep_prob: Scalar

    def __repr__(self) -> str:
        return by_field(self)


@public
def dropout_forward(
    key: Array, A: ArrayLike, keep_prob: Scalar
) -> tuple[Array, DropoutCache]:
    """Drop entries of A with probability 1 - keep_prob and scale up the rest.

    Args:
      key: a PRNG key; the same key draws the same mask, whatever the dtype of A.
      A: (n, m).
      keep_prob: () in (0, 1]; may be traced.

    Returns:
      A * D / keep_prob (n, m) and what dropout_backward reads.

    Raises:
      ValueError: keep_prob is outside (0, 1].
      TypeError: key is no key, A are no real numbers.

    Example:
      >>> A, cache = dropout_forward(jax.random.key(0), jnp.ones((2, 3)), 0.5)
      >>> bool(((A == 2.0) == cache.D).all())
      True
    """
    check_key("key", key)
    check_scalar("keep_prob", keep_prob, low=0, high=1, low_open=True)
    A = admitted("A", A, jnp.result_type(float))
    return _drop(*on_device((key, A, keep_prob)))


def drop(key: Array, A: Array, keep_prob: Scalar) -> tuple[Array, DropoutCache]:
    """What dropout_forward is, unchecked."""
    # float32 draws in every process: float64 verification sees float32's masks.
    U = jax.random.uniform(key, A.shape, dtype=jnp.float32)
    D = lying_as(jnp.asarray(keep_prob, dtype=jnp.float32) > U, A)
    cache = DropoutCache(D, keep_prob)
    return undrop(A, cache), cache


@public
def dropout_backward(dA: ArrayLike, cache: DropoutCache) -> Array:
    """dA = dA~ * D / keep_prob: the forward's own mask and scale.

    Args:
      dA: (n, m), the gradient with respect to the dropped-out activations.
      cache: what dropout_forward returned.

    Raises:
      TypeError: no real numbers, or a cache of another function.
      ValueError: dA has not the mask's shape.

    Example:
      >>> _, cache = dropout_forward(jax.random.key(0), jnp.ones((2, 3)), 0.5)
      >>> bool((dropout_backward(jnp.ones((2, 3)), cache) == 2.0 * cache.D).all())
      True
    """
    check_kind("cache", cache, DropoutCache, "what dropout_forward returned")
    dA = admitted("dA", dA, jnp.result_type(float))
    check_shape("dA", dA, np.shape(cache.D), "of the mask D")
    return _undrop(*on_device((dA, cache)))


def undrop(dA: Array, cache: DropoutCache) -> Array:
    """What dropout_backward is, unchecked; dropout is linear and its own transpose."""
    keep_prob = jnp.asarray(cache.keep_prob, dA.dtype)
    return jnp.where(cache.D, dA / keep_prob, jnp.zeros_like(dA))


_drop, _undrop = compiled(drop), compiled(undrop)
