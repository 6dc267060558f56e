"""Networks of several hidden sizes as one, padded with units that stay 0.

Their weights are 0 and their updates are masked: they add nothing to any sum. An
optimizer that looks across a whole matrix (its norm, its rows) sees the zeros, though.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from jax.typing import DTypeLike

from jaxdnn.architecture import Network
from jaxdnn.parameters import Layer, Parameters


def padded(params: Parameters, widest: Network) -> Parameters:
    """The parameters with units of weight 0 up to the widest network's sizes.

    Example:
      >>> small = ones(Network((2, 1, 1)), np.float32)
      >>> padded(small, Network((2, 3, 1)))[0].W.tolist()
      [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    """
    pad: Any = np.pad
    return tuple(
        Layer(
            pad(W, ((0, n - W.shape[0]), (0, n_prev - W.shape[1]))),
            pad(b, ((0, n - b.shape[0]), (0, 0))),
        )
        for (W, b), (n_prev, n) in zip(params, pairwise(widest.layer_dims), strict=True)
    )


def ones(network: Network, dtype: DTypeLike) -> Parameters:
    """Parameters that are all 1: padded, they mask what is not the network's own.

    Example:
      >>> ones(Network((2, 1)), np.float32)[0].b.tolist()
      [[1.0]]
    """
    one: Any = np.ones
    return tuple(
        Layer(one((n, n_prev), dtype), one((n, 1), dtype))
        for n_prev, n in pairwise(network.layer_dims)
    )


def unpadded(params: Parameters, network: Network) -> Parameters:
    """The network's own part of padded parameters.

    Example:
      >>> wide = ones(Network((2, 3, 1)), np.float32)
      >>> unpadded(wide, Network((2, 1, 1)))[1].W.shape
      (1, 1)
    """
    return tuple(
        Layer(W[:n, :n_prev], b[:n])
        for (W, b), (n_prev, n) in zip(
            params, pairwise(network.layer_dims), strict=True
        )
    )
