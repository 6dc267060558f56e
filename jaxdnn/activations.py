"""Activations g and their derivatives g', side by side.

Forward is A = g(Z); backward is dZ = dA * g'(Z), written from Z so that it keeps its
digits where a formula in A cancels: sigmoid' as s(z) s(-z), not a (1 - a); tanh' as
4 s(2z) s(-2z), not 1 - a². ReLU and leaky ReLU need only a sign, which A has too.

`Network(hidden="tanh")` takes tanh' from A all the same: its error is a few roundoffs
of g's largest slope, 1, and the second exponential and the second array that the other
form needs would make it slower and larger than autodiff. To keep the last digits of
saturated units, pass `Activation("tanh", tanh, tanh_backward)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn import second_derivatives as second
from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn._registry import Registry
from jaxdnn._same_code import OfCode
from jaxdnn.arrays import elementwise
from jaxdnn.second_derivatives import GELU_CUBIC

LEAKY_SLOPE = 0.01


@dataclass(frozen=True, eq=False)
class Activation(OfCode):
    """A static pair of pure functions: an activation and its hand-derived backward.

    Both work element by element, so a shape goes in and the same shape comes out.
    Activations of the same code are equal: see `_same_code`.

    Args:
      name: what errors and reports call it.
      forward: Z -> A.
      backward: (dA, cache) -> dZ, where cache is Z, or A when reads is "A".
      reads: which array the backward is handed; the other one is never stored.
      second: (dA, cache) -> dA * g''(Z), cache as for backward; None where curvature is
        never asked for.

    Raises:
      TypeError: forward or backward is not callable.
      ValueError: reads is neither "Z" nor "A".

    Example:
      >>> import jax.numpy as jnp
      >>> cube = Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)
      >>> float(cube.backward(jnp.ones(()), cube.forward(jnp.asarray(1.0))))
      3.0
    """

    name: str
    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array], Array]
    reads: Literal["Z", "A"] = "Z"
    second: Callable[[Array, Array], Array] | None = None

    def __post_init__(self) -> None:
        given: Any = self
        if not isinstance(given.name, str):
            raise TypeError(f"Activation: name must be a text, got {shown(given.name)}")
        for field in ("forward", "backward"):
            if not callable(getattr(given, field)):
                raise TypeError(f"Activation {self.name!r}: {field} must be callable")
        if not (self.second is None or callable(given.second)):
            raise TypeError(
                f"Activation {self.name!r}: second must be callable or None"
            )
        if not isinstance(given.reads, str) or given.reads not in ("Z", "A"):
            raise ValueError(
                f"Activation {self.name!r}: reads must be 'Z' or 'A', "
                f"got {shown(given.reads)}"
            )

    def __repr__(self) -> str:
        return f"Activation({self.name!r}, reads={self.reads!r})"


@elementwise
def relu(Z: Array) -> Array:
    """g(z) = max(z, 0), with g'(0) = 0 as everywhere here.

    References:
      Nair & Hinton (2010), ICML.

    Example:
      >>> relu(jnp.array([-1.0, 0.0, 2.0])).tolist()
      [0.0, 0.0, 2.0]
    """
    # jax.nn.relu, not jnp.maximum: autodiff of the latter says 1/2 at 0.
    return jax.nn.relu(Z)


@elementwise
def relu_backward(dA: Array, cache: Array) -> Array:
    """g'(z) = 1 for z > 0, else 0. `cache` is Z or A: only its sign is read.

    Example:
      >>> relu_backward(jnp.ones(3), jnp.array([-1.0, 0.0, 2.0])).tolist()
      [0.0, 0.0, 1.0]
    """
    return jnp.where(cache > 0, dA, jnp.zeros_like(dA))


@elementwise
def leaky_relu(Z: Array) -> Array:
    """g(z) = z for z > 0, else 0.01 z.

    References:
      Maas, Hannun & Ng (2013), ICML workshop on deep learning.

    Example:
      >>> leaky_relu(jnp.array([-100.0, 2.0])).tolist()
      [-1.0, 2.0]
    """
    return jnp.where(Z > 0, Z, LEAKY_SLOPE * Z)


@elementwise
def leaky_relu_backward(dA: Array, cache: Array) -> Array:
    """g'(z) = 1 for z > 0, else 0.01. `cache` is Z or A: only its sign is read.

    Example:
      >>> leaky_relu_backward(jnp.full(2, 100.0), jnp.array([-1.0, 2.0])).tolist()
      [1.0, 100.0]
    """
    return jnp.where(cache > 0, dA, LEAKY_SLOPE * dA)


@elementwise
def tanh(Z: Array) -> Array:
    """g(z) = tanh(z).

    Example:
      >>> tanh(jnp.array([0.0, 100.0])).tolist()
      [0.0, 1.0]
    """
    return jnp.tanh(Z)


@elementwise
def tanh_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = 1 / cosh²(z) = 4 s(2z) s(-2z) = 4 e / (1 + e)² with e = exp(-2|z|).

    Example:
      >>> tanh_backward(jnp.ones(2), jnp.array([0.0, 20.0])).tolist()
      [1.0, 1.69934...e-17]
    """
    e = jnp.exp(-2 * jnp.abs(Z))
    return dA * (4 * e / jnp.square(1 + e))


@elementwise
def tanh_backward_from_A(dA: Array, A: Array) -> Array:
    """g'(z) = 1 - a² = (1 - a)(1 + a), a = tanh(z).

    Example:
      >>> tanh_backward_from_A(jnp.ones(2), jnp.array([0.0, 0.5])).tolist()
      [1.0, 0.75]
    """
    return dA * ((1 - A) * (1 + A))


@elementwise
def sigmoid(Z: Array) -> Array:
    """g(z) = s(z) = 1 / (1 + exp(-z)).

    Example:
      >>> sigmoid(jnp.array([-200.0, 0.0, 200.0])).tolist()
      [0.0, 0.5, 1.0]
    """
    return jax.nn.sigmoid(Z)


@elementwise
def sigmoid_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = s(z) s(-z) = e / (1 + e)² with e = exp(-|z|).

    Example:
      >>> sigmoid_backward(jnp.ones(2), jnp.array([0.0, 17.0])).tolist()
      [0.25, 4.1399...e-08]
    """
    e = jnp.exp(-jnp.abs(Z))
    return dA * (e / jnp.square(1 + e))


@elementwise
def identity(Z: Array) -> Array:
    """g(z) = z.

    Example:
      >>> identity(jnp.array([3.0])).tolist()
      [3.0]
    """
    return Z


@elementwise
def identity_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = 1.

    Example:
      >>> identity_backward(jnp.array([5.0]), jnp.array([3.0])).tolist()
      [5.0]
    """
    return dA


@elementwise
def elu(Z: Array) -> Array:
    """g(z) = z for z > 0, else exp(z) - 1.

    References:
      Clevert, Unterthiner & Hochreiter (2016), ICLR.

    Example:
      >>> elu(jnp.array([-100.0, 2.0])).tolist()
      [-1.0, 2.0]
    """
    # where, not minimum: autodiff of the latter says 1/2 at 0.
    return jnp.where(Z > 0, Z, jnp.expm1(jnp.where(Z > 0, 0, Z)))


@elementwise
def elu_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = 1 for z > 0, else exp(z).

    Example:
      >>> elu_backward(jnp.ones(2), jnp.array([0.0, 2.0])).tolist()
      [1.0, 1.0]
    """
    return dA * jnp.exp(jnp.minimum(Z, 0))


@elementwise
def softplus(Z: Array) -> Array:
    """g(z) = log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)).

    References:
      Dugas et al. (2001), NIPS 13.

    Example:
      >>> softplus(jnp.array([-200.0, 200.0])).tolist()
      [0.0, 200.0]
    """
    return jax.nn.softplus(Z)


@elementwise
def softplus_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = s(z).

    Example:
      >>> softplus_backward(jnp.ones(1), jnp.zeros(1)).tolist()
      [0.5]
    """
    return dA * jax.nn.sigmoid(Z)


@elementwise
def gelu(Z: Array) -> Array:
    """g(z) = z Φ(z), Φ the standard normal distribution function.

    References:
      Hendrycks & Gimpel (2016), arXiv:1606.08415.

    Example:
      >>> gelu(jnp.array([-100.0, 0.0, 100.0])).tolist()
      [-0.0, 0.0, 100.0]
    """
    return jax.nn.gelu(Z, approximate=False)


@elementwise
def gelu_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = Φ(z) + z φ(z), φ = Φ' the standard normal density.

    Example:
      >>> gelu_backward(jnp.ones(2), jnp.array([0.0, 100.0])).tolist()
      [0.5, 1.0]
    """
    Phi = 0.5 * jax.lax.erfc(-Z / sqrt(2))
    phi = jnp.exp(-0.5 * jnp.square(Z)) / sqrt(2 * pi)
    return dA * (Phi + Z * phi)


@elementwise
def gelu_tanh(Z: Array) -> Array:
    """g(z) = z s(2u), u = sqrt(2/π) (z + 0.044715 z³): GELU's tanh form.

    The usual 0.5 z (1 + tanh(u)) is the same function and cancels for z << 0.

    References:
      Hendrycks & Gimpel (2016), arXiv:1606.08415.

    Example:
      >>> gelu_tanh(jnp.array([-100.0, 0.0, 100.0])).tolist()
      [-0.0, 0.0, 100.0]
    """
    u = sqrt(2 / pi) * (Z + GELU_CUBIC * Z**3)
    return Z * jax.nn.sigmoid(2 * u)


@elementwise
def gelu_tanh_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = s(2u) + 2 z u' s(2u) s(-2u), u' = sqrt(2/π) (1 + 3 · 0.044715 z²).

    Example:
      >>> gelu_tanh_backward(jnp.ones(2), jnp.array([0.0, 100.0])).tolist()
      [0.5, 1.0]
    """
    # Beyond 100 the slope is 0 or 1 to the last bit; z² must not overflow first.
    Z = jnp.clip(Z, -100, 100)
    u = sqrt(2 / pi) * Z * (1 + GELU_CUBIC * jnp.square(Z))
    du = sqrt(2 / pi) * (1 + 3 * GELU_CUBIC * jnp.square(Z))
    s = jax.nn.sigmoid(2 * u)
    # Z last: before s(-2u) has made it small, 2 z u' overflows half precision.
    return dA * (s + Z * (2 * du * s * jax.nn.sigmoid(-2 * u)))


@elementwise
def silu(Z: Array) -> Array:
    """g(z) = z s(z).

    References:
      Elfwing, Uchibe & Doya (2018), Neural Networks 107.

    Example:
      >>> silu(jnp.array([-200.0, 0.0, 200.0])).tolist()
      [-0.0, 0.0, 200.0]
    """
    return Z * jax.nn.sigmoid(Z)


@elementwise
def silu_backward(dA: Array, Z: Array) -> Array:
    """g'(z) = s(z) (1 + z s(-z)).

    Example:
      >>> silu_backward(jnp.ones(1), jnp.zeros(1)).tolist()
      [0.5]
    """
    return dA * (jax.nn.sigmoid(Z) * (1 + Z * jax.nn.sigmoid(-Z)))


ACTIVATIONS: Registry[Activation] = Registry(
    (
        Activation("relu", relu, relu_backward, "A", second.straight),
        Activation("leaky_relu", leaky_relu, leaky_relu_backward, "A", second.straight),
        Activation("tanh", tanh, tanh_backward_from_A, "A", second.tanh),
        Activation("sigmoid", sigmoid, sigmoid_backward, "Z", second.sigmoid),
        Activation("identity", identity, identity_backward, "A", second.straight),
        Activation("elu", elu, elu_backward, "Z", second.elu),
        Activation("softplus", softplus, softplus_backward, "Z", second.softplus),
        Activation("gelu", gelu, gelu_backward, "Z", second.gelu),
        Activation("gelu_tanh", gelu_tanh, gelu_tanh_backward, "Z", second.gelu_tanh),
        Activation("silu", silu, silu_backward, "Z", second.silu),
    )
)


def get_activation(activation: str | Activation) -> Activation:
    """The activation of that name, or the caller's own unchanged.

    Raises:
      ValueError: no activation has that name; the message lists those there are.
      TypeError: neither a name nor an Activation.

    Example:
      >>> get_activation("relu").reads
      'A'
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise BadTypeError(
            f"activation must be a name or an Activation, got {shown(activation)}"
        )
    try:
        return ACTIVATIONS[activation]
    except KeyError:
        known = ", ".join(ACTIVATIONS)
        raise BadValueError(
            f"unknown activation {shown(activation)}; known: {known}"
        ) from None
