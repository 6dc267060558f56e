"""What an exported file says, beside what the network says itself."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import numpy as np
from jax.typing import DTypeLike
from numpy.typing import NDArray

from jaxdnn._refusals import BadValueError
from jaxdnn.models.model import Prediction

# So many roundoffs may lie between two orders of the same additions.
ROUNDOFFS = 4096


_Rows = TypeVar("_Rows")


class Comparison(NamedTuple):
    """How many rows were compared, and the largest difference of a number.

    largest is |found - wanted| / max(1, |wanted|).
    """

    rows: int
    largest: float

    def plus(self, other: "Comparison") -> "Comparison":
        """That of the rows of both."""
        return Comparison(self.rows + other.rows, max(self.largest, other.largest))


def compare_pieces(
    pieces: Iterable[_Rows],
    found: Callable[[_Rows], Prediction],
    wanted: Callable[[_Rows], Prediction],
    dtype: DTypeLike,
) -> Comparison:
    """Compare what is said of pieces of rows, one after the other.

    Raises:
      ValueError: as `compare`, or there are no rows.

    Example:
      >>> say = lambda rows: Prediction(np.array(rows), None)
      >>> compare_pieces([[1.0, 2.0], [3.0]], say, say, np.float32)
      Comparison(rows=3, largest=0.0)
    """
    total = Comparison(0, 0.0)
    for some in pieces:
        own = wanted(some)  # first, for it refuses bad rows by name
        total = total.plus(compare(found(some), own, dtype))
    if not total.rows:
        raise BadValueError("there are no rows to compare")
    return total


def compare(found: Prediction, wanted: Prediction, dtype: DTypeLike) -> Comparison:
    """Compare what a file says of some rows with what the network says of them.

    Args:
      found, wanted: of the same rows.
      dtype: the parameters'.

    Raises:
      ValueError: they differ by more than ROUNDOFFS roundoffs of the dtype, or another
        label was given where the network is not undecided.

    Example:
      >>> said = Prediction(np.array([1.0, 2.0]), None)
      >>> compare(said, said, np.float32)
      Comparison(rows=2, largest=0.0)
    """
    limit = ROUNDOFFS * float(np.finfo(dtype).eps)
    numbers = [_apart(found.probabilities, wanted.probabilities)]
    if wanted.values.dtype.kind == "f":
        numbers.append(_apart(found.values, wanted.values))
    else:
        numbers.append(_mistaken(found, wanted, limit))
    rows = wanted.values.shape[-1]
    apart = np.stack([np.broadcast_to(each, rows) for each in numbers]).max(axis=0)
    # NaN is no answer.
    wrong = ~(apart <= limit)
    if wrong.any():
        row = int(wrong.argmax())
        raise BadValueError(
            f"what was written does not say what the network says: row {row + 1} of "
            f"{rows} differs by {apart[row]:.2g}, and {limit:.2g} is rounding; "
            "nothing is kept"
        )
    return Comparison(rows, float(apart[np.isfinite(apart)].max(initial=0)))


def _apart(
    found: NDArray[Any] | None, wanted: NDArray[Any] | None
) -> NDArray[np.float64]:
    """(m,) the largest difference of each row; both may be NaN."""
    if found is None or wanted is None:
        return np.zeros(())
    both = np.isnan(wanted) & np.isnan(found)
    with np.errstate(invalid="ignore"):
        apart = abs(found - wanted.astype(float)) / np.maximum(1, abs(wanted))
    return np.where(both, 0, apart).reshape(-1, wanted.shape[-1]).max(axis=0)


def _mistaken(
    found: Prediction, wanted: Prediction, limit: float
) -> NDArray[np.float64]:
    """(m,) infinite where another label is given; ties may fall either way."""
    chances = wanted.probabilities
    if chances is None:
        margin = np.inf
    elif len(chances) == 1 or wanted.values.shape == chances.shape:
        margin = abs(chances - 0.5)
    else:
        margin = np.diff(np.sort(chances, axis=0)[-2:], axis=0)[0]
    other = (found.values != wanted.values) & (margin > limit)
    return np.where(other, np.inf, 0).reshape(-1, wanted.values.shape[-1]).max(axis=0)
