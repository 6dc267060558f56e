"""The notebooks' figures, in pyplot, where a notebook looks for them.

Figures stay open: in a script, call `plt.show()`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from jaxdnn import plots
from jaxdnn._checks import check_shape
from jaxdnn._extras import require
from jaxdnn._refusals import BadValueError, foreign
from jaxdnn.course.admission import Matrix, admits, array, zeros_and_ones

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@admits()
def plot_decision_boundary(
    model: Callable[[Matrix], ArrayLike], X: Matrix, y: Matrix
) -> None:
    """Draw the regions a model predicts, and the examples, on the current axes.

    Args:
      model: points (k, 2) to k labels, such as lambda x: predict(parameters, x.T).
      X: (2, m).
      y: (1, m) or (m,), the examples' labels.

    Raises:
      ModuleNotFoundError: matplotlib is not installed.
      ValueError: shapes disagree.

    Example:
      >>> plot_decision_boundary(lambda x: x[:, 0] > 0, np.eye(2), np.array([[0, 1]]))
    """
    check_examples(X, y)
    plt = require("matplotlib.pyplot")
    x1, x2 = (np.linspace(row.min() - 1, row.max() + 1, 400) for row in X)
    points = np.stack(np.meshgrid(x1, x2), axis=-1)
    said = array("what model returns", foreign(model)(points.reshape(-1, 2)))
    if said.size != x1.size * x2.size:
        raise BadValueError(
            f"model must return a label for each of {x1.size * x2.size} points, got "
            f"shape {said.shape}"
        )
    regions = said.reshape(points.shape[:2])
    plt.contourf(x1, x2, regions, cmap="Spectral")
    scatter(X, y)
    plt.xlabel("x1")
    plt.ylabel("x2")


def check_examples(X: Matrix, y: Matrix) -> None:
    """Refuse what is not X (2, m) and y (1, m).

    Example:
      >>> check_examples(np.eye(2), np.ones((1, 2)))
    """
    check_shape("X", X, (2, X.shape[1]), "points in the plane")
    check_shape("y", y, (1, X.shape[1]), "m from X")


@admits(y=zeros_and_ones, p=zeros_and_ones)
def print_mislabeled_images(
    classes: Sequence[Any], X: Matrix, y: Matrix, p: Matrix
) -> "Figure":
    r"""The pictures whose predicted class is wrong, as a figure of its own.

    Args:
      classes: the two names, as load_data returns them.
      X: (12288, m), pixels / 255; y, p: (1, m), true and predicted labels.

    Raises:
      ModuleNotFoundError: matplotlib is not installed.
      ValueError: shapes disagree.

    Example:
      >>> X, y, p = np.ones((12288, 2)), np.array([[0, 1]]), np.array([[0, 0]])
      >>> figure = print_mislabeled_images([b"non-cat", b"cat"], X, y, p)
      >>> figure.axes[0].get_title()
      'predicted non-cat\ntrue cat'
    """
    check_shape("y", y, (1, X.shape[1]), "m from X")
    check_shape("p", p, y.shape, "of y")
    wrong = (p != y)[0]
    return plots.plot_images(
        X[:, wrong],
        p[:, wrong],
        y[:, wrong],
        image_shape=(64, 64, 3),
        class_names=classes,
    )


@admits()
def plot_costs(
    costs: Matrix, learning_rate: float = 0.0075, *, every: int = 100
) -> None:
    """Plot costs in a new figure, where matplotlib is installed.

    Args:
      costs: (k,), one every so many iterations.
      learning_rate: for the title.
      every: how many iterations lie between two costs.

    Raises:
      TypeError, ValueError: costs are no numbers, learning_rate or every is not > 0.

    Example:
      >>> plot_costs([0.7, 0.5, 0.4], learning_rate=0.01)
    """
    if plt := _pyplot():
        plt.figure()
        plt.plot(costs.ravel())
        plt.xlabel(f"iterations (x{every:,})")
        plt.ylabel("cost")
        plt.title(f"Learning rate ={learning_rate}")


def scatter(X: Matrix, y: ArrayLike) -> None:
    """Plot the examples on the current axes, where matplotlib is installed.

    Args:
      X: (2, m).
      y: (1, m) or (m,), the examples' labels.

    Example:
      >>> scatter(np.eye(2), np.array([[0, 1]]))
    """
    if plt := _pyplot():
        plt.scatter(*X, c=np.ravel(y), s=40, cmap="Spectral")


def _pyplot() -> Any:
    """Pyplot, or None: without matplotlib a notebook trains all the same, unseen."""
    try:
        return require("matplotlib.pyplot")
    except ModuleNotFoundError:
        return None
