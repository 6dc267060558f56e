"""Products of matrices, whatever the dtype and wherever their parts lie.

Sums over many examples are taken in `record_dtype`: half precision ends at 65,504. On
the explicit axes of a mesh (`jax.make_mesh` makes such) the result's rows lie where the
rows of the first factor do, its columns where those of the second do; what both are
summed over is added up between devices. Automatic axes are XLA's affair.
"""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import NamedSharding, PartitionSpec


def record_dtype(dtype: Any) -> Any:
    """What numbers of this dtype are added up and recorded in: float32, or float64.

    Example:
      >>> record_dtype(jnp.bfloat16), record_dtype(jnp.float64)
      (dtype('float32'), dtype('float64'))
    """
    return jnp.promote_types(dtype, jnp.float32)


def product(A: Array, B: Array, dtype: Any = None) -> Array:
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
    return jnp.matmul(A, B, preferred_element_type=dtype, out_sharding=lies)


def _lies(A: Array, B: Array) -> NamedSharding | None:
    """Where the product lies; None where XLA decides."""
    one, other = jax.typeof(A).sharding, jax.typeof(B).sharding
    mesh = one.mesh if one.mesh.explicit_axes else other.mesh
    if not mesh.explicit_axes:
        return None
    rows, columns = one.spec[-2], other.spec[-1]
    # An axis of the mesh splits one dimension only.
    taken = rows if isinstance(rows, tuple) else (rows,)
    names = columns if isinstance(columns, tuple) else (columns,)
    both = set(taken) & set(names) - {None}
    return NamedSharding(mesh, PartitionSpec(rows, None if both else columns))
