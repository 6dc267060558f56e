"""Optimizers by name, as the command line knows them; all but sgd are Optax's."""

from collections.abc import Callable
from functools import partial
from typing import Any

from jaxdnn._checks import check_choice
from jaxdnn._extras import require
from jaxdnn._names import LEARNING_RATES
from jaxdnn._refusals import public
from jaxdnn.training.optimizers import GradientTransformation


@public
def optimizer(name: str) -> Callable[[Any], GradientTransformation] | None:
    """What `fit(optimizer=...)` takes: a function of the learning rate; None for sgd.

    Raises:
      ValueError: no such name.
      ModuleNotFoundError: optax is not installed.

    Example:
      >>> optimizer("sgd") is None, optimizer("adam").__name__
      (True, 'adam')
    """
    check_choice("name", name, LEARNING_RATES)
    if name == "sgd":
        return None
    optax = require("optax")
    if name in ("momentum", "nesterov"):
        return partial(optax.sgd, momentum=0.9, nesterov=name == "nesterov")
    return getattr(optax, name)
