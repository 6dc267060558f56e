"""A table, for the eye."""

from collections.abc import Sequence


def print_table(headings: Sequence[str], rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell; the first is flush left."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        first, *rest = (
            f"{cell:<{width}}" if column == 0 else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join((first, *rest)).rstrip(), flush=True)
