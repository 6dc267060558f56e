"""How long a verification may take: asked before each call of a caller's function."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_ends: ContextVar[float | None] = ContextVar("ends", default=None)


class OutOfTimeError(BaseException):
    """The budget is used up; no handler of a caller's errors may catch it."""


@contextmanager
def budgeted(seconds: float | None) -> Generator[None]:
    """Let `tick` raise when so many seconds are over; never if None.

    Example:
      >>> with budgeted(0.0):
      ...     tick()
      Traceback (most recent call last):
      jaxdnn.verification.functions.budget.OutOfTimeError
    """
    token = _ends.set(None if seconds is None else time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def tick() -> None:
    """Raise if the time is over.

    Raises:
      OutOfTimeError: the budget is used up.
    """
    ends = _ends.get()
    if ends is not None and time.monotonic() >= ends:
        raise OutOfTimeError
