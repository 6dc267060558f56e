"""A figure that a notebook shows by itself: pyplot, which would show it, is not used.

The one module that imports matplotlib at its top; `figures.new_figure` asks for it.
"""

from io import BytesIO

from matplotlib.figure import Figure


class ShownFigure(Figure):
    """A matplotlib Figure with a picture of itself.

    Example:
      >>> ShownFigure()._repr_png_()[1:4]
      b'PNG'
    """

    def _repr_png_(self) -> bytes:
        """What IPython asks of a value that a cell ends in."""
        file = BytesIO()
        self.savefig(file, format="png")  # pyright: ignore[reportUnknownMemberType]
        return file.getvalue()
