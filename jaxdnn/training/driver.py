"""A run from the host: chunk after chunk of epochs, until it ends or diverges."""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn.blocks import Blocks
from jaxdnn.training.batches import batch_count
from jaxdnn.training.divergence import Divergence, first_not_finite
from jaxdnn.training.examples import Columns, Rows
from jaxdnn.training.optimizers import learning_rate_of
from jaxdnn.training.programs import (
    Sums,
    batch_at,
    close_epoch,
    history_room,
    no_sums,
    run_batches,
    run_epochs,
    run_step,
    step_dropout,
)
from jaxdnn.training.source import Batches
from jaxdnn.training.stopping import best_entry, goes_on
from jaxdnn.training.types import History, Run, State

# Most epochs in one call of the program: what its history has room for.
_MOST_EPOCHS = 1 << 16

# How long a chunk takes where its length is not given, in seconds.
_SECONDS = 0.5

Edge = Callable[[State, History], None]


class Outcome(NamedTuple):
    """How a run ended."""

    state: State
    history: History
    divergence: Divergence | None = None


class _DivergedError(Exception):
    """Carries the last sound state and what happened in the step after it."""

    def __init__(self, state: State, divergence: Divergence) -> None:
        self.state, self.divergence = state, divergence


def drive(
    run: Run,
    start: tuple[State, History],
    examples: Columns | Rows,
    epochs: int,
    report_every: int | None,
    edge: Edge | None,
    agree: Callable[[int], int] = int,
) -> Outcome:
    """Train on examples in memory; edge is called after each chunk of epochs.

    agree: from how many epochs this process would run to how many all do.
    """
    state, history = start
    room = history_room(min(epochs, _MOST_EPOCHS))
    pace = _Pace(epochs if edge is None else report_every)
    while _has_more(run, state, epochs):
        done = int(state.epoch)
        chunk = min(agree(pace.epochs()), room)
        stop = jax.device_put(np.int32(min(done + chunk, epochs)))
        before = state
        state, entries, sums = run_epochs(run, before, examples, stop, room)
        if not _sound(state, sums):
            epoch = int(state.epoch) - bool(np.isfinite(sums.cost))
            found = _rewind(run, before, examples, epoch, room)
            kept = int(found.state.epoch) - done
            history = _extended(run, history, entries, kept, found.state)
            return Outcome(found.state, history, found.divergence)
        history = _extended(run, history, entries, int(state.epoch) - done, state)
        if edge is not None:
            pace.reached()
            edge(state, history)
    return Outcome(state, history)


def trace(
    run: Run, start: tuple[State, History], examples: Columns | Rows, epochs: int
) -> Outcome:
    """The whole run as part of a program of the caller's.

    After an early stop the history goes on as NaN; nobody looks for a divergence.
    """
    state, history = start
    left = epochs - len(history.cost)
    if left <= 0:
        return Outcome(state, history)
    state, entries, _ = run_epochs(run, state, examples, epochs, left)
    entries = _told_rates(jnp, run, state, entries)
    if run.settings.patience is not None:
        seen = jnp.arange(left) < state.epoch - (epochs - left)
        entries = jax.tree.map(lambda of: jnp.where(seen, of, jnp.nan), entries)
    return Outcome(state, _joined(jnp, history, entries, state))


def stream(
    run: Run,
    start: tuple[State, History],
    pieces: Callable[[int], Iterable[Batches]],
    epochs: int,
    edge: Edge | None,
) -> Outcome:
    """Train on pieces that come anew each epoch; `pieces` gives those of one."""
    state, history = start
    while _has_more(run, state, epochs):
        try:
            state, sums = _epoch_of_pieces(run, state, pieces(int(state.epoch)))
        except _DivergedError as found:
            return Outcome(found.state, history, found.divergence)
        state, entry = close_epoch(run, state, sums)
        entries = jax.tree.map(lambda of: of[None], entry)
        history = _extended(run, history, entries, 1, state)
        if edge is not None:
            edge(state, history)
    return Outcome(state, history)


def _epoch_of_pieces(
    run: Run, state: State, pieces: Iterable[Batches]
) -> tuple[State, Sums]:
    """While the device trains on one piece the next is read: two are held, no more."""
    sums = no_sums(run, state.params[0].W.dtype)
    pending: _Pending | None = None
    for piece in pieces:
        before = state
        state, sums = run_batches(run, before, sums, piece)
        if pending is not None:
            pending.settle(run)
        pending = _Pending(before, piece, state, sums)
        del piece, before
    if pending is not None:
        pending.settle(run)
    return state, sums


class _Pending(NamedTuple):
    """A piece the device was given, and what it will have made of it."""

    before: State
    piece: Batches
    after: State
    sums: Sums

    def settle(self, run: Run) -> None:
        """Wait for it; raise where it diverged."""
        if not _sound(self.after, self.sums):
            raise _take_apart(run, self.before, self.piece)


class _Pace:
    """How many epochs to run before the host has a look."""

    def __init__(self, chunk: int | None) -> None:
        self._chunk = chunk
        self._next = 1
        self._started: float | None = None

    def epochs(self) -> int:
        return self._chunk or self._next

    def reached(self) -> None:
        """A chunk is done: the next one's length follows from its time.

        The first chunk compiles, so it only starts the clock.
        """
        now = time.perf_counter()
        if self._started is not None:
            ratio = _SECONDS / max(now - self._started, 1e-9)
            self._next = max(1, int(self._next * min(ratio, 16)))
        self._started = now


def _has_more(run: Run, state: State, epochs: int) -> bool:
    return int(state.epoch) < epochs and bool(
        goes_on(run.settings.patience, state.best, state.epoch)
    )


def _sound(state: State, sums: Sums) -> bool:
    return bool(np.isfinite(sums.cost)) and _all_finite(state.params)


def _all_finite(params: Blocks) -> bool:
    """Whether every parameter is; on the host, which need not compile for it."""
    return all(
        np.isfinite(leaf).all() for leaf in jax.device_get(jax.tree.leaves(params))
    )


def _extended(
    run: Run, history: History, entries: History, count: int, state: State
) -> History:
    """The history with the first `count` entries behind it, on the host."""
    entries = jax.tree.map(lambda of: jax.device_get(of)[:count], entries)
    entries = _told_rates(np, run, state, entries)
    return _joined(np, history, entries, state)


def _told_rates(numbers: Any, run: Run, state: State, entries: History) -> History:
    """NaN for learning rates that an optimizer keeps to itself."""
    plan, known = run.plan, run.settings.learning_rate
    if plan.schedule.value is not None or known is not None:
        return entries
    if learning_rate_of(state.optimizer) is not None:
        return entries
    hidden = numbers.full_like(entries.learning_rate, numbers.nan)
    return replace(entries, learning_rate=hidden)


def _joined(numbers: Any, history: History, entries: History, state: State) -> History:
    grown = jax.tree.map(
        lambda *of: numbers.concatenate(of), replace(history, best_epoch=None), entries
    )
    return replace(grown, best_epoch=best_entry(state.best))


def _rewind(
    run: Run, before: State, examples: Columns | Rows, epoch: int, room: int
) -> _DivergedError:
    """What happened in the step after the last state that was finite.

    The chunk is run again, from the state before it, up to the epoch in question: that
    of the cost that is not finite, or if all were, of the last update.
    """
    start = run_epochs(run, before, examples, epoch, room)[0]
    if not _all_finite(start.params):
        start = run_epochs(run, before, examples, epoch - 1, room)[0]
    return _take_apart(run, start, examples)


def _take_apart(
    run: Run, start: State, examples: Columns | Rows | Batches
) -> _DivergedError:
    """The last sound state of examples that did not end soundly, and what came then.

    Once it has happened it stays: halving finds the step.
    """
    none = no_sums(run, start.params[0].W.dtype)
    state, failed = start, 0
    if not isinstance(examples, Columns):
        broken = int(batch_count(examples, run.plan.batch_size or 1))
        while broken - failed > 1:
            half = (failed + broken) // 2
            later, sums = run_batches(run, start, none, examples, half)
            if _sound(later, sums):
                state, failed = later, half
            else:
                broken = half
    batch = batch_at(run, start, examples, failed)
    after, (J, grads, *_) = run_step(run, state, batch)
    dropout = step_dropout(run, state)
    layer, quantity = first_not_finite(
        run.plan.network, state.params, batch.X, dropout, J, grads, after.params
    )
    epoch, step = int(state.epoch), int(state.step)
    return _DivergedError(state, Divergence(epoch, step, layer, quantity))
