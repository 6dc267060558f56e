"""The cost J from the examples' losses, and its derivatives; the cost of probabilities.

    J = Σⱼ wⱼ ℓⱼ / Σⱼ wⱼ  +  δ/2 Σ_l ||W_l||²,     δ = λ / Σⱼ wⱼ

With no sample weights every wⱼ is 1 and Σⱼ wⱼ is m. Since ℓⱼ depends on column j alone,

    ∂J/∂ℓⱼ = wⱼ / Σⱼ wⱼ                            ∂(δ/2 ||W||²)/∂W = δ W.
"""

from collections.abc import Iterable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import xlog1py, xlogy

from jaxdnn._checks import check_columns, check_shape
from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.arrays import ArrayLike, Scalar, admitted, on_device
from jaxdnn.sharding import record_dtype


class Mean(NamedTuple):
    """What a cost needs beside the losses.

    weights: (m,), or None where every example counts once; total: (), Σⱼ wⱼ, or the
    whole's where these examples are a part of one: costs of the parts then add up;
    decay: (), δ = λ / Σⱼ wⱼ, or None for no L2 term.
    """

    weights: Array | None
    total: Scalar
    decay: Scalar | None = None


def mean_over(m: int, weights: Array | None = None, l2: Scalar | None = None) -> Mean:
    """The mean over m examples of these weights, with λ = l2.

    Example:
      >>> mean_over(4, l2=2.0)
      Mean(weights=None, total=4, decay=0.5)
    """
    total = m
    if weights is not None:
        total = weights.sum(dtype=record_dtype(weights.dtype))
    return Mean(weights, total, None if l2 is None else l2 / total)


def l2_or_none(l2: Scalar | None) -> Scalar | None:
    """None for a literal zero: no L2 term at all, where a traced zero would cost one.

    Example:
      >>> l2_or_none(0.0), l2_or_none(0.7)
      (None, 0.7)
    """
    if isinstance(l2, (int, float)):
        return float(l2) or None
    return l2


def mean_loss(losses: Array, mean: Mean) -> Array:
    """Σⱼ wⱼ ℓⱼ / Σⱼ wⱼ from losses (m,), in the dtype of records.

    Example:
      >>> losses, weights = jnp.array([1.0, 5.0]), jnp.array([3.0, 1.0])
      >>> float(mean_loss(losses, mean_over(2, weights)))
      2.0
    """
    losses = losses.astype(record_dtype(losses.dtype))
    if mean.weights is not None:
        # Left out is left out, whatever the loss has overflowed to.
        out = (mean.weights == 0) & ~jnp.isfinite(losses)
        losses = jnp.where(out, 0, losses)
    return weigh(losses, mean).sum() / mean.total


def weigh(columns: Array, mean: Mean) -> Array:
    """wⱼ times column j of (n, m), or entry j of (m,): losses, or their cotangents.

    Example:
      >>> weigh(jnp.ones((2, 2)), mean_over(2, jnp.array([3.0, 1.0]))).tolist()
      [[3.0, 1.0], [3.0, 1.0]]
    """
    if mean.weights is None:
        return columns
    weights = mean.weights.reshape((1,) * (columns.ndim - 1) + (-1,))
    return columns * weights.astype(columns.dtype)


def loss_backward(AL: Array, Y: Array, mean: Mean) -> Array:
    """dZL = (AL - Y) * w (n_L, m), where every backward begins.

    Example:
      >>> AL, Y = jnp.array([[0.75, 0.5]]), jnp.array([[1, 0]])
      >>> loss_backward(AL, Y, mean_over(2, jnp.array([2.0, 1.0]))).tolist()
      [[-0.5, 0.5]]
    """
    return weigh(AL - jnp.asarray(Y, AL.dtype), mean)


def l2_cost(weights: Iterable[Array], decay: Scalar) -> Array:
    """δ/2 Σ_l ||W_l||², in the dtype of records; biases are not penalised.

    A traced δ of 0 is 0, whatever the sum of the squares overflows to.

    Example:
      >>> float(l2_cost([jnp.array([[3.0, 4.0]])], decay=0.04))
      0.5
    """
    wide = [W.astype(record_dtype(W.dtype)) for W in weights]
    squares = sum(jnp.square(W).sum() for W in wide)
    return jnp.where(decay == 0, 0, decay / 2 * squares)


def l2_backward(W: Array, decay: Scalar) -> Array:
    """The L2 term's share of dW: δ W.

    Example:
      >>> l2_backward(jnp.array([[3.0]]), decay=0.5).tolist()
      [[1.5]]
    """
    return (decay * W).astype(W.dtype)


@public
def compute_cost(AL: ArrayLike, Y: ArrayLike) -> Array:
    """The course's cross-entropy cost, from probabilities.

        J = -1/m Σ  y log(a) + (1 - y) log(1 - a)

    Finite unless a prediction is certain and wrong; 0 log 0 is 0, and so is its slope.
    Training here never uses it: `cost` works from the logits, where nothing saturates.

    Args:
      AL: (n_L, m) probabilities.
      Y: (n_L, m) targets in [0, 1].

    Returns:
      J, a scalar; losses are summed over outputs.

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> AL, Y = jnp.array([[0.8, 0.9, 0.4]]), jnp.array([[1, 1, 0]])
      >>> f"{compute_cost(AL, Y):.4f}"
      '0.2798'
    """
    return _cross_entropy(*_admitted_probabilities(AL, Y))


@compiled
def _cross_entropy(AL: Array, Y: Array) -> Array:
    said, denied = _apart_from(0, Y, AL), _apart_from(1, Y, AL)
    return -(xlogy(Y, said) + xlog1py(1 - Y, -denied)).sum() / AL.shape[1]


@public
def compute_cost_backward(AL: ArrayLike, Y: ArrayLike) -> Array:
    """dAL = -(y / a - (1 - y) / (1 - a)): where the course's backward starts.

    A term that is 0 log 0 in the cost has no slope; a prediction that is certain and
    wrong has an infinite one, from which no backward can go on: dZL = AL - Y can.

    Args:
      AL, Y: (n_L, m), as for compute_cost.

    Returns:
      (n_L, m); column j is the gradient of example j's loss with respect to AL[:, j].

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> compute_cost_backward(jnp.array([[0.5]]), jnp.array([[1]])).tolist()
      [[-2.0]]
    """
    return _cross_entropy_backward(*_admitted_probabilities(AL, Y))


@compiled
def _cross_entropy_backward(AL: Array, Y: Array) -> Array:
    return (1 - Y) / (1 - _apart_from(1, Y, AL)) - Y / _apart_from(0, Y, AL)


def _apart_from(end: int, Y: Array, AL: Array) -> Array:
    """AL; where Y and it are both at this end, 0 or 1, the other: 0 log 1 is 0."""
    return jnp.where((end == Y) & (end == AL), 1 - end, AL)


def _admitted_probabilities(AL: ArrayLike, Y: ArrayLike) -> tuple[Array, Array]:
    AL = admitted("AL", AL, jnp.result_type(float))
    Y = admitted("Y", Y, AL.dtype)
    check_columns("AL", AL)
    check_shape("Y", Y, AL.shape, "of AL")
    return on_device((_floating(AL), _floating(Y)))


def _floating(array: Array) -> Array:
    whole = array.dtype.kind in "biu"
    return array.astype(jnp.result_type(float)) if whole else array
