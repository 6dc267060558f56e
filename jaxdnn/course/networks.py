"""Whole networks in one call: forward, backward with and without L2, prediction.

The cache of two layers is {"Z1", "A1", "Z2", "A2"}, as in the planar notebook. That of
more is (Z_1, A_1, W_1, b_1, ..., Z_L, A_L, W_L, b_L), as in the later ones.
"""

from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from jaxdnn.course._programs import (
    Dictionary,
    Matrix,
    activations,
    backward,
    forward,
    head_backward,
    predict_labels,
    row,
    to_network,
    to_params,
)

TupleCache = tuple[Matrix, ...]


def forward_propagation(
    X: Any, parameters: Any, *, hidden: str | None = None
) -> tuple[Matrix, Any] | Any:
    """The network's output, (X, parameters); or J = theta x, (x, theta).

    Args:
      X: (n_x, m).
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).
      hidden: the hidden activation: tanh with two layers and ReLU with more, as in the
        notebooks, if None.

    Returns:
      AL (n_L, m) and a cache. With two layers it is {"Z1", "A1", "Z2", "A2"}, else
      (Z_1, A_1, W_1, b_1, ..., Z_L, A_L, W_L, b_L).

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters_zeros
      >>> parameters = initialize_parameters_zeros([2, 4, 1])
      >>> A2, cache = forward_propagation(np.ones((2, 3)), parameters)
      >>> A2.tolist(), sorted(cache)
      ([[0.5, 0.5, 0.5]], ['A1', 'A2', 'Z1', 'Z2'])
      >>> forward_propagation(2, 4)
      8
    """
    if not isinstance(parameters, Mapping):
        return parameters * X
    params = to_params(parameters)
    L = len(params)
    hidden = _hidden(L) if hidden is None else hidden
    layers = forward(activations(L, hidden), params, X)
    if L == 2:
        (Z1, A1), (Z2, A2) = layers
        return A2, {"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}
    cache: list[Matrix] = []
    for l, (Z, A) in enumerate(layers, start=1):
        cache += [Z, A, parameters[f"W{l}"], parameters[f"b{l}"]]
    return layers[-1][1], tuple(cache)


def _hidden(L: int) -> str:
    return "tanh" if L == 2 else "relu"


@overload
def backward_propagation(x: float, theta: float, /) -> float: ...
@overload
def backward_propagation(
    X: Matrix, Y: Matrix, cache: TupleCache, /, *, hidden: str | None = ...
) -> Dictionary: ...
@overload
def backward_propagation(
    parameters: Mapping[str, Matrix],
    cache: Mapping[str, Matrix],
    X: Matrix,
    Y: Matrix,
    /,
    *,
    hidden: str | None = ...,
) -> Dictionary: ...
def backward_propagation(*arguments: Any, hidden: str | None = None) -> Any:
    """The gradient at what forward_propagation returned: dZ_L = A_L - Y and so on.

    Called as (parameters, cache, X, Y) for two layers with a tanh between, as
    (X, Y, cache) for more, and as (x, theta) for dJ/dtheta = x.

    Args:
      *arguments: X (n_x, m), Y (1, m), and what forward_propagation took and returned.
      hidden: the hidden activation, where forward_propagation was told one.

    Returns:
      dA_l, dZ_l, dW_l, db_l by name.

    Raises:
      TypeError: another number of arguments.
      ValueError: shapes disagree.

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters_zeros
      >>> X, Y = np.ones((2, 3)), np.array([[1, 1, 1]])
      >>> parameters = initialize_parameters_zeros([2, 4, 1])
      >>> A2, cache = forward_propagation(X, parameters)
      >>> backward_propagation(parameters, cache, X, Y)["db2"].tolist()
      [[-0.5]]
      >>> backward_propagation(2, 4)
      2
    """
    if len(arguments) == 2:
        x, _ = arguments
        return x
    if len(arguments) == 3:
        X, Y, cache = arguments
        return backward_from_tuple(X, Y, cache, hidden=hidden or "relu")
    if len(arguments) == 4:
        parameters, cache, X, Y = arguments
        layers = (X, parameters["W1"], cache["Z1"]), (cache["A1"], parameters["W2"], 0)
        return _backward_from_output(cache["A2"], Y, layers, hidden=hidden or "tanh")
    raise TypeError(
        "backward_propagation: call it as (parameters, cache, X, Y), (X, Y, cache) or "
        f"(x, theta), got {len(arguments)} arguments"
    )


def backward_from_tuple(
    X: Matrix,
    Y: Matrix,
    cache: TupleCache,
    *,
    hidden: str = "relu",
    **options: Any,
) -> Dictionary:
    """From (Z_1, A_1, W_1, b_1, ...); the options are those of the program."""
    Zs, As, weights = cache[::4], cache[1::4], cache[2::4]
    layers = tuple(zip((X, *As[:-1]), weights, Zs, strict=True))
    return _backward_from_output(As[-1], Y, layers, hidden=hidden, **options)


def _backward_from_output(
    AL: Matrix, Y: Matrix, layers: Any, *, hidden: str, **options: Any
) -> Dictionary:
    # dZL = AL - Y comes with the head, so the last layer has nothing left to undo.
    undone = activations(len(layers), hidden, output="identity")
    *below, (A_prev, W, _) = layers
    dZL = head_backward(AL, row(Y))
    return backward(undone, dZL, (*below, (A_prev, W, dZL)), **options)


def backward_propagation_with_regularization(
    X: Matrix, Y: Matrix, cache: TupleCache, lambd: float
) -> Dictionary:
    """backward_propagation with (λ / m) W_l added to every dW_l.

    Args:
      X, Y, cache: as for backward_propagation.
      lambd: λ >= 0.

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters
      >>> parameters = initialize_parameters([2, 3, 2, 1])
      >>> X, Y = np.ones((2, 5)), np.ones((1, 5))
      >>> _, cache = forward_propagation(X, parameters)
      >>> plain = backward_propagation(X, Y, cache)["dW3"]
      >>> dW3 = backward_propagation_with_regularization(X, Y, cache, 0.5)["dW3"]
      >>> np.allclose(dW3 - plain, 0.1 * parameters["W3"])
      True
    """
    return backward_from_tuple(X, Y, cache, lambd=lambd)


def predict(
    X: Any,
    y: Any = None,
    parameters: Mapping[str, Matrix] | None = None,
    *,
    hidden: str | None = None,
) -> NDArray[np.int64]:
    """1 where the probability is above 1/2, else 0.

    Called as (parameters, X), the hidden layer of a two-layer network is tanh and all
    others are ReLU; called as (X, y, parameters) all are ReLU, and the accuracy is
    printed.

    Args:
      X: (n_x, m).
      y: (1, m), the true labels.
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).
      hidden: the hidden activation, where it is another.

    Returns:
      (1, m).

    Raises:
      TypeError: the parameters are not among the arguments.
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> parameters = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
      >>> X = np.array([[1.0, -1.0], [1.0, -1.0]])
      >>> predict(parameters, X).tolist()
      [[1, 0]]
      >>> predict(X, np.array([[1, 1]]), parameters).tolist()
      Accuracy: 0.5
      [[1, 0]]
    """
    if isinstance(X, Mapping):
        parameters, X, y = X, y, None
    if parameters is None:
        raise TypeError("predict: call it as (parameters, X) or (X, y, parameters)")
    params = to_params(parameters)
    hidden = hidden or ("relu" if y is not None else _hidden(len(params)))
    labels = predict_labels(to_network(params, hidden), params, X)
    if y is not None:
        print(f"Accuracy: {np.mean(labels == row(y))}")
    return labels


predict_dec = predict
