"""Lines on the screen: a label, and what it labels."""

import sys
from collections.abc import Iterable


def say(label: str, text: str) -> None:
    """Print a line.

    Example:
      >>> say("rows", "150")
      rows            150
    """
    print(f"{label:14}  {text}".rstrip(), flush=True)


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


def put(text: str) -> None:
    """Print all of a text, or fail.

    A text stream without a buffer, as PYTHONUNBUFFERED makes it, forgets what the
    system did not take at once.

    Example:
      >>> put("a,b")
      a,b
    """
    sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except (AttributeError, OSError):  # no file, as where output is captured
        sys.stdout.write(text)
        return
    with open(descriptor, "wb", closefd=False) as out:
        out.write(text.encode(sys.stdout.encoding, sys.stdout.errors or "strict"))


def silent(_label: str, _text: str) -> None:
    """Print nothing."""
