"""Files that are whole or not there, and folders that one process has at a time."""

import os
import re
import secrets
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, ClassVar

# Signs of a name that an unfinished file's has too: names have 255 bytes at most.
_NAMED = 48

_UNFINISHED = re.compile(r"\..+\.(\d+)-[0-9a-f]{16}\.unfinished")


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Generator[BinaryIO, None, None]:
    """A file to write; it takes its name when the block ends well, else it vanishes.

    Whatever had the name before stays untouched until then. What is there and is no
    file, such as /dev/null or a pipe, is written to as it is; a link stays one, and
    what it points to is replaced.

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
        path = Path(os.path.realpath(path)) if path.is_symlink() else path
        token = f"{os.getpid()}-{secrets.token_hex(8)}"
        unfinished = path.with_name(f".{path.name[:_NAMED]}.{token}.unfinished")
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


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """All of it, or nothing: see `replacing`.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "x"
      >>> write(path, b"1")
      >>> path.read_bytes()
      b'1'
    """
    with replacing(path) as file:
        file.write(content)


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

    The process itself may have it more than once. Where systems have no such locks,
    nobody is kept out.

    Args:
      folder: which is there.
      what: has the folder, for the message to the next process; None to wait, and to
        keep this process's other threads out as well.

    Raises:
      ValueError: another process has it.

    Example:
      >>> import tempfile
      >>> FolderLock(Path(tempfile.mkdtemp()), "a run").close()
    """

    # What this process has: the folder's descriptor, and how often.
    _had: ClassVar[dict[tuple[int, int], tuple[int, int]]] = {}
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: Path, what: str | None = None) -> None:
        self._opened: int | None = None
        self._place: tuple[int, int] | None = None
        if what is None:
            self._opened = _locked(folder, wait=True)
            return
        found = os.stat(folder)
        place = (found.st_dev, found.st_ino)
        with self._guard:
            opened, times = self._had.get(place, (None, 0))
            try:
                opened = _locked(folder) if opened is None else opened
            except BlockingIOError:
                raise ValueError(
                    f"{folder}: in use: {what} of another process has it"
                ) from None
            if opened is not None:
                self._had[place] = (opened, times + 1)
                self._place = place

    def close(self) -> None:
        """Let go of the folder."""
        opened, self._opened = self._opened, None
        place, self._place = self._place, None
        if place is not None:
            with self._guard:
                descriptor, times = self._had.pop(place)
                if times > 1:
                    self._had[place] = (descriptor, times - 1)
                else:
                    opened = descriptor
        if opened is not None:
            os.close(opened)

    def __del__(self) -> None:
        self.close()


def _locked(folder: Path, *, wait: bool = False) -> int | None:
    """A descriptor that has the folder; None where systems or disks have no locks."""
    try:
        import fcntl
    except ImportError:  # no POSIX
        return None
    opened = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(opened)
        raise
    except OSError:
        os.close(opened)
        return None
    return opened


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
