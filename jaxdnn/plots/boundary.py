"""The examples in the plane over the regions where each class is predicted."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxdnn._extras import require
from jaxdnn._refusals import BadValueError, foreign, public
from jaxdnn.plots.figures import (
    COLOURS,
    MOST_NAMED,
    add_legend,
    class_names_of,
    class_numbers,
    one_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MARKERS = "os^Dv*P"

# Points that can be told apart, and that are drawn while nobody waits.
_MOST_POINTS, _OF_EACH = 5000, 20


@public
def plot_decision_boundary(
    predict_fn: Callable[[NDArray[np.float64]], ArrayLike],
    X: ArrayLike,
    Y: ArrayLike,
    *,
    feature_names: Sequence[str] = ("x1", "x2"),
    class_names: Sequence[str] | None = None,
    title: str = "",
    resolution: int = 300,
) -> "Figure":
    """The examples over the regions where each class is predicted.

    Args:
      predict_fn: (2, k) inputs to (1, k) class numbers, called once.
      X: (2, m), one column per example.
      Y: (1, m), the examples' class numbers 0, 1, ...
      feature_names: the two axes' labels.
      class_names: the legend; the class numbers when None.
      title: a line above.
      resolution: points of the grid along each axis.

    Raises:
      ValueError: X, Y or what predict_fn returns has another shape, or holds no class
        numbers.

    Example:
      >>> X, Y = [[0.0, 1.0, 2.0], [1.0, 0.0, 1.0]], [[0, 1, 1]]
      >>> figure = plot_decision_boundary(lambda x: x[:1] > 0.5, X, Y, title="a line")
      >>> figure.axes[0].get_xlabel()
      'x1'
    """
    points = np.asarray(X, dtype=np.float64)
    if points.ndim != 2 or points.shape[0] != 2 or points.shape[1] == 0:
        raise BadValueError(f"X must have shape (2, m), got {points.shape}")
    labels = class_numbers("Y", Y, points.shape[1])

    span: NDArray[np.float64] = np.ptp(points, axis=1)
    margin = np.where(span > 0, 0.1 * span, 1.0)
    left, bottom = map(float, points.min(axis=1) - margin)
    right, top = map(float, points.max(axis=1) + margin)
    x1 = np.linspace(left, right, resolution)
    x2 = np.linspace(bottom, top, resolution)
    grid = np.stack(np.meshgrid(x1, x2)).reshape(2, -1)
    regions = class_numbers(
        "what predict_fn returns", foreign(predict_fn)(grid), grid.shape[1]
    ).reshape(resolution, resolution)

    names = class_names_of(class_names, labels, regions)
    colours = _class_colours(len(names))
    chosen = _named(labels, regions)

    figure, axes = one_axes(title, *feature_names)
    axes.imshow(
        regions,
        extent=(left, right, bottom, top),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        vmin=-0.5,
        vmax=len(names) - 0.5,
        alpha=0.25,
    )
    there = np.unique(regions)
    # Lines around very many regions are all that would be seen.
    for number in there[1:] if len(there) <= MOST_NAMED else ():
        line = regions == number
        axes.contour(x1, x2, line, [0.5], colors="0.25", linewidths=1)
    if len(labels) > _MOST_POINTS:
        drawn = _sample(labels, chosen)
        axes.set_title(f"{len(drawn)} of {len(labels)} examples", fontsize="small")
        points, labels = points[:, drawn], labels[drawn]
    handles = [
        axes.scatter(
            *points[:, labels == number],
            s=28,
            color=colours(number),
            marker=_MARKERS[number % len(_MARKERS)],
            edgecolors="white",
            linewidths=0.6,
        )
        for number in chosen
    ]
    said = [names[number] for number in chosen]
    if others := len(names) - len(chosen):
        rest = points[:, ~np.isin(labels, chosen)]
        handles.append(axes.scatter(*rest, s=8, color="0.6", marker=".", zorder=0.5))
        said.append(f"and {others} more")
    add_legend(axes, handles, said, "beside")
    return figure


def _named(labels: NDArray[np.int64], regions: NDArray[np.int64]) -> list[int]:
    """The classes with most examples, in their order; of few, all."""
    classes = 1 + max(int(labels.max()), int(regions.max()))
    sizes = np.bincount(labels, minlength=classes)
    return sorted(np.argsort(-sizes, kind="stable")[:MOST_NAMED].tolist())


def _sample(labels: NDArray[np.int64], chosen: list[int]) -> NDArray[np.int64]:
    """Examples drawn at random, some of each class chosen, however rare it is."""
    order = np.random.default_rng(0).permutation(len(labels))
    shuffled = labels[order]
    some = [np.flatnonzero(shuffled == number)[:_OF_EACH] for number in chosen]
    few = order[np.concatenate(some)]
    return np.unique(np.concatenate([few, order[: _MOST_POINTS - len(few)]]))


def _class_colours(classes: int) -> Any:
    colours = require("matplotlib.colors")
    if classes <= len(COLOURS):
        return colours.ListedColormap(COLOURS[:classes])
    return require("matplotlib").colormaps["viridis"].resampled(classes)
