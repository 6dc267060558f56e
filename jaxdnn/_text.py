"""Names out of people's files, fit to be shown."""

from collections.abc import Callable, Iterable
from typing import Any


def printable(text: str, known: Callable[[str], bool] = str.isprintable) -> str:
    r"""The text, with the signs that are not known spelled out.

    A terminal would obey some of those that cannot be printed.

    Example:
      >>> printable("cat\t\x1b[31m")
      'cat\\t\\x1b[31m'
    """
    return "".join(
        sign if known(sign) else sign.encode("unicode_escape").decode() for sign in text
    )


# Signs of a cell that a message shows.
_MOST = 60


def cut(text: str) -> str:
    """A text in quotes, cut where it is long: a cell may hold megabytes.

    Example:
      >>> cut("cat"), cut("x" * 1000)[-22:]
      ("'cat'", "xxxxx'... (1000 signs)")
    """
    if len(text) <= _MOST:
        return repr(text)
    return f"{text[:_MOST]!r}... ({len(text)} signs)"


def texts_of(name: str, said: Any) -> tuple[str, ...]:
    """A list of texts out of JSON, or the tuple that goes into it.

    Raises:
      ValueError: something else is there.

    Example:
      >>> texts_of("left_out", ["id"])
      ('id',)
    """
    known = isinstance(said, (list, tuple))
    if not known or not all(isinstance(text, str) for text in said):
        raise ValueError(f"{name} must be a list of texts, got {cut(str(said))}")
    return tuple(said)


# Signs of names that a line has room for.
_NAMED = 40


def some(names: Iterable[str]) -> str:
    """The first names, and how many more.

    Example:
      >>> some(f"pixel{i}" for i in range(784))
      'pixel0, pixel1, pixel2, pixel3, pixel4, 779 more'
    """
    names = list(names)
    count = 1
    while count < len(names) and len(", ".join(names[: count + 1])) <= _NAMED:
        count += 1
    more = [f"{len(names) - count} more"] if len(names) > count else []
    return ", ".join([*names[:count], *more])
