"""A run from the host: chunk after chunk of epochs, until it ends or diverges.

A state here carries its history, as NumPy arrays; the programs of `loop` see neither.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn.parameters import Parameters
from jaxdnn.training.batches import Data, batch_count
from jaxdnn.training.divergence import Divergence, first_not_finite
from jaxdnn.training.loop import (
    History,
    Plan,
    Settings,
    Sums,
    TrainingState,
    Validation,
    batch_at,
    close_epoch,
    goes_on,
    no_sums,
    room_for,
    run_batches,
    run_epochs,
    run_step,
    step_dropout,
)
from jaxdnn.training.streaming import Part

# Most epochs in one call of the program: what its history has room for.
_MOST_EPOCHS = 1 << 16

# Seconds between the edges of chunks whose length nobody gave.
_SECONDS = 0.5

Edge = Callable[[TrainingState], None]


class Run(NamedTuple):
    """What does not change while a run goes on."""

    plan: Plan
    settings: Settings
    validation: Validation | None
    epochs: int


def drive(
    run: Run, state: TrainingState, data: Data, chunk: int | None, edge: Edge | None
) -> tuple[TrainingState, Divergence | None]:
    """Train on data in memory; edge is called after each chunk of epochs."""
    plan, settings, validation, epochs = run
    room = room_for(min(epochs, _MOST_EPOCHS))
    pace = _Pace(epochs if edge is None else chunk)
    while (done := int(state.epoch)) < epochs and goes_on(settings, state):
        stop = min(done + min(pace.epochs(), room), epochs)
        before, history = state._replace(history=None), state.history
        state, entries, sums = run_epochs(
            plan, settings, before, data, validation, stop, room
        )
        if not _sound(state, sums):
            state, divergence = _rewind(run, before, data, state, sums)
            kept = int(state.epoch) - done
            return _record(state, history, entries, kept), divergence
        state = _record(state, history, entries, int(state.epoch) - done)
        if edge is not None:
            pace.reached()
            edge(state)
    return state, None


def trace(run: Run, state: TrainingState, data: Data) -> TrainingState:
    """The whole run as part of a program of the caller's.

    After an early stop the history goes on as NaN; nobody looks for a divergence.
    """
    plan, settings, validation, epochs = run
    history = state.history
    left = epochs - len(history.cost)
    if left <= 0:
        return state
    state, entries, _ = run_epochs(
        *(plan, settings, state._replace(history=None), data, validation),
        *(epochs, left),
    )
    grown = jax.tree.map(lambda *of: jnp.concatenate(of), history, entries)
    return state._replace(history=grown)


def stream(
    run: Run,
    state: TrainingState,
    parts: Callable[[], Iterable[Part]],
    examples: int,
    edge: Edge | None,
) -> tuple[TrainingState, Divergence | None, int]:
    """Train on parts that come anew each epoch; also the most bytes held of them.

    While the device trains on one part the next is read: two are held, never three.
    """
    plan, settings, validation, epochs = run
    dtype = state.params[0].W.dtype
    held = 0
    while int(state.epoch) < epochs and goes_on(settings, state):
        history, state = state.history, state._replace(history=None)
        sums = no_sums(dtype)
        pending: _Pending | None = None
        for i, part in enumerate(parts()):
            size = part.X.nbytes + part.Y.nbytes
            data = Data(
                jax.device_put(part.X),
                jax.device_put(part.Y),
                None,
                jnp.int32(part.real),
                examples,
                1,
            )
            del part
            before = state
            state, sums = run_batches(plan, settings, state, sums, data, i)
            held = max(held, size if pending is None else 2 * size)
            if pending is not None and (found := pending.settle(run)):
                return found[0]._replace(history=history), found[1], held
            pending = _Pending(before, data, i, state, sums)
            del data, before
        if pending is not None and (found := pending.settle(run)):
            return found[0]._replace(history=history), found[1], held
        state, entry = close_epoch(plan, settings, state, sums, validation)
        state = _record(state, history, jax.tree.map(lambda of: of[None], entry), 1)
        if edge is not None:
            edge(state)
    return state, None, held


class _Pending(NamedTuple):
    """A part the device was given, and what it will have made of it."""

    before: TrainingState
    data: Data
    part: int
    after: TrainingState
    sums: Sums

    def settle(self, run: Run) -> tuple[TrainingState, Divergence] | None:
        """Wait for it; where it diverged, the state before that and the reason."""
        if _sound(self.after, self.sums):
            return None
        return _take_apart(run, self.before, self.data, self.part)


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


def _sound(state: TrainingState, sums: Sums) -> bool:
    return bool(np.isfinite(sums.cost)) and _all_finite(state.params)


def _all_finite(params: Parameters) -> bool:
    """Whether every parameter is; on the host, which need not compile for it."""
    return all(
        np.isfinite(leaf).all() for leaf in jax.device_get(jax.tree.leaves(params))
    )


def _record(
    state: TrainingState, history: Any, entries: History, count: int
) -> TrainingState:
    """The state with the first `count` entries behind its history."""
    grown = jax.tree.map(
        lambda of, new: np.concatenate([of, np.asarray(new)[:count]]), history, entries
    )
    return state._replace(history=grown)


def _rewind(
    run: Run, before: TrainingState, data: Data, after: TrainingState, sums: Sums
) -> tuple[TrainingState, Divergence]:
    """The last state that was finite, and what happened in the step after it.

    The chunk is run again, from the state before it, up to the epoch in question.
    """
    plan, settings, validation, _ = run
    # A cost that is not finite keeps its epoch from ending; if all were finite, it was
    # the last update.
    epoch = int(after.epoch) - bool(np.isfinite(sums.cost))

    def at(epoch: int) -> TrainingState:
        room = room_for(min(run.epochs, _MOST_EPOCHS))
        return run_epochs(plan, settings, before, data, validation, epoch, room)[0]

    start = at(epoch)
    if not _all_finite(start.params):
        start = at(epoch - 1)
    return _take_apart(run, start, data, None)


def _take_apart(
    run: Run, start: TrainingState, data: Data, part: int | None
) -> tuple[TrainingState, Divergence]:
    """The last sound state of a part that is not sound at its end, and what came then.

    Once it has happened it stays: halving finds the step.
    """
    plan, settings = run.plan, run.settings
    none = no_sums(start.params[0].W.dtype)
    state, failed = start, 0
    if plan.batch_size is not None:
        broken = int(batch_count(data, plan.batch_size))
        while broken - failed > 1:
            half = (failed + broken) // 2
            later, sums = run_batches(plan, settings, start, none, data, part, half)
            if _sound(later, sums):
                state, failed = later, half
            else:
                broken = half
    batch = batch_at(plan, start, data, part, failed)
    after, J, grads, _ = run_step(plan, settings, state, batch)
    layer, quantity = first_not_finite(
        plan.network,
        state.params,
        batch,
        step_dropout(settings, state),
        J,
        grads,
        after.params,
    )
    found = Divergence(int(state.epoch), int(state.step), layer, quantity)
    return state, found
