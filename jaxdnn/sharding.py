"""What must say where its result lies, and in which dtype it is taken and added up.

On the explicit axes of a mesh (`jax.make_mesh` makes such) a product's rows lie where
the rows of the first factor do, its columns where those of the second do; what both are
summed over is added up between devices. Automatic axes are XLA's affair. Sums over many
examples are taken in `record_dtype`: half precision ends at 65,504.
"""

from contextlib import AbstractContextManager, nullcontext
from math import prod
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import NamedSharding, PartitionSpec
from jax.typing import DTypeLike

# Half the bytes of float32 and all of its range; JAX's name for products of it.
_Tree = TypeVar("_Tree")

SHORT, _ADDED_IN_FLOAT32 = jnp.dtype("bfloat16"), "BF16_BF16_F32"


def products_in_short(short: bool = True) -> AbstractContextManager[object]:
    """A context in which `product` takes its factors in SHORT; as they are if not.

    It is JAX's own `default_matmul_precision`, by which programs are kept apart. Not
    every device heeds that, so `product` casts.

    Example:
      >>> third = jnp.full((1, 1), 1 / 3)
      >>> with products_in_short():
      ...     found = product(third, jnp.ones((1, 1)))
      >>> float(found[0, 0]), found.dtype
      (0.333984375, dtype('float32'))
    """
    return jax.default_matmul_precision(_ADDED_IN_FLOAT32) if short else nullcontext()


def record_dtype(dtype: DTypeLike) -> np.dtype:
    """What numbers of this dtype are added up and recorded in: float32, or float64.

    Example:
      >>> record_dtype(jnp.bfloat16), record_dtype(jnp.float64)
      (dtype('float32'), dtype('float64'))
    """
    dtype = jnp.dtype(dtype)
    wide = jnp.issubdtype(dtype, jnp.inexact) and dtype.itemsize >= 4
    return dtype if wide else jnp.dtype(jnp.float32)


def product(A: Array, B: Array, dtype: DTypeLike | None = None) -> Array:
    """A B, added up and given in `dtype`; in that of A and B if None.

    Example:
      >>> product(
      ...     jnp.ones((1, 70_000), "float16"),
      ...     jnp.ones((70_000, 1), "float16"),
      ...     jnp.float32,
      ... ).tolist()
      [[70000.0]]
    """
    lies = _lies(A, B)
    asked: Any = jax.config
    if asked.jax_default_matmul_precision == _ADDED_IN_FLOAT32:
        found = jnp.matmul(
            A.astype(SHORT),
            B.astype(SHORT),
            precision=jax.lax.Precision.DEFAULT,
            preferred_element_type=jnp.float32,
            out_sharding=lies,
        )
        return found.astype(dtype or A.dtype)
    return jnp.matmul(A, B, preferred_element_type=dtype, out_sharding=lies)


def lying_as(D: Array, A: Array) -> Array:
    """D, lying as A of the same shape does.

    Example:
      >>> lying_as(jnp.ones(2), jnp.zeros(2)).tolist()
      [1.0, 1.0]
    """
    where, found = jax.typeof(A).sharding, jax.typeof(D).sharding
    if not (where.mesh.explicit_axes and found.mesh.explicit_axes):
        return D
    return jax.sharding.reshard(D, where)


def rows_at(A: Array, places: Array) -> Array:
    """A[places], all of them within A (m, ...): shared as A's rows are, if they can be.

    Example:
      >>> rows_at(jnp.array([5, 6, 7]), jnp.array([2, 0])).tolist()
      [7, 5]
    """
    lies, where = None, jax.typeof(A).sharding
    if where.mesh.explicit_axes:
        rows, *rest = where.spec
        parts = prod(where.mesh.shape[axis] for axis in _axes(rows))
        spec = PartitionSpec(None if len(places) % parts else rows, *rest)
        lies = NamedSharding(where.mesh, spec)
    return A.at[places].get(mode="promise_in_bounds", out_sharding=lies)


def outer(u: Array, v: Array) -> Array:
    """u_i v_iᵀ of each row, (m, n, n_prev), which lies as u's rows and columns do.

    Example:
      >>> outer(jnp.array([[1.0, 2.0]]), jnp.array([[3.0, 4.0]])).tolist()
      [[[3.0, 4.0], [6.0, 8.0]]]
    """
    where = jax.typeof(u).sharding
    if where.mesh.explicit_axes:
        rows = PartitionSpec(where.spec[0], None)
        v = jax.sharding.reshard(v, NamedSharding(where.mesh, rows))
    return u[:, :, None] * v[:, None, :]


def whole_along(A: Array, *axes: int) -> Array:
    """A, of which no device holds but a part along these axes.

    Example:
      >>> whole_along(jnp.ones((2, 1)), 0).tolist()
      [[1.0], [1.0]]
    """
    where = jax.typeof(A).sharding
    if not where.mesh.explicit_axes:
        return A
    spec = [None if i in axes else split for i, split in enumerate(where.spec)]
    return jax.sharding.reshard(A, NamedSharding(where.mesh, PartitionSpec(*spec)))


def varying_as(tree: _Tree, A: Array) -> _Tree:
    """The tree's arrays, varying over those axes of a shard_map that A varies over.

    A loop must not carry what becomes varying only inside it.

    Example:
      >>> varying_as({"b": 1.0}, jnp.ones((2, 2)))
      {'b': 1.0}
    """
    if not jax.typeof(A).sharding.mesh.manual_axes:
        return tree
    # A condition that varies as A does, and is never true.
    never = (A[(0,) * A.ndim] < 0) & False
    return jax.tree.map(lambda leaf: jnp.where(never, leaf, leaf), tree)


def varying_alike(tree: _Tree) -> _Tree:
    """The tree's arrays, each varying over all axes of a shard_map that any does.

    A rule for reverse mode must give cotangents that vary as its arguments do, and they
    vary as the result does.

    Example:
      >>> varying_alike((jnp.ones(1), None))
      (Array([1.], dtype=float32), None)
    """
    arrays = jax.tree.leaves(tree)
    if not any(jax.typeof(A).sharding.mesh.manual_axes for A in arrays):
        return tree
    for A in arrays:
        numbers = A
        if jnp.issubdtype(A.dtype, jax.dtypes.prng_key):
            numbers = jax.random.key_data(A)
        tree = varying_as(tree, numbers)
    return tree


def _lies(A: Array, B: Array) -> NamedSharding | None:
    """Where the product lies; None where XLA decides."""
    one, other = jax.typeof(A).sharding, jax.typeof(B).sharding
    mesh = one.mesh if one.mesh.explicit_axes else other.mesh
    if not mesh.explicit_axes:
        return None
    rows, columns = one.spec[-2], other.spec[-1]
    # An axis of the mesh splits one dimension only.
    both = _axes(rows) & _axes(columns)
    return NamedSharding(mesh, PartitionSpec(rows, None if both else columns))


def _axes(entry: str | tuple[str, ...] | None) -> set[str]:
    """The axes of the mesh by which a dimension is split."""
    axes = entry if isinstance(entry, tuple) else (entry,)
    return {axis for axis in axes if axis is not None}
