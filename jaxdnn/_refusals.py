"""What a refusal is, and whose: the function's name and the place come before it.

A check raises BadValueError or BadTypeError; it knows the argument's name and not whose
argument it is. `public` puts the function's name before the message, `within` a place
inside the function's arguments.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")

# Characters of a value that a message shows whole.
_LONG = 80


class BadValueError(ValueError):
    """A refusal on its way to the public function, which raises it as a ValueError."""


class BadTypeError(TypeError):
    """A refusal on its way to the public function, which raises it as a TypeError."""


def public(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Put the function's name before what it, or a public function it calls, refuses.

    Example:
      >>> @public
      ... def double(x):
      ...     if x < 0:
      ...         raise BadValueError(f"x must be >= 0, got {x}")
      ...     return 2 * x
      >>> double(-1)
      Traceback (most recent call last):
      ValueError: double: x must be >= 0, got -1
    """
    name = function.__qualname__.rpartition("<locals>.")[2]
    name = name.removesuffix(".__post_init__")

    @wraps(function)
    def named(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except (ValueError, TypeError) as error:
            refusal = getattr(error, "refusal", error)
            if not isinstance(refusal, (BadValueError, BadTypeError)):
                raise
            kind = ValueError if isinstance(refusal, BadValueError) else TypeError
            refused = kind(f"{name}: {refusal}")
            # A public function above says its own name in place of this one.
            refused.refusal = refusal  # pyright: ignore[reportAttributeAccessIssue]
            cause = refusal.__cause__
        raise refused from cause

    return named


@contextmanager
def within(place: str) -> Generator[None]:
    """Put a place before what is refused inside: "validation", "piece 3".

    Example:
      >>> with within("validation"):
      ...     raise BadValueError("l2 must be >= 0, got -1")
      Traceback (most recent call last):
      jaxdnn._refusals.BadValueError: validation: l2 must be >= 0, got -1
    """
    try:
        yield
    except (ValueError, TypeError) as error:
        refusal = getattr(error, "refusal", error)
        if not isinstance(refusal, (BadValueError, BadTypeError)):
            raise
        placed = type(refusal)(f"{place}: {refusal}")
        cause = refusal.__cause__
    else:
        return
    raise placed from cause


def foreign(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """A caller's own function: what it refuses is not for `public` to rename.

    Example:
      >>> @public
      ... def half(x):
      ...     raise BadValueError(f"x must be >= 0, got {x}")
      >>> @public
      ... def apply(f):
      ...     return foreign(f)(-1)
      >>> apply(half)
      Traceback (most recent call last):
      ValueError: half: x must be >= 0, got -1
    """

    @wraps(function)
    def apart(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            return function(*args, **kwargs)
        except (ValueError, TypeError) as error:
            error.__dict__.pop("refusal", None)
            raise

    return apart


def shown(value: object) -> str:
    """A refused value in a few words: its repr, cut where it is long.

    Example:
      >>> shown([0] * 1000)
      '[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ... (list)'
    """
    try:
        text = repr(value)
    except Exception:
        return type(value).__name__
    text = " ".join(text.split())
    return text if len(text) <= _LONG else f"{text[:31]}... ({type(value).__name__})"
