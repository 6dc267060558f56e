"""The words of the command line: a command a file, and none of them waits for JAX.

A command's file has `add_arguments(parser)` and a docstring, whose first line is its
help. Where words go together only in some ways it has `check(args)`, which raises a
ValueError; where the exit code of bad input is not 2, ERROR_CODE. The file of the same
name in the folder above does what is said, in `run(args)`.
"""

import argparse
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import NoReturn

from jaxdnn import __version__
from jaxdnn.cli.parsers import (
    evaluate,
    explain,
    export,
    inspect,
    predict,
    sweep,
    train,
    verify,
)

COMMANDS: Mapping[str, ModuleType] = MappingProxyType(
    {
        "train": train,
        "predict": predict,
        "evaluate": evaluate,
        "sweep": sweep,
        "inspect": inspect,
        "verify": verify,
        "export": export,
        "explain": explain,
    }
)


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, like all others."""

    def error(self, message: str) -> NoReturn:
        raise ValueError(f"{message} (see {self.prog} --help)")


def error_code(words: Sequence[str]) -> int:
    """The exit code where what the words say is refused.

    Example:
      >>> error_code(["train", "--dance"]), error_code(["verify", "--dance"])
      (2, 3)
    """
    return getattr(COMMANDS.get(words[0]) if words else None, "ERROR_CODE", 2)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """What the words say; `command` is the name of who is to do it.

    Raises:
      ValueError: they say nothing that can be done.
      SystemExit: they ask for help, which is printed.

    Example:
      >>> args = parse(["train", "--data", "moons", "--epochs", "10"])
      >>> args.command, args.source, args.epochs
      ('train', 'moons', 10)
    """
    args = _parser().parse_args(words)
    check = getattr(COMMANDS[args.command], "check", None)
    if check is not None:
        check(args)
    return args


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="jaxdnn",
        description="Dense neural networks in JAX with a hand-derived backward pass.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"jaxdnn {__version__}")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        description = (command.__doc__ or "").strip()
        subparser = subparsers.add_parser(
            name,
            help=description.partition("\n")[0].rstrip("."),
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
    return parser
