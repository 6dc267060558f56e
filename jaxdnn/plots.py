"""Figures: the cost, a decision boundary, pictures with what was said of them.

Every function returns a matplotlib Figure of its own. Nothing goes through pyplot, so
no window opens and no global state changes. Colours are those of Okabe & Ito (2008),
which colour-blind readers can tell apart; classes differ in shape as well.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxdnn._atomic import replacing
from jaxdnn._checks import BadValueError, foreign, public
from jaxdnn._extras import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BLUE, _VERMILION = "#0072B2", "#D55E00"
_COLOURS = (_BLUE, _VERMILION, "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442")
_MARKERS = "os^Dv*P"
_MOST_IMAGES = 100


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
    figure, axes = _one_axes(title, "epoch", "cost J")
    axes.plot(every * np.arange(J.size), J, color=_BLUE, linewidth=2)
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
    figure = _figure(title, (6.4, 6.4))
    upper, lower = figure.subplots(2, sharex=True)
    before, after = np.arange(n), np.arange(1, n + 1)
    upper.plot(before, curves[0], color=_BLUE, linewidth=2, label="training")
    upper.plot(after, curves[1], color=_VERMILION, linewidth=2, label="validation")
    _scale(upper, np.concatenate(curves[:2]))
    upper.set_ylabel("cost J")
    upper.legend(frameon=False)
    lower.plot(after, curves[2], color=_VERMILION, linewidth=2)
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
    """Several runs' costs against the epoch, in one figure.

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
    figure, axes = _one_axes(title, "epoch", label)
    for i, (name, J) in enumerate(found.items()):
        axes.plot(J, color=_COLOURS[i % len(_COLOURS)], linewidth=1.5, label=name)
    _scale(axes, np.concatenate(list(found.values())))
    axes.legend(frameon=False, fontsize="small")
    return figure


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
    labels = _class_numbers("Y", Y, points.shape[1])

    span: NDArray[np.float64] = np.ptp(points, axis=1)
    margin = np.where(span > 0, 0.1 * span, 1.0)
    left, bottom = map(float, points.min(axis=1) - margin)
    right, top = map(float, points.max(axis=1) + margin)
    x1 = np.linspace(left, right, resolution)
    x2 = np.linspace(bottom, top, resolution)
    grid = np.stack(np.meshgrid(x1, x2)).reshape(2, -1)
    regions = _class_numbers(
        "what predict_fn returns", foreign(predict_fn)(grid), grid.shape[1]
    ).reshape(resolution, resolution)

    names = _class_names(class_names, labels, regions)
    colours = _class_colours(len(names))

    figure, axes = _one_axes(title, *feature_names)
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
    for number in np.unique(regions)[1:]:
        axes.contour(x1, x2, regions == number, [0.5], colors="0.25", linewidths=1)
    handles = [
        axes.scatter(
            *points[:, labels == number],
            s=28,
            color=colours(number),
            marker=_MARKERS[number % len(_MARKERS)],
            edgecolors="white",
            linewidths=0.6,
        )
        for number in range(len(names))
    ]
    # Handed over as they are, names that begin with "_" are shown too.
    legend = axes.legend(
        handles, names, loc="upper left", bbox_to_anchor=(1, 1), frameon=False
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


@public
def plot_images(
    X: ArrayLike,
    predicted: ArrayLike,
    true: ArrayLike,
    *,
    image_shape: tuple[int, ...],
    class_names: Sequence[str] | None = None,
    title: str = "",
) -> "Figure":
    """Pictures, each with the class predicted for it and its true one.

    Args:
      X: (n_x, k), one column per picture, at most 100; grey in any range, colour in
        0 to 1. None at all (k = 0) gives a figure that says so.
      predicted, true: (1, k) class numbers.
      image_shape: (height, width) or (height, width, 3), of product n_x.
      class_names: the names in the captions; the class numbers when None.
      title: a line above.

    Raises:
      ValueError: shapes disagree, too many pictures, or colours outside 0 to 1.

    Example:
      >>> figure = plot_images(
      ...     [[0.0], [1.0]], [[1]], [[0]], image_shape=(1, 2), class_names=["b", "w"]
      ... )
      >>> figure.axes[0].get_title().splitlines()
      ['predicted w', 'true b']
    """
    columns = np.asarray(X, dtype=np.float64)
    n_x = int(np.prod(image_shape))
    if columns.ndim != 2 or columns.shape[0] != n_x:
        raise BadValueError(
            f"X must have shape ({n_x}, k) (n_x from image_shape "
            f"{image_shape}), got {columns.shape}"
        )
    k = columns.shape[1]
    if k > _MOST_IMAGES:
        raise BadValueError(f"X must have at most {_MOST_IMAGES} columns, got {k}")
    in_colour = len(image_shape) == 3
    if in_colour and not ((columns >= 0) & (columns <= 1)).all():
        raise BadValueError(
            f"X must lie in 0 to 1 for pictures in colour, got "
            f"{columns.min():g} to {columns.max():g}"
        )
    said = _class_numbers("predicted", predicted, k)
    is_so = _class_numbers("true", true, k)
    names = _class_names(class_names, said, is_so)

    across = min(max(k, 1), 5)
    down = max(-(-k // across), 1)
    # Never so narrow that a title is cut.
    figure = _figure(title, (1.9 * max(across, 3) + 0.4, 2.2 * down + 0.5))
    grid: NDArray[Any] = figure.subplots(down, across, squeeze=False).ravel()
    for axes in grid:
        axes.axis("off")
    if k == 0:
        grid[0].text(0.5, 0.5, "no pictures", ha="center", va="center")
    for axes, picture, p, t in zip(grid, columns.T, said, is_so, strict=False):
        axes.imshow(
            picture.reshape(image_shape),
            cmap="gray",
            vmin=columns.min(),
            vmax=columns.max(),
        )
        axes.set_title(
            f"predicted {names[p]}\ntrue {names[t]}",
            fontsize=9,
            color="black" if p == t else _VERMILION,
            parse_math=False,
        )
    return figure


def save(figure: "Figure", path: str | os.PathLike[str]) -> Path:
    """Write the figure in the format its name ends in: whole, or not at all.

    Raises:
      ValueError: matplotlib cannot write that format.
      OSError: the folder is missing or not writable.

    Example:
      >>> import tempfile
      >>> save(plot_cost([2.0, 1.0]), Path(tempfile.mkdtemp()) / "cost.png").name
      'cost.png'
    """
    path = Path(path)
    with replacing(path) as file:
        figure.savefig(  # pyright: ignore[reportUnknownMemberType]
            file, format=path.suffix.removeprefix("."), dpi=150
        )
    return path


def _figure(title: str, size: tuple[float, float]) -> "Figure":
    figure = require("matplotlib.figure").Figure(figsize=size, layout="constrained")
    if title:
        figure.suptitle(title, parse_math=False)
    return figure


def _one_axes(title: str, x_label: str, y_label: str) -> tuple["Figure", Any]:
    figure = _figure(title, (6.4, 4.4))
    axes: Any = figure.subplots()
    # Names come from people's files: a "$" in one is a dollar, not mathematics.
    axes.set_xlabel(x_label, parse_math=False)
    axes.set_ylabel(y_label, parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _scale(axes: Any, costs: NDArray[Any]) -> None:
    """A grid, on a logarithmic axis where the costs fall a hundredfold."""
    finite = costs[np.isfinite(costs)]
    if finite.size and 0 < 100 * finite.min() < finite.max():
        axes.set_yscale("log")
    axes.grid(color="0.9")


def _class_numbers(name: str, values: ArrayLike, m: int) -> NDArray[np.int64]:
    """(1, m) class numbers as m integers."""
    found = np.asarray(values)
    if found.shape != (1, m):
        raise BadValueError(f"{name} must have shape (1, {m}), got {found.shape}")
    if not ((found >= 0) & (found < 2**31) & (found == np.floor(found))).all():
        raise BadValueError(f"{name} must hold class numbers 0, 1, ...")
    return found[0].astype(np.int64)


def _class_names(
    class_names: Sequence[str] | None, *numbers: NDArray[np.int64]
) -> Sequence[str]:
    """The names given, enough of them for the class numbers, or else the numbers."""
    classes = 1 + max(int(array.max(initial=-1)) for array in numbers)
    if class_names is None:
        return [str(number) for number in range(classes)]
    if len(class_names) < classes:
        raise BadValueError(
            f"class_names must name {classes} classes, got {len(class_names)}"
        )
    return class_names


def _class_colours(classes: int) -> Any:
    colours = require("matplotlib.colors")
    if classes <= len(_COLOURS):
        return colours.ListedColormap(_COLOURS[:classes])
    return require("matplotlib").colormaps["viridis"].resampled(classes)
