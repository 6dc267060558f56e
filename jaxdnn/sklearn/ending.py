"""The end of an epoch: what it was worth, the rate of the next, whether it is the last.

An epoch is a miss where it was not better by tol than the best so far: loss > best -
tol, or score < best + tol. More than n_iter_no_change misses in a row end the run, or
with the adaptive rate divide the rate by 5 and count anew, until it is 1e-6 or less.
The best moves on with any improvement. NaN compares false: it is no miss.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn.arrays import Scalar
from jaxdnn.parameters import Parameters

_SMALLEST_RATE = 1e-6


class Rules(NamedTuple):
    """The estimator's parameters that decide at an epoch's end; all numbers.

    by_score: whether the validation score counts, and not the loss of training.
    """

    learning_rate_init: float
    power_t: float
    invscaling: bool
    adaptive: bool
    tol: float
    n_iter_no_change: float
    by_score: bool


class Ending(NamedTuple):
    """What is carried from epoch to epoch.

    rate: the next epoch's; seen: examples, over all epochs; best: the lowest loss, or
    the highest score; best_params: after the epoch of the highest score, None without
    validation; misses: in a row.
    """

    rate: Any  # a number of JAX's or NumPy's
    seen: Any  # likewise
    best: Scalar
    best_params: Parameters | None
    misses: Scalar
    stopped: Any  # a truth value, of JAX's or NumPy's


class Record(NamedTuple):
    """What is kept of an epoch.

    loss: with L2, before each update; score, validation_loss: NaN without validation;
    tripped: whether it was one miss too many.
    """

    loss: Scalar
    score: Scalar
    validation_loss: Scalar
    tripped: Scalar


def end_epoch(
    rules: Rules,
    ending: Ending,
    params: Parameters,
    count: Scalar,
    loss: Array,
    verdict: tuple[Array, Array] | None,
) -> tuple[Ending, Record]:
    """What follows from an epoch.

    Args:
      rules, ending: of the run.
      params: after the epoch's last update.
      count: how many examples it had.
      loss: its mean cost.
      verdict: the validation part's score and loss, or None.

    Example:
      >>> rules = Rules(
      ...     0.1, 0.5, False, False, tol=0.01, n_iter_no_change=0, by_score=0
      ... )
      >>> ending = Ending(jnp.array(0.1), 0, jnp.array(2.0), None, 0, False)
      >>> ending, record = end_epoch(rules, ending, (), 8, jnp.array(1.995), None)
      >>> float(ending.best), bool(ending.stopped)
      (1.99..., True)
    """
    score, validation_loss = (jnp.nan, jnp.nan) if verdict is None else verdict
    best, seen = ending.best, ending.seen + count
    miss = jnp.where(rules.by_score, score < best + rules.tol, loss > best - rules.tol)
    better = jnp.where(rules.by_score, score > best, loss < best)
    best_params = ending.best_params
    if verdict is not None:
        best_params = jax.tree.map(
            lambda new, old: jnp.where(better, new, old), params, best_params
        )
    misses = jnp.where(miss, ending.misses + 1, 0)
    tripped = misses > rules.n_iter_no_change
    slower = tripped & rules.adaptive & (ending.rate > _SMALLEST_RATE)
    scaled = rules.learning_rate_init / (seen + 1.0) ** rules.power_t
    rate = jnp.where(rules.invscaling, scaled, ending.rate)
    ended = Ending(
        rate=jnp.where(slower, rate / 5, rate),
        seen=seen,
        best=jnp.where(better, jnp.where(rules.by_score, score, loss), best),
        best_params=best_params,
        misses=jnp.where(slower, 0, misses),
        stopped=tripped & ~slower,
    )
    return ended, Record(loss, score, validation_loss, tripped)
