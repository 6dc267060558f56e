"""Kinds that are lists: the sizes of layers, the names of classes."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from jaxdnn._checks import count
from jaxdnn._refusals import BadTypeError, BadValueError, shown

# More numbers than these are no matrix of a notebook, and soon none of this machine.
_MOST = 2**28


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """(n_x, n_1, ..., n_L), two or more, from a list of any kind.

    Example:
      >>> sizes("layers_dims", [2, 4, 1])
      (2, 4, 1)
    """
    dims = listed_sizes(name, value)
    if len(dims) < 2:
        raise BadValueError(
            f"{name} must be two or more sizes (n_x, n_1, ..., n_L), got {len(dims)}"
        )
    if max(n * n_prev for n_prev, n in pairwise(dims)) > _MOST:
        raise BadValueError(
            f"{name} must make matrices of at most {_MOST} numbers, got {dims}"
        )
    return dims


def listed_sizes(name: str, value: Any) -> tuple[int, ...]:
    """Whole numbers from 1 on, from a list of any kind.

    Example:
      >>> listed_sizes("hidden_sizes", np.array([4]))
      (4,)
    """
    return tuple(count(f"{name}[{i}]", n) for i, n in enumerate(listed(name, value)))


def three_sizes(name: str, value: Any) -> tuple[int, ...]:
    """(n_x, n_h, n_y).

    Example:
      >>> three_sizes("layers_dims", (2, 4, 1))
      (2, 4, 1)
    """
    dims = sizes(name, value)
    if len(dims) != 3:
        raise BadValueError(
            f"{name} must be three sizes (n_x, n_h, n_y), got {len(dims)}"
        )
    return dims


def is_listed(value: Any) -> bool:
    """Whether the value is a list of some kind.

    Example:
      >>> is_listed((1, 2)), is_listed("12")
      (True, False)
    """
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(
        value, (str, bytes, bytearray)
    )


def listed(name: str, value: Any, of: str = "sizes") -> list[Any]:
    """The entries of a list of any kind, whatever they are.

    Example:
      >>> listed("cache", (1, "a"))
      [1, 'a']
    """
    if not is_listed(value):
        raise BadTypeError(f"{name} must be a list of {of}, got {shown(value)}")
    return list(value)


def names(name: str, value: Any) -> list[str]:
    """Two class names, bytes or texts.

    Example:
      >>> names("classes", [b"non-cat", "cat"])
      ['non-cat', 'cat']
    """
    entries = listed(name, value, of="two names")
    if len(entries) != 2 or not all(isinstance(of, (str, bytes)) for of in entries):
        raise BadTypeError(f"{name} must be two names, got {shown(value)}")
    return [
        of if isinstance(of, str) else of.decode(errors="replace") for of in entries
    ]
