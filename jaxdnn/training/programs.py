"""The compiled program of a run: steps in a loop, epochs in a loop around it.

Both loops run on the device. Which epoch to stop at is traced, so one program serves
the whole run, any part of it, and other lengths. An epoch in which a cost is not finite
is the last.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike

from jaxdnn import propagation
from jaxdnn._programs import compiled
from jaxdnn.architecture import Network
from jaxdnn.arrays import Scalar
from jaxdnn.blocks import Blocks
from jaxdnn.dropout import Dropout
from jaxdnn.objective import Mean, mean_over
from jaxdnn.propagation import cost_and_gradients
from jaxdnn.sharding import products_in_short, record_dtype, varying_as
from jaxdnn.training.batches import (
    Batch,
    batch_count,
    take_batch,
    whole_batch,
)
from jaxdnn.training.clipping import cost_and_clipped_gradients
from jaxdnn.training.examples import Columns, Rows
from jaxdnn.training.one_kernel import compiled_by_plan, in_one_kernel
from jaxdnn.training.optimizers import (
    apply_optimizer,
    gradient_norm,
    learning_rate_of,
    scheduled,
)
from jaxdnn.training.order import epoch_order
from jaxdnn.training.source import Batches
from jaxdnn.training.stopping import better_of, goes_on
from jaxdnn.training.types import Constants, History, Run, State


def blank_history(blank: Array, run: Run) -> History:
    """A history whose every array is the blank one: those that the run records."""
    watched = None if run.watched is None else blank
    norm = blank if "gradient_norm" in run.plan.record else None
    share = None if run.settings.clipping is None else blank
    return History(blank, blank, norm, watched, watched, clipped_share=share)


class Sums(NamedTuple):
    """What an epoch has added up: batches, costs and shares by their part, norms.

    The cost is finite only where all of them were. What is not recorded is None.
    """

    batches: Array
    cost: Array
    gradient_norm: Array | None
    clipped_share: Array | None


def no_sums(run: Run, dtype: DTypeLike) -> Sums:
    """Before the first batch of a run of this dtype."""
    zero, none = jnp.zeros((), record_dtype(dtype)), jnp.zeros((), jnp.int32)
    recorded = blank_history(zero, run)
    return Sums(none, zero, recorded.gradient_norm, recorded.clipped_share)


class Step(NamedTuple):
    """What a step saw: the batch's cost and gradient.

    clipped_share: of the batch's examples; None where none is ever clipped.
    """

    cost: Array
    grads: Blocks
    clipped_share: Array | None


def one_step(run: Run, state: State, batch: Batch) -> tuple[State, Step]:
    """The state after one update."""
    plan, settings = run.plan, run.settings
    X, Y, mean, _ = batch
    dropout = step_dropout(run, state)
    asked = plan.network, state.params, X, Y, mean, dropout
    with products_in_short(plan.short):
        if settings.clipping is None:
            share, (J, grads) = None, cost_and_gradients(*asked)
        else:
            key = step_key(run.constants.noise_key, state)
            J, grads, share = cost_and_clipped_gradients(*asked, settings.clipping, key)
    grads = _masked(grads, settings.mask)
    params, optimizer = apply_optimizer(
        plan.optimizer.value,
        state.params,
        grads,
        state.optimizer,
        _rate(run, state, state.step),
        lambda params: _cost(run, _masked(params, settings.mask), X, Y, mean, dropout),
        J,
    )
    params = _masked(params, settings.mask)
    state = state._replace(params=params, optimizer=optimizer, step=state.step + 1)
    return state, Step(J, grads, share)


def _rate(run: Run, state: State, step: Array) -> Array | None:
    """The learning rate of a step; None where an optimizer keeps it to itself."""
    schedule, rate = run.plan.schedule.value, run.settings.learning_rate
    if schedule is not None:
        return scheduled(schedule, step, state.params[0].W.dtype)
    return learning_rate_of(state.optimizer) if rate is None else rate


def _masked(blocks: Blocks, mask: Blocks | None) -> Blocks:
    return blocks if mask is None else jax.tree.map(jnp.multiply, blocks, mask)


def _cost(
    run: Run, params: Blocks, X: Array, Y: Array, mean: Mean, dropout: Dropout | None
) -> Array:
    with products_in_short(run.plan.short):
        ZL, _ = propagation.forward(run.plan.network, params, X, dropout)
    return propagation.cost(run.plan.network, params, ZL, Y, mean)


def step_dropout(run: Run, state: State) -> Dropout | None:
    """What this step's masks are drawn with."""
    key = step_key(run.constants.dropout_key, state)
    return None if key is None else Dropout(key, run.settings.keep_prob)


def step_key(key: Array | None, state: State) -> Array | None:
    """Of a run's key, this step's; None of none."""
    return None if key is None else jax.random.fold_in(key, state.step)


def train_batches(
    run: Run,
    state: State,
    sums: Sums,
    examples: Columns | Rows | Batches,
    limit: Scalar | None = None,
) -> tuple[State, Sums]:
    """Every batch of the examples once, or the first `limit` of them."""
    order = _order(run, state, examples)
    if not run.plan.one_kernel:
        return _updates(run, state, sums, examples, order, limit)
    # What no step reads stays outside.
    inside = replace(
        run,
        settings=run.settings._replace(order=None),
        constants=Constants(None, None, None),
        watched=None,
    )
    moving = state._replace(epoch=None, best=None)
    moved, sums = in_one_kernel(_updates, inside, moving, sums, examples, order, limit)
    return moved._replace(epoch=state.epoch, best=state.best), sums


def _updates(
    run: Run,
    state: State,
    sums: Sums,
    examples: Columns | Rows | Batches,
    order: Array | None,
    limit: Scalar | None,
) -> tuple[State, Sums]:
    """One for each batch of this order."""

    def add(state: State, sums: Sums, batch: Batch) -> tuple[State, Sums]:
        state, (J, grads, share) = one_step(run, state, batch)
        sums = sums._replace(cost=sums.cost + J.astype(sums.cost.dtype) * batch.share)
        if sums.gradient_norm is not None:
            norm = sums.gradient_norm + gradient_norm(grads)
            sums = sums._replace(gradient_norm=norm)
        if sums.clipped_share is not None and share is not None:
            clipped = sums.clipped_share + share * batch.share
            sums = sums._replace(clipped_share=clipped)
        return state, sums

    if isinstance(examples, Columns):
        state, sums = add(state, sums, whole_batch(run, examples))
        return state, sums._replace(batches=sums.batches + 1)
    batches = batch_count(examples, run.plan.batch_size or 1)
    if limit is not None:
        batches = jnp.minimum(limit, batches)

    def step(i: Array, carry: tuple[State, Sums]) -> tuple[State, Sums]:
        done = add(*carry, take_batch(run, examples, order, i))
        return varying_as(done, examples.X)

    carry = varying_as((state, sums), examples.X)
    state, sums = jax.lax.fori_loop(0, batches, step, carry)
    return state, sums._replace(batches=sums.batches + batches)


def _order(run: Run, state: State, rows: Columns | Rows | Batches) -> Array | None:
    if not isinstance(rows, Rows):
        return None
    return epoch_order(run.constants.shuffle_key, run.settings.order, state.epoch, rows)


def end_epoch(run: Run, state: State, sums: Sums) -> tuple[State, History]:
    """Close the epoch: its entry in the history, validation, the best parameters."""
    plan, params, dtype = run.plan, state.params, sums.cost.dtype
    rate, norm = _rate(run, state, state.step - 1), sums.gradient_norm
    entry = History(
        sums.cost,
        jnp.asarray(0 if rate is None else rate, dtype),
        None if norm is None else norm / sums.batches.astype(dtype),
        clipped_share=sums.clipped_share,
    )
    if run.watched is not None:
        J, score = cost_and_score(plan.network, params, *run.watched)
        entry = replace(entry, validation_cost=J, validation_score=score)
    best = state.best
    if best is not None and plan.watched is not None:
        min_delta = run.settings.min_delta
        best = better_of(plan.watched, min_delta, best, params, entry, state.epoch)
    return state._replace(epoch=state.epoch + 1, best=best), entry


def cost_and_score(
    network: Network, blocks: Blocks, X: Array, Y: Array, weight: Array | None = None
) -> tuple[Array, Array]:
    """Of examples that are not trained on: no L2, no dropout."""
    ZL, _ = propagation.forward(network, blocks, X)
    J = propagation.cost(network, blocks, ZL, Y, mean_over(X.shape[1], weight))
    return J, network.head.score(network.head.decide(ZL), Y, weight)


def history_room(epochs: int) -> int:
    """What the history of so many epochs is given: powers of two, for few programs.

    Example:
      >>> history_room(600), history_room(1024)
      (1024, 1024)
    """
    return 1 << (epochs - 1).bit_length()


@compiled_by_plan(static_argnames="room")
def run_epochs(
    run: Run, state: State, examples: Columns | Rows, stop: Scalar, room: int
) -> tuple[State, History, Sums]:
    """Epochs up to `stop`, at most `room` of them.

    Returns the state, the history's new entries (room,), 0 where no epoch was, and the
    sums of the last epoch begun. No NaN is made on the way: `jax.debug_nans` would end
    a sound run. A learning rate that the optimizer hides is 0: see `driver`.
    """
    first = state.epoch
    dtype = state.params[0].W.dtype
    blank = jnp.zeros((room,), record_dtype(dtype))

    def more(carry: Any) -> Any:
        state, _, sums = carry
        more = (state.epoch < stop) & goes_on(
            run.settings.patience, state.best, state.epoch
        )
        return more & jnp.isfinite(sums.cost) if run.plan.sentinel else more

    def epoch(carry: Any) -> Any:
        state, history, _ = carry
        state, sums = train_batches(run, state, no_sums(run, dtype), examples)
        ended, entry = end_epoch(run, state, sums)
        history = jax.tree.map(
            lambda of, value: of.at[state.epoch - first].set(value), history, entry
        )
        if run.plan.sentinel:
            finite = jnp.isfinite(sums.cost)
            ended = ended._replace(epoch=jnp.where(finite, ended.epoch, state.epoch))
        return varying_as((ended, history, sums), examples.X)

    carry = (state, blank_history(blank, run), no_sums(run, dtype))
    carry = varying_as(carry, examples.X)
    return jax.lax.while_loop(more, epoch, carry)


# The loop's parts, compiled on their own: streams and the search for a divergence
# call them from the host.
run_step = compiled(one_step)
run_batches = compiled_by_plan(train_batches)
close_epoch = compiled(end_epoch)


@compiled
def batch_at(
    run: Run, state: State, examples: Columns | Rows | Batches, i: Array
) -> Batch:
    """Batch i of the state's epoch."""
    if isinstance(examples, Columns):
        return whole_batch(run, examples)
    return take_batch(run, examples, _order(run, state, examples), i)
