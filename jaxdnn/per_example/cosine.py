"""Whether two gradients, as of two batches, point the same way."""

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
    one, other = map(_of_order_one, (grads, others))

    def inner(u: list[Array], v: list[Array]) -> Array:
        return jnp.stack([(a * b).sum() for a, b in zip(u, v, strict=True)]).sum()

    return inner(one, other) / jnp.sqrt(inner(one, one) * inner(other, other))


def _of_order_one(grads: Parameters) -> list[Array]:
    """In the dtype of records, and so that squares fit it; NaN where all are 0."""
    wide = [of.astype(record_dtype(of.dtype)) for of in jax.tree.leaves(grads)]
    largest = jnp.stack([jnp.abs(of).max() for of in wide]).max()
    return [of / largest for of in wide]
