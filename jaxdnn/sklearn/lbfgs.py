"""SciPy's L-BFGS-B over one compiled program of cost and gradient.

The parameters are one vector, all weights (n_{l-1}, n_l) first, then all biases. L2 is
added on the host, where the weights are the vector's beginning:

    J + α/(2 Σⱼ wⱼ) ||w||²        dJ + α/(Σⱼ wⱼ) w

Of several outputs the squared error is summed, as its gradient is: a line search needs
both to belong together.

References:
  Byrd, Lu, Nocedal & Zhu (1995), SIAM J. Sci. Comput. 16.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from scipy.optimize import OptimizeResult, minimize
from scipy.sparse import issparse

from jaxdnn.architecture import Network
from jaxdnn.sklearn.borrowed import check_optimize_result
from jaxdnn.sklearn.coefficients import as_coefficients
from jaxdnn.sklearn.listeners import Listeners
from jaxdnn.sklearn.programs import cost_from_first, packed_cost, unpack
from jaxdnn.sklearn.rows import Data, examples_of
from jaxdnn.training.buckets import parts, room_for

Vector = npt.NDArray[Any]

# Packed parameters -> the costs and gradients that add up to those of all examples.
Costs = Callable[[Vector], Iterable[tuple[Any, Vector]]]


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
    whole = data.weights().sum()
    biases = sum(network.layer_dims[1:])
    costs = (_sparse if issparse(data.X) else _dense)(network, data, whole)

    def cost(packed: Vector) -> tuple[float, Vector]:
        w = packed[: len(packed) - biases]
        J, gradient = alpha / (2 * whole) * (w @ w), np.zeros_like(packed)
        gradient[: len(w)] = alpha / whole * w
        for part in costs(packed):
            J, gradient = J + part[0], gradient + part[1]
        return J, gradient

    return cost


def _dense(network: Network, data: Data, whole: Any) -> Costs:
    """Cost and gradient of all examples at once, which stay on the device."""
    examples = jax.device_put(examples_of(data, room_for(len(data.Y))))
    return lambda packed: [
        jax.device_get(packed_cost(network, packed, examples, whole))
    ]


def _sparse(network: Network, data: Data, whole: Any) -> Costs:
    """Those of some examples at a time: products with what is sparse are SciPy's."""
    sizes, weights = network.layer_dims[:2], data.weights()
    taken: list[tuple[Any, Data, int]] = []
    for part, room in parts(len(data.Y), max(network.layer_dims[1:])):
        rest = data._replace(Y=data.Y[part], weight=weights[part])
        taken.append((data.X[part], rest, room))

    def cost(X: Any, rest: Data, room: int, packed: Vector) -> tuple[Any, Vector]:
        Z = X @ packed[: math.prod(sizes)].reshape(sizes)
        examples = examples_of(rest._replace(X=Z), room)
        found = cost_from_first(network, packed, examples, whole)
        J, dZ, gradient = jax.device_get(found)
        return J, np.concatenate([(X.T @ dZ[: len(Z)]).ravel(), gradient])

    return lambda packed: (cost(*of, packed) for of in taken)


def _attributes(network: Network, packed: Vector, dtype: Any) -> dict[str, Any]:
    params = unpack(network.layer_dims, packed.astype(dtype))
    coefs, intercepts = as_coefficients(params)
    return {"coefs_": coefs, "intercepts_": intercepts}
