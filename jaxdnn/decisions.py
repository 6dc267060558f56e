"""What a head makes of its logits: what it says, how good that is, how many classes."""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike


class Decision(NamedTuple):
    """What a head makes of its logits.

    decide: (ZL (n_L, m), output) -> what `predict` says of each column; score: (said,
    Y) -> (), how good that is, and (said, Y, weight (m,)) -> () where examples are to
    be weighed; classes: n_L -> how many classes are told apart, or None.
    """

    decide: Callable[[Array, Callable[[Array], Array]], Array]
    score: Callable[..., Array]
    classes: Callable[[int], int | None]


def _r_squared(said: Array, Y: Array, weight: Array | None = None) -> Array:
    said = said.astype(Y.dtype)
    if weight is None:
        spread = jnp.square(Y - Y.mean(axis=1, keepdims=True)).sum()
        return 1 - jnp.square(said - Y).sum() / spread
    middle = (Y * weight[None, :]).sum(axis=1, keepdims=True) / weight.sum()
    spread = (jnp.square(Y - middle) * weight[None, :]).sum()
    return 1 - (jnp.square(said - Y) * weight[None, :]).sum() / spread


def _share(right: Array, dtype: DTypeLike, weight: Array | None) -> Array:
    """How many of (k, m) or (m,) are right, as a fraction; examples weighed."""
    if weight is None:
        return right.mean(dtype=dtype)
    each = right.reshape(-1, right.shape[-1]).mean(axis=0, dtype=dtype)
    return (each * weight).sum() / weight.sum()


def _values(ZL: Array, output: Callable[[Array], Array]) -> Array:
    return output(ZL)


def _no_classes(n_L: int) -> None:
    return None


def _each_above_half(ZL: Array, output: Callable[[Array], Array]) -> Array:
    return (ZL > 0).astype(int)


def _each_right(said: Array, Y: Array, weight: Array | None = None) -> Array:
    return _share((said > 0) == (Y > 0.5), Y.dtype, weight)


def _yes_or_no(n_L: int) -> int | None:
    return 2 if n_L == 1 else None


def _most_probable(ZL: Array, output: Callable[[Array], Array]) -> Array:
    return ZL.argmax(axis=0, keepdims=True)


def _class_right(said: Array, Y: Array, weight: Array | None = None) -> Array:
    return _share(said[0] == Y.argmax(axis=0), Y.dtype, weight)


def _one_each(n_L: int) -> int:
    return n_L


# Named functions, for a head goes through pickle with what it decides by.
# The values themselves; 1 - Σ (AL - Y)² / Σ (Y - mean of Y)².
NUMBERS = Decision(_values, _r_squared, _no_classes)
# 1 where the probability is above 1/2, which is where ZL > 0; accuracy over outputs.
EACH_OUTPUT = Decision(_each_above_half, _each_right, _yes_or_no)
# The most probable class, the first of equals; accuracy over examples.
ONE_OUTPUT = Decision(_most_probable, _class_right, _one_each)
