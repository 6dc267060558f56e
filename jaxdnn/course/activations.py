"""Sigmoid and ReLU as the notebooks' helper files have them, forward and backward."""

import numpy as np

from jaxdnn._checks import check_shape
from jaxdnn.course._programs import activate, activate_backward
from jaxdnn.course.admission import Matrix, admits, array
from jaxdnn.course.editions import current


@admits()
def sigmoid(Z: Matrix) -> tuple[Matrix, Matrix] | Matrix:
    """1 / (1 + e^-Z), and Z for the backward; A alone where the notebook has it so.

    The helpers of the step-by-step notebook and the application return (A, Z), those of
    the others A: `edition(2021, "planar")` and the like ask for A alone.

    Args:
      Z: of any shape.

    Returns:
      A and Z, of Z's shape.

    Raises:
      TypeError: Z is no array of real numbers.

    Example:
      >>> from jaxdnn import course
      >>> A, cache = sigmoid(np.array([[0.0, 100.0]]))
      >>> A.tolist(), cache.tolist()
      ([[0.5, 1.0]], [[0.0, 100.0]])
      >>> course.edition(2021, "planar").sigmoid(np.zeros((1, 1))).tolist()
      [[0.5]]
    """
    return _paired(activate("sigmoid", Z), Z)


@admits()
def relu(Z: Matrix) -> tuple[Matrix, Matrix] | Matrix:
    """max(Z, 0), and Z for the backward; A alone where the notebook has it so.

    Args:
      Z: of any shape.

    Returns:
      As `sigmoid`.

    Raises:
      TypeError: Z is no array of real numbers.

    Example:
      >>> A, cache = relu(np.array([[-1.0, 2.0]]))
      >>> A.tolist(), cache.tolist()
      ([[0.0, 2.0]], [[-1.0, 2.0]])
    """
    return _paired(activate("relu", Z), Z)


def _paired(A: Matrix, Z: Matrix) -> tuple[Matrix, Matrix] | Matrix:
    return (A, Z) if current().notebook.pairs else A


@admits(dA=array, cache=array)
def sigmoid_backward(dA: Matrix, cache: Matrix) -> Matrix:
    """dZ = dA * s(Z) s(-Z).

    Args:
      dA, cache: of one shape; the cache is Z.

    Returns:
      dZ, of their shape.

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> sigmoid_backward(np.ones((1, 1)), np.zeros((1, 1))).tolist()
      [[0.25]]
    """
    return _pulled("sigmoid", dA, cache)


@admits(dA=array, cache=array)
def relu_backward(dA: Matrix, cache: Matrix) -> Matrix:
    """dZ = dA where Z > 0, else 0.

    Args:
      dA, cache: of one shape; the cache is Z.

    Returns:
      dZ, of their shape.

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> relu_backward(np.ones((1, 2)), np.array([[-1.0, 2.0]])).tolist()
      [[0.0, 1.0]]
    """
    return _pulled("relu", dA, cache)


def _pulled(name: str, dA: Matrix, Z: Matrix) -> Matrix:
    check_shape("dA", dA, np.shape(Z), "of Z")
    return activate_backward(name, dA, Z)
