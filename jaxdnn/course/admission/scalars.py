"""Kinds that are no arrays: numbers, flags, words, paths, functions."""

from collections.abc import Callable
from decimal import Decimal
from math import isfinite
from numbers import Integral, Real
from os import PathLike
from typing import Any

import numpy as np
from jax import Array

from jaxdnn._checks import BadTypeError, BadValueError, check_concrete, check_scalar
from jaxdnn.activations import ACTIVATIONS, Activation
from jaxdnn.arrays import admitted

# What admits an argument: (its name, what it is) -> what to compute with.
Kind = Callable[[str, Any], Any]

_LONGEST = 60


def shown(value: Any) -> str:
    """The value where that is short, else its type.

    Example:
      >>> shown(1j), shown(10**5000), shown("x" * 100)
      ('1j', 'int', 'str')
    """
    simple = isinstance(value, (str, bytes, Real, complex, Decimal)) or value is None
    try:
        text = repr(value) if simple or isinstance(value, np.generic) else ""
    except ValueError:  # of an int with more digits than Python prints
        text = ""
    return text if 0 < len(text) <= _LONGEST else type(value).__name__


def is_real(value: Any) -> bool:
    """Whether the value is one real number: no duration and no truth value.

    Example:
      >>> is_real(Decimal("0.5")), is_real(np.timedelta64(1, "s")), is_real(True)
      (True, False, False)
    """
    other = isinstance(value, (bool, np.timedelta64))
    return isinstance(value, (Real, Decimal)) and not other


def number(
    *, low: float = -np.inf, high: float = np.inf, low_open: bool = False
) -> Kind:
    """A finite number in [low, high], as a float; Python's ints stay what they are.

    Example:
      >>> number(low=0, high=1)("keep_prob", Decimal("0.5"))
      0.5
    """

    def admit(name: str, value: Any) -> Any:
        check_concrete(name, value)
        if isinstance(value, (np.ndarray, Array)) and value.ndim == 0:
            value = admitted(name, value).item()
        if not is_real(value):
            raise BadTypeError(f"{name} must be a number, got {shown(value)}")
        try:
            exact = float(value)
        except OverflowError:
            exact = np.inf
        if low == -np.inf and not isfinite(exact):
            raise BadValueError(f"{name} must be finite, got {shown(value)}")
        check_scalar(name, exact, low=low, high=high, low_open=low_open)
        return int(value) if isinstance(value, int) else exact

    return admit


def or_none(kind: Kind) -> Kind:
    """None as it is, all else by the kind.

    Example:
      >>> or_none(number())("scale", None) is None
      True
    """
    return lambda name, value: None if value is None else kind(name, value)


def whole(name: str, value: Any) -> int:
    """A whole number from 1 to 2³¹ - 1, as an int.

    Example:
      >>> whole("n_h", np.int64(4))
      4
    """
    return _whole(name, value, low=1, high=2**31 - 1)


def seed(name: str, value: Any) -> int:
    """What NumPy's generators take: a whole number from 0 to 2³² - 1.

    Example:
      >>> seed("seed", 0)
      0
    """
    return _whole(name, value, low=0, high=2**32 - 1)


def _whole(name: str, value: Any, *, low: int, high: int) -> int:
    counts = is_real(value) and isinstance(value, Integral)
    if not counts or not low <= int(value) <= high:
        kind = BadValueError if is_real(value) else BadTypeError
        raise kind(f"{name} must be an int from {low} to {high}, got {shown(value)}")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """True or False, or 1 or 0.

    Example:
      >>> flag("print_cost", 1)
      True
    """
    said = isinstance(value, (bool, np.bool_)) or is_real(value)
    if not said or value not in (0, 1):
        raise BadTypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def one_of(*choices: str) -> Kind:
    """One of these words.

    Example:
      >>> one_of("zeros", "he")("initialization", "he")
      'he'
    """

    def admit(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            kind = BadValueError if isinstance(value, str) else BadTypeError
            known = ", ".join(map(repr, choices))
            raise kind(f"{name} must be one of {known}, got {shown(value)}")
        return str(value)

    return admit


def activation(name: str, value: Any) -> str | Activation:
    """The name of an activation, or one's own.

    Example:
      >>> activation("activation", "relu")
      'relu'
    """
    return value if isinstance(value, Activation) else _named(name, value)


_named = one_of(*ACTIVATIONS)


def activations(name: str, value: Any) -> Any:
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
    if not isinstance(value, (str, PathLike)):
        raise BadTypeError(f"{name} must be a path, got {shown(value)}")
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
