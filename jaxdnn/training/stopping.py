"""What is watched: which parameters are the best, and when to stop waiting for better.

References:
  Prechelt (1998), Early Stopping.
"""

from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Monitor = Literal["cost", "validation_cost", "validation_score"]


class Best(NamedTuple):
    """The best parameters so far, their watched value, and its entry in the history."""

    params: Any
    value: Any
    epoch: Any


def none_yet(params: Any, dtype: Any) -> Best:
    """Before the first epoch.

    Example:
      >>> int(none_yet((), np.float32).epoch)
      -1
    """
    return Best(params, np.asarray(np.inf, dtype), np.int32(-1))


def better_of(
    monitor: Monitor, min_delta: Any, best: Best, params: Any, entry: Any, epoch: Any
) -> Best:
    """The best so far, or what the latest epoch made of it.

    Args:
      monitor: which of the entry's values counts: lower costs, higher scores.
      min_delta: by how much it must be better.
      best: of the epochs before.
      params: after the latest epoch.
      entry: of the history, and `epoch` its place there.

    Example:
      >>> from types import SimpleNamespace
      >>> entry = SimpleNamespace(validation_score=jnp.float32(0.75))
      >>> best = none_yet(jnp.zeros(()), np.float32)
      >>> best = better_of("validation_score", 0.0, best, jnp.ones(()), entry, 4)
      >>> int(best.epoch), float(best.params)
      (4, 1.0)
    """
    value = getattr(entry, monitor).astype(best.value.dtype)
    if monitor == "validation_score":
        value = -value
    better = best.value - min_delta > value
    now = Best(params, value, epoch)
    return jax.tree.map(lambda new, old: jnp.where(better, new, old), now, best)


def goes_on(patience: Any, best: Best | None, epoch: Any) -> Any:
    """Whether there was a better one within the last `patience` of `epoch` epochs.

    Example:
      >>> goes_on(2, Best((), 0.1, 4), 6), goes_on(2, Best((), 0.1, 4), 7)
      (True, False)
    """
    if patience is None or best is None:
        return True
    return epoch - best.epoch <= patience
