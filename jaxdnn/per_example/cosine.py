"""Whether two gradients, as of two batches, point the same way."""

from functools import reduce

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.arrays import on_device
from jaxdnn.parameters import Parameters, admitted_alike, admitted_layers
from jaxdnn.sharding import record_dtype


@public
def grad_cosine(grads: Parameters, others: Parameters) -> Array:
    """⟨g, h⟩ / (||g|| ||h||) over all parameters: 1 the same way, -1 the opposite.

    Args:
      grads, others: one Layer(dW, db) per layer, of the same sizes, as `backward` and
        `cost_and_gradients` give them.

    Returns:
      (), NaN where one of them is 0.

    Raises:
      ValueError: other layers or shapes.
      TypeError: no gradients.

    Example:
      >>> from jaxdnn import Layer
      >>> one = (Layer(jnp.array([[3.0]]), jnp.array([[4.0]])),)
      >>> other = (Layer(jnp.array([[-6.0]]), jnp.array([[-8.0]])),)
      >>> float(grad_cosine(one, other))
      -1.0
    """
    grads = admitted_layers("grads", grads, "dW", "db")
    others = admitted_alike("others", others, grads, "grads")
    return _cosine(*on_device((grads, others)))


@compiled
def _cosine(grads: Parameters, others: Parameters) -> Array:
    one, other = _scaled(grads), _scaled(others)
    return _inner(one, other) / jnp.sqrt(_inner(one, one) * _inner(other, other))


def _scaled(grads: Parameters) -> list[Array]:
    """The arrays over the largest of their numbers: of any length squares then fit."""
    wide = [of.astype(record_dtype(of.dtype)) for of in jax.tree.leaves(grads)]
    largest = reduce(jnp.maximum, [jnp.abs(of).max() for of in wide])
    return [of / largest for of in wide]


def _inner(u: list[Array], v: list[Array]) -> Array:
    return reduce(jnp.add, [(a * b).sum() for a, b in zip(u, v, strict=True)])
