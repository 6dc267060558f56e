"""What the functions over a network are given, admitted: see `arrays`.

Whole numbers become the parameters' dtype, as they do in `fit`.
"""

from typing import Any

from jax import Array

from jaxdnn._checks import BadValueError, check_input_columns
from jaxdnn.architecture import Network
from jaxdnn.arrays import admitted
from jaxdnn.blocks import Caches
from jaxdnn.parameters import Parameters, admitted_parameters


def admitted_inputs(network: Network, params: Any, X: Any) -> tuple[Parameters, Array]:
    """params and X (n_x, m), of the network's sizes.

    Example:
      >>> params = [([[0.5, 0.5]], [[0.0]])]
      >>> admitted_inputs(Network((2, 1)), params, [[1], [2]])[1].dtype
      dtype('float32')
    """
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
    params = admitted_parameters(params, network.layer_dims)
    if len(caches) != len(params):
        raise BadValueError(
            f"caches must have {len(params)} layers (from params), got {len(caches)}"
        )
    return params
