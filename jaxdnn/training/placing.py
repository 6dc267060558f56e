"""Where a run's arrays lie: on one device, or among those of a mesh.

On a mesh the examples are shared and everything else is on all devices; XLA inserts the
sums between devices that the program then needs. Every process gives the same arrays;
its devices take their share of them.
"""

from typing import Any

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxdnn.architecture import Network
from jaxdnn.training.examples import Columns, arranged
from jaxdnn.training.snapshots import as_key_like, key_bits


def replicate(mesh: Mesh, tree: Any) -> Any:
    """The tree's arrays on every device of the mesh.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> replicate(mesh, {"b": np.ones(2)})["b"].is_fully_replicated
      True
    """
    return jax.tree.map(
        lambda leaf: as_key_like(leaf, _place(mesh, key_bits(leaf), PartitionSpec())),
        tree,
    )


def shard(mesh: Mesh, network: Network, examples: Any) -> Any:
    """Columns or rows shared among the mesh's devices.

    Where the devices do not divide them, examples of weight 0 make up the number.

    Example:
      >>> X, mesh = np.ones((2, 3)), jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> shard(mesh, Network((2, 2)), Columns(X, X, None, 3)).X.shape
      (2, 3)
    """
    X, Y, weight, *rest = examples
    axis = 1 if isinstance(examples, Columns) else 0
    m = X.shape[axis]
    size = -(-m // mesh.size) * mesh.size
    if size != m:
        filled = arranged(network, examples._replace(total=m), X.dtype, size)
        X, Y, weight = filled[:3]
    first = PartitionSpec(mesh.axis_names)
    last = PartitionSpec(None, mesh.axis_names)
    placed = (
        None
        if of is None
        else _place(mesh, of, last if axis and of.ndim == 2 else first)
        for of in (X, Y, weight)
    )
    return type(examples)(*placed, *rest)


def _place(mesh: Mesh, value: Any, spec: PartitionSpec) -> Array:
    array = np.asarray(value)
    # Automatic axes, even if those of the caller's mesh are explicit.
    mesh = Mesh(mesh.devices, mesh.axis_names)
    return jax.make_array_from_callback(
        array.shape, NamedSharding(mesh, spec), lambda index: array[index]
    )
