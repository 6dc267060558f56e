"""What a network says of rows on the host: few programs, whatever their number.

Rows come in parts, filled up to one of four sizes: so many programs serve any number of
them, and a part's activations take little memory. The public functions of `network` are
compiled for just the shapes they are given instead.
"""

from typing import NamedTuple

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn._programs import compiled
from jaxdnn.architecture import Network
from jaxdnn.parameters import Parameters
from jaxdnn.propagation import forward
from jaxdnn.training.buckets import filled, parts


class Answers(NamedTuple):
    """ZL, what `predict` says and AL of m rows: (m, n_L), (m, ·) and (m, n_L)."""

    ZL: NDArray[np.floating]
    said: NDArray[np.floating | np.integer]
    AL: NDArray[np.floating]


def answers(network: Network, params: Parameters, X: NDArray[np.floating]) -> Answers:
    """What a network says of the rows of X.

    Args:
      network: the description; activations and head look at one example at a time.
      params: one Layer(W (n_l, n_{l-1}), b (n_l, 1)) per layer.
      X: (m, n_x), read in the parameters' dtype.

    Example:
      >>> params = [(np.ones((1, 2), "f"), np.zeros((1, 1), "f"))]
      >>> answers(Network((2, 1)), params, np.ones((3, 2))).said.tolist()
      [[1], [1], [1]]
    """
    each = list(parts(X.shape[0], max(network.layer_dims)))
    dtype = params[0][0].dtype
    if len(each) > 1:
        params = jax.device_put(params)
    found: list[list[NDArray[np.floating]]] = []
    for part, room in each:
        rows, m = filled(X[part], room, dtype), part.stop - part.start
        found.append([np.asarray(of)[:m] for of in _answers(network, params, rows)])
    return Answers(*map(np.concatenate, zip(*found, strict=True)))


@compiled(static_argnums=0)
def _answers(network: Network, params: Parameters, X: Array) -> tuple[Array, ...]:
    ZL, caches = forward(network, params, X.T)
    return ZL.T, network.head.decide(ZL).T, caches[-1].activation.T
