"""NumPy outside, the core inside: what every function here is an adapter of.

Each program is one `jax.jit` of core functions. It runs in float64 whatever the process
is set to, and leaves that setting as it was.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxdnn import heads, network, objective, propagation, training
from jaxdnn.activations import Activation, get_activation, sigmoid_backward
from jaxdnn.blocks import LayerCache
from jaxdnn.dropout import DropoutCache, dropout_backward
from jaxdnn.linear import contract, linear_forward, pull
from jaxdnn.network import Network
from jaxdnn.parameters import Layer, Parameters, params_from_dict, params_to_dict

Matrix = NDArray[Any]
Dictionary = dict[str, Matrix]
Activations = tuple[str | Activation, ...]


def float64(*, static: int = 0) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function of arrays, preceded by so many static arguments."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        program = jax.jit(function, static_argnums=tuple(range(static)))

        @wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            arrays, options = jax.tree.map(
                lambda leaf: np.asarray(leaf, np.float64), (arguments[static:], options)
            )
            with jax.enable_x64(True):
                outcome = program(*arguments[:static], *arrays, **options)
                # Copies, because views of JAX's arrays are read-only.
                return jax.tree.map(np.array, outcome)

        return call

    return decorate


@float64(static=1)
def forward(activations: Activations, params: Parameters, X: Any) -> Any:
    """(Z_l, A_l) of every layer."""
    A = X
    layers: list[tuple[Any, Any]] = []
    for activation, (W, b) in zip(activations, params, strict=True):
        Z, _ = linear_forward(A, W, b)
        A = get_activation(activation).forward(Z)
        layers.append((Z, A))
    return layers


@float64(static=1)
def backward(
    activations: Activations,
    dA: Any,
    layers: Sequence[tuple[Any, Any, Any]],
    masks: Sequence[Any] | None = None,
    keep_prob: Any = 1.0,
    lambd: Any = 0.0,
) -> Any:
    """dA_l, dZ_l, dW_l, db_l by name, from dA_L and each layer's (A_prev, W, Z)."""
    L, m = len(layers), dA.shape[1]
    *hidden, last = map(get_activation, activations)
    kept: list[Any] = [None] * (L - 1)
    if masks is not None:
        kept = [DropoutCache(mask > 0, keep_prob) for mask in masks]
    A_prevs, Ws, Zs = zip(*layers, strict=True)
    read = [
        g.forward(Z) if g.reads == "A" else Z
        for g, Z in zip((*hidden, last), Zs, strict=True)
    ]
    dims = (Ws[0].shape[1], *(W.shape[0] for W in Ws))
    found = propagation.sweep(
        Network(dims, tuple(hidden)),
        tuple(Layer(W, W[:, :1]) for W in Ws),
        [LayerCache(*of) for of in zip(A_prevs, read, (*kept, None), strict=True)],
        last.backward(dA, read[-1]),
        lambda dZ, A_prev: (dZ, *contract(dZ, A_prev)),
    )
    grads: dict[str, Any] = {}
    for l in range(L, 0, -1):
        W, (dZ, dW, db) = Ws[l - 1], found[l - 1]
        dW = dW / m + objective.l2_backward(W, lambd / m)
        dA = pull(dZ, W)
        if l > 1 and (mask := kept[l - 2]) is not None:
            dA = dropout_backward(dA, mask)
        grads |= {f"dZ{l}": dZ, f"dW{l}": dW, f"db{l}": db / m, f"dA{l - 1}": dA}
    return grads


@float64()
def cost(AL: Any, Y: Any, weights: list[Any], lambd: Any) -> Any:
    """Cross-entropy from probabilities, and the L2 term of the weights given."""
    decay = lambd / Y.shape[1]
    return objective.compute_cost(AL, Y) + objective.l2_cost(weights, decay)


@float64()
def output_backward(AL: Any, Y: Any, ZL: Any) -> Any:
    """dZL = dAL * g'(ZL); AL - Y where dAL is infinite, which g' cannot undo."""
    dAL = objective.compute_cost_backward(AL, Y)
    dZL = sigmoid_backward(dAL, ZL)
    return jnp.where(jnp.isinf(dAL), heads.head_backward(AL, Y), dZL)


@float64()
def update(params: Parameters, grads: Parameters, learning_rate: Any) -> Any:
    """One step of gradient descent."""
    return training.update_parameters(params, grads, learning_rate=learning_rate)


predict_labels = float64(static=1)(network.predict)
head_backward = float64()(heads.head_backward)


def to_params(dictionary: Mapping[str, Any], prefix: str = "") -> Parameters:
    """The core's tuple from W1, b1, ..., or with prefix "d" from dW1, db1, ...

    Other keys, such as a gradient dictionary's dA1, are left aside.
    """
    kept = {
        key.removeprefix(prefix): np.asarray(array, np.float64)
        for key, array in dictionary.items()
        if key.startswith((f"{prefix}W", f"{prefix}b"))
    }
    with jax.enable_x64(True):
        return params_from_dict(kept)


def to_dictionary(params: Parameters) -> Dictionary:
    """W1, b1, ... from the core's tuple."""
    return {name: np.array(array) for name, array in params_to_dict(params).items()}


def to_network(params: Parameters, hidden: str | Activations) -> Network:
    """The description of a network with these parameters and a sigmoid output."""
    dims = (params[0].W.shape[1], *(W.shape[0] for W, _ in params))
    return Network(dims, hidden)


def activations(L: int, hidden: str, output: str = "sigmoid") -> Activations:
    """The activations of L layers."""
    return (hidden,) * (L - 1) + (output,)


def row(Y: ArrayLike) -> Matrix:
    """Y (1, m), also where a notebook hands over (m,)."""
    Y = np.asarray(Y, np.float64)
    return Y.reshape(1, -1) if Y.ndim == 1 else Y
