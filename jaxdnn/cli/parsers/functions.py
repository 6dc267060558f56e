"""The words of `jaxdnn verify --function`."""

import argparse
from pathlib import Path

# What goes with --function alone, and what is meant where nothing is said.
OWN = {"args": None, "shapes": None, "has_gradient": False, "rtol": 0.0, "budget": None}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words of a function and its arguments."""
    option = parser.add_argument
    option(
        "--function",
        metavar="MODULE:NAME",
        help="a function with a rule of its own, or MODULE:LOSS,GRAD, or with "
        "--has-gradient one that returns both",
    )
    option(
        "--args",
        type=Path,
        metavar="FILE.npz",
        help="its arguments: arr_0, arr_1, ... in this order, others by name",
    )
    option(
        "--shapes",
        nargs="+",
        type=shape,
        metavar="N,M",
        help="its arguments drawn at random, one of each shape; () is a number",
    )
    option("--has-gradient", action="store_true", help="it returns (loss, gradient)")
    option("--rtol", type=float, default=0.0, help="an inaccuracy of it to grant (0)")
    option("--budget", type=float, metavar="SECONDS", help="when to give up")


def check(args: argparse.Namespace) -> None:
    """Refuse what names no function, and arguments that are two things or none."""
    words = args.function
    if not all(words.partition(":")) or words.count(",") > 1:
        raise ValueError(f"--function {words}: must be MODULE:NAME or MODULE:LOSS,GRAD")
    if (args.args is None) == (args.shapes is None):
        raise ValueError("--function goes with one of --args and --shapes")


def shape(text: str) -> tuple[int, ...]:
    """A shape as it is written: 3,4 or ().

    Example:
      >>> shape("3,4"), shape("5"), shape("()")
      ((3, 4), (5,), ())
    """
    inside = text.strip("()")
    return tuple(int(n) for n in inside.split(",") if n)
