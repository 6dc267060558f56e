"""Whole networks in one call: forward, backward with and without L2, prediction.

The cache of two layers is {"Z1", "A1", "Z2", "A2"}, as in the planar notebook. That of
more is (Z_1, A_1, W_1, b_1, ..., Z_L, A_L, W_L, b_L), as in the later ones.
"""

from collections.abc import Mapping
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from jaxdnn._checks import check_shape
from jaxdnn._refusals import BadTypeError, BadValueError, public
from jaxdnn.activations import get_activation
from jaxdnn.course._programs import (
    activations,
    backward,
    check_input,
    forward,
    head_backward,
    predict_labels,
    to_network,
    to_params,
)
from jaxdnn.course.admission import (
    Cached,
    Dictionary,
    Matrix,
    admits,
    check_layers,
    is_listed,
    planar_cache,
)
from jaxdnn.course.editions import current

TupleCache = tuple[Matrix, ...]


@public
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
    if any(isinstance(of, Mapping) for of in (X, parameters)) or is_listed(X):
        return _network(X, parameters, hidden)
    return _line(X, parameters)


@admits()
def _line(x: float, theta: float) -> float:
    return theta * x


@admits()
def _network(
    X: Matrix, parameters: Any, hidden: str | None = None
) -> tuple[Matrix, Any]:
    params = to_params(parameters)
    check_input(params, X)
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
def backward_propagation(x: float, theta: float) -> float: ...
@overload
def backward_propagation(
    X: Matrix, Y: Matrix, cache: TupleCache, *, hidden: str | None = ...
) -> Dictionary: ...
@overload
def backward_propagation(
    parameters: Mapping[str, Matrix],
    cache: Mapping[str, Matrix],
    X: Matrix,
    Y: Matrix,
    *,
    hidden: str | None = ...,
) -> Dictionary: ...
@public
def backward_propagation(
    *arguments: Any, hidden: str | None = None, **named: Any
) -> Any:
    """The gradient at what forward_propagation returned: dZ_L = A_L - Y and so on.

    Called as (parameters, cache, X, Y) for two layers with a tanh between, as
    (X, Y, cache) for more, and as (x, theta) for dJ/dtheta = x.

    What the notebooks read is read: A and W. g' comes from the cached A, as 1 - A² of
    tanh and A > 0 of ReLU, not from Z; from Z of activations whose A does not say it.

    Args:
      *arguments, **named: X (n_x, m), Y (n_L, m) or (m,), and what forward_propagation
        took and returned.
      hidden: the hidden activation, where forward_propagation was told one.

    Returns:
      dW_l, db_l by name; of a tuple also dZ_l, and dA_l of the hidden layers.

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
    forms = {2: _slope, 3: _from_tuple, 4: _from_dictionary}
    given = len(arguments) + len(named)
    if given not in forms:
        raise BadTypeError(
            "call it as (parameters, cache, X, Y), (X, Y, cache) or (x, theta), "
            f"got {given} arguments"
        )
    told = {} if hidden is None else {"hidden": hidden}
    return forms[given](*arguments, **named, **told)


@admits()
def _slope(x: float, theta: float, hidden: str | None = None) -> float:
    return x


@admits()
def _from_tuple(X: Matrix, Y: Matrix, cache: Any, hidden: str = "relu") -> Dictionary:
    return backward_from_tuple(X, Y, cache, hidden=hidden)


@admits(cache=planar_cache)
def _from_dictionary(
    parameters: Dictionary, cache: Any, X: Matrix, Y: Matrix, hidden: str = "tanh"
) -> Dictionary:
    if len(parameters) != 4:
        raise BadValueError(
            f"parameters must be W1, b1, W2 and b2, got {', '.join(parameters)}"
        )
    layers = [
        Cached(cache.get("Z1"), cache["A1"], parameters["W1"]),
        Cached(None, cache["A2"], parameters["W2"]),
    ]
    check_layers("cache", layers)
    grads = backward_from_tuple(X, Y, layers, hidden=hidden)
    return {name: grads[name] for name in ("dW1", "db1", "dW2", "db2")}


def backward_from_tuple(
    X: Matrix, Y: Matrix, layers: Any, *, hidden: str = "relu", **options: float
) -> Dictionary:
    """From X, Y and the `Cached` of each layer; the options are those of the program.

    Example:
      >>> A, W = np.full((1, 2), 0.5), np.ones((1, 3))
      >>> layers = [Cached(None, A, W)]
      >>> grads = backward_from_tuple(np.ones((3, 2)), np.ones((1, 2)), layers)
      >>> sorted(grads), grads["db1"].tolist()
      (['dW1', 'dZ1', 'db1'], [[-0.5]])
    """
    AL, m = layers[-1].A, layers[-1].A.shape[1]
    check_shape("X", X, (layers[0].W.shape[1], m), "n_x from W1, m from cache")
    check_shape("Y", Y, AL.shape, "of the last A")
    if get_activation(hidden).reads == "Z":
        for l, (Z, A, *_) in enumerate(layers[:-1], start=1):
            check_shape(f"cache's Z{l}", Z, A.shape, f"of A{l}")
    # dZL = AL - Y comes with the head, so the last layer has nothing left to undo.
    names = activations(len(layers), hidden, output="identity")
    A_prevs = (X, *(layer.A for layer in layers[:-1]))
    grads = backward(names, A_prevs, head_backward(AL, Y), layers, **options)
    del grads["dA0"]
    return grads


@admits()
def backward_propagation_with_regularization(
    X: Matrix, Y: Matrix, cache: TupleCache, lambd: float
) -> Dictionary:
    """backward_propagation with (λ / m) W_l added to every dW_l.

    Args:
      X, Y, cache: as for backward_propagation.
      lambd: λ >= 0.

    Returns:
      dA_l of the hidden layers, dZ_l, dW_l, db_l by name.

    Raises:
      ValueError: shapes disagree, or lambd is negative.

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


@public
def predict(
    X: Any, y: Any = None, parameters: Any = None, *, hidden: str | None = None
) -> NDArray[Any]:
    """1 where the probability is above 1/2, else 0.

    Called as (parameters, X), the hidden layer of a two-layer network is tanh and all
    others are ReLU; the labels are False and True (0 and 1 in the edition of 2017).
    Called as (X, y, parameters) all are ReLU, and the accuracy is printed; the labels
    are integers as in the initialisation and regularisation notebooks, whose networks
    have three layers, and floats as in the application, which prints "y = 1.0". A
    notebook that the edition names decides; else the number of layers does.

    Args:
      X: (n_x, m).
      y: (n_L, m) or (m,), the true labels.
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).
      hidden: the hidden activation, where it is another.

    Returns:
      (n_L, m).

    Raises:
      TypeError: the parameters are not among the arguments.
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> parameters = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
      >>> X = np.array([[1.0, -1.0], [1.0, -1.0]])
      >>> predict(parameters, X).tolist()
      [[True, False]]
      >>> predict(X, np.array([[1, 1]]), parameters).tolist()
      Accuracy: 0.5
      [[1.0, 0.0]]
    """
    if isinstance(X, Mapping):
        parameters, X, y = X, y, None
    if parameters is None:
        raise BadTypeError(
            "parameters must be given: call it as (parameters, X) or (X, y, parameters)"
        )
    if y is not None:
        return _judged(X, y, parameters, hidden)
    labels = _labels(X, parameters, hidden)
    return labels.astype(bool) if current().booleans else labels


@admits()
def _labels(
    X: Matrix, parameters: Dictionary, hidden: str | None = None
) -> NDArray[np.int64]:
    params = to_params(parameters)
    check_input(params, X)
    hidden = _hidden(len(params)) if hidden is None else hidden
    return predict_labels(to_network(params, hidden), params, X)


@admits()
def _judged(
    X: Matrix, y: Matrix, parameters: Dictionary, hidden: str | None = None
) -> NDArray[Any]:
    labels = _labels(X, parameters, "relu" if hidden is None else hidden)
    check_shape("y", y, labels.shape, "n_L from parameters, m from X")
    print(f"Accuracy: {np.mean(labels == y)}")
    floats = current().notebook.floats
    if floats is None:
        floats = len(to_params(parameters)) != 3
    return labels.astype(float) if floats else labels


@public
def predict_dec(
    parameters: Dictionary, X: Matrix, *, hidden: str | None = None
) -> NDArray[np.bool_]:
    """predict(parameters, X) as truth values, in every edition: for the figures.

    Args:
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1); X: (n_x, m).
      hidden: the hidden activation, where it is another than `predict` takes.

    Returns:
      (n_L, m).

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> parameters = {"W1": np.ones((1, 2)), "b1": np.zeros((1, 1))}
      >>> predict_dec(parameters, np.array([[1.0], [1.0]])).tolist()
      [[True]]
    """
    return _labels(X, parameters, hidden).astype(bool)
