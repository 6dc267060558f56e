"""Epochs from the host: in chunks where the examples are in memory, else by the batch.

Both have the state so far, and `advance`, which returns the records of the epochs done.
"""

from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from jax import Array

from jaxdnn.sklearn.draws import Orders
from jaxdnn.sklearn.ending import Record
from jaxdnn.sklearn.programs import (
    Numbers,
    Plan,
    State,
    close_epoch,
    run_batch,
    run_epochs,
    verdict_on,
)
from jaxdnn.sklearn.rows import Data, check_batches, examples_of
from jaxdnn.sklearn.sparse import answers_of, pieces_for
from jaxdnn.training.buckets import filled, room_for

# Most numbers in the orders of a chunk, and most epochs.
_ORDERS = 1 << 19
_EPOCHS = 64


class InMemory:
    """All examples on the device, a chunk of epochs a call."""

    def __init__(
        self,
        run: tuple[Plan, Numbers],
        state: State,
        data: Data,
        watched: Data | None,
        orders: Orders,
    ) -> None:
        self.state = state
        self._plan, self._numbers = run
        self._weight, self._orders = data.weight, orders
        self._width = room_for(len(data.Y))
        examples = examples_of(data, self._width)
        beside = None
        if watched is not None:
            beside = examples_of(watched, room_for(len(watched.Y)))
        self._examples, self._watched = jax.device_put((examples, beside))
        self.room = 1 << (max(1, min(_EPOCHS, _ORDERS // self._width)).bit_length() - 1)

    def advance(self, epochs: int) -> list[Record]:
        """So many epochs, at most `room`, or up to the one that ends the run."""
        drawn = self._orders.draw(epochs, self.room, self._width)
        check_batches(self._weight, drawn[:epochs], self._numbers.batch)
        state, records, done = run_epochs(
            self._plan,
            self._numbers,
            self.state,
            self._examples,
            self._watched,
            drawn,
            epochs,
        )
        records, done = jax.device_get((records, done))
        self._orders.keep(int(done), epochs)
        self.state = state
        return [Record(*(float(of[i]) for of in records)) for i in range(int(done))]


class ByTheBatch:
    """Sparse examples: the entries of one batch at a time."""

    room = 1

    def __init__(
        self,
        run: tuple[Plan, Numbers],
        state: State,
        data: Data,
        watched: Data | None,
        orders: Orders,
    ) -> None:
        self.state = state
        self._plan, self._numbers = run
        self._data, self._watched, self._orders = data, watched, orders
        self._pieces = pieces_for(data.X, self._numbers.batch)

    def advance(self, epochs: int) -> list[Record]:
        """One epoch."""
        plan, numbers = self._plan, self._numbers
        count, total = numbers.rows, np.zeros(())
        order = self._orders.draw(1, 1, count)[0]
        check_batches(self._data.weight, order[None], numbers.batch)
        for start in range(0, count, numbers.batch):
            rows = order[start : start + numbers.batch]
            batch = examples_of(self._taken(rows), plan.width, self._pieces)
            self.state, total = run_batch(
                plan, numbers, self.state, total, batch, len(rows)
            )
            # One batch at a time is in memory, not all that were handed over.
            total.block_until_ready()
        verdict = self._verdict(self.state)
        self.state, record = close_epoch(numbers, self.state, count, total, verdict)
        return [Record(*map(float, jax.device_get(record)))]

    def _taken(self, rows: npt.NDArray[Any]) -> Data:
        X, Y, weight = self._data
        return Data(X[rows], Y[rows], None if weight is None else weight[rows])

    def _verdict(self, state: State) -> tuple[Array, Array] | None:
        if self._watched is None:
            return None
        data = self._watched
        params = jax.device_get(state.params)
        ZL = answers_of(self._plan.network, params, data.X).ZL
        room = room_for(len(ZL))
        watched = examples_of(data._replace(X=ZL[:, :0]), room)
        return verdict_on(self._plan, self._numbers, filled(ZL, room), watched)
