"""scikit-learn's SGD and Adam as pure functions; Optax's transformations beside them.

All numbers are traced, so that a search over them compiles once.

    sgd     v ← μ v - η g            w ← w + v, by Nesterov w + μ v - η g
    adam    m ← β₁ m + (1 - β₁) g    s ← β₂ s + (1 - β₂) g²
            w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√s + ε)

The rate is inside the velocity, ε outside the bias correction: neither is Optax's.

References:
  Sutskever et al. (2013), ICML (Nesterov); Kingma & Ba (2015), ICLR.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._same_code import SameCode
from jaxdnn.arrays import PyTree, Scalar
from jaxdnn.training.optimizers import (
    GradientTransformation,
    apply_optimizer,
    init_optimizer,
)

Solver = str | Callable[[Any], GradientTransformation]


class Step(NamedTuple):
    """What an update is made of.

    numbers: momentum, nesterovs_momentum, beta_1, beta_2, epsilon by their names. rate:
    η, (), an array. updates: how many were done before. cost: parameters -> the batch's
    cost, value: that of `params`.
    """

    numbers: dict[str, Scalar]
    rate: Array
    updates: Scalar
    params: PyTree
    grads: PyTree
    cost: Callable[[PyTree], Array]
    value: Array


def begin(solver: Solver, rate: float, params: PyTree) -> PyTree:
    """The solver's state before the first update.

    Example:
      >>> begin("sgd", 0.1, np.ones(2)).tolist()
      [0.0, 0.0]
    """
    if callable(solver):
        return init_optimizer(SameCode(solver), SameCode(None), rate, params)
    zeros = jax.tree.map(np.zeros_like, params)
    return zeros if solver == "sgd" else (zeros, zeros)


def update(solver: Solver, step: Step, state: PyTree) -> tuple[PyTree, PyTree]:
    """New parameters and the solver's new state.

    Example:
      >>> numbers = {"momentum": 0.5, "nesterovs_momentum": False}
      >>> step = Step(numbers, jnp.array(0.25), 0, jnp.ones(1), jnp.ones(1), sum, 0.0)
      >>> params, velocity = update("sgd", step, jnp.ones(1))
      >>> params.tolist(), velocity.tolist()
      ([1.25], [0.25])
    """
    if callable(solver):
        rate = step.rate.astype(_dtype_of(step.params))
        return apply_optimizer(
            solver, step.params, step.grads, state, rate, step.cost, step.value
        )
    return {"sgd": _sgd, "adam": _adam}[solver](step, state)


def _dtype_of(params: PyTree) -> np.dtype:
    return jax.tree.leaves(params)[0].dtype


def _sgd(step: Step, velocity: PyTree) -> tuple[PyTree, PyTree]:
    momentum, nesterov = (
        step.numbers[name] for name in ("momentum", "nesterovs_momentum")
    )
    rate = step.rate.astype(_dtype_of(step.params))

    def faster(v: Array, g: Array) -> Array:
        return momentum * v - rate * g

    velocity = jax.tree.map(faster, velocity, step.grads)
    params = jax.tree.map(
        lambda w, v, g: w + jnp.where(nesterov, faster(v, g), v),
        step.params,
        velocity,
        step.grads,
    )
    return params, velocity


def _adam(step: Step, moments: PyTree) -> tuple[PyTree, PyTree]:
    beta_1, beta_2, epsilon = (
        step.numbers[name] for name in ("beta_1", "beta_2", "epsilon")
    )
    t = step.updates + 1.0
    # In float64, whatever the parameters are in: 1 - β₂ᵗ cancels.
    rate = step.rate * jnp.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    rate = rate.astype(_dtype_of(step.params))
    m, s = moments
    m = jax.tree.map(lambda m, g: beta_1 * m + (1 - beta_1) * g, m, step.grads)
    s = jax.tree.map(lambda s, g: beta_2 * s + (1 - beta_2) * g**2, s, step.grads)
    params = jax.tree.map(
        lambda w, m, s: w - rate * m / (jnp.sqrt(s) + epsilon), step.params, m, s
    )
    return params, (m, s)


@dataclass(frozen=True)
class _Partial:
    """A `functools.partial` that equals its copies: a clone's compiles nothing anew."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    keywords: tuple[tuple[str, Any], ...]

    def __call__(self, *args: Any) -> Any:
        return self.function(*self.args, *args, **dict(self.keywords))


def comparable(value: Any) -> Any:
    """What a program is compiled for: itself, a partial so that its copies equal it.

    Example:
      >>> comparable(partial(max, 3)) == comparable(partial(max, 3))
      True
    """
    if not isinstance(value, partial):
        return value
    return _Partial(value.func, value.args, tuple(sorted(value.keywords.items())))
