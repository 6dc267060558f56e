"""Files that are whole or not there, and folders that one process has at a time."""

import os
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_UNFINISHED = re.compile(r"\..+\.(\d+)-[0-9a-f]{16}\.unfinished")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Generator[BinaryIO, None, None]:
    """A file to write; it takes its name when the block ends well, else it vanishes.

    Whatever had the name before stays untouched until then. What is there and is no
    file, such as /dev/null or a pipe, is written to as it is.

    Raises:
      OSError: it cannot be written; the error has the path as its filename.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "numbers.txt"
      >>> with replacing(path) as file:
      ...     _ = file.write(b"1 2 3")
      >>> path.read_bytes()
      b'1 2 3'
    """
    path = Path(path)
    with naming(path):
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                yield file
            return
        # In the same folder, so that the renaming stays inside one file system; a name
        # that nobody could have put a link under.
        token = f"{os.getpid()}-{secrets.token_hex(8)}"
        unfinished = path.with_name(f".{path.name}.{token}.unfinished")
        try:
            with unfinished.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            keep_names(path.parent)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


@contextmanager
def naming(path: Path) -> Generator[None]:
    """Give what the system says of a write the name of what was written.

    Example:
      >>> with naming(Path("a.bin")):
      ...     raise OSError(28, "No space left on device")
      Traceback (most recent call last):
      OSError: [Errno 28] No space left on device: 'a.bin'
    """
    try:
        yield
    except OSError as error:
        if error.errno is None or error.filename is not None:
            raise
        raise type(error)(error.errno, error.strerror, str(path)) from error


def leftovers(folder: Path) -> list[Path]:
    """What processes that were killed while `replacing` left in a folder.

    Example:
      >>> leftovers(Path("nowhere"))
      []
    """
    found = {path: _UNFINISHED.fullmatch(path.name) for path in folder.glob(".*")}
    return sorted(
        path for path, its in found.items() if its and not _lives(int(its[1]))
    )


def _lives(process: int) -> bool:
    """Whether there is a process of that number on this machine."""
    if process == os.getpid():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is there, and somebody else's
        return True
    return True


class FolderLock:
    """A folder for this process alone, until `close` or the process's end.

    Where systems have no such locks, nobody is kept out.

    Args:
      folder: which is there.
      what: has the folder, for the message to the next one; None to wait for it.

    Raises:
      ValueError: another has it.

    Example:
      >>> import tempfile
      >>> folder = Path(tempfile.mkdtemp())
      >>> held = FolderLock(folder, "a run")
      >>> FolderLock(folder, "a run")  # doctest: +ELLIPSIS
      Traceback (most recent call last):
      ValueError: ...: in use: a run of another process has it
      >>> held.close()
    """

    _opened: int | None = None

    def __init__(self, folder: Path, what: str | None = None) -> None:
        try:
            import fcntl
        except ImportError:  # no POSIX
            return
        self._opened = os.open(folder, os.O_RDONLY)
        try:
            at_once = 0 if what is None else fcntl.LOCK_NB
            fcntl.flock(self._opened, fcntl.LOCK_EX | at_once)
        except BlockingIOError:
            self.close()
            raise ValueError(
                f"{folder}: in use: {what} of another process has it"
            ) from None
        except OSError:  # a file system without locks
            self.close()

    def close(self) -> None:
        """Let go of the folder."""
        if self._opened is not None:
            os.close(self._opened)
            self._opened = None

    def __del__(self) -> None:
        self.close()


def keep_names(folder: Path) -> None:
    """Have the folder's names outlast a loss of power too, where systems can."""
    if os.name == "posix":
        opened = os.open(folder, os.O_RDONLY)
        try:
            # Some file systems have nothing to synchronise of a folder.
            with suppress(OSError):
                os.fsync(opened)
        finally:
            os.close(opened)
