"""The rule: an argument's name says of what kind it must be.

The course has few words and uses them alike: X is a matrix everywhere, learning_rate a
number above 0, parameters a dictionary of W1, b1, .... `KINDS` is that vocabulary.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

from jaxdnn._checks import count
from jaxdnn._refusals import BadTypeError, public
from jaxdnn.course.admission.caches import caches, tuple_cache
from jaxdnn.course.admission.lists import names, sizes
from jaxdnn.course.admission.matrices import array, data, dictionary, matrix, row
from jaxdnn.course.admission.scalars import (
    Kind,
    activation,
    flag,
    folder,
    function,
    number,
    one_of,
    or_none,
    seed,
)

_P = ParamSpec("_P")
_R = TypeVar("_R")

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("A", "A_prev", "AL", "A3", "W", "b", "dZ", "dA"), matrix),
    **dict.fromkeys(("Y", "y", "p"), row),
    **dict.fromkeys(("n_x", "n_h", "n_y", "m", "num_iterations", "every"), count),
    **dict.fromkeys(("layer_dims", "layers_dims"), sizes),
    **dict.fromkeys(("print_cost", "print_msg", "from_logits"), flag),
    **dict.fromkeys(("x", "theta"), number()),
    **dict.fromkeys(("grads", "gradients"), dictionary("d")),
    **dict.fromkeys(("hidden", "activation"), activation),
    "X": data,
    "Z": array,
    "costs": array,
    "cache": tuple_cache(),
    "caches": caches,
    "classes": names,
    "data_folder": folder,
    "epsilon": number(low=0, low_open=True),
    "initialization": one_of("zeros", "random", "he"),
    "keep_prob": number(low=0, high=1, low_open=True),
    "lambd": number(low=0),
    "learning_rate": number(low=0, low_open=True),
    "model": function,
    "parameters": dictionary(),
    "scale": or_none(number(low=0)),
    "seed": seed,
}


def admits(
    also: Mapping[str, str] = MappingProxyType({}), /, **own: Kind
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Admit every argument by the kind of its name, and name the function in refusals.

    What a caller leaves at its default is not looked at.

    Args:
      also: what another notebook calls an argument: that name, and the one here.
      **own: kinds of arguments whose names do not say enough, such as cache.

    Example:
      >>> @admits({"A0": "X"})
      ... def halved(X, learning_rate=1.0):
      ...     return X / 2
      >>> halved([[1, 3]])
      array([[0.5, 1.5]])
      >>> halved(A0=[[1, 3]])
      array([[0.5, 1.5]])
      >>> halved([[1, 3]], -1)
      Traceback (most recent call last):
      ValueError: halved: learning_rate must be finite and > 0, got -1
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)
        kinds = {name: own.get(name) or KINDS[name] for name in signature.parameters}

        @public
        @wraps(function)
        def admitting(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            named = {also.get(name, name): value for name, value in kwargs.items()}
            try:
                # Of an argument under two names, the second is one too many.
                bound = signature.bind(
                    *args, **named if len(named) == len(kwargs) else kwargs
                )
            except TypeError as error:
                raise BadTypeError(str(error)) from None
            for name, value in bound.arguments.items():
                if value is not signature.parameters[name].default:
                    bound.arguments[name] = kinds[name](name, value)
            return function(*bound.args, **bound.kwargs)

        return admitting

    return decorate
