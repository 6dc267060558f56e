"""Names out of people's files, fit to be shown."""

from collections.abc import Callable


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
