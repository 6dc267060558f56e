"""Gradient checking as in the course: in one dimension, and over all parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from jaxdnn import network, objective
from jaxdnn.course._programs import (
    Dictionary,
    Matrix,
    float64,
    row,
    to_network,
    to_params,
)
from jaxdnn.course.blocks import compute_cost
from jaxdnn.course.initialization import initialize_parameters_zeros
from jaxdnn.course.networks import (
    TupleCache,
    backward_propagation,
    forward_propagation,
)
from jaxdnn.parameters import Parameters


def dictionary_to_vector(
    parameters: Mapping[str, Matrix],
) -> tuple[Matrix, list[str]]:
    """W_1, b_1, W_2, ... row by row in one column, and the key of each entry.

    Example:
      >>> parameters = {"W1": np.array([[1.0, 2.0]]), "b1": np.array([[3.0]])}
      >>> theta, keys = dictionary_to_vector(parameters)
      >>> theta.tolist(), keys
      ([[1.0], [2.0], [3.0]], ['W1', 'W1', 'b1'])
    """
    names = _names(parameters)
    keys = [name for name in names for _ in range(np.size(parameters[name]))]
    return _column(parameters, names), keys


def vector_to_dictionary(
    theta: Matrix, layer_dims: Sequence[int] = (4, 5, 3, 1)
) -> Dictionary:
    """The parameters again: dictionary_to_vector undone.

    Args:
      theta: (n, 1) or (n,).
      layer_dims: (n_x, n_1, ..., n_L); the notebook's network if not given.

    Raises:
      ValueError: theta has another size.

    Example:
      >>> vector_to_dictionary(np.array([[1.0], [2.0], [3.0]]), (2, 1))
      {'W1': array([[1., 2.]]), 'b1': array([[3.]])}
    """
    shaped = initialize_parameters_zeros(layer_dims)
    ends = np.cumsum([array.size for array in shaped.values()])
    if np.size(theta) != ends[-1]:
        raise ValueError(
            f"vector_to_dictionary: theta must have {ends[-1]} entries (layer_dims "
            f"{tuple(layer_dims)}), got {np.size(theta)}"
        )
    parts = np.split(np.ravel(theta), ends[:-1])
    return {
        name: part.reshape(array.shape)
        for (name, array), part in zip(shaped.items(), parts, strict=True)
    }


def gradients_to_vector(gradients: Mapping[str, Matrix]) -> Matrix:
    """dW_1, db_1, dW_2, ... row by row in one column; other keys are left aside.

    Example:
      >>> gradients = {"db1": np.array([[3.0]]), "dW1": np.array([[1.0, 2.0]])}
      >>> gradients_to_vector(gradients).tolist()
      [[1.0], [2.0], [3.0]]
    """
    return _column(gradients, _names(gradients, "d"))


def _names(dictionary: Mapping[str, Any], prefix: str = "") -> list[str]:
    """W1, b1, W2, ..., each with the prefix, for as many W as there are."""
    L = sum(name.startswith(f"{prefix}W") for name in dictionary)
    return [f"{prefix}{kind}{l}" for l in range(1, L + 1) for kind in ("W", "b")]


def _column(dictionary: Mapping[str, Matrix], names: Sequence[str]) -> Matrix:
    return np.concatenate([np.reshape(dictionary[name], (-1, 1)) for name in names])


def gradient_check(
    x: float, theta: float, epsilon: float = 1e-7, print_msg: bool = True
) -> float:
    """The central difference against backward_propagation, for J = theta x.

        |grad - gradapprox| / (|grad| + |gradapprox|),   correct below 1e-7

    Args:
      x, theta: numbers.
      epsilon: the step to either side.
      print_msg: whether to print the verdict.

    Example:
      >>> f"{gradient_check(2, 4):.9e}"
      The gradient is correct!
      '2.919335883e-10'
    """
    J_plus: Any = forward_propagation(x, theta + epsilon)
    J_minus: Any = forward_propagation(x, theta - epsilon)
    gradapprox = (J_plus - J_minus) / (2 * epsilon)
    difference = _difference(backward_propagation(x, theta), gradapprox)
    if print_msg:
        print(f"The gradient is {'correct' if difference < 1e-7 else 'wrong'}!")
    return difference


def _difference(grad: Any, gradapprox: Any) -> float:
    norm = np.linalg.norm
    return float(norm(grad - gradapprox) / (norm(grad) + norm(gradapprox)))


def forward_propagation_n(
    X: Matrix, Y: Matrix, parameters: Mapping[str, Matrix]
) -> tuple[float, TupleCache]:
    """The cost of a ReLU network and the cache that backward_propagation_n reads.

    Args:
      X: (n_x, m); Y: (1, m) or (m,).
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1), three layers or more.

    Example:
      >>> parameters = initialize_parameters_zeros([4, 5, 3, 1])
      >>> J, cache = forward_propagation_n(np.ones((4, 3)), np.ones(3), parameters)
      >>> f"{J:.8f}", len(cache)
      ('0.69314718', 12)
    """
    AL, cache = forward_propagation(X, parameters, hidden="relu")
    return compute_cost(AL, Y), cache


# The notebook plants two bugs in its own, dW2 * 2 and db1 * 4. Here there are none.
backward_propagation_n = backward_propagation


@float64(static=1)
def _central_differences(
    from_logits: bool, params: Parameters, X: Any, Y: Any, epsilon: Any
) -> Any:
    """(J(theta + epsilon e_i) - J(theta - epsilon e_i)) / (2 epsilon) for every i."""
    theta, unravel = ravel_pytree(params)
    description = to_network(params, "relu")

    def J(theta: Any) -> Any:
        if from_logits:
            return network.cost(description, unravel(theta), X, Y)
        AL = network.predict_proba(description, unravel(theta), X)
        return objective.compute_cost(AL, Y)

    def slope(i: Any) -> Any:
        J_plus, J_minus = J(theta.at[i].add(epsilon)), J(theta.at[i].add(-epsilon))
        return (J_plus - J_minus) / (2 * epsilon)

    # One vmap over the coordinates, or several where their copies of theta are many.
    return jax.lax.map(slope, jnp.arange(theta.size), batch_size=min(theta.size, 1024))


def gradient_check_n(
    parameters: Mapping[str, Matrix],
    gradients: Mapping[str, Matrix],
    X: Matrix,
    Y: Matrix,
    epsilon: float = 1e-7,
    print_msg: bool = True,
    *,
    from_logits: bool = False,
) -> float:
    """Central differences of a ReLU network's cost against all gradients at once.

        ||grad - gradapprox|| / (||grad|| + ||gradapprox||),   correct up to 2e-7

    The notebook takes the cost from the probabilities. Cancellation in log(1 - A3) then
    leaves 1.19e-07 for a correct gradient, which its first release, with a limit of
    1e-7, calls a mistake; the limit here is the later release's. From the logits
    nothing cancels, and 1.1e-09 is left. What finds small mistakes, and says where, is
    `jaxdnn.verification`.

    Args:
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).
      gradients: dW_l, db_l, such as backward_propagation_n returns.
      X: (n_x, m); Y: (1, m) or (m,).
      epsilon: the step to either side.
      print_msg: whether to print the verdict.
      from_logits: take the cost from the logits.

    Returns:
      The difference.

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters
      >>> X, Y = np.ones((2, 3)), np.ones((1, 3))
      >>> parameters = initialize_parameters([2, 3, 2, 1])
      >>> _, cache = forward_propagation_n(X, Y, parameters)
      >>> gradients = backward_propagation_n(X, Y, cache)
      >>> gradient_check_n(parameters, gradients, X, Y, print_msg=False) < 2e-7
      True
      >>> gradients["db3"] *= 2
      >>> gradient_check_n(parameters, gradients, X, Y, print_msg=False) > 0.1
      True
    """
    gradapprox = _central_differences(
        from_logits, to_params(parameters), X, row(Y), epsilon
    )
    difference = _difference(gradients_to_vector(gradients)[:, 0], gradapprox)
    if print_msg:
        green, yellow, end = "\033[92m", "\033[93m", "\033[0m"
        verdict = f"{green}Your backward propagation works perfectly fine!"
        if not difference <= 2e-7:
            verdict = f"{yellow}There is a mistake in the backward propagation!"
        print(f"{verdict} difference = {difference}{end}")
    return difference
