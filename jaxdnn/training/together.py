"""Several processes on one run, where something may fail on the host of one alone.

Whoever fails goes on meeting the others, says so, and all end with its message: none
waits for a process that left. Numbers that each would measure by itself, such as how
long a chunk of epochs is to be, are those of the first.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import ParamSpec

import numpy as np
from jax.sharding import Mesh
from numpy.typing import NDArray

from jaxdnn._refusals import BadValueError
from jaxdnn.training.placing import everyones_bytes, turn_of
from jaxdnn.training.source import Batches

# From what this process says to what each says, in their order.
Exchange = Callable[[bytes], list[bytes]]

_P = ParamSpec("_P")

_DONE, _FAILED = b"\0", b"\1"


def exchange_of(mesh: Mesh | None) -> Exchange | None:
    """That of the mesh's processes; None of one alone.

    Example:
      >>> import jax
      >>> exchange_of(jax.sharding.Mesh(jax.devices()[:1], ("examples",)))
    """
    if mesh is None or turn_of(mesh)[1] == 1:
        return None
    return partial(everyones_bytes, mesh)


def all_or_none(exchange: Exchange, work: Callable[[], bytes]) -> list[bytes]:
    """What each process's work gives, in their order.

    Raises:
      Exception: what this process's work raised.
      ValueError: what another's did, as a text.

    Example:
      >>> all_or_none(lambda own: [own, own], lambda: b"found")
      [b'found', b'found']
    """
    failed: Exception | None = None
    try:
        said = _DONE + work()
    except Exception as error:  # told to all, then raised again
        failed, said = error, _FAILED + str(error).encode()
    every = exchange(said)
    if failed is not None:
        raise failed
    for i, of in enumerate(every):
        if of.startswith(_FAILED):
            raise BadValueError(f"process {i} failed: {of[1:].decode()}")
    return [of[1:] for of in every]


class Together:
    """The processes of a run, or the one; exchange: None of one alone."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self._exchange = exchange
        # What failed in this process since they last met.
        self._failed: Exception | None = None

    def everyones(self, work: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """Each process's numbers, (processes, n), if none fails to find its own (n,).

        Example:
          >>> Together().everyones(lambda: np.ones(2)).tolist()
          [[1.0, 1.0]]
        """
        if self._exchange is None:
            return work()[None]
        every = all_or_none(self._exchange, lambda: work().tobytes())
        return np.stack([np.frombuffer(of, np.float64) for of in every])

    def agree(self, number: int = 0) -> int:
        """The first process's number, if nothing failed in any since they last met.

        Example:
          >>> Together().agree(3)
          3
        """

        def own() -> NDArray[np.float64]:
            self.end()
            return np.array([number], np.float64)

        return int(self.everyones(own)[0, 0])

    def end(self) -> None:
        """Raise what failed in this process, if the others were not told of it yet."""
        if self._failed is not None:
            failed, self._failed = self._failed, None
            raise failed

    def watched(self, hook: Callable[_P, None]) -> Callable[_P, None]:
        """The hook, whose failure is for the next meeting.

        Example:
          >>> Together().watched(print)("said")
          said
        """
        if self._exchange is None:
            return hook

        def watched(*args: _P.args, **kwargs: _P.kwargs) -> None:
            try:
                hook(*args, **kwargs)
            except Exception as error:  # told to all, then raised again
                self._failed = error

        return watched

    def epoch(
        self, batches: Iterator[Batches], count: int, empty: Callable[[], Batches]
    ) -> Iterator[Batches]:
        """An epoch's batches, `count` times some, after a meeting and before one.

        Where they fail to come, empty ones make up the number: the others wait for
        them.

        Example:
          >>> list(Together().epoch(iter("ab"), 2, None))
          ['a', 'b']
        """
        if self._exchange is None:
            yield from batches
            return
        self.agree()
        given = 0
        try:
            for some in batches:
                yield some
                given += 1
        except Exception as error:  # told to all, then raised again
            self._failed = error
        for _ in range(given, count):
            yield empty()
        self.agree()
