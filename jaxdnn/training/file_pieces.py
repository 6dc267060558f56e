"""Examples in a file, as a source: pieces that come anew every epoch."""

from collections.abc import Iterator
from typing import Any

# Bytes of X in a piece cut from arrays that lie in a file.
_PIECE_BYTES = 64 << 20


class FilePieces:
    """X (n_x, m) and Y (n_L, m), or labels (m,), that lie in a file, piece by piece.

    Example:
      >>> import numpy as np
      >>> pieces = FilePieces(np.ones((2, 5)), np.ones((1, 5)), columns=3)
      >>> [X.shape for X, _ in pieces]
      [(2, 3), (2, 2)]
    """

    def __init__(self, X: Any, Y: Any, columns: int | None = None) -> None:
        self.X, self.Y = X, Y
        self.columns = columns or max(1, _PIECE_BYTES // (4 * X.shape[0]))

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for start in range(0, self.X.shape[1], self.columns):
            cut = slice(start, start + self.columns)
            yield self.X[:, cut], self.Y[..., cut]
