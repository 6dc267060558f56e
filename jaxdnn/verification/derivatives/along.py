"""A derivative along a direction, and what a way to it must say of itself."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxdnn.verification.units import Values


class Along(NamedTuple):
    """A directional derivative, its error bar, and the name of the way to it."""

    value: float
    bar: float
    method: str


class Line(NamedTuple):
    """A loss of a list of arrays, looked at from x along V.

    once: the loss, for a single call and perhaps complex numbers; many: the same,
    compiled, for many calls with real ones. size: of x along V. typical: the size of a
    derivative; what is small beside it need not be known closely.
    """

    once: Callable[[Any], Any]
    many: Callable[[Any], Any]
    x: Sequence[Values]
    V: Sequence[Values]
    size: float
    typical: float


class Way(NamedTuple):
    """A way to a derivative that autodiff has no part in.

    Args:
      name: what reports call it.
      exact: whether it is right to rounding where it is right at all: then it is to be
        believed beside a witness only. If not, its error bar speaks for itself.
      most: the most coordinates it may be asked for one by one.
      along: the derivative along a line; None where the loss gives it none.
    """

    name: str
    exact: bool
    most: int
    along: Callable[[Line], Along | None]


def direction(rng: np.random.Generator, shape: tuple[int, ...]) -> Values:
    """Random signs times U[1/2, 3/2]: a wrong coordinate shows wherever it is."""
    v = rng.random(shape)
    v += 0.5
    return np.copysign(v, rng.random(shape) - 0.5, out=v)
