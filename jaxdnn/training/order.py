"""The order in which an epoch's examples come, all real ones first.

It is drawn from a key and the epoch's number, whatever came before; or given from
outside, a row of numbers for each epoch; or that in which the rows lie. What comes in
pieces is ordered on the host.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn.arrays import Scalar
from jaxdnn.training.snapshots import key_bits


def shuffled(key: Array, size: int, real: Scalar) -> Array:
    """The numbers 0, ..., size - 1, the first `real` of them in random order.

    Example:
      >>> order = shuffled(jax.random.key(0), 6, 5)
      >>> sorted(order[:5].tolist()), int(order[5])
      ([0, 1, 2, 3, 4], 5)
    """
    order = jnp.arange(size, dtype=jnp.uint32)
    # 31 random bits, so that what is not real can sort behind all of them.
    bits = jax.random.bits(key, (size,), jnp.uint32) >> 1
    are_real = order < jnp.asarray(real, order.dtype)
    bits = jnp.where(are_real, bits, jnp.uint32(1 << 31))
    # Bits and number as one word: XLA's sort of words is several times as fast as that
    # of pairs, and what was equal still comes in the order of its numbers.
    pairs = jnp.stack([order, bits], axis=1)
    with jax.enable_x64(True):
        words = jax.lax.sort(jax.lax.bitcast_convert_type(pairs, jnp.uint64))
        return jax.lax.bitcast_convert_type(words, jnp.uint32)[:, 0]


def epoch_order(
    key: Array | None, given: Array | None, epoch: Array, rows: Any
) -> Array:
    """Row numbers (m,) in the order of this epoch.

    Args:
      key: to draw it from, or None.
      given: (epochs, m) from outside, or None.
      epoch: how many are done.
      rows: the `Rows` of the run.
    """
    m = rows.X.shape[0]
    if given is not None:
        return given[epoch]
    if key is None:
        return jnp.arange(m, dtype=jnp.uint32)
    return shuffled(jax.random.fold_in(key, epoch), m, rows.real)


def host_draws(key: Array | None, epoch: int) -> np.random.Generator | None:
    """What the host orders an epoch's rows by; None where there is no key.

    Example:
      >>> draws = [host_draws(jax.random.key(0), epoch).random() for epoch in (0, 0, 1)]
      >>> draws[0] == draws[1], draws[0] == draws[2]
      (True, False)
    """
    if key is None:
        return None
    return np.random.default_rng([*np.asarray(key_bits(key)).ravel(), epoch])
