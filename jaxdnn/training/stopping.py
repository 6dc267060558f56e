"""What is watched: which parameters are the best, and when to stop waiting for better.

The best are those of the lowest cost; or of the highest score, and among equal scores
of the lowest cost; the first of equal ones. Only values that are finite count. Patience
counts from the last that was better by more than min_delta than the one before that.

References:
  Prechelt (1998), Early Stopping.
"""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike

from jaxdnn._checks import is_concrete
from jaxdnn.arrays import HOST, PyTree, Scalar

Watch = Literal["cost", "score"]


class Best(NamedTuple):
    """The best parameters so far, their watched value, and its entry in the history.

    tie: the cost that decides between equal scores. mark, since: the value that
    patience counts from, and its entry. Until a value is finite, epoch is -1 and the
    parameters are the latest.
    """

    params: Any  # Parameters, or Blocks
    value: Array
    epoch: Array
    tie: Array
    mark: Array
    since: Array


def entry_to_watch(watch: Watch | None, validation: bool) -> str | None:
    """Which entry of the history: validation's where there is such data.

    Example:
      >>> entry_to_watch(None, True), entry_to_watch("cost", False)
      ('validation_cost', 'cost')
    """
    return f"validation_{watch or 'cost'}" if validation else watch


def none_yet(params: PyTree, dtype: DTypeLike) -> Best:
    """Before the first epoch.

    Example:
      >>> int(none_yet((), np.float32).epoch)
      -1
    """
    infinite, nowhere = HOST.asarray(np.inf, dtype), HOST.int32(-1)
    return Best(params, infinite, nowhere, infinite, infinite, nowhere)


def better_of(
    watched: str,
    min_delta: Scalar,
    best: Best,
    params: PyTree,
    entry: Any,
    epoch: Array,
) -> Best:
    """The best so far, or what the latest epoch made of it.

    Args:
      watched: which of the entry's values counts: lower costs, higher scores.
      min_delta: by how much it must be better for patience.
      best: of the epochs before.
      params: after the latest epoch.
      entry: of the history, and `epoch` its place there.

    Example:
      >>> from types import SimpleNamespace
      >>> values = {"validation_score": jnp.float32(0.75)}
      >>> entry = SimpleNamespace(**values, validation_cost=jnp.float32(0.5))
      >>> best = none_yet(jnp.zeros(()), np.float32)
      >>> best = better_of("validation_score", 0.0, best, jnp.ones(()), entry, 4)
      >>> int(best.epoch), float(best.params)
      (4, 1.0)
    """
    dtype = best.value.dtype
    value = tie = getattr(entry, watched).astype(dtype)
    if watched == "validation_score":
        value, tie = -value, entry.validation_cost.astype(dtype)
    finite = jnp.isfinite(value)
    better = (best.value > value) | ((best.value == value) & (best.tie > tie))
    better = finite & better
    enough = finite & (best.mark - min_delta > value)
    latest = better | (best.epoch < 0)

    def chosen(new: Array, old: Array) -> Array:
        return jnp.where(latest, new, old)

    return Best(
        jax.tree.map(chosen, params, best.params),
        jnp.where(better, value, best.value),
        jnp.where(better, epoch, best.epoch),
        jnp.where(better, tie, best.tie),
        jnp.where(enough, value, best.mark),
        jnp.where(enough, epoch, best.since),
    )


def goes_on(patience: Scalar | None, best: Best | None, epoch: Array) -> Array | bool:
    """Whether there was one better enough within the last `patience` of `epoch` epochs.

    Example:
      >>> best = Best((), 0.1, 9, 0.1, 0.2, 4)
      >>> goes_on(2, best, 6), goes_on(2, best, 7)
      (True, False)
    """
    if patience is None or best is None:
        return True
    return epoch - best.since <= patience


def best_entry(best: Best | None) -> Array | None:
    """Which entry of the history is the best; None where none is, or none is watched.

    In a traced function it cannot be known, and none is -1.

    Example:
      >>> best_entry(none_yet((), np.float32)) is None
      True
    """
    if best is None or (is_concrete(best.epoch) and int(best.epoch) < 0):
        return None
    return best.epoch
