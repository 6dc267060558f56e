"""How often each class was taken for each."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxdnn._refusals import BadValueError, public
from jaxdnn.plots.figures import MOST_NAMED, new_figure, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# From so many classes on, cells without a row are left blank.
_BLANK = 10


@public
def plot_confusion_matrix(
    counts: ArrayLike | Mapping[tuple[int, int], int],
    class_names: Sequence[str] | None = None,
    *,
    title: str = "",
) -> "Figure":
    """How often each class (a row) was taken for each (a column), and which share.

    Of more than 20 classes, those with most rows, and all others together.

    Args:
      counts: (k, k), entry [t, p] the rows of class t that were said to be of class p;
        or {(t, p): rows} of the pairs that there are.
      class_names: the k names; the class numbers when None.
      title: a line above.

    Raises:
      ValueError: counts is not (k, k) of numbers >= 0, or there are not k names.

    Example:
      >>> figure = plot_confusion_matrix([[8, 2], [0, 5]], ["cat", "dog"])
      >>> [text.get_text() for text in figure.axes[0].texts]
      ['8', '2', '0', '5']
    """
    true, said, rows, k = _parts(counts, class_names)
    names = [str(i) for i in range(k)] if class_names is None else list(class_names)
    if len(names) != k:
        raise BadValueError(f"class_names must name {k} classes, got {len(names)}")
    if k > MOST_NAMED:
        sizes = np.bincount(true, rows, minlength=k)
        first = np.sort(np.argsort(-sizes, kind="stable")[: MOST_NAMED - 1])
        group = np.full(k, len(first))
        group[first] = np.arange(len(first))
        true, said = group[true], group[said]
        names = [*(names[i] for i in first), f"and {k - len(first)} more"]
    shares = np.zeros((len(names), len(names)))
    np.add.at(shares, (true, said), rows)
    return _drawn(shares, [shown(name) for name in names], title)


def _drawn(matrix: NDArray[np.float64], names: list[str], title: str) -> "Figure":
    k = len(names)
    # Inches: a cell, and a sign of the names beside them and below.
    beside = 0.11 * max(map(len, names))
    side = max(2.0, 0.42 * k)
    figure = new_figure(title, (1.0 + beside + side, 1.2 + beside + side))
    axes = figure.subplots()
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (t, p), count in np.ndenumerate(matrix):
        if count or k < _BLANK:
            axes.text(
                p,
                t,
                _short(count),
                ha="center",
                va="center",
                fontsize=8,
                color="white" if shares[t, p] > 0.5 else "black",
            )
    axes.set_xticks(range(k), names, rotation=90, parse_math=False)
    axes.set_yticks(range(k), names, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    return figure


def _parts(
    counts: ArrayLike | Mapping[tuple[int, int], int], names: Sequence[str] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], int]:
    """The pairs of classes that there are, t and p; their rows; how many classes."""
    if isinstance(counts, Mapping):
        pairs: NDArray[np.int64] = np.array(list(counts), np.int64).reshape(-1, 2)
        rows = np.array(list(counts.values()), np.float64)
        highest = int(pairs.max(initial=0))
        k = highest + 1 if names is None else len(names)
        if not ((pairs >= 0) & (pairs < k)).all() or not (rows >= 0).all():
            raise BadValueError(
                f"counts must be numbers >= 0 of pairs of {k} classes, got classes "
                f"{pairs.min(initial=0)} to {highest}"
            )
        return pairs[:, 0], pairs[:, 1], rows, k
    matrix = np.asarray(counts, dtype=np.float64)
    k = len(matrix) if matrix.ndim == 2 else 0
    if k == 0 or matrix.shape != (k, k) or not (matrix >= 0).all():
        raise BadValueError(
            f"counts must be numbers >= 0 of shape (k, k), got {matrix.shape}"
        )
    true, said = np.nonzero(matrix)
    return true, said, matrix[true, said], k


def _short(count: float) -> str:
    """A number of rows that fits its cell."""
    for least, unit, sign in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if count >= 0.9995 * least:  # which three digits round to it
            return f"{count / unit:.3g}{sign}"
    return f"{count:g}"
