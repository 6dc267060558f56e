"""What `jaxdnn verify --function` verifies: a rule, or a loss and its gradient."""

import argparse
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from jaxdnn.verification import Report, verify_gradient, verify_vjp

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


def shape(text: str) -> tuple[int, ...]:
    """A shape as it is written: 3,4 or ().

    Example:
      >>> shape("3,4"), shape("5"), shape("()")
      ((3, 4), (5,), ())
    """
    inside = text.strip("()")
    return tuple(int(n) for n in inside.split(",") if n)


def verify_function(args: argparse.Namespace) -> Report:
    """The report on what --function names."""
    functions = [*_functions(args.function)]
    given, named = _arguments(args)
    options = {"seed": args.seed, "rtol": args.rtol, "budget": args.budget}
    if args.has_gradient:
        return verify_gradient(
            functions[0], *given, has_gradient=True, **options, **named
        )
    if len(functions) == 2:
        return verify_gradient(*functions, *given, **options, **named)
    return verify_vjp(functions[0], tuple(given), **options, **named)


def _functions(words: str) -> Iterator[Callable[..., Any]]:
    """One function or two, from a module or an attribute of one."""
    module, colon, names = words.partition(":")
    if not (module and colon and names) or names.count(",") > 1:
        raise ValueError(f"--function {words}: must be MODULE:NAME or MODULE:LOSS,GRAD")
    try:
        source = importlib.import_module(module)
        for name in names.split(","):
            found: Any = source
            for part in name.split("."):
                found = getattr(found, part)
            if not callable(found):
                raise TypeError(f"{name} is no function")
            yield found
    except (Exception, SystemExit) as error:
        raise ValueError(
            f"--function {words}: {type(error).__name__}: {error}"
        ) from error


def _arguments(args: argparse.Namespace) -> tuple[list[Any], dict[str, Any]]:
    """The arguments by place and by name."""
    if (args.args is None) == (args.shapes is None):
        raise ValueError("--function goes with one of --args and --shapes")
    if args.shapes is not None:
        rng = np.random.default_rng(args.seed)
        return [rng.normal(size=shape) for shape in args.shapes], {}
    with np.load(args.args) as file:
        arrays = dict(file)
    places = [f"arr_{k}" for k in range(len(arrays)) if f"arr_{k}" in arrays]
    return [arrays.pop(name) for name in places], arrays
