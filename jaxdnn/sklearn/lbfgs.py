"""SciPy's L-BFGS-B over one compiled program of cost and gradient.

The parameters are one vector, all weights (n_{l-1}, n_l) first, then all biases. L2 is
added on the host, where the weights are the vector's beginning:

    J + α/(2 Σⱼ wⱼ) ||w||²        dJ + α/(Σⱼ wⱼ) w

Of several outputs the squared error is summed, as its gradient is: a line search needs
both to belong together.

References:
  Byrd, Lu, Nocedal & Zhu (1995), SIAM J. Sci. Comput. 16.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize
from scipy.sparse import issparse

from jaxdnn.architecture import Network
from jaxdnn.sklearn.programs import Examples, packed_cost
from jaxdnn.sklearn.rows import Data, examples_of, parts, room_for


def descend(
    network: Network,
    start: npt.NDArray[Any],
    data: Data,
    alpha: float,
    options: dict[str, Any],
    told: Callable[[npt.NDArray[Any]], bool] | None,
) -> OptimizeResult:
    """Minimise the cost of all examples.

    Args:
      network: one of `heads.HEADS` is its output.
      start: (n,) packed parameters.
      data: the examples.
      alpha: strength of L2.
      options: SciPy's.
      told: given the parameters after each iteration; True ends the descent.
    """
    if network.head.name == "identity":
        network = replace(network, output="identity")
    whole = data.weights().sum()
    biases = sum(network.layer_dims[1:])
    pieces = _pieces(data)

    def cost(packed: npt.NDArray[Any]) -> tuple[float, npt.NDArray[Any]]:
        w = packed[: len(packed) - biases]
        J, gradient = alpha / (2 * whole) * (w @ w), np.zeros_like(packed)
        gradient[: len(w)] = alpha / whole * w
        for piece in pieces():
            part = jax.device_get(packed_cost(network, packed, piece, whole))
            J, gradient = J + part[0], gradient + part[1]
        return J, gradient

    def reached(intermediate_result: OptimizeResult) -> None:
        if told is not None and told(intermediate_result.x):
            raise StopIteration

    return minimize(
        cost, start, jac=True, method="L-BFGS-B", callback=reached, options=options
    )


def _pieces(data: Data) -> Callable[[], Iterator[Examples] | list[Examples]]:
    """The examples: on the device at once, or if sparse, made dense part by part."""
    if not issparse(data.X):
        all_at_once = [jax.device_put(examples_of(data, room_for(len(data.Y))))]
        return lambda: all_at_once
    X, Y, weights = data.X.tocsr(), data.Y, data.weights()

    def piece(part: slice) -> Examples:
        taken = Data(X[part], Y[part], weights[part])
        return examples_of(taken, room_for(part.stop - part.start))

    return lambda: (piece(part) for part in parts(X))
