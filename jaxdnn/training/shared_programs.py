"""Compiled programs that processes share, though JAX writes its files in place.

    FOLDER/NAME.SIZE     a program, and of how many bytes it is
    FOLDER/own-.../NAME  a process's own: links to those, and what it compiled itself

A process reads and writes its own folder alone; what it compiled is linked to the
shared one when it is written, which happens at once or not at all. A file of another
size than its name says was left by a full disk or a loss of power: it is removed.
"""

import atexit
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

import jax

_OWN = "own-"
_PROGRAM = re.compile(r"(?P<name>.+-cache)\.(?P<size>\d+)")

# Each is linked to when a process begins, which takes 10 µs: the newest are kept.
_MOST = 2000

# Seconds after which an own folder is taken for that of a process that was killed.
_LONGEST = 30 * 24 * 3600

_COMPILED = "/jax/core/compile/backend_compile_duration"


@cache
def own_folder(shared: Path) -> Path:
    """This process's own folder in a shared one, until it ends.

    Raises:
      OSError: the shared folder is not writable.
    """
    own = Path(tempfile.mkdtemp(prefix=_OWN, dir=shared))
    known: set[str] = set()
    for program, name, size in _programs(shared):
        # Another process may have removed it, and some disks have no links.
        with suppress(OSError):
            if program.stat().st_size == size:
                os.link(program, own / name)
                known.add(name)
            else:
                program.unlink()

    def share(event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event == _COMPILED:
            # Names alone: this is done after every program, those found here too.
            new = {*os.listdir(own)} - known
            for name in filter(lambda name: name.endswith("-cache"), new):
                known.add(name)
                with suppress(OSError):
                    size = (own / name).stat().st_size
                    os.link(own / name, shared / f"{name}.{size}")

    jax.monitoring.register_event_duration_secs_listener(share)
    atexit.register(_leave, shared, own, os.getpid())
    return own


def _programs(shared: Path) -> Iterator[tuple[Path, str, int]]:
    """What is shared: its path, its name for JAX and the size that it says."""
    for path in shared.iterdir():
        if found := _PROGRAM.fullmatch(path.name):
            yield path, found["name"], int(found["size"])


def _leave(shared: Path, own: Path, process: int) -> None:
    """Remove the process's folder, those of killed ones, and the oldest programs."""
    if os.getpid() != process:  # a fork's end is not ours
        return
    with suppress(OSError):
        for folder in shared.glob(f"{_OWN}*"):
            if folder == own or time.time() - folder.stat().st_mtime > _LONGEST:
                shutil.rmtree(folder, ignore_errors=True)
        programs = [path for path, *_ in _programs(shared)]
        if len(programs) > _MOST:
            programs.sort(key=lambda path: path.stat().st_mtime)
            for path in programs[:-_MOST]:
                path.unlink()
