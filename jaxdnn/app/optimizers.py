"""Optimizers by name, as the command line knows them; all but sgd are Optax's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp

from jaxdnn.app._extras import require

# Name -> the learning rate to begin with. momentum's steps add up to ten of sgd's.
LEARNING_RATES: Mapping[str, float] = MappingProxyType(
    {
        "sgd": 0.1,
        "momentum": 0.01,
        "nesterov": 0.01,
        "adam": 0.001,
        "adamw": 0.001,
        "rmsprop": 0.001,
        "adagrad": 0.01,
    }
)


def optimizer(name: str) -> Callable[[Any], Any] | None:
    """What `fit(optimizer=...)` takes: a function of the learning rate; None for sgd.

    Raises:
      ValueError: no such name.
      ModuleNotFoundError: optax is not installed.

    Example:
      >>> optimizer("sgd") is None, optimizer("adam").__name__
      (True, 'adam')
    """
    if name not in LEARNING_RATES:
        raise ValueError(
            f"optimizer: name must be one of {', '.join(LEARNING_RATES)}; got {name!r}"
        )
    if name == "sgd":
        return None
    optax = require("optax")
    ours = {"momentum": _momentum, "nesterov": _nesterov}
    return ours[name] if name in ours else getattr(optax, name)


@dataclass(frozen=True)
class Cosine:
    """A learning rate that falls to 0 along half a cosine.

    Args:
      rate: the first one.
      updates: how many there will be.

    References:
      Loshchilov & Hutter (2017), ICLR: SGDR.

    Example:
      >>> [round(float(Cosine(0.1, 4)(done)), 4) for done in range(5)]
      [0.1, 0.0854, 0.05, 0.0146, 0.0]
    """

    rate: float
    updates: int

    def __call__(self, done: Any) -> Any:
        """The learning rate after that many updates."""
        part = jnp.minimum(done / self.updates, 1)
        return self.rate * 0.5 * (1 + jnp.cos(jnp.pi * part))


def _momentum(learning_rate: Any) -> Any:
    return require("optax").sgd(learning_rate, momentum=0.9)


def _nesterov(learning_rate: Any) -> Any:
    return require("optax").sgd(learning_rate, momentum=0.9, nesterov=True)
