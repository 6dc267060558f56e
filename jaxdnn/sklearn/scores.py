"""What a validation part says: its score, as scikit-learn's metrics have it, its loss.

accuracy   Σⱼ wⱼ [all outputs of j are right] / Σⱼ wⱼ
R²         mean over k of 1 - Σⱼ wⱼ (a - y)² / Σⱼ wⱼ (y - ȳ_k)²
"""

import jax.numpy as jnp
from jax import Array

from jaxdnn.arrays import Scalar
from jaxdnn.heads import Head
from jaxdnn.objective import mean_loss, mean_over


def judge(
    head: Head, threshold: Scalar, ZL: Array, Y: Array, weight: Array
) -> tuple[Array, Array]:
    """Score and mean loss, both (), in float64.

    Args:
      head: one of `heads.HEADS`.
      threshold: the probability above which an output is a yes.
      ZL, Y: (n_L, m) logits and targets.
      weight: (m,), 0 for what is no example.

    Example:
      >>> from jaxdnn.sklearn.heads import HEADS
      >>> ZL, Y = jnp.array([[2.0, -3.0]]), jnp.array([[1.0, 1.0]])
      >>> score, loss = judge(HEADS["logistic"], 0.5, ZL, Y, jnp.ones(2))
      >>> float(score), float(loss)
      (0.5, 1.58...)
    """
    loss = mean_loss(head.losses(ZL, Y), mean_over(ZL.shape[1], weight))
    weight = weight.astype(float)
    AL = head.output(ZL)
    if head.name == "softmax":
        score = _share(AL.argmax(axis=0) == Y.argmax(axis=0), weight)
    elif head.name == "logistic":
        right = (AL > threshold) == (Y > threshold)  # noqa: SIM300
        score = _share(right.all(axis=0), weight)
    else:
        score = r_squared(AL.astype(float), Y.astype(float), weight)
    return score, loss.astype(float)


def _share(right: Array, weight: Array) -> Array:
    return jnp.where(right, weight, 0).sum() / weight.sum()


def r_squared(AL: Array, Y: Array, weight: Array) -> Array:
    """R², averaged over the outputs; NaN where a prediction is not finite.

    Of an output that is constant it is 1 where it is met, else 0.

    Example:
      >>> Y = jnp.array([[1.0, 2.0], [5.0, 5.0]])
      >>> float(r_squared(Y + jnp.array([[0.0], [1.0]]), Y, jnp.ones(2)))
      0.5
    """
    w = weight[None, :]
    # Left out is left out, whatever the prediction has overflowed to.
    AL = jnp.where(w == 0, 0, AL)
    middle = (w * Y).sum(axis=1, keepdims=True) / weight.sum()
    missed = (w * jnp.square(Y - AL)).sum(axis=1)
    spread = (w * jnp.square(Y - middle)).sum(axis=1)
    constant = jnp.where(missed == 0, 1.0, 0.0)
    varied = 1 - missed / jnp.where(spread == 0, 1, spread)
    score = jnp.where(spread == 0, constant, varied).mean()
    return jnp.where(jnp.isfinite(AL).all(), score, jnp.nan)
