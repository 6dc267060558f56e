"""The order in which an epoch's examples come, all real ones first.

It is drawn from a key and the epoch's number, whatever came before; or given from
outside, a row of numbers for each epoch; or that in which the rows lie. A source orders
its pieces itself: only the rows within a piece are drawn.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array


def shuffled(key: Array, size: int, real: Any) -> Array:
    """The numbers 0, ..., size - 1, the first `real` of them in random order.

    Example:
      >>> order = shuffled(jax.random.key(0), 6, 5)
      >>> sorted(order[:5].tolist()), int(order[5])
      ([0, 1, 2, 3, 4], 5)
    """
    order = jnp.arange(size, dtype=jnp.uint32)
    # 31 random bits, so that what is not real can sort behind all of them.
    bits = jax.random.bits(key, (size,), jnp.uint32) >> 1
    bits = jnp.where(order < real, bits, jnp.uint32(1 << 31))
    # Bits and number as one word: XLA's sort of words is several times as fast as that
    # of pairs, and what was equal still comes in the order of its numbers.
    pairs = jnp.stack([order, bits], axis=1)
    with jax.enable_x64(True):
        words = jax.lax.sort(jax.lax.bitcast_convert_type(pairs, jnp.uint64))
        return jax.lax.bitcast_convert_type(words, jnp.uint32)[:, 0]


def epoch_order(
    key: Array | None, given: Array | None, epoch: Any, rows: Any, piece: Any = None
) -> Array:
    """Row numbers (m,) in the order of this epoch.

    Args:
      key: to draw it from, or None.
      given: (epochs, m) from outside, or None.
      epoch: how many are done.
      rows: the `Rows` of the run or of a piece.
      piece: which of the epoch's pieces it is; each has an order of its own.
    """
    m = rows.X.shape[0]
    if given is not None:
        return given[epoch]
    if key is None:
        return jnp.arange(m, dtype=jnp.uint32)
    key = jax.random.fold_in(key, epoch)
    return shuffled(
        key if piece is None else jax.random.fold_in(key, piece), m, rows.real
    )
