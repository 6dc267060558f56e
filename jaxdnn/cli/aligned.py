"""Numbers below each other on the screen, whatever their size."""

from collections.abc import Iterable, Iterator, Sequence

from jaxdnn.cli.say import ROOM, width

# So wide that a table of three parts and one of five epochs look alike.
_COLUMN = 12

# Signs of a name or a cell that a line has room for.
LONGEST = 22


def number(value: float | None) -> str:
    """At most eleven signs, but for exponents of three digits; – of what is not there.

    Example:
      >>> [number(each) for each in (None, 0.5, 0.00012345678, 139047557.06, -2e15)]
      ['–', '0.5000', '0.0001235', '139047557', '-2.0000e+15']
    """
    if value is None:
        return "–"
    size = abs(value)
    if size >= 1e9:
        return f"{value:.4e}"
    if size >= 1e5:
        return f"{value:.0f}"
    return f"{value:.4f}" if size == 0 or size >= 1e-3 else f"{value:.4g}"


def aligned(rows: Iterable[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, str]]:
    """Labels and cells to labels and lines: each column as wide as it has to be.

    Example:
      >>> for label, line in aligned([("", ["train", "test"]), ("MAE", ["1", "2"])]):
      ...     print(f"{label:4}{line}")
                 train        test
      MAE            1           2
    """
    rows = list(rows)
    widths = [
        max(_COLUMN, 1 + max(map(width, column)))
        for column in zip(*(cells for _, cells in rows), strict=True)
    ]
    for label, cells in rows:
        pairs = zip(cells, widths, strict=True)
        line = "".join(" " * (wide - width(cell)) + cell for cell, wide in pairs)
        # A long label takes some of the empty room before its line.
        over = min(max(0, width(label) - ROOM), len(line) - len(line.lstrip()))
        yield label, line[over:]


def shortened(cell: str, longest: int = LONGEST) -> str:
    """A cell that a line has room for.

    Example:
      >>> shortened("cat"), shortened("a long name", longest=6)
      ('cat', 'a lon…')
    """
    return cell if len(cell) <= longest else f"{cell[: longest - 1]}…"
