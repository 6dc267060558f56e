"""The command `jaxdnn`: one module beside this for each thing it does.

A command module has `run(args)`, which returns the exit code; its words are read in
`parsers`. It is imported, and JAX with it, once they are known to be good. Bad input is
a ValueError or OSError anywhere below: one line on stderr, exit code 2, or the
command's own.
"""

import os
import signal
import sys
import threading
import warnings
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from jaxdnn._text import printable
from jaxdnn.cli.importing import imported
from jaxdnn.cli.parsers import error_code, parse
from jaxdnn.cli.streams import standard_streams

_SAID: Mapping[int, str] = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}

# Seconds after which a signal that ended nothing is repeated.
_AGAIN = 2.0

# Signs of a library's warning that are shown.
_LINE = 160


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code: the command's, else 2 for bad input.

    128 and the signal's number after Ctrl-C or when terminated: 130, 143.

    Args:
      arguments: the words after `jaxdnn`; those of this process when None.

    Example:
      >>> main(["--version"])
      Traceback (most recent call last):
      SystemExit: 0
    """
    words = sys.argv[1:] if arguments is None else arguments
    with standard_streams(), _Signals() as signals:
        try:
            return _run(words, signals)
        except KeyboardInterrupt:
            number = signals.seen or signal.SIGINT
            return _complain(_SAID[number], 128 + number)


class _Signals:
    """Ctrl-C and SIGTERM end what is going on, and it is known which of them did.

    What is raised in some callback, as while garbage is collected, is swallowed there:
    so it is raised again, until the command has ended.
    """

    def __enter__(self) -> "_Signals":
        self.seen: int | None = None
        self.importing = True
        self._again: threading.Timer | None = None
        self._before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._end)
        self._unraisable, sys.unraisablehook = sys.unraisablehook, self._swallowed
        return self

    def _end(self, number: int, _frame: Any) -> None:
        self.seen = number
        if self.importing:
            # Nothing is under way, and C++ that calls back would abort the process.
            _complain(_SAID[number], 0)
            os._exit(128 + number)
        self._repeat(_AGAIN)
        raise KeyboardInterrupt

    def _repeat(self, seconds: float) -> None:
        if self._again is not None:
            self._again.cancel()
        self._again = threading.Timer(seconds, os.kill, (os.getpid(), self.seen))
        self._again.daemon = True
        self._again.start()

    def _swallowed(self, unraisable: Any) -> None:
        if self.seen is None or unraisable.exc_type is not KeyboardInterrupt:
            self._unraisable(unraisable)
        else:
            self._repeat(0.05)

    def __exit__(self, *_error: object) -> None:
        if self._again is not None:
            self._again.cancel()
        sys.unraisablehook = self._unraisable
        for number, handler in self._before.items():
            signal.signal(number, handler)


@contextmanager
def _cache_told_once() -> Generator[None]:
    """JAX warns of each program that its cache does not give or take: here, once."""
    with warnings.catch_warnings():
        before, told = warnings.showwarning, list[str]()

        def show(message: Any, *where: Any, **options: Any) -> None:
            first = str(message).partition("\n")[0]
            if "persistent compilation cache" not in first:
                before(message, *where, **options)
            elif not told:
                told.append(first)
                print("jaxdnn: note:", printable(first[:_LINE]), file=sys.stderr)

        warnings.showwarning = show
        yield


def _run(words: Sequence[str], signals: _Signals) -> int:
    """The command's exit code, or that of what it refused."""
    bad_input = error_code(words)
    try:
        args = parse(words)
        # Here, where a signal is minded: imports take seconds.
        command = imported(f"jaxdnn.cli.{args.command}")
        compiling = imported("jaxdnn.training.compiling")
        signals.importing = False
        with _cache_told_once():
            # Where there is no room for a cache, every process compiles for itself.
            with suppress(OSError):
                compiling.enable_compilation_cache()
            return command.run(args)
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except ModuleNotFoundError as error:
        return _complain(error.msg.removeprefix("jaxdnn: "), bad_input)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}", bad_input)
    except ValueError as error:
        return _complain(str(error), bad_input)


def _complain(reason: str, code: int) -> int:
    print("jaxdnn:", printable(" ".join(reason.split())), file=sys.stderr)
    return code
