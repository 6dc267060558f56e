"""The notebooks' figures, in pyplot, where a notebook looks for them.

Figures stay open: in a script, call `plt.show()`.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from jaxdnn import plots
from jaxdnn._extras import require
from jaxdnn.course._programs import Matrix

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_decision_boundary(
    model: Callable[[Matrix], ArrayLike], X: Matrix, y: ArrayLike
) -> None:
    """Draw the regions a model predicts, and the examples, on the current axes.

    Args:
      model: points (k, 2) to k labels, such as lambda x: predict(parameters, x.T).
      X: (2, m).
      y: (1, m) or (m,), the examples' labels.

    Raises:
      ModuleNotFoundError: matplotlib is not installed.

    Example:
      >>> plot_decision_boundary(lambda x: x[:, 0] > 0, np.eye(2), np.array([[0, 1]]))
    """
    plt = require("matplotlib.pyplot")
    x1, x2 = (np.linspace(row.min() - 1, row.max() + 1, 400) for row in X)
    points = np.stack(np.meshgrid(x1, x2), axis=-1)
    regions = np.reshape(model(points.reshape(-1, 2)), points.shape[:2])
    plt.contourf(x1, x2, regions, cmap="Spectral")
    scatter(X, y)
    plt.xlabel("x1")
    plt.ylabel("x2")


def print_mislabeled_images(
    classes: Sequence[bytes], X: Matrix, y: Matrix, p: Matrix
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
    wrong = (p != y)[0]
    return plots.plot_images(
        X[:, wrong],
        p[:, wrong],
        y[:, wrong],
        image_shape=(64, 64, 3),
        class_names=[name.decode() for name in classes],
    )


def plot_costs(costs: Matrix, every: int, learning_rate: float) -> None:
    """Plot every so-many-th cost in a new figure, where matplotlib is installed.

    Example:
      >>> plot_costs(np.array([0.7, 0.5, 0.4]), 1, learning_rate=0.01)
    """
    if plt := _pyplot():
        plt.figure()
        plt.plot(costs[::every])
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
