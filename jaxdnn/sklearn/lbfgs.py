"""SciPy's L-BFGS-B over one compiled program of cost and gradient.

The parameters are one vector, all weights (n_{l-1}, n_l) first, then all biases. L2 is
added on the host, where the weights are the vector's beginning:

    J + α/(2 Σⱼ wⱼ) ||w||²        dJ + α/(Σⱼ wⱼ) w

Of several outputs the squared error is summed, as its gradient is: a line search needs
both to belong together.

References:
  Byrd, Lu, Nocedal & Zhu (1995), SIAM J. Sci. Comput. 16.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from jax.typing import DTypeLike
from scipy.optimize import OptimizeResult, minimize

from jaxdnn.architecture import Network
from jaxdnn.sklearn.borrowed import check_optimize_result
from jaxdnn.sklearn.coefficients import as_coefficients
from jaxdnn.sklearn.listeners import Listeners
from jaxdnn.sklearn.programs import packed_cost, unpack
from jaxdnn.sklearn.rows import Data, check_whole, examples_of
from jaxdnn.sklearn.sparse import pieces_for
from jaxdnn.training.buckets import room_for

Vector = npt.NDArray[np.floating]


def train(
    estimator: Any, network: Network, data: Data, listeners: Listeners | None
) -> None:
    """Train an estimator that has parameters, and leave in it what came of it.

    Args:
      estimator: its parameters say how; its coefficients are what the run starts from.
      network: has one of `heads.HEADS`.
      data: the examples.
      listeners: told of each iteration.
    """

    def reached(intermediate_result: OptimizeResult) -> None:
        if listeners is not None:
            read = partial(_attributes, network, intermediate_result.x, data.X.dtype)
            if listeners.end(read):
                raise StopIteration
            listeners.begin()

    if listeners is not None:
        listeners.begin()
    found = minimize(
        cost_function(network, data, estimator.alpha),
        np.concatenate([*map(np.ravel, (*estimator.coefs_, *estimator.intercepts_))]),
        jac=True,
        method="L-BFGS-B",
        callback=reached,
        options={
            "maxfun": estimator.max_fun,
            "maxiter": estimator.max_iter,
            "gtol": estimator.tol,
        },
    )
    estimator.n_iter_ = check_optimize_result("lbfgs", found, estimator.max_iter)
    estimator.loss_ = float(found.fun)
    for name, of in _attributes(network, found.x, data.X.dtype).items():
        setattr(estimator, name, of)


def cost_function(
    network: Network, data: Data, alpha: float
) -> Callable[[Vector], tuple[float, Vector]]:
    """Packed parameters -> the cost of all examples with L2, and its gradient."""
    if network.head.name == "identity":
        network = replace(network, output="identity")
    check_whole(data.weight)
    whole = data.weights().sum()
    biases = sum(network.layer_dims[1:])
    m = len(data.Y)
    examples = jax.device_put(examples_of(data, room_for(m), pieces_for(data.X, m)))

    def cost(packed: Vector) -> tuple[float, Vector]:
        found = packed_cost(network, packed, examples, whole)
        J, gradient = map(np.array, jax.device_get(found))
        w = packed[: len(packed) - biases]
        gradient[: len(w)] += alpha / whole * w
        return J + alpha / (2 * whole) * (w @ w), gradient

    return cost


def _attributes(network: Network, packed: Vector, dtype: DTypeLike) -> dict[str, Any]:
    params = unpack(network.layer_dims, packed.astype(dtype))
    coefs, intercepts = as_coefficients(params)
    return {"coefs_": coefs, "intercepts_": intercepts}
