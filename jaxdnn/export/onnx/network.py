"""Layers, activations and heads in ONNX's operators.

Each is written of operators that onnxruntime has in float32 and in float64: it lacks
LeakyRelu, Elu, Softplus and Erf of the latter, and with Erf the exact gelu.
"""

from collections.abc import Callable, Mapping
from math import log, pi, sqrt
from types import MappingProxyType

import numpy as np

from jaxdnn import ACTIVATIONS, HEADS, Network, Parameters
from jaxdnn._refusals import BadValueError
from jaxdnn.activations import GELU_CUBIC, LEAKY_SLOPE
from jaxdnn.export.onnx.graph import Graph

Of = Callable[[Graph, str], str]


def _relu(graph: Graph, Z: str) -> str:
    """max(z, 0)."""
    return graph.op("Relu", Z)


def _leaky_relu(graph: Graph, Z: str) -> str:
    """max(z, 0.01 z)."""
    return graph.op("Max", Z, graph.op("Mul", Z, graph.number(LEAKY_SLOPE)))


def _tanh(graph: Graph, Z: str) -> str:
    return graph.op("Tanh", Z)


def _sigmoid(graph: Graph, Z: str) -> str:
    return graph.op("Sigmoid", Z)


def _identity(_: Graph, Z: str) -> str:
    return Z


def _elu(graph: Graph, Z: str) -> str:
    """max(z, 0) + 2t / (1 - t), t = tanh(min(z, 0) / 2): exp(z) - 1, not cancelling."""
    halved = graph.op("Mul", graph.op("Min", Z, graph.number(0)), graph.number(0.5))
    t = graph.op("Tanh", halved)
    below = graph.op("Div", graph.op("Add", t, t), graph.op("Sub", graph.number(1), t))
    return graph.op("Add", graph.op("Relu", Z), below)


def _softplus(graph: Graph, Z: str) -> str:
    """max(z, 0) + log(1 + exp(-|z|))."""
    e = graph.op("Exp", graph.op("Neg", graph.op("Abs", Z)))
    logarithm = graph.op("Log", graph.op("Add", e, graph.number(1)))
    return graph.op("Add", graph.op("Relu", Z), logarithm)


def _gelu(graph: Graph, Z: str) -> str:
    if graph.dtype != np.float32:
        raise BadValueError(
            "activation 'gelu' in float64: onnxruntime has no erf of that dtype; give "
            "the parameters in float32, or train with 'gelu_tanh'"
        )
    return graph.op("Gelu", Z)


def _gelu_tanh(graph: Graph, Z: str) -> str:
    """z s(2u), u = sqrt(2/π) (z + 0.044715 z³)."""
    cube = graph.op("Mul", graph.op("Mul", Z, Z), Z)
    inner = graph.op("Add", Z, graph.op("Mul", cube, graph.number(GELU_CUBIC)))
    twice = graph.op("Mul", inner, graph.number(2 * sqrt(2 / pi)))
    return graph.op("Mul", Z, graph.op("Sigmoid", twice))


def _silu(graph: Graph, Z: str) -> str:
    """z / (1 + exp(-z)); z s(z) is fused by onnxruntime to what lacks a float64."""
    e = graph.op("Exp", graph.op("Neg", Z))
    return graph.op("Div", Z, graph.op("Add", e, graph.number(1)))


def _softmax(graph: Graph, ZL: str) -> str:
    return graph.op("Softmax", ZL, axis=1)


def _exp(graph: Graph, ZL: str) -> str:
    """exp(z), constant beyond the knee of `heads.exp`."""
    knee = log(float(np.finfo(graph.dtype).max)) / 2
    return graph.op("Exp", graph.op("Min", ZL, graph.number(knee)))


def _above_half(graph: Graph, ZL: str) -> str:
    """1 where the probability is above 1/2, which is where z > 0."""
    return graph.cast(graph.op("Greater", ZL, graph.number(0)), np.int64)


def _most_probable(graph: Graph, ZL: str) -> str:
    return graph.op("ArgMax", ZL, axis=1, keepdims=1)


_ACTIVATIONS: Mapping[str, Of] = MappingProxyType(
    {
        "relu": _relu,
        "leaky_relu": _leaky_relu,
        "tanh": _tanh,
        "sigmoid": _sigmoid,
        "identity": _identity,
        "elu": _elu,
        "softplus": _softplus,
        "gelu": _gelu,
        "gelu_tanh": _gelu_tanh,
        "silu": _silu,
    }
)
# Output, and what is decided where it tells classes.
_HEADS: Mapping[str, tuple[Of, Of | None]] = MappingProxyType(
    {
        "sigmoid": (_sigmoid, _above_half),
        "softmax": (_softmax, _most_probable),
        "identity": (_identity, None),
        "exp": (_exp, None),
    }
)


def check_known(network: Network) -> None:
    """Refuse activations and heads that ONNX cannot be told of.

    Raises:
      ValueError: one of the caller's own.

    Example:
      >>> check_known(Network((2, 3, 1), hidden="relu"))
    """
    for what, functions, known in (
        ("activation", network.activations, ACTIVATIONS),
        ("head", [network.head], HEADS),
    ):
        for function in functions:
            if known.get(function.name) != function:
                raise BadValueError(
                    f"{what} {function.name!r} is a function of your own; ONNX can be "
                    f"told of these: {', '.join(known)}"
                )


def add_network(
    graph: Graph, network: Network, params: Parameters, X: str
) -> tuple[str, str | None]:
    """AL (m, n_L) of X (m, n_x), and what is decided, None where there are no classes.

    Args:
      graph: to grow.
      network, params: of the graph's dtype.
      X: the name of its inputs, one row an example.

    Example:
      >>> graph = Graph(np.float32)
      >>> params = [(np.ones((1, 2), "f"), np.zeros((1, 1), "f"))]
      >>> X = graph.input("X", np.float32, 2)
      >>> add_network(graph, Network((2, 1)), params, X)
      ('/Sigmoid', '/Cast')
    """
    A = X
    activations = [*network.activations, None]
    for l, (g, (W, b)) in enumerate(zip(activations, params, strict=True), start=1):
        weights = graph.constant(W, f"W{l}")
        biases = graph.constant(np.asarray(b)[:, 0], f"b{l}")
        A = graph.op("Gemm", A, weights, biases, transB=1)
        if g is not None:
            A = _ACTIVATIONS[g.name](graph, A)
    output, decide = _HEADS[network.head.name]
    return output(graph, A), None if decide is None else decide(graph, A)
