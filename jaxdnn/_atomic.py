"""Files that are either whole or not there."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Generator[BinaryIO, None, None]:
    """A file to write; it takes its name when the block ends well, else it vanishes.

    Whatever had the name before stays untouched until then.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "numbers.txt"
      >>> with replacing(path) as file:
      ...     _ = file.write(b"1 2 3")
      >>> path.read_bytes()
      b'1 2 3'
    """
    path = Path(path)
    # In the same folder, so that the renaming stays inside one file system.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _keep_names(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def leftovers(folder: Path) -> list[Path]:
    """What processes that were killed while `replacing` left in a folder.

    Example:
      >>> leftovers(Path("nowhere"))
      []
    """
    return sorted(folder.glob(".*.unfinished"))


def _keep_names(folder: Path) -> None:
    """Have the folder's names outlast a loss of power too, where systems can."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
