"""Compiled programs, at most so many of one function.

JAX keeps a program, some megabytes, for every shape and every static argument that a
function was ever called with. A process that serves batches of any size, or trains with
one optimizer after another, would grow for ever.
"""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, overload

import jax

_T = TypeVar("_T")
_Function = Callable[..., _T]

# Some hundred megabytes; who uses more in turn waits for them to be compiled again.
MOST = 128


@overload
def compiled(function: _Function[_T], **options: Any) -> _Function[_T]: ...
@overload
def compiled(**options: Any) -> Callable[[_Function[_T]], _Function[_T]]: ...
def compiled(function: Any = None, **options: Any) -> Any:
    """`jax.jit` with the same options, which forgets its programs beyond `MOST`.

    All at once: JAX has no way to forget the oldest alone.

    Example:
      >>> @compiled(static_argnums=0)
      ... def power(n, x):
      ...     return x**n
      >>> int(power(3, 2))
      8
    """
    if function is None:
        return partial(compiled, **options)
    program: Any = jax.jit(function, **options)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        found = program(*args, **kwargs)
        if program._cache_size() > MOST:
            program.clear_cache()
        return found

    vars(call)["lower"] = program.lower
    return call
