"""The command `jaxdnn`: one module of `commands` for each thing it does.

A command module has `add_arguments(parser)`, `run(args)`, which returns the exit code,
and a docstring, whose first line is its help. Bad input is a ValueError or OSError
anywhere below: one line on stderr, exit code 2.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from jaxdnn import __version__
from jaxdnn.app.commands import predict, train

_COMMANDS = (train, predict)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see {self.prog} --help)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code: 0, 2 for bad input, 130 for Ctrl-C.

    Args:
      arguments: the words after `jaxdnn`; those of this process when None.

    Example:
      >>> main(["--version"])
      Traceback (most recent call last):
      SystemExit: 0
    """
    try:
        args = _parser().parse_args(arguments)
        return args.run(args)
    except BrokenPipeError:
        # Whoever read our output has seen enough; what is buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return _complain("interrupted", 130)
    except ModuleNotFoundError as error:
        return _complain(error.msg.removeprefix("jaxdnn: "), 2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _complain(f"{where}{error.strerror or error}", 2)
    except ValueError as error:
        return _complain(str(error), 2)


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
    for command in _COMMANDS:
        description = (command.__doc__ or "").strip()
        subparser = commands.add_parser(
            command.__name__.rpartition(".")[2],
            help=description.partition("\n")[0].rstrip("."),
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser
