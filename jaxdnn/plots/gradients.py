"""Which rows pull hardest at a network, and what is left of that in each layer."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from jaxdnn._refusals import BadValueError, public
from jaxdnn.plots.figures import BLUE, MOST_NAMED, VERMILION, new_figure, shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@public
def plot_gradient_norms(
    norms: ArrayLike, names: Sequence[str], layers: ArrayLike, *, title: str = ""
) -> "Figure":
    """The longest gradients of single rows; below, the mean gradient layer by layer.

    At most 20 rows, beside them a line at the median of all.

    Args:
      norms: (m,), of each row's own gradient, as `per_example_norms` gives them.
      names: the m rows' names.
      layers: (L,), the norm of the mean gradient in each layer.
      title: a line above.

    Raises:
      ValueError: norms is not (m,) with m >= 1, layers not (L,) with L >= 1, or there
        are not m names.

    Example:
      >>> figure = plot_gradient_norms([0.1, 3.0], ["row 1", "row 2"], [0.5, 0.2])
      >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
      ['row 2', 'row 1']
    """
    each, flow = (np.asarray(of, dtype=np.float64) for of in (norms, layers))
    for name, of in (("norms", each), ("layers", flow)):
        if of.ndim != 1 or of.size == 0:
            raise BadValueError(f"{name} must have shape (n,), n >= 1, got {of.shape}")
    if len(names) != each.size:
        raise BadValueError(f"names must name {each.size} rows, got {len(names)}")
    longest = np.argsort(-each, kind="stable")[:MOST_NAMED]
    figure = new_figure(title, (6.4, 3.2 + 0.2 * len(longest)))
    upper, lower = figure.subplots(2, height_ratios=(3 + len(longest), 8))
    places = range(len(longest))
    upper.barh(places, each[longest], color=BLUE)
    upper.set_yticks(places, [shown(names[int(i)]) for i in longest], parse_math=False)
    upper.invert_yaxis()
    upper.axvline(float(np.median(each)), color=VERMILION)
    upper.set_xlabel(f"norm of a row's gradient; the median of {each.size}: the line")
    lower.bar(range(1, flow.size + 1), flow, color=BLUE)
    # Beyond a hundredfold the shorter bars could not be seen.
    if 0 < 100 * flow.min() < flow.max() < np.inf:
        lower.set_yscale("log")
    lower.xaxis.get_major_locator().set_params(integer=True)
    lower.set_xlabel("layer")
    lower.set_ylabel("norm of the mean")
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
    return figure
