"""The command `jaxdnn`: one module beside this for each thing it does.

A command module has `add_arguments(parser)`, `run(args)`, which returns the exit code,
and a docstring, whose first line is its help. Bad input is a ValueError or OSError
anywhere below: one line on stderr, exit code 2, or the command's own ERROR_CODE.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from jaxdnn import __version__, enable_compilation_cache
from jaxdnn.cli import evaluate, predict, sweep, train, verify

_COMMANDS = {
    "train": train,
    "predict": predict,
    "evaluate": evaluate,
    "sweep": sweep,
    "verify": verify,
}


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code: the command's, else 2 for bad input.

    130 after Ctrl-C.

    Args:
      arguments: the words after `jaxdnn`; those of this process when None.

    Example:
      >>> main(["--version"])
      Traceback (most recent call last):
      SystemExit: 0
    """
    words = sys.argv[1:] if arguments is None else arguments
    command = _COMMANDS.get(words[0]) if words else None
    bad_input = getattr(command, "ERROR_CODE", 2)
    try:
        args = _parser().parse_args(words)
        # Where there is no room for a cache, every process compiles for itself.
        with suppress(OSError):
            enable_compilation_cache()
        return args.run(args)
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except ModuleNotFoundError as error:
        return _complain(error.msg.removeprefix("jaxdnn: "), bad_input)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}", bad_input)
    except ValueError as error:
        return _complain(str(error), bad_input)


def _complain(reason: str, code: int) -> int:
    print("jaxdnn:", " ".join(reason.split()), file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jaxdnn",
        description="Dense neural networks in JAX with a hand-derived backward pass.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"jaxdnn {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, command in _COMMANDS.items():
        description = (command.__doc__ or "").strip()
        subparser = commands.add_parser(
            name,
            help=description.partition("\n")[0].rstrip("."),
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser
