"""Where a run's arrays lie: on one device, or among those of a mesh.

On a mesh the examples are shared and everything else is on all devices; XLA inserts the
sums between devices that the program then needs. Every process gives the same arrays,
of which its devices take their share; of what comes in pieces it gives its own rows.
Nothing else in training knows of devices and processes.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import jax
import numpy as np
from jax import Array
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from numpy.typing import NDArray

from jaxdnn._programs import compiled
from jaxdnn._refusals import BadValueError
from jaxdnn.architecture import Network
from jaxdnn.arrays import ArrayLike, PyTree
from jaxdnn.training.examples import Columns, Rows, arranged
from jaxdnn.training.snapshots import as_key_like, key_bits
from jaxdnn.training.source import Batches, Share

_T = TypeVar("_T")
_Tree = TypeVar("_Tree")


def replicate(mesh: Mesh, tree: _Tree) -> _Tree:
    """The tree's arrays on every device of the mesh; those that are there stay.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> once = replicate(mesh, {"b": np.ones(2)})
      >>> once["b"].is_fully_replicated, replicate(mesh, once)["b"] is once["b"]
      (True, True)
    """
    return jax.tree.map(
        lambda leaf: as_key_like(leaf, _place(mesh, key_bits(leaf), PartitionSpec())),
        tree,
    )


def shard(mesh: Mesh, network: Network, examples: Columns | Rows) -> Columns | Rows:
    """Columns shared among the mesh's devices; rows on all, which share each batch.

    Where the devices do not divide them, columns of weight 0 make up the number. Rows
    that were shared would have to be sent about, since a batch draws from all of them.

    Example:
      >>> X, mesh = np.ones((2, 3)), jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> shard(mesh, Network((2, 2)), Columns(X, X, None, 3)).X.shape
      (2, 3)
    """
    if isinstance(examples, Rows):
        X, targets, weight = replicate(mesh, examples[:3])
        return Rows(X, targets, weight, examples.real, examples.total)
    m = examples.X.shape[1]
    size = -(-m // mesh.size) * mesh.size
    if size != m:
        examples = arranged(network, examples, examples.X.dtype, size)
    lies = {1: rows_shared(mesh).spec, 2: PartitionSpec(None, mesh.axis_names)}

    def place(of: Array) -> Array:
        return _place(mesh, of, lies[of.ndim])

    X, Y = place(examples.X), place(examples.Y)
    weight = None if examples.weight is None else place(examples.weight)
    return Columns(X, Y, weight, examples.total)


def share_of(mesh: Mesh | None, batch_size: int) -> Share:
    """This process's rows of a batch, in proportion to its devices of the mesh.

    Raises:
      ValueError: the batch cannot be so shared.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> share_of(mesh, 20)
      Share(rows=20, places=20)
    """
    if mesh is None:
        return Share(batch_size, batch_size)
    own = len(mesh.local_devices)
    rows, rest = divmod(batch_size * own, mesh.size)
    if rest or not rows:
        raise BadValueError(
            f"batch_size must be shared evenly by the mesh's processes, got "
            f"{batch_size} rows for {own} of {mesh.size} devices in this one"
        )
    return Share(rows, own * -(-batch_size // mesh.size))


def shard_batches(mesh: Mesh, batches: Batches) -> Batches:
    """Batches of all processes, each of which gives its rows; shared among devices.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> X, real = np.ones((3, 2, 5)), np.ones((3, 2), bool)
      >>> own = Batches(X, X[..., 0], None, real)
      >>> shard_batches(mesh, own).X.shape
      (3, 2, 5)
    """
    lies = NamedSharding(_automatic(mesh), PartitionSpec(None, mesh.axis_names))
    return jax.tree.map(
        lambda of: jax.make_array_from_process_local_data(lies, of), batches
    )


def everyones(mesh: Mesh, numbers: NDArray[Any]) -> NDArray[np.float64]:
    """Numbers (n,) in float64 of each of the mesh's processes: (processes, n).

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> everyones(mesh, np.array([0.1, 2.0])).tolist()
      [[0.1, 2.0]]
    """
    # As bits: without x64 JAX would round them.
    bits = np.asarray(numbers, np.float64).view(np.uint32)
    own = np.broadcast_to(bits, (len(mesh.local_devices), len(bits)))
    shared = jax.make_array_from_process_local_data(rows_shared(mesh), own)
    _, one_each = _processes(mesh)
    return np.asarray(on_all(mesh, shared))[one_each].view(np.float64)


def everyones_bytes(mesh: Mesh, said: bytes) -> list[bytes]:
    """What each of the mesh's processes says, in their order.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> everyones_bytes(mesh, b"hello")
      [b'hello']
    """
    lengths = everyones(mesh, np.array([len(said)]))[:, 0].astype(int)
    # Few sizes, since each is a program.
    room = max(64, 1 << int(lengths.max() - 1).bit_length())
    numbers = np.frombuffer(said.ljust(room, b"\0"), np.float64)
    found = everyones(mesh, numbers)
    return [of.tobytes()[:n] for of, n in zip(found, lengths, strict=True)]


def turn_of(mesh: Mesh) -> tuple[int, int]:
    """Which of the mesh's processes this is, and how many there are.

    Example:
      >>> turn_of(jax.sharding.Mesh(jax.devices()[:1], ("examples",)))
      (0, 1)
    """
    processes, _ = _processes(mesh)
    return int(np.searchsorted(processes, jax.process_index())), len(processes)


def _processes(mesh: Mesh) -> tuple[NDArray[np.int_], NDArray[np.intp]]:
    """Those that have devices of the mesh, in order, and where each one's first is."""
    of_each = [device.process_index for device in mesh.devices.flat]
    return np.unique(of_each, return_index=True)


def on_all(mesh: Mesh, tree: _Tree) -> _Tree:
    """What devices share, on each of them: every process can read all of it.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> shared = jax.device_put(np.ones(3), rows_shared(mesh))
      >>> on_all(mesh, shared).is_fully_replicated
      True
    """
    return _moved(NamedSharding(_automatic(mesh), PartitionSpec()), tree)


@compiled(static_argnames="lies")
def _moved(lies: NamedSharding, tree: _Tree) -> _Tree:
    return jax.lax.with_sharding_constraint(tree, lies)


def share_lanes(
    mesh: Mesh | None,
    program: Callable[..., _T],
    lanes: PyTree,
    rest: Sequence[PyTree],
    **static: Any,
) -> _T:
    """program(lanes, *rest, **static), each device of a mesh with lanes of its own.

    Args:
      program: a function that JAX can trace; what it gives has lanes, too.
      lanes: arrays with an entry a lane; copies of the first make up the number that
        devices divide.
      rest: what all lanes share.
      static: values that a program is compiled for.

    Example:
      >>> def times(lanes, factor):
      ...     return lanes * factor
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("lanes",))
      >>> share_lanes(mesh, times, np.arange(3.0), (np.float32(2),)).tolist()
      [0.0, 2.0, 4.0]
    """
    if mesh is None:
        return program(lanes, *rest, **static)
    lies = rows_shared(mesh)

    def place(lane: Array) -> Array:
        bits = np.asarray(key_bits(lane))
        places = np.arange(-(-len(bits) // mesh.size) * mesh.size)
        bits = bits[np.where(places < len(bits), places, 0)]
        return as_key_like(lane, _place(mesh, bits, lies.spec))

    lanes, rest = jax.tree.map(place, lanes), replicate(mesh, rest)
    known = tuple(sorted(static.items()))
    return on_all(mesh, _each_its_own(lies, program, known, lanes, rest))


@compiled(static_argnames=("lies", "program", "options"))
def _each_its_own(
    lies: NamedSharding,
    program: Callable[..., _T],
    options: Any,
    lanes: PyTree,
    rest: PyTree,
) -> _T:
    def own(lanes: PyTree, rest: Any) -> _T:
        return program(lanes, *rest, **dict(options))

    # Lanes vary from device to device, and with them all that a loop carries.
    return jax.shard_map(
        own,
        mesh=lies.mesh,
        in_specs=(lies.spec, PartitionSpec()),
        out_specs=lies.spec,
        check_vma=False,
    )(lanes, rest)


def rows_shared(mesh: Mesh) -> NamedSharding:
    """Rows (m, ...) shared among the mesh's devices.

    Example:
      >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
      >>> rows_shared(mesh).shard_shape((3, 2))
      (3, 2)
    """
    return NamedSharding(_automatic(mesh), PartitionSpec(mesh.axis_names))


def _place(mesh: Mesh, value: ArrayLike, spec: PartitionSpec) -> Array:
    lies = NamedSharding(_automatic(mesh), spec)
    if isinstance(value, Array) and value.sharding == lies:
        return value
    array = np.asarray(value)
    return jax.make_array_from_callback(array.shape, lies, lambda index: array[index])


def _automatic(mesh: Mesh) -> Mesh:
    """The mesh with automatic axes, even if those of the caller's are explicit."""
    axes = (AxisType.Auto,) * len(mesh.axis_names)
    return Mesh(mesh.devices, mesh.axis_names, axis_types=axes)
