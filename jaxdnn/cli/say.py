"""Lines on the screen: a label, and what it labels."""

import csv
import io
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from unicodedata import east_asian_width

from jaxdnn._atomic import naming
from jaxdnn._text import cut, printable
from jaxdnn.data.columns.notes import Note, said_of

# Columns of the screen that a label has.
ROOM = 14

# What an error of the system is about.
_OUT = Path("standard output")


def say(label: str, text: str) -> None:
    r"""Print a line, of signs that can be printed.

    Example:
      >>> say("rows", "150\a")
      rows            150\x07
    """
    label = printable(label)
    space = " " * (ROOM - width(label))
    with naming(_OUT):
        print(f"{label}{space}  {printable(text)}".rstrip(), flush=True)


def width(text: str) -> int:
    """How many columns of the screen it takes.

    Example:
      >>> width("cat"), width("猫")
      (3, 2)
    """
    return sum(1 + (east_asian_width(sign) in "WF") for sign in printable(text))


def joined(parts: Iterable[str], width: int = 64) -> list[str]:
    """Parts of what is said, as few lines of that width as they fill.

    Example:
      >>> joined(["one", "two", "three"], width=10)
      ['one; two', 'three']
    """
    lines: list[str] = []
    for part in parts:
        if lines and len(lines[-1]) + len(part) + 2 <= width:
            lines[-1] += f"; {part}"
        else:
            lines.append(part)
    return lines


def tell_parts(
    tell: Callable[[str, str], None], label: str, parts: Iterable[str]
) -> None:
    """Tell all parts under one label, on as few lines as they fill.

    Example:
      >>> tell_parts(say, "data", ["one", "two"])
      data            one; two
    """
    for i, line in enumerate(joined(parts)):
        tell("" if i else label, line)


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    r"""Rows as the lines of a CSV file.

    Example:
      >>> csv_text([["a", 1], ["b,c", 2]])
      'a,1\n"b,c",2\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def put(texts: Iterable[str]) -> None:
    """Print all of some texts, or fail.

    A text stream without a buffer, as PYTHONUNBUFFERED makes it, forgets what the
    system did not take at once.

    Raises:
      ValueError: standard output is closed, or its encoding lacks a sign.

    Example:
      >>> put(["a,b"])
      a,b
    """
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison]
        raise ValueError("standard output is closed: name a file with --out")
    sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError):  # no file, as where output is captured
        sys.stdout.writelines(texts)
        return
    encoding = sys.stdout.encoding
    with naming(_OUT), open(descriptor, "wb", closefd=False) as out:
        for text in texts:
            try:
                out.write(text.encode(encoding))
            except UnicodeEncodeError as error:
                lacking = text[error.start : error.end]
                raise ValueError(
                    f"standard output is {encoding}, which lacks {cut(lacking)}: name "
                    "a file with --out, or set PYTHONIOENCODING=utf-8"
                ) from error


def put_notes(source: str, notes: Iterable[Note]) -> None:
    """Notes about a file's columns, beside the output."""
    for note in notes:
        print("jaxdnn: note:", printable(said_of(source, note)), file=sys.stderr)


def silent(_label: str, _text: str) -> None:
    """Print nothing."""
