"""A snapshot as a flat dictionary of arrays, and back: what a checkpoint holds.

The names are paths through it, as ".state.params[0].W". Read back, they must be the
paths, shapes and dtypes of the run that goes on.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn._checks import check_kind, is_concrete
from jaxdnn._refusals import BadValueError, public
from jaxdnn.arrays import ArrayLike
from jaxdnn.training.stopping import best_entry
from jaxdnn.training.types import Snapshot

_FOLLOWS = " (it follows from validation, clip_examples and record)"


@public
def snapshot_to_dict(snapshot: Snapshot) -> dict[str, NDArray[Any]]:
    """Every array of the snapshot under its path; keys as their data.

    Raises:
      TypeError: no snapshot.

    Example:
      >>> from jaxdnn import Network, fit
      >>> X, network = jnp.ones((1, 3)), Network((1, 1))
      >>> result = fit(network, X, X, key=jax.random.key(0), epochs=2)
      >>> names = snapshot_to_dict(result.snapshot)
      >>> [name for name in names if "history" not in name]
      ['.state.params[0].W', '.state.params[0].b', '.state.epoch', '.state.step']
    """
    check_kind("snapshot", snapshot, Snapshot, "a Snapshot")
    leaves, _ = jax.tree_util.tree_flatten_with_path(snapshot)
    return {
        jax.tree_util.keystr(path): np.asarray(key_bits(leaf)) for path, leaf in leaves
    }


def restore_snapshot(template: Snapshot, saved: Mapping[str, ArrayLike]) -> Snapshot:
    """The snapshot that `snapshot_to_dict` took apart.

    Args:
      template: a snapshot of the same run, at whatever epoch.
      saved: path -> array.

    Raises:
      ValueError: other paths, shapes or dtypes than the template's.
    """
    # That follows from the state, and is not there before there is a best.
    saved = {name: of for name, of in saved.items() if name != ".history.best_epoch"}
    template = replace(template, history=replace(template.history, best_epoch=None))
    leaves, treedef = jax.tree_util.tree_flatten_with_path(template)
    wanted = {jax.tree_util.keystr(path): leaf for path, leaf in leaves}
    if differing := sorted(wanted.keys() ^ saved.keys()):
        name = differing[0]
        raise BadValueError(
            f"resume is of another run: it has {'no ' if name in wanted else ''}{name}"
            + _FOLLOWS * name.startswith(".history")
        )
    restored: list[Any] = []
    for name, leaf in wanted.items():
        value, like = np.asarray(saved[name]), key_bits(leaf)
        grows = name.startswith(".history")
        if value.dtype != like.dtype or (not grows and value.shape != like.shape):
            raise BadValueError(
                f"resume is of another run: {name} must be {like.dtype} {like.shape}, "
                f"got {value.dtype} {value.shape}"
            )
        placed = value if grows else jax.device_put(value)
        restored.append(as_key_like(leaf, placed))
    whole = jax.tree_util.tree_unflatten(treedef, restored)
    _check_counts(whole)
    best = best_entry(whole.state.best)
    return replace(whole, history=replace(whole.history, best_epoch=best))


def _check_counts(snapshot: Snapshot) -> None:
    """Refuse counts below 0, a history of another length, a best epoch beyond it."""
    state = snapshot.state
    if not all(map(is_concrete, jax.tree.leaves(snapshot))):
        return
    epoch, step = int(state.epoch), int(state.step)
    if epoch < 0 or step < 0:
        raise BadValueError(
            f"resume must have done epochs and steps >= 0, got {epoch} and {step}"
        )
    for name, entries in vars(snapshot.history).items():
        if entries is not None and np.shape(entries) != (epoch,):
            raise BadValueError(
                f"resume must have a history of {epoch} epochs, got {name} of shape "
                f"{np.shape(entries)}"
            )
    if state.best is not None and not -1 <= int(state.best.epoch) < epoch:
        best = int(state.best.epoch)
        raise BadValueError(
            f"resume must have its best epoch among its {epoch}, got {best}"
        )


def _is_key(leaf: Array) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def key_bits(leaf: Array) -> Array:
    """What can be written or placed of a leaf: a key's data, or the array itself.

    Example:
      >>> key_bits(jax.random.key(7)).tolist()
      [0, 7]
    """
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def as_key_like(like: Array, value: Any) -> Array:
    """What `key_bits` took apart: a key where `like` is one.

    Example:
      >>> bits = jnp.array([0, 7], jnp.uint32)
      >>> as_key_like(jax.random.key(0), bits) == jax.random.key(7)
      Array(True, dtype=bool)
    """
    if not _is_key(like):
        return value
    return jax.random.wrap_key_data(value, impl=jax.random.key_impl(like))
