"""The losses as scikit-learn reports them; the gradient is dZL = AL - Y in all of them.

    logistic   ℓ = -Σ_k y log p + (1 - y) log(1 - p)      p clipped to [ε, 1 - ε]
    softmax    ℓ = -Σ_k y log p                           p clipped to [ε, 1 - ε]
    identity   ℓ = mean over k of (z_k - y_k)² / 2
    exp        ℓ = Σ_k y log(y / p) - y + p

with ε the spacing of floats at 1. Only a reported loss is clipped, or averaged over the
outputs: the gradient is that of the loss of `jaxdnn.heads`.
"""

from collections.abc import Mapping
from types import MappingProxyType

import jax.numpy as jnp
from jax import Array
from jax.scipy.special import xlogy

from jaxdnn.activations import identity, sigmoid
from jaxdnn.heads import Head, softmax


def _clipped(p: Array) -> Array:
    eps = jnp.finfo(p.dtype).eps
    return jnp.clip(p, eps, 1 - eps)


def logistic_losses(ZL: Array, Y: Array) -> Array:
    """Binary cross-entropy of clipped probabilities, summed over the outputs.

    Example:
      >>> logistic_losses(jnp.array([[200.0]]), jnp.array([[0.0]])).tolist()
      [15.94...]
    """
    p = _clipped(sigmoid(ZL))
    return -(Y * jnp.log(p) + (1 - Y) * jnp.log(1 - p)).sum(axis=0)


def softmax_losses(ZL: Array, Y: Array) -> Array:
    """Categorical cross-entropy of clipped probabilities.

    Example:
      >>> softmax_losses(jnp.zeros((4, 1)), jnp.eye(4)[:, :1]).tolist()
      [1.386...]
    """
    return -(Y * jnp.log(_clipped(softmax(ZL)))).sum(axis=0)


def squared_losses(ZL: Array, Y: Array) -> Array:
    """Half the squared error, averaged over the outputs.

    Example:
      >>> squared_losses(jnp.array([[3.0], [0.0]]), jnp.array([[1.0], [0.0]])).tolist()
      [1.0]
    """
    return 0.5 * jnp.square(ZL - Y).mean(axis=0)


def poisson_losses(ZL: Array, Y: Array) -> Array:
    """Half the Poisson deviance, 0 where the rate is the count.

    Example:
      >>> poisson_losses(jnp.zeros((1, 1)), jnp.ones((1, 1))).tolist()
      [0.0]
    """
    p = jnp.exp(ZL)
    return (xlogy(Y, Y / p) - Y + p).sum(axis=0)


# By the name in `out_activation_`.
HEADS: Mapping[str, Head] = MappingProxyType(
    {
        "logistic": Head("logistic", sigmoid, logistic_losses),
        "softmax": Head("softmax", softmax, softmax_losses, elementwise=False),
        "identity": Head("identity", identity, squared_losses),
        "exp": Head("exp", jnp.exp, poisson_losses),
    }
)
