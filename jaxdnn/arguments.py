"""What the functions over a network are given, admitted: see `arrays`.

Whole numbers become the parameters' dtype, as they do in `fit`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import jax.numpy as jnp
from jax import Array

from jaxdnn._checks import (
    check_accepted,
    check_dropout,
    check_input_columns,
    check_kind,
    check_shape,
    check_targets,
    check_weights,
    shape_of,
)
from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.architecture import Network
from jaxdnn.arrays import ArrayLike, Scalar, admitted, number, on_device
from jaxdnn.blocks import Caches, LayerCache
from jaxdnn.dropout import Dropout
from jaxdnn.objective import Mean, l2_or_none, mean_over
from jaxdnn.parameters import Parameters, admitted_parameters
from jaxdnn.sharding import record_dtype

_T = TypeVar("_T")


class Problem(NamedTuple):
    """Where a cost is taken: parameters, examples, λ or None, weights, dropout."""

    params: Parameters
    X: Array
    Y: Array
    l2: Array | None = None
    sample_weight: Array | None = None
    dropout: Dropout | None = None

    @property
    def mean(self) -> Mean:
        """Over its examples, by their weights."""
        return mean_over(self.X.shape[1], self.sample_weight, self.l2)


def admitted_problem(
    network: Network,
    params: Any,
    X: ArrayLike,
    Y: ArrayLike,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
    l2: Scalar = 0.0,
) -> Problem:
    """All that `cost` is given, checked but for the values of Y and of the weights.

    Example:
      >>> params = [([[0.5, 0.5]], [[0.0]])]
      >>> admitted_problem(Network((2, 1)), params, [[1], [2]], [[1]]).mean
      Mean(weights=None, total=1, decay=None)
    """
    params, X = admitted_inputs(network, params, X)
    dropout = admitted_dropout(params, key, keep_prob)
    Y, sample_weight = admitted_targets(params, Y, sample_weight)
    check_targets(network, X.shape[1], Y, l2, sample_weight)
    given = X, Y, admitted_l2(params, l2), sample_weight
    X, Y, strength, sample_weight = on_device(given)
    return Problem(params, X, Y, strength, sample_weight, dropout)


def answer(
    program: Callable[..., _T], network: Network, problem: Problem, *more: Any
) -> _T:
    """What the compiled program says; values are checked while the device is at work.

    Example:
      >>> params = [([[0.5, 0.5]], [[0.0]])]
      >>> problem = admitted_problem(Network((2, 1)), params, [[1], [2]], [[3]])
      >>> answer(lambda network, problem: problem.Y, Network((2, 1)), problem)
      Traceback (most recent call last):
      jaxdnn._refusals.BadValueError: Y for a sigmoid output must hold 0, 1 or ...
    """
    found = program(network, problem, *more)
    check_values(network, problem.Y, problem.sample_weight)
    return found


def admitted_dropout(
    params: Parameters, key: Array | None, keep_prob: Scalar
) -> Dropout | None:
    """What to drop out with; None where there is no key."""
    check_dropout(key, keep_prob)
    if key is None:
        return None
    return Dropout(key, on_device(_number("keep_prob", keep_prob, params)))


def admitted_l2(params: Parameters, l2: Scalar) -> Array | None:
    """The number λ, which `check_targets` let through; None for a literal zero."""
    return _number("l2", l2_or_none(l2), params)


def _number(name: str, value: Scalar | None, params: Parameters) -> Any:
    """One of the host's in the dtype of records; JAX's as it is, and None."""
    if value is None or isinstance(value, Array):
        return value
    # Of a complex step's parameters, the real dtype.
    return number(name, value, jnp.finfo(record_dtype(params[0].W.dtype)).dtype)


def admitted_inputs(
    network: Network, params: Any, X: ArrayLike
) -> tuple[Parameters, Array]:
    """params and X (n_x, m), of the network's sizes.

    Example:
      >>> params = [([[0.5, 0.5]], [[0.0]])]
      >>> admitted_inputs(Network((2, 1)), params, [[1], [2]])[1].dtype
      dtype('float32')
    """
    check_network(network)
    params = admitted_parameters(params, network.layer_dims)
    X = admitted("X", X, params[0].W.dtype)
    check_input_columns(network, X)
    return params, X


def admitted_targets(
    params: Parameters, Y: ArrayLike, sample_weight: ArrayLike | None = None
) -> tuple[Array, Array | None]:
    """Y and the weights, if any; of whatever shapes."""
    whole = params[0].W.dtype
    if sample_weight is not None:
        sample_weight = admitted("sample_weight", sample_weight, whole)
    return admitted("Y", Y, whole), sample_weight


def admitted_beside_caches(network: Network, params: Any, caches: Caches) -> Parameters:
    """params, where there is a cache for each layer."""
    check_network(network)
    params = admitted_parameters(params, network.layer_dims)
    if not isinstance(caches, (tuple, list)):
        raise BadTypeError(f"caches must be what forward returned, got {shown(caches)}")
    if len(caches) != len(params):
        raise BadValueError(
            f"caches must have {len(params)} layers (from params), got {len(caches)}"
        )
    m = 0
    for l, (cache, layer) in enumerate(zip(caches, params, strict=True), start=1):
        check_kind(f"caches[{l - 1}]", cache, LayerCache, "what forward returned")
        n, n_prev = layer.W.shape
        m = m or (*shape_of("A0", cache.A_prev), 0)[1]
        check_shape(f"A{l - 1} in caches", cache.A_prev, (n_prev, m), "of its layer")
        if cache.activation is not None:
            check_shape(f"layer {l} in caches", cache.activation, (n, m), "of W and X")
    return params


def check_network(network: object) -> None:
    """Refuse what is no Network."""
    check_kind("network", network, Network, "a Network")


def check_values(
    network: Network, Y: ArrayLike, sample_weight: ArrayLike | None = None
) -> None:
    """Refuse targets that the head does not have, and weights below 0 or all 0."""
    check_accepted(network, Y)
    check_weights(sample_weight)


def check_head_bends(network: Network) -> None:
    """Refuse a head of one's own that does not say how its output moves."""
    if network.head.output_backward is None:
        raise BadValueError(
            f"the head {network.head.name!r} must have an output_backward, (dAL, ZL, "
            "AL) -> dZL"
        )
