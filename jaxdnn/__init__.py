"""Dense neural networks in JAX as pure functions, with a hand-derived backward.

Parameters are immutable pytrees, randomness comes from explicit keys, and whole
training runs compile into one program. The names, in the order a reader meets them:
the network and its functions, training, then the pieces they are made of.
"""

from jaxdnn.network import (
    LayerCache,
    Network,
    backward,
    cost,
    cost_and_gradients,
    forward,
    predict,
    predict_proba,
)
from jaxdnn.parameters import (
    Layer,
    Parameters,
    initialize_parameters,
    params_from_dict,
    params_to_dict,
)
from jaxdnn.training import ChunkInfo, FitResult, History, fit, update_parameters
from jaxdnn.linear import (
    LinearActivationCache,
    LinearCache,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
)
from jaxdnn.dropout import DropoutCache, dropout_backward, dropout_forward
from jaxdnn.costs import (
    HEADS,
    Head,
    compute_cost,
    compute_cost_backward,
    head_backward,
)
from jaxdnn.activations import (
    ACTIVATIONS,
    Activation,
    elu,
    elu_backward,
    gelu,
    gelu_backward,
    gelu_tanh,
    gelu_tanh_backward,
    identity,
    identity_backward,
    leaky_relu,
    leaky_relu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    silu,
    silu_backward,
    softplus,
    softplus_backward,
    tanh,
    tanh_backward,
)

__version__ = "0.1.0"

__all__ = [
    "LayerCache",
    "Network",
    "backward",
    "cost",
    "cost_and_gradients",
    "forward",
    "predict",
    "predict_proba",
    "Layer",
    "Parameters",
    "initialize_parameters",
    "params_from_dict",
    "params_to_dict",
    "ChunkInfo",
    "FitResult",
    "History",
    "fit",
    "update_parameters",
    "LinearActivationCache",
    "LinearCache",
    "linear_activation_backward",
    "linear_activation_forward",
    "linear_backward",
    "linear_forward",
    "DropoutCache",
    "dropout_backward",
    "dropout_forward",
    "HEADS",
    "Head",
    "compute_cost",
    "compute_cost_backward",
    "head_backward",
    "ACTIVATIONS",
    "Activation",
    "elu",
    "elu_backward",
    "gelu",
    "gelu_backward",
    "gelu_tanh",
    "gelu_tanh_backward",
    "identity",
    "identity_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "relu",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "silu",
    "silu_backward",
    "softplus",
    "softplus_backward",
    "tanh",
    "tanh_backward",
]
