"""The building blocks, forward and backward, and the L-layer network made of them.

A linear cache is (A_prev, W, b), a linear-activation cache ((A_prev, W, b), Z).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from jaxdnn._checks import check_shape
from jaxdnn._refusals import BadValueError
from jaxdnn.course._programs import (
    activations,
    backward,
    check_input,
    cost,
    forward,
    output_backward,
    to_dictionary,
    to_params,
    update,
)
from jaxdnn.course.admission import (
    Cached,
    Dictionary,
    LinearTuple,
    Matrix,
    activation_cache,
    admits,
    linear_cache,
    matrix,
)
from jaxdnn.course.editions import current


@admits()
def linear_forward(A: Matrix, W: Matrix, b: Matrix) -> tuple[Matrix, LinearTuple]:
    """Z = W A + b.

    Args:
      A: (n_prev, m); W: (n, n_prev); b: (n, 1).

    Returns:
      Z (n, m) and the cache (A, W, b).

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> Z, cache = linear_forward(np.ones((2, 3)), np.ones((1, 2)), np.ones((1, 1)))
      >>> Z.tolist()
      [[3.0, 3.0, 3.0]]
    """
    ((Z, _),) = forward(("identity",), ((W, b),), A)
    return Z, (A, W, b)


@admits()
def linear_activation_forward(
    A_prev: Matrix, W: Matrix, b: Matrix, activation: str
) -> tuple[Matrix, tuple[LinearTuple, Matrix]]:
    """A = g(W A_prev + b).

    Args:
      A_prev: (n_prev, m); W: (n, n_prev); b: (n, 1).
      activation: "sigmoid", "relu", or any name of `jaxdnn.ACTIVATIONS`.

    Returns:
      A (n, m) and the cache ((A_prev, W, b), Z).

    Raises:
      ValueError: shapes disagree, or no activation has that name.

    Example:
      >>> W, b = np.array([[1.0, -2.0]]), np.zeros((1, 1))
      >>> A, cache = linear_activation_forward(np.ones((2, 1)), W, b, "relu")
      >>> A.tolist(), cache[1].tolist()
      ([[0.0]], [[-1.0]])
    """
    ((Z, A),) = forward((activation,), ((W, b),), A_prev)
    return A, ((A_prev, W, b), Z)


@admits()
def L_model_forward(
    X: Matrix, parameters: Mapping[str, Matrix]
) -> tuple[Matrix, list[tuple[LinearTuple, Matrix]]]:
    """[LINEAR -> RELU] x (L-1) -> LINEAR -> SIGMOID.

    Args:
      X: (n_x, m).
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).

    Returns:
      AL (n_L, m) and the L caches ((A_{l-1}, W_l, b_l), Z_l).

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters_zeros
      >>> parameters = initialize_parameters_zeros([3, 2, 1])
      >>> AL, caches = L_model_forward(np.ones((3, 2)), parameters)
      >>> AL.tolist(), len(caches)
      ([[0.5, 0.5]], 2)
    """
    params = to_params(parameters)
    check_input(params, X)
    layers = forward(activations(len(params), "relu"), params, X)
    caches: list[tuple[LinearTuple, Matrix]] = []
    A_prev = X
    for l, (Z, A) in enumerate(layers, start=1):
        caches.append(((A_prev, parameters[f"W{l}"], parameters[f"b{l}"]), Z))
        A_prev = A
    return A_prev, caches


@admits({"A2": "AL", "a3": "AL"})
def compute_cost(
    AL: Matrix, Y: Matrix, parameters: Mapping[str, Matrix] | None = None
) -> float:
    """Cross-entropy from probabilities: J = -1/m Σ y log(a) + (1 - y) log(1 - a).

    Infinite where a prediction is certain and wrong; 0 log 0 is 0. The training loops
    take their cost from the logits instead.

    Args:
      AL: (n_L, m), by the name of A2 or a3 too; Y: the same, or (m,).
      parameters: the planar notebook hands them over; they change nothing.

    Returns:
      A Python float, which the planar notebook's test wants. (NumPy's float64 from the
      others: `compute_loss`, `compute_cost_with_regularization`.)

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> compute_cost(np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 0]]))
      0.27977656...
    """
    return float(cost(AL, Y, [], 0.0))


@admits(a3=matrix)
def compute_loss(a3: Matrix, Y: Matrix) -> np.float64:
    """What the initialisation notebook's helpers call `compute_cost`.

    Args:
      a3: (n_L, m); Y: the same, or (m,).

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> compute_loss(np.array([[0.8, 0.9, 0.4]]), np.array([[1, 1, 0]]))
      np.float64(0.27977656...)
    """
    return np.float64(cost(a3, Y, [], 0.0))


@admits()
def compute_cost_with_regularization(
    A3: Matrix, Y: Matrix, parameters: Mapping[str, Matrix], lambd: float
) -> np.float64:
    """Cross-entropy plus lambd / (2m) Σ_l ||W_l||².

    Args:
      A3: (n_L, m); Y: the same, or (m,).
      parameters: W_l, b_l; the biases are not penalised.
      lambd: λ >= 0.

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> parameters = {"W1": np.array([[3.0, 4.0]]), "b1": np.ones((1, 1))}
      >>> AL = Y = np.array([[1.0, 1.0, 1.0, 1.0, 1.0]])
      >>> compute_cost_with_regularization(AL, Y, parameters, lambd=0.2)
      np.float64(0.5)
    """
    weights = [W for W, _ in to_params(parameters)]
    return np.float64(cost(A3, Y, weights, lambd))


@admits(cache=linear_cache)
def linear_backward(dZ: Matrix, cache: LinearTuple) -> LinearTuple:
    """dW = dZ A_prevᵀ / m, db = Σⱼ dZ[:, j] / m, dA_prev = Wᵀ dZ.

    Args:
      dZ: (n, m).
      cache: what linear_forward returned.

    Returns:
      dA_prev (n_prev, m), dW (n, n_prev), db (n, 1).

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> cache = (np.ones((2, 4)), np.ones((1, 2)), np.zeros((1, 1)))
      >>> dA_prev, dW, db = linear_backward(np.ones((1, 4)), cache)
      >>> dW.tolist(), db.tolist()
      ([[1.0, 1.0]], [[1.0]])
    """
    A_prev, W, _ = cache
    check_shape("dZ", dZ, (len(W), A_prev.shape[1]), "n from W, m from A_prev")
    return _pulled_back("identity", dZ, A_prev, Cached(dZ, None, W))


def _pulled_back(
    activation: str, dA: Matrix, A_prev: Matrix, layer: Cached
) -> LinearTuple:
    grads = backward((activation,), (A_prev,), dA, (layer,))
    return grads["dA0"], grads["dW1"], grads["db1"]


@admits(cache=activation_cache)
def linear_activation_backward(
    dA: Matrix, cache: tuple[LinearTuple, Matrix], activation: str
) -> LinearTuple:
    """dZ = dA * g'(Z), then linear_backward.

    Args:
      dA: (n, m).
      cache: what linear_activation_forward returned; Z decides, whatever A was.
      activation: the activation it was called with.

    Returns:
      dA_prev (n_prev, m), dW (n, n_prev), db (n, 1).

    Raises:
      ValueError: shapes disagree, or no activation has that name.

    Example:
      >>> W, b = np.array([[1.0, 2.0]]), np.zeros((1, 1))
      >>> A, cache = linear_activation_forward(np.ones((2, 1)), W, b, "relu")
      >>> linear_activation_backward(np.ones((1, 1)), cache, "relu")[0].tolist()
      [[1.0], [2.0]]
    """
    (A_prev, W, _), Z = cache
    check_shape("dA", dA, Z.shape, "of Z")
    return _pulled_back(activation, dA, A_prev, Cached(Z, None, W))


@admits()
def L_model_backward(
    AL: Matrix, Y: Matrix, caches: Sequence[tuple[LinearTuple, Matrix]]
) -> Dictionary:
    """The whole backward of L_model_forward, from dAL = -(y / a - (1 - y) / (1 - a)).

    Where a prediction is certain and wrong dAL is infinite; dZL is AL - Y there.

    Args:
      AL: (n_L, m); Y: as many numbers.
      caches: what L_model_forward returned; A_prev, W and Z are read.

    Returns:
      dA_l for l = 0, ..., L - 1, and dW_l, db_l for l = 1, ..., L, each the gradient of
      what it is named after. (The first release has dA_l under the name dA_{l+1}, and
      its helpers print dA_L: the edition of 2017 has it too.)

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters_zeros
      >>> parameters = initialize_parameters_zeros([3, 2, 1])
      >>> AL, caches = L_model_forward(np.ones((3, 2)), parameters)
      >>> grads = L_model_backward(AL, np.array([[1, 0]]), caches)
      >>> list(grads), grads["db2"].tolist()
      (['dA1', 'dW2', 'db2', 'dA0', 'dW1', 'db1'], [[0.0]])
    """
    ZL = caches[-1][1]
    check_shape("AL", AL, ZL.shape, "of the last cache's Z")
    if Y.size != AL.size:
        raise BadValueError(f"Y must have shape {AL.shape} (of AL), got {Y.shape}")
    L = len(caches)
    names = activations(L, "relu", "identity")
    A_prevs = tuple(A_prev for (A_prev, _, _), _ in caches)
    layers = tuple(Cached(Z, None, W) for (_, W, _), Z in caches)
    found = backward(
        names, A_prevs, output_backward(AL, Y.reshape(AL.shape), ZL), layers
    )
    grads = {
        name: found[name]
        for l in range(L, 0, -1)
        for name in (f"dA{l - 1}", f"dW{l}", f"db{l}")
    }
    if current().bumped:
        grads[f"dA{L}"] = grads[f"dA{L - 1}"]
    return grads


@admits({"params": "parameters"})
def update_parameters(
    parameters: Mapping[str, Matrix],
    grads: Mapping[str, Matrix],
    learning_rate: float = 1.2,
) -> Dictionary:
    """W_l - α dW_l and b_l - α db_l, in a new dictionary.

    Args:
      parameters: W_l, b_l, by the name of params too.
      grads: dW_l, db_l; other keys are left aside.
      learning_rate: α; the planar notebook's if not given.

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> parameters = {"W1": np.ones((1, 2)), "b1": np.ones((1, 1))}
      >>> grads = {"dW1": np.ones((1, 2)), "db1": np.ones((1, 1))}
      >>> update_parameters(parameters, grads, 0.25)["W1"].tolist()
      [[0.75, 0.75]]
    """
    if len(grads) != len(parameters):
        wanted = ", ".join(f"d{name}" for name in parameters)
        raise BadValueError(f"grads must have the keys {wanted}, got {list(grads)}")
    updated = update(to_params(parameters), to_params(grads), learning_rate)
    return to_dictionary(updated)
