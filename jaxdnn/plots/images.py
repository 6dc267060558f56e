"""Pictures with what was said of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxdnn._refusals import BadValueError, public
from jaxdnn.plots.figures import (
    VERMILION,
    class_names_of,
    class_numbers,
    new_figure,
    shown,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_IMAGES = 100


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
    said = class_numbers("predicted", predicted, k)
    is_so = class_numbers("true", true, k)
    names = class_names_of(class_names, said, is_so)

    across = min(max(k, 1), 5)
    down = max(-(-k // across), 1)
    # Never so narrow that a title is cut.
    figure = new_figure(title, (1.9 * max(across, 3) + 0.4, 2.2 * down + 0.5))
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
            f"predicted {shown(names[int(p)])}\ntrue {shown(names[int(t)])}",
            fontsize=9,
            color="black" if p == t else VERMILION,
            parse_math=False,
        )
    return figure
