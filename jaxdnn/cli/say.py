"""Lines on the screen: a label, and what it labels."""

from collections.abc import Iterable


def say(label: str, text: str) -> None:
    """Print a line.

    Example:
      >>> say("rows", "150")
      rows            150
    """
    print(f"{label:14}  {text}", flush=True)


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


def silent(_label: str, _text: str) -> None:
    """Print nothing."""
