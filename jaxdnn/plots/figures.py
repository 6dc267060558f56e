"""What all figures share: their frame, their colours, names, and their files."""

import os
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jaxdnn._atomic import replacing
from jaxdnn._extras import require
from jaxdnn._refusals import BadValueError
from jaxdnn._text import printable

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILION = "#0072B2", "#D55E00"
COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442")

# Classes that a figure names; it tells how many more there are.
MOST_NAMED = 20

# Signs of a name that a figure has room for.
_LONGEST = 24


def save(figure: "Figure", path: str | os.PathLike[str]) -> Path:
    """Write the figure in the format its name ends in: whole, or not at all.

    Raises:
      ValueError: matplotlib cannot write that format.
      OSError: the folder is missing or not writable.

    Example:
      >>> import tempfile
      >>> from jaxdnn.plots import plot_cost
      >>> save(plot_cost([2.0, 1.0]), Path(tempfile.mkdtemp()) / "cost.png").name
      'cost.png'
    """
    path = Path(path)
    with replacing(path) as file:
        figure.savefig(  # pyright: ignore[reportUnknownMemberType]
            file, format=path.suffix.removeprefix("."), dpi=150
        )
    return path


def new_figure(title: str, size: tuple[float, float]) -> "Figure":
    """An empty figure."""
    figure = _figure_class()(figsize=size, layout="constrained")
    if title:
        # At some ten signs an inch.
        lines = fill(shown(title, longest=80), int(10 * size[0]))
        figure.suptitle(lines, parse_math=False)
    return figure


def _figure_class() -> "type[Figure]":
    require("matplotlib.figure")
    return import_module("jaxdnn.plots.showing").ShownFigure


def one_axes(title: str, x_label: str, y_label: str) -> tuple["Figure", "Axes"]:
    """A figure with one pair of axes."""
    figure = new_figure(title, (6.4, 4.4))
    axes: Any = figure.subplots()
    # Names come from people's files: a "$" in one is a dollar, not mathematics.
    axes.set_xlabel(shown(x_label), parse_math=False)
    axes.set_ylabel(shown(y_label), parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def shown(name: str, longest: int = _LONGEST) -> str:
    r"""A name as the figure's font has it: short, and spelled out where it has no sign.

    Example:
      >>> shown("cat\t猫")
      'cat\\t\\u732b'
    """
    there = _signs()
    spelled = printable(name, lambda sign: ord(sign) in there and sign.isprintable())
    return spelled if len(spelled) <= longest else f"{spelled[: longest - 3]}..."


def add_legend(
    axes: "Axes", handles: Sequence["Artist"], names: Sequence[str], where: str
) -> None:
    """Say which is which: at most MOST_NAMED, or as many and how many more.

    Args:
      where: "inside" the axes, or "beside" them.
    """
    place: dict[str, Any] = {"loc": "upper right"}
    if where == "beside":
        place = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
    # Handed over as they are, names that begin with "_" are shown too. Matplotlib's
    # search for the best place takes a minute where there are many points.
    legend = axes.legend(
        handles,
        [shown(name) for name in names],
        frameon=False,
        fontsize="x-small" if len(names) > len(COLOURS) else None,
        **place,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


@cache
def _signs() -> frozenset[int]:
    """The signs of the font that figures are written in."""
    fonts = require("matplotlib.font_manager")
    path = fonts.findfont(fonts.FontProperties())
    return frozenset(fonts.get_font(path).get_charmap())


def class_numbers(name: str, values: ArrayLike, m: int) -> NDArray[np.int64]:
    """(1, m) class numbers as m integers."""
    found = np.asarray(values)
    if found.shape != (1, m):
        raise BadValueError(f"{name} must have shape (1, {m}), got {found.shape}")
    if not ((found >= 0) & (found < 2**31) & (found == np.floor(found))).all():
        raise BadValueError(f"{name} must hold class numbers 0, 1, ...")
    return found[0].astype(np.int64)


def class_names_of(
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
