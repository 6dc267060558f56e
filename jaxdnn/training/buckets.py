"""Sizes that runs of nearly as many examples share, and with them their programs.

A run with a few rows less then compiles nothing. What fills up has weight 0.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jax.typing import DTypeLike
from numpy.typing import NDArray

from jaxdnn.architecture import Network, multiplications, own_activations
from jaxdnn.training.types import Config

# Fewer rows more are not counted: so small an array costs what it costs.
_FEW = 8

# Up to here twice the rows cost less than a compilation.
_TWICE = 1024

# How many rows a part is filled up to, and the most numbers it may have in a layer.
_PARTS = (8, 64, 512, 4096)
_NUMBERS = 1 << 23

# Multiplications in a run that takes some ten times as long as its compilation.
_DWARFS_COMPILATION = 1e11


def padded_size(m: int) -> int:
    """The next size at most a sixteenth larger, or 8 rows.

    Example:
      >>> [padded_size(m) for m in (1, 23, 120, 399, 400, 401, 60_000)]
      [8, 24, 120, 400, 400, 416, 61440]
    """
    step = max(_FEW, (1 << m.bit_length()) // 32)
    return -(-m // step) * step


def room_for(m: int) -> int:
    """How many rows m are filled up to where few programs are to serve many sizes.

    A power of two, eight of them up to 1024; then `padded_size`.

    Example:
      >>> [room_for(m) for m in (1, 120, 150, 1024, 1025)]
      [8, 128, 256, 1024, 1088]
    """
    return max(_FEW, 1 << (m - 1).bit_length()) if m <= _TWICE else padded_size(m)


def parts(m: int, width: int) -> Iterator[tuple[slice, int]]:
    """m rows some at a time, and how many each part is filled up to: one of four sizes.

    Some 512 rows or more become at most twice as many; rows so wide take little memory.

    Example:
      >>> list(parts(520, 64))
      [(slice(0, 512, None), 512), (slice(512, 520, None), 8)]
      >>> list(parts(20, 2**20)), list(parts(0, 1))
      ([(slice(0, 8, None), 8), ...], [(slice(0, 0, None), 8)])
    """
    sizes = [n for n in _PARTS if n * width <= _NUMBERS] or _PARTS[:1]
    step = max(n for n in sizes if n <= max(m, _PARTS[-2]))
    for start in range(0, max(m, 1), step):
        rest = min(step, m - start)
        yield slice(start, start + rest), min(n for n in sizes if n >= rest)


def filled(
    rows: NDArray[Any], room: int, dtype: DTypeLike | None = None
) -> NDArray[Any]:
    """The rows, and rows of 0 after them.

    Example:
      >>> filled(np.ones((1, 2)), 3).tolist()
      [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    """
    full = np.zeros((room, *rows.shape[1:]), dtype or rows.dtype)
    full[: len(rows)] = rows
    return full


def bucket(network: Network, m: int, config: Config) -> int | None:
    """How many rows to give the program for m examples; None to give it just those.

    A run that takes far longer than a compilation is not slowed down for it. Dropout
    over full batches draws other masks for other sizes; an activation of one's own may
    hold arrays that are m wide.

    Example:
      >>> small, large = Network((2, 4, 1)), Network((784, 128, 10))
      >>> bucket(small, 399, Config()), bucket(large, 60_000, Config())
      (400, None)
    """
    as_wide_as_m = config.drops_out or own_activations(network)
    if config.batch_size is None and as_wide_as_m:
        return None
    if multiplications(network, m) * config.epochs > _DWARFS_COMPILATION:
        return None
    return padded_size(m)
