"""The compiled program of a run: steps in a loop, epochs in a loop around it.

Both loops run on the device. Which epoch to stop at is traced, so one program serves
the whole run, any part of it, and other lengths. An epoch in which a cost is not finite
is the last.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn import propagation
from jaxdnn.architecture import Network
from jaxdnn.dropout import Dropout
from jaxdnn.objective import Mean, mean_over
from jaxdnn.parameters import Parameters
from jaxdnn.training.batches import (
    Batch,
    Data,
    batch_count,
    record_dtype,
    shuffled,
    take_batch,
    whole_batch,
)
from jaxdnn.training.optimizers import (
    Optimizer,
    apply_optimizer,
    gradient_norm,
    learning_rate_of,
)


@dataclass(frozen=True)
class Plan:
    """What a run's program is compiled for; everything else is traced.

    schedule: updates done -> learning rate, or None for the settings' own. ragged:
    whether a batch may be partly empty. sentinel: whether a cost that is not finite
    ends the run.
    """

    network: Network
    optimizer: Optimizer
    schedule: Callable[[Any], Any] | None
    batch_size: int | None
    ragged: bool
    sentinel: bool


class Settings(NamedTuple):
    """The numbers of a run; None where there is no such term.

    mask: shaped as the parameters, 0 where one must stay as it is: see `sweeps`.
    """

    learning_rate: Any
    l2: Any
    keep_prob: Any
    patience: Any
    min_delta: Any
    mask: Any = None


class Validation(NamedTuple):
    """X (n_x, m), Y (n_L, m): examples the run is watched on."""

    X: Array
    Y: Array


class Best(NamedTuple):
    """The parameters of the lowest validation cost, and after how many epochs."""

    params: Parameters
    cost: Array
    epoch: Array


class History(NamedTuple):
    """What a run recorded, one entry per epoch: arrays (epochs,).

    cost: the mean over the epoch's batches, each before its update, with L2;
    learning_rate: the last one used, NaN where an optimizer keeps it to itself;
    gradient_norm: the mean over the batches; validation_cost: after the epoch, without
    L2 and dropout; validation_score: accuracy, or R² for heads of numbers. The last two
    are None without validation.
    """

    cost: Any
    learning_rate: Any
    gradient_norm: Any
    validation_cost: Any = None
    validation_score: Any = None


def blank_history(blank: Any, validation: Validation | None) -> History:
    """A history whose every array is the blank one.

    Example:
      >>> blank_history(jnp.zeros(0), None).validation_cost is None
      True
    """
    return History(*(3 if validation is None else 5) * (blank,))


class TrainingState(NamedTuple):
    """All that the next epoch depends on, the data and the settings aside.

    epoch and step count what is done. best is None without validation. keys are those
    of dropout and of the shuffle. basis (n_x, r) is that of a rotated run, whose W_1
    are (n_1, r): see `rotation`. history is the host's, and None on the device.
    """

    params: Parameters
    optimizer: Any
    epoch: Any
    step: Any
    best: Best | None
    dropout_key: Array | None
    shuffle_key: Array | None
    basis: Array | None
    history: Any


class Sums(NamedTuple):
    """What an epoch has added up: batches, costs by their part of it, gradient norms.

    The cost is finite only where all of them were.
    """

    batches: Any
    cost: Any
    gradient_norm: Any
    learning_rate: Any


def no_sums(dtype: Any) -> Sums:
    """Before the first batch of a run of this dtype.

    Example:
      >>> int(no_sums(jnp.float32).batches)
      0
    """
    zero, none = jnp.zeros((), record_dtype(dtype)), jnp.zeros((), jnp.int32)
    return Sums(none, zero, zero, zero)


def one_step(
    plan: Plan, settings: Settings, state: TrainingState, batch: Batch
) -> tuple[TrainingState, Array, Parameters, Any]:
    """The state after one update, the batch's cost, its gradient, the learning rate."""
    mean = mean_over(batch.X.shape[1], batch.weight, settings.l2)
    if batch.share is not None:
        total = batch.X.shape[1] if batch.total is None else batch.total
        decay = settings.l2
        if decay is not None:
            # What λ is divided by is all examples' weight, not the batch's.
            decay = decay * batch.share.astype(decay.dtype) / total
        mean = Mean(batch.weight, total, decay)
    rate = settings.learning_rate
    if plan.schedule is not None:
        rate = jnp.asarray(plan.schedule(state.step), state.params[0].W.dtype)
    elif rate is None:
        rate = learning_rate_of(state.optimizer)
    dropout = step_dropout(settings, state)
    J, grads = propagation.cost_and_gradients(
        plan.network,
        state.params,
        batch.X,
        batch.Y,
        mean,
        dropout,
    )
    if settings.mask is not None:
        grads = jax.tree.map(jnp.multiply, grads, settings.mask)
    params, optimizer = apply_optimizer(
        plan.optimizer, state.params, grads, state.optimizer, rate
    )
    if settings.mask is not None:
        params = jax.tree.map(jnp.multiply, params, settings.mask)
    state = state._replace(params=params, optimizer=optimizer, step=state.step + 1)
    return state, J, grads, rate


def step_dropout(settings: Settings, state: TrainingState) -> Dropout | None:
    """What this step's masks are drawn with; None for no dropout."""
    if settings.keep_prob is None or state.dropout_key is None:
        return None
    key = jax.random.fold_in(state.dropout_key, state.step)
    return Dropout(key, settings.keep_prob)


def train_batches(
    plan: Plan,
    settings: Settings,
    state: TrainingState,
    sums: Sums,
    data: Data,
    part: Any = None,
    limit: Any = None,
) -> tuple[TrainingState, Sums]:
    """Every batch of the data once, or the first `limit` of them.

    part: which part of the epoch's examples these are, if not all: each has an order of
    its own.
    """
    size = plan.batch_size

    def add(state: TrainingState, sums: Sums, batch: Batch) -> Any:
        state, J, grads, rate = one_step(plan, settings, state, batch)
        dtype = sums.cost.dtype
        share = 1 if batch.share is None else batch.share
        return state, sums._replace(
            cost=sums.cost + J.astype(dtype) * share,
            gradient_norm=sums.gradient_norm + gradient_norm(grads),
            learning_rate=jnp.asarray(jnp.nan if rate is None else rate, dtype),
        )

    if size is None:
        state, sums = add(state, sums, whole_batch(data))
        return state, sums._replace(batches=sums.batches + 1)
    order = epoch_order(plan, state, data, part)
    batches = batch_count(data, size)
    if limit is not None:
        batches = jnp.minimum(limit, batches)

    def step(i: Any, carry: tuple[TrainingState, Sums]) -> Any:
        batch = take_batch(plan.network, data, order, i, size, plan.ragged)
        return add(*carry, batch)

    state, sums = jax.lax.fori_loop(0, batches, step, (state, sums))
    return state, sums._replace(batches=sums.batches + batches)


def epoch_order(plan: Plan, state: TrainingState, data: Data, part: Any) -> Array:
    """The order of this epoch's examples: its own, whatever came before."""
    key = state.shuffle_key
    if key is not None:
        key = jax.random.fold_in(key, state.epoch)
        key = key if part is None else jax.random.fold_in(key, part)
    return shuffled(key, data, plan.batch_size or 1)


def end_epoch(
    plan: Plan,
    settings: Settings,
    state: TrainingState,
    sums: Sums,
    validation: Validation | None,
) -> tuple[TrainingState, History]:
    """Close the epoch: its entry in the history, validation, the best parameters."""
    state = state._replace(epoch=state.epoch + 1)
    entry = History(
        sums.cost,
        sums.learning_rate,
        sums.gradient_norm / sums.batches,
    )
    if validation is None or state.best is None:
        return state, entry
    ZL, _ = propagation.forward(plan.network, state.params, validation.X)
    mean = mean_over(validation.X.shape[1])
    J = propagation.cost(plan.network, state.params, ZL, validation.Y, mean)
    head = plan.network.head
    best = state.best
    better = best.cost - settings.min_delta > J
    now = Best(state.params, J, state.epoch)
    best = jax.tree.map(lambda new, old: jnp.where(better, new, old), now, best)
    entry = entry._replace(
        validation_cost=J,
        validation_score=head.score(head.decide(ZL), validation.Y),
    )
    return state._replace(best=best), entry


def goes_on(settings: Settings, state: TrainingState) -> Any:
    """Whether the validation cost fell within the last `patience` epochs."""
    if settings.patience is None or state.best is None:
        return True
    return state.epoch - state.best.epoch < settings.patience


def room_for(epochs: int) -> int:
    """What the history of so many epochs is given: powers of two, for few programs.

    Example:
      >>> room_for(600), room_for(1024)
      (1024, 1024)
    """
    return 1 << (epochs - 1).bit_length()


@partial(jax.jit, static_argnames=("plan", "room"))
def run_epochs(
    plan: Plan,
    settings: Settings,
    state: TrainingState,
    data: Data,
    validation: Validation | None,
    stop: Any,
    room: int,
) -> tuple[TrainingState, History, Sums]:
    """Epochs up to `stop`, at most `room` of them.

    Returns the state, the history's new entries (room,), and the sums of the last epoch
    begun.
    """
    first = state.epoch
    dtype = state.params[0].W.dtype
    blank = jnp.full((room,), jnp.nan, record_dtype(dtype))
    history = blank_history(blank, validation)

    def more(carry: Any) -> Any:
        state, _, sums = carry
        more = (state.epoch < stop) & goes_on(settings, state)
        return more & jnp.isfinite(sums.cost) if plan.sentinel else more

    def epoch(carry: Any) -> Any:
        state, history, _ = carry
        state, sums = train_batches(plan, settings, state, no_sums(dtype), data)
        ended, entry = end_epoch(plan, settings, state, sums, validation)
        history = jax.tree.map(
            lambda of, value: of.at[state.epoch - first].set(value), history, entry
        )
        if plan.sentinel:
            finite = jnp.isfinite(sums.cost)
            ended = ended._replace(epoch=jnp.where(finite, ended.epoch, state.epoch))
        return ended, history, sums

    carry = (state, history, no_sums(dtype))
    return jax.lax.while_loop(more, epoch, carry)


# The loop's parts, compiled on their own: streams and the search for a divergence
# call them from the host.
run_step = jax.jit(one_step, static_argnames="plan")
run_batches = jax.jit(train_batches, static_argnames="plan")
close_epoch = jax.jit(end_epoch, static_argnames="plan")


@partial(jax.jit, static_argnames="plan")
def batch_at(plan: Plan, state: TrainingState, data: Data, part: Any, i: Any) -> Batch:
    """Batch i of the state's epoch."""
    if plan.batch_size is None:
        return whole_batch(data)
    order = epoch_order(plan, state, data, part)
    return take_batch(plan.network, data, order, i, plan.batch_size, plan.ragged)
