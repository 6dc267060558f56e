"""What `jaxdnn verify --function` verifies: a rule, or a loss and its gradient."""

import argparse
import importlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from jaxdnn.verification import Report, verify_gradient, verify_vjp


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
    module, _, names = words.partition(":")
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
    if args.shapes is not None:
        rng = np.random.default_rng(args.seed)
        return [rng.normal(size=shape) for shape in args.shapes], {}
    with np.load(args.args) as file:
        arrays = dict(file)
    places = [f"arr_{k}" for k in range(len(arrays)) if f"arr_{k}" in arrays]
    return [arrays.pop(name) for name in places], arrays
