"""What a column says of cells that training did not have, added up over pieces."""

from collections.abc import Iterable
from typing import NamedTuple


class Note(NamedTuple):
    """Cells of one column of one kind: what they are, how many, what becomes of them.

    then has that number in the place of {}.
    """

    column: str
    what: str
    then: str
    cells: int


def added_up(notes: Iterable[Note]) -> list[Note]:
    """One note of each column: the first's words, the sum of the cells.

    Example:
      >>> one = Note("x", "no cell was missing", "{} are", 2)
      >>> added_up([one, one._replace(cells=3)])[0].cells
      5
    """
    found: dict[str, Note] = {}
    for note in notes:
        first = found.get(note.column, note._replace(cells=0))
        found[note.column] = first._replace(cells=first.cells + note.cells)
    return list(found.values())


def said_of(source: str, note: Note) -> str:
    """The line for the screen.

    Example:
      >>> said_of("t.csv", Note("x", "no cell was missing", "{} are here", 2))
      "t.csv: column 'x': no cell was missing in training; 2 are here"
    """
    then = note.then.format(note.cells)
    return f"{source}: column {note.column!r}: {note.what} in training; {then}"
