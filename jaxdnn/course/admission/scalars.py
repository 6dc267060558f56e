"""Kinds that are no arrays: numbers, truth values, words, paths, functions."""

from collections.abc import Callable
from os import PathLike
from typing import Any

import numpy as np

from jaxdnn._checks import (
    check_choice,
    check_concrete,
    check_kind,
    check_scalar,
    check_seed,
    check_truth,
)
from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.activations import ACTIVATIONS, Activation

# What admits an argument: (its name, what it is) -> what to compute with.
Kind = Callable[[str, Any], Any]


def number(
    *, low: float = -np.inf, high: float = np.inf, low_open: bool = False
) -> Kind:
    """A finite number in [low, high], as a float; Python's ints stay what they are.

    Example:
      >>> number(low=0, high=1)("keep_prob", np.float32(0.5))
      0.5
    """

    def admit(name: str, value: Any) -> Any:
        check_concrete(name, value)
        check_scalar(name, value, low=low, high=high, low_open=low_open)
        return value if type(value) is int else float(value)

    return admit


def or_none(kind: Kind) -> Kind:
    """None as it is, all else by the kind.

    Example:
      >>> or_none(number())("scale", None) is None
      True
    """
    return lambda name, value: None if value is None else kind(name, value)


def seed(name: str, value: Any) -> int:
    """What NumPy's generators take: a whole number from 0 to 2³² - 1.

    Example:
      >>> seed("seed", np.int64(0))
      0
    """
    check_scalar(name, value, low=0, high=2**32 - 1)
    check_seed(name, value)
    return int(value)


def flag(name: str, value: Any) -> bool:
    """True or False.

    Example:
      >>> flag("print_cost", np.True_)
      True
    """
    check_truth(name, value)
    return bool(value)


def one_of(*choices: str) -> Kind:
    """One of these words.

    Example:
      >>> one_of("zeros", "he")("initialization", "he")
      'he'
    """

    def admit(name: str, value: Any) -> str:
        check_choice(name, value, choices)
        return str(value)

    return admit


def activation(name: str, value: Any) -> str | Activation:
    """The name of an activation, or one's own.

    Example:
      >>> activation("activation", "relu")
      'relu'
    """
    return value if isinstance(value, Activation) else one_of(*ACTIVATIONS)(name, value)


def activations(
    name: str, value: Any
) -> str | Activation | tuple[str | Activation, ...]:
    """One activation, or a tuple of one for each hidden layer.

    Example:
      >>> activations("hidden", ("relu", "tanh"))
      ('relu', 'tanh')
    """
    if isinstance(value, tuple):
        return tuple(activation(f"{name}[{i}]", g) for i, g in enumerate(value))
    return activation(name, value)


def folder(name: str, value: Any) -> Any:
    """Where files are: a path.

    Example:
      >>> folder("data_folder", "datasets")
      'datasets'
    """
    check_kind(name, value, (str, PathLike), "a path")
    if "\0" in str(value):
        raise BadValueError(f"{name} must be a path, got one with a NUL")
    return value


def function(name: str, value: Any) -> Any:
    """Something to call.

    Example:
      >>> function("model", len) is len
      True
    """
    if not callable(value):
        raise BadTypeError(f"{name} must be a function, got {shown(value)}")
    return value
