"""Examples as scikit-learn has them, a row each; filled up and dense for a program."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jaxdnn.sklearn.programs import Examples
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


def examples_of(data: Data, room: int) -> Examples:
    """The data filled up and dense."""
    X = filled(data.X, room)
    return Examples(X, filled(data.Y, room, X.dtype), filled(data.weights(), room))
