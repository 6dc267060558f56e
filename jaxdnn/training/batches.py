"""Batches of one static shape: what each holds, and its mean.

A batch of rows is their transpose, one column per example. Where it runs beyond the
last example it is filled up at weight 0. Rows are picked from all that there are, in an
epoch's order, or come cut to batches.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.lax import dynamic_index_in_dim, dynamic_slice

from jaxdnn.arrays import Scalar
from jaxdnn.objective import Mean
from jaxdnn.sharding import record_dtype, rows_at
from jaxdnn.training.batch_objective import batch_mean
from jaxdnn.training.examples import Columns, Rows, one_hot
from jaxdnn.training.source import Batches
from jaxdnn.training.types import Run


class Batch(NamedTuple):
    """X (n_x, size), Y (n_L, size), their mean; share: their part of all examples."""

    X: Array
    Y: Array
    mean: Mean
    share: Scalar


def batch_count(rows: Rows | Batches, batch_size: int) -> Array:
    """How many batches hold the rows.

    Example:
      >>> batch_count(Rows(jnp.zeros((7, 2)), jnp.zeros((7, 1)), None, 7, 7), 3)
      3
    """
    if isinstance(rows, Batches):
        return rows.real.any(axis=1).sum(dtype=jnp.int32)
    return -(-rows.real // batch_size)


def whole_batch(run: Run, columns: Columns) -> Batch:
    """All examples at once."""
    total = jnp.asarray(columns.total, record_dtype(columns.X.dtype))
    return Batch(
        columns.X, columns.Y, batch_mean(run.settings.l2, columns.weight, total), 1
    )


def take_batch(run: Run, rows: Rows | Batches, order: Array | None, i: Array) -> Batch:
    """Batch i of the rows, in this order where they are not cut to batches."""
    network, dtype = run.plan.network, rows.X.dtype
    cut = isinstance(rows, Batches)
    found, count = _cut(rows, i) if cut else _picked(run, rows, order, i)
    X, Y, weight, real = found
    if real is not None:
        weight = jnp.where(real, 1 if weight is None else weight, 0).astype(dtype)
    Y = one_hot(Y, network.layer_dims[-1], dtype) if Y.ndim == 1 else Y.T
    # Each batch's cost is an estimate of the whole cost: weights count by what they
    # are worth in the whole run, and a batch that holds only zeros weighs nothing.
    total = jnp.asarray(count, record_dtype(dtype))
    mean = batch_mean(run.settings.l2, weight, total)
    return Batch(X.T, Y, mean, total / run.settings.examples.astype(total.dtype))


def _picked(run: Run, rows: Rows, order: Any, i: Array) -> tuple[Batches, Scalar]:
    """The rows of batch i, which of them are real if not all, and how many."""
    size = run.plan.batch_size or 1
    start = i * size
    order = jnp.pad(order, (0, -order.shape[0] % size))
    places = dynamic_slice(order, (start,), (size,))
    found: Any = jax.tree.map(
        lambda of: rows_at(of, places),
        Batches(rows.X, rows.targets, rows.weight, None),
    )
    shared = run.plan.shared
    if shared is not None and size % shared.num_devices == 0:
        found = jax.lax.with_sharding_constraint(found, shared)
    if not run.plan.ragged:
        return found, size
    count = jnp.minimum(size, rows.real - start)
    return found._replace(real=jnp.arange(size) < count), count


def _cut(batches: Batches, i: Array) -> tuple[Batches, Scalar]:
    """Those of batch i, as `_picked` gives them."""
    found: Any = jax.tree.map(
        lambda of: dynamic_index_in_dim(of, i, keepdims=False), batches
    )
    return found, found.real.sum()
