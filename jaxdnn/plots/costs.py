"""The cost against the epoch: of one run, of its validation too, of several."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxdnn._refusals import BadValueError, public
from jaxdnn.plots.figures import (
    BLUE,
    COLOURS,
    MOST_NAMED,
    VERMILION,
    add_legend,
    new_figure,
    one_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Points of a curve: more than a figure has dots from left to right.
_MOST_POINTS = 4000


@public
def plot_cost(costs: ArrayLike, *, every: int = 1, title: str = "") -> "Figure":
    """The cost against the epoch, on a logarithmic axis where it falls a hundredfold.

    Args:
      costs: (n,), such as a fit's history.cost.
      every: how many epochs lie between one cost and the next.
      title: a line above.

    Raises:
      ValueError: costs is not (n,) with n >= 1.

    Example:
      >>> figure = plot_cost([0.69, 0.42, 0.31], title="flower")
      >>> figure.axes[0].get_ylabel()
      'cost J'
    """
    J = np.asarray(costs, dtype=np.float64)
    if J.ndim != 1 or J.size == 0:
        raise BadValueError(f"costs must have shape (n,), got {J.shape}")
    figure, axes = one_axes(title, "epoch", "cost J")
    _curve(axes, every * np.arange(J.size), J, color=BLUE)
    _scale(axes, J)
    return figure


@public
def plot_learning_curve(
    cost: ArrayLike,
    validation_cost: ArrayLike,
    validation_score: ArrayLike,
    *,
    score: str = "accuracy",
    title: str = "",
) -> "Figure":
    """The training's and the validation's cost, and the validation's score below.

    The cost of an epoch is its mean while it goes on; validation is at its end, so its
    points stand at 1, ..., n, the training's at 0, ..., n - 1.

    Args:
      cost, validation_cost, validation_score: (n,), such as a fit's history.
      score: what the score is called.
      title: a line above.

    Raises:
      ValueError: they are not (n,) with one n >= 1.

    Example:
      >>> figure = plot_learning_curve([0.7, 0.4], [0.6, 0.5], [0.8, 0.9])
      >>> [axes.get_ylabel() for axes in figure.axes]
      ['cost J', 'accuracy']
    """
    curves = [
        np.asarray(curve, dtype=np.float64)
        for curve in (cost, validation_cost, validation_score)
    ]
    n = curves[0].size
    if n == 0 or any(curve.shape != (n,) for curve in curves):
        found = ", ".join(str(curve.shape) for curve in curves)
        raise BadValueError(f"all three must have shape (n,), n >= 1, got {found}")
    figure = new_figure(title, (6.4, 6.4))
    upper, lower = figure.subplots(2, sharex=True)
    before, after = np.arange(n), np.arange(1, n + 1)
    lines = [
        _curve(upper, before, curves[0], color=BLUE),
        _curve(upper, after, curves[1], color=VERMILION),
    ]
    _scale(upper, np.concatenate(curves[:2]))
    upper.set_ylabel("cost J")
    add_legend(upper, lines, ["training", "validation"], "inside")
    _curve(lower, after, curves[2], color=VERMILION)
    lower.set_ylabel(score)
    lower.set_xlabel("epoch")
    lower.grid(color="0.9")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure


@public
def plot_costs(
    curves: Mapping[str, ArrayLike], *, label: str = "cost J", title: str = ""
) -> "Figure":
    """Several runs' costs against the epoch, in one figure; the first 20 are named.

    Args:
      curves: name -> (n,) costs.
      label: what they are the costs of.
      title: a line above.

    Raises:
      ValueError: no curves, or one that is not (n,) with n >= 1.

    Example:
      >>> figure = plot_costs({"seed 0": [0.7, 0.4], "seed 1": [0.7, 0.5]})
      >>> len(figure.axes[0].lines)
      2
    """
    found = {name: np.asarray(J, dtype=np.float64) for name, J in curves.items()}
    if not found or any(J.ndim != 1 or J.size == 0 for J in found.values()):
        shapes = {name: J.shape for name, J in found.items()}
        raise BadValueError(f"curves must be (n,) each, got {shapes}")
    figure, axes = one_axes(title, "epoch", label)
    lines: list[Line2D] = []
    for i, J in enumerate(found.values()):
        style = {"color": COLOURS[i % len(COLOURS)]}
        if i >= MOST_NAMED:
            style = {"color": "0.8", "zorder": 1}
        lines.append(_curve(axes, np.arange(J.size), J, linewidth=1.5, **style))
    names = list(found)[:MOST_NAMED]
    if others := len(found) - len(names):
        names.append(f"and {others} more")
    _scale(axes, np.concatenate(list(found.values())))
    where = "inside" if len(names) <= len(COLOURS) else "beside"
    add_legend(axes, lines[: len(names)], names, where)
    return figure


def _curve(
    axes: "Axes",
    x: NDArray[Any],
    y: NDArray[Any],
    *,
    linewidth: float = 2,
    **style: Any,
) -> "Line2D":
    """Draw a curve; of a long one, the lowest and the highest point of each stretch."""
    if y.size > _MOST_POINTS:
        stretch = -(-2 * y.size // _MOST_POINTS)
        whole = y.size // stretch * stretch
        pieces = np.nan_to_num(y[:whole]).reshape(-1, stretch)
        first = np.arange(0, whole, stretch)
        ends = first + pieces.argmin(axis=1), first + pieces.argmax(axis=1)
        kept = np.unique(np.concatenate([[0], *ends, np.arange(whole, y.size)]))
        x, y = x[kept], y[kept]
    (line,) = axes.plot(x, y, linewidth=linewidth, **style)
    return line


def _scale(axes: "Axes", costs: NDArray[np.float64]) -> None:
    """A grid, on a logarithmic axis where the costs fall a hundredfold."""
    finite = costs[np.isfinite(costs)]
    if finite.size and 0 < 100 * finite.min() < finite.max():
        axes.set_yscale("log")
    axes.grid(color="0.9")
