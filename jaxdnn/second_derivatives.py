"""The activations' second derivatives g'', for what curvature asks of them.

Each takes (dA, cache) as the backward beside its g does, and gives dA * g''(Z). With
s(z) = 1 / (1 + e^-z), which has s' = s(z) s(-z) and s(-z) - s(z) = -tanh(z / 2):

    s''(z) = s(z) s(-z) (s(-z) - s(z))

What is straight on both sides of a kink has g'' = 0, at the kink too.
"""

from math import pi, sqrt

import jax.numpy as jnp
from jax import Array

GELU_CUBIC = 0.044715


def straight(dA: Array, cache: Array) -> Array:
    """g''(z) = 0: relu, leaky_relu, identity. `cache` is Z or A.

    Example:
      >>> straight(jnp.ones(2), jnp.array([-1.0, 1.0])).tolist()
      [0.0, 0.0]
    """
    return jnp.zeros_like(dA)


def tanh(dA: Array, A: Array) -> Array:
    """g''(z) = -2 a (1 - a²), from a = tanh(z).

    Example:
      >>> tanh(jnp.ones(1), jnp.array([0.5])).tolist()
      [-0.75]
    """
    return dA * (-2 * A * (1 - jnp.square(A)))


def sigmoid(dA: Array, Z: Array) -> Array:
    """g''(z) = s''(z).

    Example:
      >>> sigmoid(jnp.ones(1), jnp.zeros(1)).tolist()
      [-0.0]
    """
    return dA * (_slope(Z) * -jnp.tanh(Z / 2))


def elu(dA: Array, Z: Array) -> Array:
    """g''(z) = 0 for z > 0, else exp(z).

    Example:
      >>> elu(jnp.ones(2), jnp.array([0.0, 2.0])).tolist()
      [1.0, 0.0]
    """
    return jnp.where(Z > 0, jnp.zeros_like(dA), dA * jnp.exp(jnp.minimum(Z, 0)))


def softplus(dA: Array, Z: Array) -> Array:
    """g''(z) = s'(z).

    Example:
      >>> softplus(jnp.ones(1), jnp.zeros(1)).tolist()
      [0.25]
    """
    return dA * _slope(Z)


def gelu(dA: Array, Z: Array) -> Array:
    """g''(z) = 2 φ(z) + z φ'(z) = (2 - z²) φ(z), φ the standard normal density.

    Example:
      >>> f"{float(gelu(jnp.ones(()), jnp.zeros(()))):.4f}"
      '0.7979'
    """
    # Beyond 100 φ is 0 to the last bit; z² must not overflow first.
    square = jnp.square(jnp.clip(Z, -100, 100))
    return dA * ((2 - square) * (jnp.exp(-0.5 * square) / sqrt(2 * pi)))


def gelu_tanh(dA: Array, Z: Array) -> Array:
    """g = z S with S = s(2u), u = sqrt(2/π) (z + c z³), c = 0.044715.

        g'' = 2 S' + z S''      S' = 2 u' s'(2u)      S'' = 2 u'' s'(2u) + 4 u'² s''(2u)

    Example:
      >>> f"{float(gelu_tanh(jnp.ones(()), jnp.zeros(()))):.4f}"
      '0.7979'
    """
    # Beyond 20 both derivatives of s(2u) are 0 to the last bit.
    Z = jnp.clip(Z, -20, 20)
    u = sqrt(2 / pi) * Z * (1 + GELU_CUBIC * jnp.square(Z))
    du = sqrt(2 / pi) * (1 + 3 * GELU_CUBIC * jnp.square(Z))
    ddu = sqrt(2 / pi) * 6 * GELU_CUBIC * Z
    slope = _slope(2 * u)
    bend = slope * -jnp.tanh(u)
    return dA * (4 * du * slope + Z * (2 * ddu * slope + 4 * du * (du * bend)))


def silu(dA: Array, Z: Array) -> Array:
    """g''(z) = 2 s'(z) + z s''(z).

    Example:
      >>> silu(jnp.ones(1), jnp.zeros(1)).tolist()
      [0.5]
    """
    return dA * (_slope(Z) * (2 - Z * jnp.tanh(Z / 2)))


def _slope(Z: Array) -> Array:
    """s'(z) = s(z) s(-z) = e / (1 + e)², e = exp(-|z|)."""
    e = jnp.exp(-jnp.abs(Z))
    return e / jnp.square(1 + e)
