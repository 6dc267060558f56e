"""Several processes that read one file: whose turn it is, and what all of them found.

Each reads row groups of its own, and what they learned is exchanged by JAX's runtime.
"""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from jax.sharding import Mesh

from jaxdnn.data.tables import ALONE, Turn
from jaxdnn.training.placing import turn_of
from jaxdnn.training.together import Exchange, all_or_none, exchange_of

T = TypeVar("T")


@dataclass(frozen=True)
class Readers:
    """One process, or several that run the same script.

    Attributes:
      turn: which of them this is.
      exchange: how they tell each other; None of one alone.
    """

    turn: Turn = ALONE
    exchange: Exchange | None = None

    @classmethod
    def of(cls, mesh: Mesh | None) -> "Readers":
        """Those that have devices of the mesh.

        Example:
          >>> import jax
          >>> mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
          >>> Readers.of(mesh) == Readers.of(None) == Readers()
          True
        """
        turn = ALONE if mesh is None else Turn(*turn_of(mesh))
        return cls(turn, exchange_of(mesh))

    def everyones(self, work: Callable[[], T]) -> list[T]:
        """What each process's work gives, in their order.

        Raises:
          Exception: what this process's work raised.
          ValueError: what another's did, as a text.

        Example:
          >>> Readers(Turn(0, 2), lambda said: [said, said]).everyones(lambda: {"a": 1})
          [{'a': 1}, {'a': 1}]
        """
        if self.exchange is None:
            return [work()]
        # Of the same script in another process, which runs the same code anyway.
        every = all_or_none(self.exchange, lambda: pickle.dumps(work()))
        return [pickle.loads(of) for of in every]

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
