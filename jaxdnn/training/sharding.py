"""Data parallelism: examples shared among devices, everything else on all of them.

The arrays are placed, and XLA inserts the sums between devices that the program then
needs. Every process gives the same arrays; its devices take their share of them.
"""

from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxdnn.training.batches import Data
from jaxdnn.training.state import bare, clothe


def replicate(mesh: Mesh, tree: Any) -> Any:
    """The tree's arrays on every device of the mesh.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> replicate(mesh, {"b": np.ones(2)})["b"].is_fully_replicated
      True
    """
    return jax.tree.map(
        lambda leaf: clothe(leaf, _place(mesh, bare(leaf), PartitionSpec())), tree
    )


def shard(mesh: Mesh, data: Data, *, rows: bool) -> Data:
    """The examples shared among the mesh's devices; rows: they are rows, not columns.

    Where the devices do not divide them, examples of weight 0 make up the number.

    Example:
      >>> X, mesh = np.ones((2, 3)), jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> shard(mesh, Data(X, X, None, 3, 3, 1), rows=False).X.shape
      (2, 3)
    """
    missing = -(data.X.shape[0 if rows else 1]) % mesh.size
    X, Y, weight = (None if a is None else np.asarray(a) for a in data[:3])
    if weight is None and missing and not rows:
        weight = np.ones(data.real, data.X.dtype)
    axes = PartitionSpec(mesh.axis_names)

    def place(array: Any) -> Any:
        if array is None:
            return None
        last = not rows and array.ndim == 2
        padding = [(0, 0)] * array.ndim
        padding[1 if last else 0] = (0, missing)
        spec = PartitionSpec(None, mesh.axis_names) if last else axes
        return _place(mesh, np.pad(array, padding), spec)

    return data._replace(X=place(X), Y=place(Y), weight=place(weight))


def _place(mesh: Mesh, value: Any, spec: PartitionSpec) -> Array:
    array = np.asarray(value)
    # Automatic axes, even if those of the caller's mesh are explicit.
    mesh = Mesh(mesh.devices, mesh.axis_names)
    return jax.make_array_from_callback(
        array.shape, NamedSharding(mesh, spec), lambda index: array[index]
    )
