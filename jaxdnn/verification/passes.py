"""What a verification costs, counted in forward passes over the whole batch.

A pass does one product with each W and example. Forward does one, backward two, a
gradient by autodiff both, and so does the recursion of `scales`; a pass over a part of
the examples or of the layers counts as that part. NumPy's passes count like JAX's.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

FORWARD, BACKWARD = 1, 2


@dataclass
class Tally:
    """How many passes so far."""

    passes: float = 0.0


_tally: ContextVar[Tally | None] = ContextVar("tally", default=None)


@contextmanager
def counted() -> Generator[Tally]:
    """Count the passes inside.

    Example:
      >>> with counted() as tally:
      ...     spend(FORWARD)
      ...     spend(BACKWARD, part=1 / 4)
      >>> tally.passes
      1.5
    """
    tally = Tally()
    token = _tally.set(tally)
    try:
        yield tally
    finally:
        _tally.reset(token)


def spend(passes: float, part: float = 1.0) -> None:
    """Say that passes over this part of the batch, or of the network, were run."""
    tally = _tally.get()
    if tally is not None:
        tally.passes += passes * part
