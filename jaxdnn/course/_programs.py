"""NumPy outside, the core inside: what every function here is an adapter of.

Each program is made of core functions. It runs in float64 whatever the process is set
to, and leaves that setting as it was. What it is handed has been admitted.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn import heads, network, objective, propagation, training
from jaxdnn._checks import check_shape
from jaxdnn._programs import compiled
from jaxdnn.activations import Activation, get_activation, sigmoid_backward
from jaxdnn.arrays import Scalar, on_device
from jaxdnn.blocks import LayerCache
from jaxdnn.course.admission import Cached, Dictionary, Matrix
from jaxdnn.dropout import DropoutCache, dropout_backward
from jaxdnn.heads import Head
from jaxdnn.linear import contract, linear_forward, pull
from jaxdnn.network import Network
from jaxdnn.parameters import Layer, Parameters, params_to_dict

Activations = tuple[str | Activation, ...]


def float64(*, static: int = 0) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Compile a function of arrays, preceded by so many static arguments."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        program = compiled(function, static_argnums=tuple(range(static)))

        @wraps(function)
        def call(*arguments: Any, **options: Any) -> Any:
            given = jax.tree.map(
                lambda leaf: np.asarray(leaf, np.float64), (arguments[static:], options)
            )
            with jax.enable_x64(True):
                arrays, options = on_device(given)
                outcome = program(*arguments[:static], *arrays, **options)
                # Copies, because views of JAX's arrays are read-only.
                return jax.tree.map(np.array, outcome)

        return call

    return decorate


@float64(static=1)
def forward(activations: Activations, params: Parameters, X: Array) -> Any:
    """(Z_l, A_l) of every layer."""
    A = X
    layers: list[tuple[Array, Array]] = []
    for activation, (W, b) in zip(activations, params, strict=True):
        Z, _ = linear_forward(A, W, b)
        A = get_activation(activation).forward(Z)
        layers.append((Z, A))
    return layers


@float64(static=1)
def activate(activation: str, Z: Array) -> Any:
    """A = g(Z)."""
    return get_activation(activation).forward(Z)


@float64(static=1)
def activate_backward(activation: str, dA: Array, Z: Array) -> Any:
    """dZ = dA * g'(Z)."""
    g = get_activation(activation)
    return g.backward(dA, g.forward(Z) if g.reads == "A" else Z)


def backward(
    activations: Activations,
    A_prevs: Sequence[Matrix],
    dAL: Matrix,
    layers: Sequence[Cached],
    **options: float,
) -> Dictionary:
    """dZ_l, dW_l, db_l, dA_{l-1} by name, from the last layer's to the first's."""
    found = _backward(activations, A_prevs, dAL, layers, **options)
    # Named here: a dictionary that comes out of a program is in alphabetical order.
    grads: Dictionary = {}
    for l, (dZ, dW, db, dA) in zip(range(len(layers), 0, -1), found, strict=True):
        grads |= {f"dZ{l}": dZ, f"dW{l}": dW, f"db{l}": db, f"dA{l - 1}": dA}
    return grads


@float64(static=1)
def _backward(
    activations: Activations,
    A_prevs: Sequence[Array],
    dAL: Array,
    layers: Sequence[Cached],
    keep_prob: Scalar = 1.0,
    lambd: Scalar = 0.0,
) -> Any:
    """(dZ_l, dW_l, db_l, dA_{l-1}) for l = L, ..., 1.

    From dA_L, each A_{l-1} and what else is cached. g' is taken from the cached A where
    g says so; from Z elsewhere, and where the cache has no A.
    """
    m = A_prevs[0].shape[1]
    *hidden, last = map(get_activation, activations)
    read = [
        layer.Z
        if g.reads == "Z"
        else g.forward(layer.Z)
        if layer.A is None
        else layer.A
        for g, layer in zip((*hidden, last), layers, strict=True)
    ]
    kept = [
        None if layer.D is None else DropoutCache(layer.D > 0, keep_prob)
        for layer in layers
    ]
    dims = (A_prevs[0].shape[0], *(layer.W.shape[0] for layer in layers))
    found = propagation.sweep(
        Network(dims, tuple(hidden)),
        tuple(Layer(layer.W, layer.W[:, :1]) for layer in layers),
        [LayerCache(*of) for of in zip(A_prevs, read, kept, strict=True)],
        last.backward(dAL, read[-1]),
        lambda dZ, A_prev: (dZ, *contract(dZ, A_prev)),
    )
    grads: list[tuple[Array, ...]] = []
    for l in range(len(layers), 0, -1):
        W, (dZ, dW, db) = layers[l - 1].W, found[l - 1]
        dW = dW / m + objective.l2_backward(W, lambd / m)
        dA = pull(dZ, W)
        if l > 1 and (mask := kept[l - 2]) is not None:
            dA = dropout_backward(dA, mask)
        grads.append((dZ, dW, db / m, dA))
    return grads


@float64()
def cost(AL: Array, Y: Array, weights: list[Array], lambd: Scalar) -> Any:
    """Cross-entropy from probabilities, and the L2 term of the weights given."""
    decay = lambd / Y.shape[1]
    return objective.compute_cost(AL, Y) + objective.l2_cost(weights, decay)


@float64()
def output_backward(AL: Array, Y: Array, ZL: Array) -> Any:
    """dZL = dAL * g'(ZL); AL - Y where dAL is infinite, which g' cannot undo."""
    dAL = objective.compute_cost_backward(AL, Y)
    dZL = sigmoid_backward(dAL, ZL)
    return jnp.where(jnp.isinf(dAL), heads.head_backward(AL, Y), dZL)


@float64()
def update(params: Parameters, grads: Parameters, learning_rate: Scalar) -> Any:
    """One step of gradient descent."""
    return training.update_parameters(params, grads, learning_rate=learning_rate)


predict_labels = float64(static=1)(network.predict)
head_backward = float64()(heads.head_backward)


def to_params(dictionary: Mapping[str, Matrix]) -> Parameters:
    """The core's tuple from an admitted dictionary."""
    arrays: Any = list(dictionary.values())
    return tuple(map(Layer, arrays[::2], arrays[1::2]))


def to_dictionary(params: Parameters) -> Dictionary:
    """W1, b1, ... from the core's tuple."""
    return {name: np.array(array) for name, array in params_to_dict(params).items()}


def to_network(
    params: Parameters, hidden: str | Activations, output: str | Head = "sigmoid"
) -> Network:
    """The description of a network with these parameters."""
    dims = (params[0].W.shape[1], *(W.shape[0] for W, _ in params))
    return Network(dims, hidden, output)


def activations(L: int, hidden: str, output: str = "sigmoid") -> Activations:
    """The activations of L layers."""
    return (hidden,) * (L - 1) + (output,)


def check_input(params: Parameters, X: Matrix) -> None:
    """Refuse an X with other rows than W1 has columns."""
    check_shape("X", X, (params[0].W.shape[1], X.shape[1]), "n_x from W1, m its own")


def check_targets(params: Parameters, X: Matrix, Y: Matrix) -> None:
    """Refuse a Y that has not a row for each output and a column for each example."""
    check_shape(
        "Y", Y, (len(params[-1].W), X.shape[1]), "n_L from the last W, m from X"
    )
