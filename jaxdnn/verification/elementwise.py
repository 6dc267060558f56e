"""Run a function that works element by element, with few compilations.

Arrays are flattened and padded with zeros to a power of two, so that layers of many
sizes share a program; the last element is always a zero of the padding.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn.verification.units import Values


def elementwise(function: Callable[..., Any], *arrays: Values) -> list[Values]:
    """What the function returns for these arrays of one shape, and for a zero.

    Example:
      >>> import jax.numpy as jnp
      >>> cosine, at_zero = elementwise(jnp.cos, np.zeros((2, 3)))
      >>> cosine.shape, float(at_zero)
      ((2, 3), 1.0)
    """
    shape, size = arrays[0].shape, arrays[0].size
    room = 1 << size.bit_length()
    flat = [np.pad(a.reshape(1, -1), ((0, 0), (0, room - size))) for a in arrays]
    answers = [np.asarray(a)[0] for a in jax.tree.leaves(_compiled(function, flat))]
    return [a[:size].reshape(shape) for a in answers] + [a[-1] for a in answers]


@compiled(static_argnums=0)
def _compiled(function: Callable[..., Any], arrays: list[Array]) -> Any:
    return function(*arrays)


@cache
def change_of(f: Callable[[Array], Array]) -> Callable[[Array, Array], Array]:
    """The largest change of f over Z ± spread."""

    def change(Z: Array, spread: Array) -> Array:
        there = f(Z)
        return jnp.maximum(abs(f(Z + spread) - there), abs(f(Z - spread) - there))

    return change
