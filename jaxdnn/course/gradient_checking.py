"""Gradient checking as in the course: in one dimension, and over all parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.flatten_util import ravel_pytree

from jaxdnn import network, objective
from jaxdnn._checks import check_shape
from jaxdnn._refusals import BadValueError
from jaxdnn.course._programs import (
    check_input,
    check_targets,
    float64,
    to_network,
    to_params,
)
from jaxdnn.course.admission import Dictionary, Matrix, admits, column
from jaxdnn.course.blocks import compute_loss
from jaxdnn.course.editions import current
from jaxdnn.course.initialization import initialize_parameters_zeros
from jaxdnn.course.networks import (
    TupleCache,
    backward_propagation,
    forward_propagation,
)
from jaxdnn.parameters import Parameters


@admits()
def dictionary_to_vector(
    parameters: Mapping[str, Matrix],
) -> tuple[Matrix, list[str]]:
    """W_1, b_1, W_2, ... row by row in one column, and the key of each entry.

    Args:
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).

    Returns:
      (n, 1) and n keys.

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> parameters = {"W1": np.array([[1.0, 2.0]]), "b1": np.array([[3.0]])}
      >>> theta, keys = dictionary_to_vector(parameters)
      >>> theta.tolist(), keys
      ([[1.0], [2.0], [3.0]], ['W1', 'W1', 'b1'])
    """
    keys = [name for name, array in parameters.items() for _ in range(array.size)]
    return _column(parameters), keys


@admits(theta=column)
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
    if theta.size != ends[-1]:
        raise BadValueError(
            f"theta must have {ends[-1]} entries (layer_dims {tuple(layer_dims)}), "
            f"got {theta.size}"
        )
    parts = np.split(theta, ends[:-1])
    return {
        name: part.reshape(array.shape)
        for (name, array), part in zip(shaped.items(), parts, strict=True)
    }


@admits()
def gradients_to_vector(gradients: Mapping[str, Matrix]) -> Matrix:
    """dW_1, db_1, dW_2, ... row by row in one column; other keys are left aside.

    Args:
      gradients: dW_l (n_l, n_{l-1}), db_l (n_l, 1).

    Returns:
      (n, 1).

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> gradients = {"db1": np.array([[3.0]]), "dW1": np.array([[1.0, 2.0]])}
      >>> gradients_to_vector(gradients).tolist()
      [[1.0], [2.0], [3.0]]
    """
    return _column(gradients)


def _column(dictionary: Mapping[str, Matrix]) -> Matrix:
    return np.concatenate([array.reshape(-1, 1) for array in dictionary.values()])


@admits()
def gradient_check(
    x: float, theta: float, epsilon: float = 1e-7, print_msg: bool | None = None
) -> np.float64:
    """The central difference against backward_propagation, for J = theta x.

        |grad - gradapprox| / (|grad| + |gradapprox|)

    Args:
      x, theta: numbers.
      epsilon: the step to either side.
      print_msg: whether to print the verdict; the edition's if None: not in 2021,
        always in 2017.

    Returns:
      The difference. It is correct up to 2e-7 in the edition of 2021, whose verdict
      says it, and below 1e-7 in that of 2017.

    Raises:
      TypeError, ValueError: an argument that is no number.

    Example:
      >>> f"{gradient_check(2, 4):.9e}"
      '2.919335883e-10'
    """
    J_plus: Any = forward_propagation(x, theta + epsilon)
    J_minus: Any = forward_propagation(x, theta - epsilon)
    gradapprox = (J_plus - J_minus) / (2 * epsilon)
    difference = _difference(backward_propagation(x, theta), gradapprox)
    edition = current()
    if edition.print_msg if print_msg is None else print_msg:
        if edition.says_difference:
            _print_verdict(difference)
        else:
            verdict = "correct" if difference < 1e-7 else "wrong"
            print(f"The gradient is {verdict}!")
    return difference


def _difference(grad: Any, gradapprox: Any) -> np.float64:
    norm = np.linalg.norm
    return np.float64(norm(grad - gradapprox) / (norm(grad) + norm(gradapprox)))


def _print_verdict(difference: np.float64) -> None:
    green, yellow, end = "\033[92m", "\033[93m", "\033[0m"
    verdict = f"{green}Your backward propagation works perfectly fine!"
    if not difference <= 2e-7:
        verdict = f"{yellow}There is a mistake in the backward propagation!"
    print(f"{verdict} difference = {difference}{end}")


@admits()
def forward_propagation_n(
    X: Matrix, Y: Matrix, parameters: Mapping[str, Matrix]
) -> tuple[np.float64, TupleCache]:
    """The cost of a ReLU network and the cache that backward_propagation_n reads.

    Args:
      X: (n_x, m); Y: (1, m) or (m,).
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1), three layers or more.

    Returns:
      J and (Z_1, A_1, W_1, b_1, ..., Z_L, A_L, W_L, b_L).

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> parameters = initialize_parameters_zeros([4, 5, 3, 1])
      >>> J, cache = forward_propagation_n(np.ones((4, 3)), np.ones(3), parameters)
      >>> f"{J:.8f}", len(cache)
      ('0.69314718', 12)
    """
    AL, cache = forward_propagation(X, parameters, hidden="relu")
    return compute_loss(AL, Y), cache


# The notebook plants two bugs in its own, dW2 * 2 and db1 * 4. Here there are none.
backward_propagation_n = backward_propagation


@float64(static=1)
def _central_differences(
    from_logits: bool, params: Parameters, X: Array, Y: Array, epsilon: Array
) -> Any:
    """(J(theta + epsilon e_i) - J(theta - epsilon e_i)) / (2 epsilon) for every i."""
    theta, unravel = ravel_pytree(params)
    description = to_network(params, "relu")

    def J(theta: Array) -> Array:
        if from_logits:
            return network.cost(description, unravel(theta), X, Y)
        AL = network.predict_proba(description, unravel(theta), X)
        return objective.compute_cost(AL, Y)

    def slope(i: Array) -> Array:
        J_plus, J_minus = J(theta.at[i].add(epsilon)), J(theta.at[i].add(-epsilon))
        return (J_plus - J_minus) / (2 * epsilon)

    # One vmap over the coordinates, or several where their copies of theta are many.
    return jax.lax.map(slope, jnp.arange(theta.size), batch_size=min(theta.size, 1024))


@admits()
def gradient_check_n(
    parameters: Mapping[str, Matrix],
    gradients: Mapping[str, Matrix],
    X: Matrix,
    Y: Matrix,
    epsilon: float = 1e-7,
    print_msg: bool | None = None,
    *,
    from_logits: bool = False,
) -> np.float64:
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
      print_msg: whether to print the verdict; the edition's if None: not in 2021,
        always in 2017.
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
      >>> gradient_check_n(parameters, gradients, X, Y, print_msg=False) <= 2e-7
      np.True_
      >>> gradients["db3"] *= 2
      >>> gradient_check_n(parameters, gradients, X, Y, print_msg=False) > 0.1
      np.True_
    """
    params = to_params(parameters)
    check_input(params, X)
    check_targets(params, X, Y)
    for name, array in parameters.items():
        gradient = gradients.get(f"d{name}")
        check_shape(f"gradients['d{name}']", gradient, array.shape, f"of {name}")
    gradapprox = _central_differences(from_logits, params, X, Y, epsilon)
    difference = _difference(_column(gradients)[:, 0], gradapprox)
    if current().print_msg if print_msg is None else print_msg:
        _print_verdict(difference)
    return difference
