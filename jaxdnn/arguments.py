"""What the functions over a network are given, admitted: see `arrays`.

Whole numbers become the parameters' dtype, as they do in `fit`.
"""

from typing import Any

from jax import Array

from jaxdnn._checks import (
    check_accepted,
    check_input_columns,
    check_kind,
    check_shape,
    check_weights,
    shape_of,
)
from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.architecture import Network
from jaxdnn.arrays import admitted
from jaxdnn.blocks import Caches, LayerCache
from jaxdnn.parameters import Parameters, admitted_parameters


def admitted_inputs(network: Network, params: Any, X: Any) -> tuple[Parameters, Array]:
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
    params: Parameters, Y: Any, sample_weight: Any = None
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


def check_network(network: Any) -> None:
    """Refuse what is no Network."""
    check_kind("network", network, Network, "a Network")


def check_values(network: Network, Y: Any, sample_weight: Any = None) -> None:
    """Refuse targets that the head does not have, and weights below 0 or all 0."""
    check_accepted(network, Y)
    check_weights(sample_weight)
