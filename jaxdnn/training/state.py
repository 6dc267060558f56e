"""A run's state as a flat dictionary of arrays, and back: what a checkpoint holds.

The names are paths through the state, such as ".params[0].W". Read back, they must be
the paths, shapes and dtypes of the run that goes on.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn.training.loop import TrainingState


def state_to_dict(state: TrainingState) -> dict[str, Any]:
    """Every array of the state under its path; keys as their data.

    Example:
      >>> from jaxdnn import Network, fit
      >>> X = jnp.ones((1, 3))
      >>> state = fit(Network((1, 1)), X, X, key=jax.random.key(0), epochs=2).state
      >>> [name for name in state_to_dict(state) if "history" not in name]
      ['.params[0].W', '.params[0].b', '.epoch', '.step']
    """
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path): np.asarray(bare(leaf)) for path, leaf in leaves}


def restore_state(
    where: str, template: TrainingState, saved: Mapping[str, Any]
) -> TrainingState:
    """The state that `state_to_dict` took apart.

    Args:
      where: who asks, for messages.
      template: a state of the same run, at whatever epoch.
      saved: path -> array.

    Raises:
      ValueError: other paths, shapes or dtypes than the template's.
    """
    leaves, treedef = jax.tree_util.tree_flatten_with_path(template)
    wanted = {jax.tree_util.keystr(path): leaf for path, leaf in leaves}
    if differing := sorted(wanted.keys() ^ saved.keys()):
        name = differing[0]
        raise ValueError(
            f"{where}: resume is of another run: it has "
            f"{'no ' if name in wanted else ''}{name}"
        )
    restored = []
    for name, leaf in wanted.items():
        value, like = np.asarray(saved[name]), bare(leaf)
        grows = name.startswith(".history")
        if value.dtype != like.dtype or (not grows and value.shape != like.shape):
            raise ValueError(
                f"{where}: resume is of another run: {name} must be {like.dtype} "
                f"{like.shape}, got {value.dtype} {value.shape}"
            )
        if grows:
            restored.append(value)
        else:
            restored.append(clothe(leaf, jnp.asarray(value)))
    return jax.tree_util.tree_unflatten(treedef, restored)


def _is_key(leaf: Any) -> bool:
    return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def bare(leaf: Any) -> Any:
    """What can be written or placed of a leaf: a key's data, or the array itself.

    Example:
      >>> bare(jax.random.key(7)).tolist()
      [0, 7]
    """
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def clothe(like: Any, value: Array) -> Array:
    """What `bare` took apart: a key where `like` is one.

    Example:
      >>> clothe(jax.random.key(0), jnp.array([0, 7], jnp.uint32)) == jax.random.key(7)
      Array(True, dtype=bool)
    """
    if not _is_key(like):
        return value
    return jax.random.wrap_key_data(value, impl=jax.random.key_impl(like))
