"""Whose fault it is: a file's name before whatever its reader finds wrong with it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def within(path: Path, kind: str = "") -> Generator[None]:
    """Raise whatever is raised inside as a ValueError that begins with the path.

    A missing library passes, and what the system says of a file: that names it itself.

    Args:
      path: the file being read.
      kind: "MATLAB", say, of a file that can only be damaged.

    Example:
      >>> with within(Path("t.csv")):
      ...     raise KeyError("x")
      Traceback (most recent call last):
      ValueError: t.csv: 'x'
    """
    try:
        yield
    except Exception as error:  # each library has errors of its own for damage
        if isinstance(error, ModuleNotFoundError) or getattr(error, "errno", None):
            raise
        damaged = f"damaged {kind} file: " if kind else ""
        said = " ".join(str(error).splitlines())
        raise ValueError(f"{path}: {damaged}{said}") from error
