"""Several processes that read one file: whose turn it is, and what all of them found.

Each reads row groups of its own, and what they learned is exchanged by JAX's runtime.
Whoever fails says so in the place of what it found: all end with its message, and none
waits for it.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from jax.sharding import Mesh

from jaxdnn.data.tables import ALONE, Turn
from jaxdnn.training.placing import everyones_bytes, turn_of

T = TypeVar("T")


@dataclass(frozen=True)
class Readers:
    """One process, or several that run the same script.

    Attributes:
      turn: which of them this is.
      exchange: from what this one says to what each of them says, in their order.
    """

    turn: Turn = ALONE
    exchange: Callable[[bytes], list[bytes]] | None = None

    @classmethod
    def of(cls, mesh: Mesh | None) -> "Readers":
        """Those that have devices of the mesh.

        Example:
          >>> import jax
          >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
          >>> Readers.of(mesh) == Readers.of(None) == Readers()
          True
        """
        if mesh is None:
            return cls()
        turn = Turn(*turn_of(mesh))
        return cls() if turn == ALONE else cls(turn, partial(everyones_bytes, mesh))

    def everyones(self, work: Callable[[], T]) -> list[T]:
        """What each process's work gives, in their order.

        Raises:
          ValueError: what another's work raised; of this one's, the error itself.

        Example:
          >>> Readers(Turn(0, 2), lambda said: [said, said]).everyones(lambda: {"a": 1})
          [{'a': 1}, {'a': 1}]
        """
        if self.exchange is None:
            return [work()]
        found: Any = None
        failed: Exception | None = None
        try:
            found = work()
        except Exception as error:  # told to all, then raised again
            failed = error
        said = pickle.dumps((found, None if failed is None else str(failed)))
        # Of the same script in another process, which runs the same code anyway.
        every = [pickle.loads(of) for of in self.exchange(said)]
        if failed is not None:
            raise failed
        for i, (_, complaint) in enumerate(every):
            if complaint is not None:
                raise ValueError(f"process {i}: {complaint}")
        return [found for found, _ in every]

    def together(self, work: Callable[[], T]) -> T:
        """What this process's work gives, once all of them succeeded.

        Raises:
          ValueError: as `everyones`.

        Example:
          >>> Readers().together(lambda: 1)
          1
        """
        kept: list[T] = []
        self.everyones(lambda: kept.append(work()))
        return kept[0]


BY_ITSELF = Readers()
