"""Sizes that runs of nearly as many examples share, and with them their programs.

A run with a few rows less then compiles nothing. What fills up has weight 0.
"""

from itertools import pairwise

from jaxdnn.activations import ACTIVATIONS
from jaxdnn.architecture import Network
from jaxdnn.training.types import Config

# Fewer rows more are not counted: so small an array costs what it costs.
_FEW = 8

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
    products = sum(n_prev * n for n_prev, n in pairwise(network.layer_dims))
    known = all(ACTIVATIONS.get(g.name) == g for g in network.activations)
    if config.batch_size is None and (config.drops_out or not known):
        return None
    if 3 * products * m * config.epochs > _DWARFS_COMPILATION:
        return None
    return padded_size(m)
