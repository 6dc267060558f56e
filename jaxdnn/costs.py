"""Output heads, the cost J and its gradient at the logits; the L2 term and its own.

    J = Σⱼ wⱼ ℓ(ZL[:, j], Y[:, j]) / Σⱼ wⱼ  +  λ / (2 Σⱼ wⱼ) Σ_l ||W_l||²

With no sample weights every wⱼ is 1 and Σⱼ wⱼ is m. The loss ℓ of one example sums over
the outputs and is computed from the logits ZL, never from log(AL). Each head is
canonical: whatever the loss, its derivative is the one line every derivation ends in,

    dZL = AL - Y.

References:
  Nelder & Wedderburn (1972), J. R. Stat. Soc. A 135 (canonical links); Bishop (2006),
  §4.3.6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import Array
from jax.scipy.special import xlog1py, xlogy

from jaxdnn._checks_where import check_columns, check_shape
from jaxdnn.activations import identity, relu, sigmoid, softplus


@dataclass(frozen=True)
class Head:
    """A canonical output head: AL from ZL, and the loss whose dZL is AL - Y.

    Args:
      name: what `Network(output=...)` calls it.
      output: ZL (n_L, m) -> AL (n_L, m).
      losses: (ZL (n_L, m), Y (n_L, m)) -> (m,), each example's loss.
      targets: in words, what Y must hold.
      accepts: whether a given Y holds it.
    """

    name: str
    output: Callable[[Array], Array]
    losses: Callable[[Array, Array], Array]
    targets: str
    accepts: Callable[[npt.NDArray[Any]], bool]


def head_backward(AL: Array, Y: Array) -> Array:
    """dZL = AL - Y, for every canonical head.

    Args:
      AL, Y: (n_L, m).

    Returns:
      (n_L, m); column j is the gradient of example j's loss with respect to ZL[:, j].

    Example:
      >>> head_backward(jnp.array([[0.75]]), jnp.array([[1.0]])).tolist()
      [[-0.25]]
    """
    return AL - Y


def sigmoid_losses(ZL: Array, Y: Array) -> Array:
    """Binary cross-entropy: ℓ = Σ_k  y log(1 + e^-z) + (1 - y) log(1 + e^z).

    Both terms are >= 0 for y in [0, 1]: nothing cancels, as log(1 + e^z) - y z would.

    Example:
      >>> sigmoid_losses(jnp.array([[200.0, -200.0]]), jnp.array([[0.0, 0.0]])).tolist()
      [200.0, 0.0]
    """
    return (Y * softplus(-ZL) + (1 - Y) * softplus(ZL)).sum(axis=0)


def softmax(ZL: Array) -> Array:
    """AL[k] = e^{z_k} / Σ_i e^{z_i}, down each column.

    Example:
      >>> softmax(jnp.array([[1e4], [1e4]])).tolist()
      [[0.5], [0.5]]
    """
    return jax.nn.softmax(ZL, axis=0)


def softmax_losses(ZL: Array, Y: Array) -> Array:
    """Categorical cross-entropy: ℓ = log Σ_k e^{z_k} - Σ_k y_k z_k, where Σ_k y_k = 1.

    Example:
      >>> softmax_losses(jnp.array([[1e4], [0.0]]), jnp.array([[0.0], [1.0]])).tolist()
      [10000.0]
    """
    top = jax.lax.stop_gradient(ZL.max(axis=0, keepdims=True))
    centred = ZL - top
    # Σ_k y_k = 1 lets the maximum leave both terms before they can cancel.
    return jnp.log(jnp.exp(centred).sum(axis=0)) - (Y * centred).sum(axis=0)


def identity_losses(ZL: Array, Y: Array) -> Array:
    """Half squared error: ℓ = Σ_k (z_k - y_k)² / 2.

    Example:
      >>> identity_losses(jnp.array([[3.0]]), jnp.array([[1.0]])).tolist()
      [2.0]
    """
    return 0.5 * jnp.square(ZL - Y).sum(axis=0)


def _exp_knee(ZL: Array) -> float:
    return log(float(jnp.finfo(ZL.dtype).max)) / 2


def exp(ZL: Array) -> Array:
    """AL = e^z, constant beyond the knee z = log(largest float) / 2.

    The knee (rates of 1.8e19 in float32, 1.3e154 in float64) keeps cost and gradient
    finite for any finite logit, and consistent with each other.

    Example:
      >>> float(exp(jnp.zeros((1, 1)))[0, 0]), bool(jnp.isfinite(exp(jnp.full(1, 1e4))))
      (1.0, True)
    """
    return jnp.exp(jnp.minimum(ZL, _exp_knee(ZL)))


def exp_losses(ZL: Array, Y: Array) -> Array:
    """Poisson: ℓ = Σ_k e^{z_k} - y_k z_k, without the constant log y_k!.

    Beyond the knee of `exp` it goes on as a straight line of slope AL - Y.

    Example:
      >>> exp_losses(jnp.zeros((1, 1)), jnp.ones((1, 1))).tolist()
      [1.0]
    """
    beyond = relu(ZL - _exp_knee(ZL))
    return (exp(ZL) * (1 + beyond) - Y * ZL).sum(axis=0)


HEADS: Mapping[str, Head] = MappingProxyType(
    {
        head.name: head
        for head in (
            Head(
                "sigmoid",
                sigmoid,
                sigmoid_losses,
                targets="0, 1 or probabilities between them",
                accepts=lambda Y: bool(((Y >= 0) & (Y <= 1)).all()),
            ),
            Head(
                "softmax",
                softmax,
                softmax_losses,
                targets="columns of probabilities that sum to one",
                accepts=lambda Y: (
                    bool((Y >= 0).all()) and np.allclose(Y.sum(axis=0), 1)
                ),
            ),
            Head(
                "identity",
                identity,
                identity_losses,
                targets="finite numbers",
                accepts=lambda Y: bool(np.isfinite(Y).all()),
            ),
            Head(
                "exp",
                exp,
                exp_losses,
                targets="finite counts or rates >= 0",
                accepts=lambda Y: bool(((Y >= 0) & np.isfinite(Y)).all()),
            ),
        )
    }
)


def total_weight(m: int, sample_weight: Array | None) -> Any:
    """Σⱼ wⱼ: the number of examples the cost counts (m without weights)."""
    return m if sample_weight is None else sample_weight.sum()


def mean_loss(losses: Array, sample_weight: Array | None, total: Any = None) -> Array:
    """Σⱼ wⱼ ℓⱼ / total from losses (m,); the total is Σⱼ wⱼ where none is given.

    Example:
      >>> float(mean_loss(jnp.array([1.0, 5.0]), jnp.array([3.0, 1.0])))
      2.0
    """
    if total is None:
        total = total_weight(losses.shape[0], sample_weight)
    if sample_weight is not None:
        losses = sample_weight * losses
    return losses.sum() / total


def mean_loss_backward(
    dZ: Array, sample_weight: Array | None, total: Any = None
) -> Array:
    """Scale column j by m wⱼ / total, so that the plain mean over m is `mean_loss`.

    Example:
      >>> w = jnp.array([3.0, 1.0])
      >>> mean_loss_backward(jnp.array([[1.0, 1.0]]), w).tolist()
      [[1.5, 0.5]]
    """
    m = dZ.shape[1]
    if sample_weight is not None:
        total = sample_weight.sum() if total is None else total
        return dZ * (m * sample_weight / total)[None, :]
    return dZ if total is None else dZ * (m / total)


def l2_cost(weights: list[Array], l2: Any, m: Any) -> Array:
    """λ / (2m) Σ_l ||W_l||²; biases are not penalised.

    Example:
      >>> float(l2_cost([jnp.array([[3.0, 4.0]])], l2=0.2, m=5))
      0.5
    """
    return l2 / (2 * m) * sum(jnp.square(W).sum() for W in weights)  # pyright: ignore[reportReturnType]


def l2_backward(W: Array, l2: Any, m: Any) -> Array:
    """The L2 term's share of dW: (λ / m) W.

    Example:
      >>> l2_backward(jnp.array([[3.0]]), l2=2.0, m=6).tolist()
      [[1.0]]
    """
    return l2 / m * W


def compute_cost(AL: Array, Y: Array) -> Array:
    """The course's cross-entropy cost, from probabilities.

        J = -1/m Σ  y log(a) + (1 - y) log(1 - a)

    Finite unless a prediction is certain and wrong; 0 log 0 is 0. Training here never
    uses it: `cost` works from the logits, where nothing saturates.

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
    check_columns("compute_cost", "AL", AL)
    check_shape("compute_cost", "Y", Y, AL.shape, "of AL")
    return -(xlogy(Y, AL) + xlog1py(1 - Y, -AL)).sum() / AL.shape[1]


def compute_cost_backward(AL: Array, Y: Array) -> Array:
    """dAL = -(y / a - (1 - y) / (1 - a)): where the course's backward starts.

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
    check_columns("compute_cost_backward", "AL", AL)
    check_shape("compute_cost_backward", "Y", Y, AL.shape, "of AL")
    return (1 - Y) / (1 - AL) - Y / AL
