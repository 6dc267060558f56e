"""Examples as scikit-learn has them, a row each: filled up, dense by the part."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
import numpy.typing as npt
from scipy.sparse import issparse

from jaxdnn.architecture import Network
from jaxdnn.sklearn.programs import Examples, logits_and_outputs
from jaxdnn.training.buckets import padded_size

# Up to here sizes are powers of two: so few rows more cost less than a compilation.
_FEW = 1024

# Most numbers, and most rows, of a part of X that is predicted or made dense at a time.
_NUMBERS = 1 << 23
_ROWS = 1024


class Data(NamedTuple):
    """X (m, n_x), dense or sparse; Y (m, n_L); weight (m,), or None for all 1."""

    X: Any
    Y: npt.NDArray[Any]
    weight: npt.NDArray[Any] | None

    def weights(self) -> npt.NDArray[Any]:
        """The weights (m,)."""
        ones = np.ones(len(self.Y), self.X.dtype)
        return ones if self.weight is None else self.weight.astype(ones.dtype)


def room_for(m: int) -> int:
    """How many rows m are filled up to.

    Example:
      >>> [room_for(m) for m in (1, 120, 150, 1024, 1025)]
      [8, 128, 256, 1024, 1088]
    """
    return max(8, 1 << (m - 1).bit_length()) if m <= _FEW else padded_size(m)


def filled(rows: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    """The rows, and rows of 0 after them.

    Example:
      >>> filled(np.ones((1, 2)), 3).tolist()
      [[1.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    """
    if len(rows) == room:
        return np.ascontiguousarray(rows)
    full = np.zeros((room, *rows.shape[1:]), rows.dtype)
    full[: len(rows)] = rows
    return full


def dense(rows: Any) -> npt.NDArray[Any]:
    """The rows as an array.

    Example:
      >>> from scipy.sparse import csr_array
      >>> dense(csr_array([[0, 2]])).tolist()
      [[0, 2]]
    """
    return rows.toarray() if issparse(rows) else rows


def examples_of(data: Data, room: int) -> Examples:
    """The data filled up and dense."""
    X = filled(dense(data.X), room)
    return Examples(
        X, filled(data.Y.astype(X.dtype), room), filled(data.weights(), room)
    )


def rows_at_once(n_x: int) -> int:
    """How many rows are predicted, or made dense, at a time: a power of 4.

    Example:
      >>> rows_at_once(64), rows_at_once(30_000)
      (1024, 256)
    """
    return 4 ** ((min(_ROWS, max(1, _NUMBERS // n_x)).bit_length() - 1) // 2)


def parts(X: Any) -> Iterator[slice]:
    """So many rows of X, from the first to the last.

    Example:
      >>> list(parts(np.empty((5, 2**21))))
      [slice(0, 4, None), slice(4, 5, None)]
    """
    m, n_x = X.shape
    step = rows_at_once(n_x)
    for start in range(0, m, step):
        yield slice(start, min(start + step, m))


def few_rooms(m: int, n_x: int) -> int:
    """How many rows to predict m are filled up to: one of two sizes.

    Example:
      >>> few_rooms(1, 64), few_rooms(257, 64), few_rooms(5, 30_000)
      (256, 1024, 256)
    """
    return min(rows_at_once(n_x), 256 if m <= 256 else _ROWS)


def run_forward(
    network: Network, params: Any, X: Any, dtype: Any
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """ZL and AL (m, n_L) of all rows of X, part by part."""
    params = jax.device_put(params)
    found: list[Any] = []
    X = X.tocsr() if issparse(X) else X
    for part in parts(X):
        m = part.stop - part.start
        rows = filled(
            dense(X[part]).astype(dtype, copy=False), few_rooms(m, X.shape[1])
        )
        both = jax.device_get(logits_and_outputs(network, params, rows))
        found.append([of[:m] for of in both])
    ZL, AL = (np.concatenate(of) for of in zip(*found, strict=True))
    return ZL, AL
