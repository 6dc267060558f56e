"""The standard streams, fit to be written to whatever they are."""

import io
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import cast

# What Python does of signs that an encoding lacks, unless somebody says otherwise.
_FAIL = ("strict", "surrogateescape")


@contextmanager
def standard_streams() -> Generator[None]:
    """Whatever is said can be written: what an encoding lacks is spelled out.

    A file opened where a standard stream is closed would get its number, and what
    libraries tell that stream: so /dev/null has it.

    Example:
      >>> with standard_streams():
      ...     print("cat")
      cat
    """
    out, err = sys.stdout, sys.stderr
    if None in (sys.stdin, out, err):
        while os.open(os.devnull, os.O_RDWR) < 2:
            pass
    if err is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)
    fails = isinstance(out, io.TextIOWrapper) and out.errors in _FAIL
    screen = cast(io.TextIOWrapper, out)
    before = screen.errors if fails else None
    if fails:
        screen.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        sys.stderr = err
        if fails:
            with suppress(OSError):  # it has been told that nothing can be written
                screen.reconfigure(errors=before)
