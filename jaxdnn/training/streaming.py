"""More examples than memory holds: chunks from a source, read as parts of one size.

A source is anything that can be iterated over and over, such as a list or an object
with __iter__: each time it gives the same chunks, X (n_x, k) and Y (n_L, k) or labels
(k,), with any k >= 1. Parts are cut to whole batches, so that no chunk's edge makes a
small batch.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxdnn.network import Network
from jaxdnn.training.labels import are_labels, check_labels
from jaxdnn.training.setup import as_array, check_finite, check_targets

# Bytes of X in a part cut from arrays that lie in a file.
_PART_BYTES = 64 << 20


class Part(NamedTuple):
    """Rows X (size, n_x), Y (size, n_L) or labels (size,); the first `real` count."""

    X: NDArray[Any]
    Y: NDArray[Any]
    real: int


class ColumnChunks:
    """X (n_x, m) and Y (n_L, m), or labels (m,), that lie in a file, chunk by chunk.

    Example:
      >>> chunks = ColumnChunks(np.ones((2, 5)), np.ones((1, 5)), columns=3)
      >>> [X.shape for X, _ in chunks]
      [(2, 3), (2, 2)]
    """

    def __init__(self, X: Any, Y: Any, columns: int | None = None) -> None:
        self.X, self.Y = X, Y
        self.columns = columns or max(1, _PART_BYTES // (4 * X.shape[0]))

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for start in range(0, self.X.shape[1], self.columns):
            cut = slice(start, start + self.columns)
            yield self.X[:, cut], self.Y[..., cut]


def is_source(X: Any) -> bool:
    """Whether X is a source of chunks and not an array.

    Example:
      >>> is_source([(np.ones((2, 5)), np.ones((1, 5)))]), is_source(np.ones((2, 5)))
      (True, False)
    """
    return not hasattr(X, "shape") and isinstance(X, Iterable)


def count_examples(
    where: str, network: Network, source: Iterable[Any]
) -> tuple[int, Any]:
    """The number of examples in all, and the dtype of X; every chunk is looked at once.

    Raises:
      ValueError: no chunks, or one that the network cannot learn from.

    Example:
      >>> chunks = ColumnChunks(np.ones((2, 5)), np.ones((1, 5)), columns=3)
      >>> count_examples("fit", Network((2, 1)), chunks)
      (5, dtype('float32'))
    """
    if iter(source) is source:
        raise ValueError(
            f"{where}: chunks must come anew every epoch: give a list, or an object "
            f"with __iter__, not a {type(source).__name__}"
        )
    count, first = 0, None
    for i, chunk in enumerate(source):
        X, Y = checked_chunk(where, network, i, chunk)
        first = (X.dtype, Y.ndim) if first is None else first
        if Y.ndim != first[1]:
            kinds = "labels", "columns of targets"
            raise ValueError(
                f"{where}: chunk {i}: Y must be {kinds[first[1] - 1]}, as in chunk 0, "
                f"got {kinds[Y.ndim - 1]}"
            )
        count += X.shape[1]
    if first is None:
        raise ValueError(f"{where}: there are no chunks to learn from")
    return count, first[0]


def checked_chunk(where: str, network: Network, i: int, chunk: Any) -> tuple[Any, Any]:
    """X and Y of chunk i, or an error that names it.

    Raises:
      ValueError: not a pair, other shapes, values not finite or not the head's.
      TypeError: labels that are not whole numbers.
    """
    where = f"{where}: chunk {i}"
    try:
        X, Y = (np.asarray(part) for part in chunk)
    except (TypeError, ValueError):
        raise ValueError(
            f"{where} must be a pair (X, Y), got {type(chunk).__name__}"
        ) from None
    n_x, n_L = network.layer_dims[0], network.layer_dims[-1]
    labels = are_labels(network, Y)
    wanted = Y.shape if labels else (n_L, X.shape[-1] if X.ndim else 0)
    if X.ndim != 2 or X.shape[0] != n_x or X.shape[1] < 1 or Y.shape != wanted:
        raise ValueError(
            f"{where} must be X ({n_x}, k) and Y ({n_L}, k), k >= 1, got "
            f"{X.shape} and {Y.shape}"
        )
    X, Y = as_array(where, "X", X), as_array(where, "Y", Y)
    check_finite(where, X)
    if labels:
        check_labels(where, network, Y, X.shape[1])
    else:
        check_targets(where, network, Y)
    return X, Y


def parts(
    where: str, network: Network, source: Iterable[Any], batch_size: int, dtype: Any
) -> Iterator[Part]:
    """The source's examples in parts as large as its first chunk, in whole batches.

    Example:
      >>> chunks = ColumnChunks(np.ones((2, 7)), np.ones((1, 7)), columns=3)
      >>> found = parts("fit", Network((2, 1)), chunks, 2, np.float32)
      >>> [(part.X.shape, part.real) for part in found]
      [((4, 2), 4), ((4, 2), 3)]
    """
    size = filled = 0
    rows = targets = np.empty(0)
    for i, chunk in enumerate(source):
        X, Y = checked_chunk(where, network, i, chunk)
        size = size or -(-X.shape[1] // batch_size) * batch_size
        taken = 0
        while taken < X.shape[1]:
            if filled == 0:
                # Zeros where the last part holds no example; anew for each part, since
                # the device may go on reading the one before.
                rows = np.zeros((size, X.shape[0]), dtype)
                targets = np.zeros(
                    (size, *Y.shape[:-1]), np.int32 if Y.ndim == 1 else dtype
                )
            some = min(size - filled, X.shape[1] - taken)
            rows[filled : filled + some] = X[:, taken : taken + some].T
            targets[filled : filled + some] = Y[..., taken : taken + some].T
            filled, taken = filled + some, taken + some
            if filled == size:
                yield Part(rows, targets, size)
                filled = 0
    if filled:
        yield Part(rows, targets, filled)
