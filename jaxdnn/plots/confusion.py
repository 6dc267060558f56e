"""How often each class was taken for each."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from jaxdnn._checks import BadValueError, public
from jaxdnn.plots.figures import MOST_NAMED, new_figure, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@public
def plot_confusion_matrix(
    counts: ArrayLike, class_names: Sequence[str] | None = None, *, title: str = ""
) -> "Figure":
    """How often each class (a row) was taken for each (a column), and which share.

    Of more than 20 classes, those with most rows, and all others together.

    Args:
      counts: (k, k), entry [t, p] the rows of class t that were said to be of class p.
      class_names: the k names; the class numbers when None.
      title: a line above.

    Raises:
      ValueError: counts is not (k, k) of numbers >= 0, or there are not k names.

    Example:
      >>> figure = plot_confusion_matrix([[8, 2], [0, 5]], ["cat", "dog"])
      >>> [text.get_text() for text in figure.axes[0].texts]
      ['8', '2', '0', '5']
    """
    matrix = np.asarray(counts, dtype=np.float64)
    k = len(matrix) if matrix.ndim == 2 else 0
    if k == 0 or matrix.shape != (k, k) or not (matrix >= 0).all():
        raise BadValueError(
            f"counts must be numbers >= 0 of shape (k, k), got {matrix.shape}"
        )
    names = [str(i) for i in range(k)] if class_names is None else list(class_names)
    if len(names) != k:
        raise BadValueError(f"class_names must name {k} classes, got {len(names)}")
    if k > MOST_NAMED:
        first = np.sort(
            np.argsort(-matrix.sum(axis=1), kind="stable")[: MOST_NAMED - 1]
        )
        group = np.full(k, len(first))
        group[first] = np.arange(len(first))
        gathered = np.zeros((MOST_NAMED, MOST_NAMED))
        np.add.at(gathered, (group[:, None], group[None, :]), matrix)
        names = [*(names[i] for i in first), f"{k - len(first)} more"]
        matrix, k = gathered, MOST_NAMED
    return _drawn(matrix, [shown(name) for name in names], title)


def _drawn(matrix: np.ndarray, names: list[str], title: str) -> "Figure":
    k = len(names)
    side = 2.6 + 0.42 * k
    figure = new_figure(title, (side + 0.8, side))
    axes = figure.subplots()
    rows = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(rows, 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (t, p), count in np.ndenumerate(matrix):
        axes.text(
            p,
            t,
            f"{count:g}",
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
