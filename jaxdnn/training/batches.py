"""Batches of one static shape: the shuffle, the gather, the mask of the last batch.

Mini-batches are gathered from rows, one example each, because an example's numbers then
lie together; a batch is their transpose, one column per example. A batch that runs
beyond the last example is filled with the first one at weight 0.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn.network import Network


class Data(NamedTuple):
    """The examples of a run, or of one part of it.

    X is (n_x, m) and Y (n_L, m) for full batches; for mini-batches X is (m, n_x) and Y
    (m, n_L), or (m,) labels. weight is (m,) or None. The first `real` of them count;
    examples is the number of those in the whole run, and mean_weight their mean weight.
    """

    X: Array
    Y: Array
    weight: Array | None
    real: Any
    examples: Any
    mean_weight: Any


class Batch(NamedTuple):
    """Arguments of `cost_and_gradients`; share: the batch's part of all examples."""

    X: Array
    Y: Array
    weight: Array | None
    total: Any
    share: Any


def record_dtype(dtype: Any) -> Any:
    """What a run of this dtype is recorded in: many batches need float32 to add up.

    Example:
      >>> record_dtype(jnp.bfloat16), record_dtype(jnp.float64)
      (dtype('float32'), dtype('float64'))
    """
    return jnp.promote_types(dtype, jnp.float32)


def one_hot(labels: Array, classes: int, dtype: Any) -> Array:
    """Labels (m,) as columns (classes, m).

    Example:
      >>> one_hot(jnp.array([1, 0]), 2, int).tolist()
      [[0, 1], [1, 0]]
    """
    return (jnp.arange(classes)[:, None] == labels[None, :]).astype(dtype)


def batch_count(data: Data, batch_size: int) -> Any:
    """How many batches hold the examples.

    Example:
      >>> batch_count(Data(jnp.zeros((7, 2)), jnp.zeros((7, 1)), None, 7, 7, 1), 3)
      3
    """
    return -(-data.real // batch_size)


def shuffled(key: Array | None, data: Data, batch_size: int) -> Array:
    """The order of the examples, (batches * batch_size,): all real ones come first.

    One sort by random bits; in the order they have, without a key.

    Example:
      >>> data = Data(jnp.zeros((5, 2)), jnp.zeros((5, 1)), None, 5, 5, 1)
      >>> shuffled(None, data, 3).tolist()
      [0, 1, 2, 3, 4, 0]
      >>> sorted(shuffled(jax.random.key(0), data, 3)[:5].tolist())
      [0, 1, 2, 3, 4]
    """
    m = data.X.shape[0]
    order = jnp.arange(m, dtype=jnp.uint32)
    if key is not None:
        # 31 random bits, so that what is not real can sort behind all of them.
        bits = jax.random.bits(key, (m,), jnp.uint32) >> 1
        bits = jnp.where(order < data.real, bits, jnp.uint32(1 << 31))
        _, order = jax.lax.sort((bits, order), num_keys=1)
    return jnp.pad(order, (0, -m % batch_size))


def take_batch(
    network: Network, data: Data, order: Array, i: Any, batch_size: int, ragged: bool
) -> Batch:
    """Batch i of the order; ragged: it may be partly empty.

    Example:
      >>> data = Data(jnp.arange(5.0)[:, None], jnp.ones((5, 1)), None, 5, 5, 1)
      >>> order = jnp.array([4, 2, 1, 3, 0, 0])
      >>> batch = take_batch(Network((1, 1)), data, order, 1, 3, True)
      >>> batch.X.tolist(), batch.weight.tolist()
      ([[3.0, 0.0, 0.0]], [1.0, 1.0, 0.0])
    """
    start = i * batch_size
    rows = jax.lax.dynamic_slice(order, (start,), (batch_size,))

    def gather(of: Array) -> Array:
        return of.at[rows].get(mode="promise_in_bounds")

    X, Y = gather(data.X).T, gather(data.Y)
    Y = one_hot(Y, network.layer_dims[-1], X.dtype) if Y.ndim == 1 else Y.T
    weight = None if data.weight is None else gather(data.weight)
    count = batch_size
    if ragged:
        count = jnp.minimum(batch_size, data.real - start)
        real = jnp.arange(batch_size) < count
        weight = jnp.where(real, 1 if weight is None else weight, 0).astype(X.dtype)
    # Each batch's cost is an estimate of the whole cost: weights count by what they
    # are worth in the whole run, and a batch that holds only zeros weighs nothing.
    total = None if weight is None else count * data.mean_weight
    share = jnp.asarray(count / data.examples, record_dtype(X.dtype))
    return Batch(X, Y, weight, total, share)


def whole_batch(data: Data) -> Batch:
    """All examples at once.

    Example:
      >>> X = jnp.ones((2, 3))
      >>> whole_batch(Data(X, X, None, 3, 3, 1)).X.shape
      (2, 3)
    """
    return Batch(data.X, data.Y, data.weight, None, None)
