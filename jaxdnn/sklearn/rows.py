"""Examples as scikit-learn has them, a row each; filled up for a program."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jaxdnn.sklearn.programs import Examples
from jaxdnn.sklearn.sparse import entries_of
from jaxdnn.training.buckets import filled


class Data(NamedTuple):
    """X (m, n_x), dense or sparse; Y (m, n_L); weight (m,), or None for all 1."""

    X: Any
    Y: npt.NDArray[Any]
    weight: npt.NDArray[Any] | None

    def weights(self) -> npt.NDArray[Any]:
        """The weights (m,)."""
        ones = np.ones(len(self.Y), self.X.dtype)
        return ones if self.weight is None else self.weight.astype(ones.dtype)


def examples_of(data: Data, room: int, pieces: int = 0) -> Examples:
    """The data filled up; of sparse X the entries, which so many pieces hold."""
    # NumPy's, which programs take as they take JAX's.
    Y: Any = filled(data.Y, room, data.X.dtype)
    weight: Any = filled(data.weights(), room)
    X = entries_of(data.X, pieces) if pieces else filled(data.X, room)
    return Examples(X, Y, weight)


def check_batches(
    weight: npt.NDArray[Any] | None, orders: npt.NDArray[Any], batch: int
) -> None:
    """Refuse a batch whose weights sum to 0: it has no mean.

    Raises:
      ZeroDivisionError: there is one.

    Example:
      >>> check_batches(np.array([0.0, 1.0]), np.array([[0, 1]]), 1)
      Traceback (most recent call last):
      ZeroDivisionError: Weights sum to zero, can't be normalized
    """
    if weight is None or (weight > 0).all():
        return
    taken = weight[orders[:, : len(weight)]]
    starts = np.arange(0, len(weight), batch)
    if (np.add.reduceat(taken, starts, axis=1) == 0).any():
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")


def check_whole(weight: npt.NDArray[Any] | None) -> None:
    """`check_batches`, of all examples in one batch.

    Example:
      >>> check_whole(np.array([-1.0, 1.0]))
      Traceback (most recent call last):
      ZeroDivisionError: Weights sum to zero, can't be normalized
    """
    if weight is not None:
        check_batches(weight, np.arange(len(weight))[None], len(weight))
