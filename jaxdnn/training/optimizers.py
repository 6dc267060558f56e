"""One update: gradient descent, or any pair of functions init and update like Optax's.

    init(params) -> state        update(grads, state, params) -> (updates, state)

An optimizer here is such a pair, a function that makes one from a learning rate (as
`optax.adam` does), or None, gradient descent. Only the function lets the learning rate
be traced: the pair has closed over its own.

References:
  Rumelhart, Hinton & Williams (1986), Nature 323.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from inspect import signature
from typing import Any, Protocol, TypeVar, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike

from jaxdnn._checks import check_scalar
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadTypeError, BadValueError, public
from jaxdnn._same_code import SameCode
from jaxdnn.arrays import ArrayLike, PyTree, Scalar, number, on_device
from jaxdnn.parameters import Parameters, admitted_alike, admitted_layers
from jaxdnn.sharding import record_dtype


@runtime_checkable
class GradientTransformation(Protocol):
    """Optax's interface: a pair of pure functions."""

    @property
    def init(self) -> Callable[..., Any]:
        """Parameters -> state."""
        ...

    @property
    def update(self) -> Callable[..., tuple[Any, Any]]:
        """Gradients, state, parameters -> updates to add to the parameters, state."""
        ...


# Optax's names for what an update may take beside gradients, state and parameters.
_EXTRA = ("value", "grad", "value_fn")

# From the number of updates done to a learning rate.
Schedule = Callable[[Any], ArrayLike]
_Blocks = TypeVar("_Blocks")
Optimizer = GradientTransformation | Callable[[Any], GradientTransformation] | None


@public
def update_parameters(
    params: Parameters, grads: Parameters, *, learning_rate: Scalar
) -> Parameters:
    """One step of gradient descent: W - α dW, b - α db.

    Args:
      params: one Layer(W, b) per layer.
      grads: the same tree of gradients.
      learning_rate: α, (); may be traced.

    Returns:
      New parameters; the old ones are untouched.

    Raises:
      ValueError: a negative learning rate, or trees or shapes that disagree.

    Example:
      >>> from jaxdnn.parameters import Layer
      >>> params = (Layer(jnp.ones((1, 2)), jnp.ones((1, 1))),)
      >>> update_parameters(params, params, learning_rate=0.25)[0].W.tolist()
      [[0.75, 0.75]]
    """
    check_scalar("learning_rate", learning_rate, low=0)
    params = admitted_layers("params", params, "W", "b")
    grads = admitted_alike("grads", grads, params, "params")
    if params and not isinstance(learning_rate, Array):
        learning_rate = number("learning_rate", learning_rate, params[0].W.dtype)
    return _descend(*on_device((params, grads, learning_rate)))


def descend(blocks: _Blocks, grads: _Blocks, rate: Scalar) -> _Blocks:
    """W - α dW, b - α db, of layers or stacks of them.

    Example:
      >>> from jaxdnn.parameters import Layer
      >>> layer = Layer(jnp.ones((1, 2)), jnp.ones((1, 1)))
      >>> descend((layer,), (layer,), 0.25)[0].b.tolist()
      [[0.75]]
    """
    return jax.tree.map(lambda P, dP: P - (rate * dP).astype(P.dtype), blocks, grads)


_descend = compiled(descend)


def init_optimizer(
    optimizer: SameCode[Optimizer],
    schedule: SameCode[Schedule | None],
    rate: Scalar | None,
    params: Parameters,
) -> PyTree:
    """The state to begin with; gradient descent has none.

    An optimizer that keeps the learning rate in its state (`optax.inject_hyperparams`)
    keeps this one: the first of a schedule.

    Example:
      >>> init_optimizer(SameCode(None), SameCode(None), 0.1, ()) is None
      True
    """
    if optimizer.value is None:
        return None
    return _init(optimizer, schedule, rate, params)


# One program, where an optimizer would compile one for every array it makes.
@compiled(static_argnums=(0, 1))
def _init(
    optimizer: SameCode[Optimizer],
    schedule: SameCode[Schedule | None],
    rate: Scalar | None,
    params: Parameters,
) -> PyTree:
    if schedule.value is not None:
        rate = scheduled(schedule.value, 0, params[0].W.dtype)
    with _told_of("init", "it is given the parameters"):
        return _at_rate(optimizer.value, rate).init(params)


def apply_optimizer(
    optimizer: Optimizer,
    params: _Blocks,
    grads: _Blocks,
    state: PyTree,
    rate: Any,
    cost: Callable[[_Blocks], Scalar],
    value: Scalar,
) -> tuple[_Blocks, PyTree]:
    """New parameters and the optimizer's new state.

    Args:
      optimizer, params, grads, state, rate: of this step.
      cost: parameters -> the batch's cost; value: that of params. With grads they are
        value_fn, value and grad for an update that takes them, as a line search does.

    Example:
      >>> from jaxdnn.parameters import Layer
      >>> params = (Layer(jnp.ones((1, 2)), jnp.ones((1, 1))),)
      >>> apply_optimizer(None, params, params, None, 0.25, sum, 0.0)[0][0].b.tolist()
      [[0.75]]
    """
    if optimizer is None:
        return descend(params, grads, rate), None
    update = _at_rate(optimizer, rate).update
    known = {"value": value, "grad": grads, "value_fn": cost}
    extra = {name: known[name] for name in _extra_names(update)}
    names = ", ".join(["gradients", "state", "parameters", *extra])
    with _told_of("update", f"it is given {names}"):
        updates, state = update(grads, state, params, **extra)
    return jax.tree.map(lambda p, u: (p + u).astype(p.dtype), params, updates), state


def scheduled(schedule: Schedule, step: Scalar, dtype: DTypeLike) -> Array:
    """The learning rate of this step, ().

    Example:
      >>> float(scheduled(lambda step: 1 / (1 + step), 3, jnp.float32))
      0.25
    """
    with _told_of("schedule", "it is given the number of updates done"):
        rate = jnp.asarray(schedule(step), dtype)
    if rate.ndim:
        raise BadValueError(
            f"learning_rate: its schedule must give a scalar, got shape {rate.shape}"
        )
    return rate


@contextmanager
def _told_of(part: str, given: str) -> Generator[None]:
    """Say of an optimizer's error whose it is, in a line."""
    try:
        yield
    except (BadTypeError, BadValueError):
        raise
    except (TypeError, ValueError, AttributeError) as error:
        said = str(error).partition("\n")[0]
        of = "learning_rate" if part == "schedule" else "optimizer"
        raise BadTypeError(
            f"{of}: its {part} raised {type(error).__name__}: {said} ({given})"
        ) from error


def learning_rate_of(state: PyTree) -> Array | None:
    """The learning rate in an optimizer's state (`optax.inject_hyperparams`), or None.

    Example:
      >>> learning_rate_of(()) is None
      True
    """
    found = jax.tree.leaves(state, is_leaf=lambda part: hasattr(part, "hyperparams"))
    for part in found:
        if hasattr(part, "hyperparams"):
            return part.hyperparams.get("learning_rate")
    return None


def gradient_norm(grads: PyTree) -> Array:
    """sqrt(Σ_l ||dW_l||² + ||db_l||²), in the dtype of records.

    Example:
      >>> from jaxdnn.parameters import Layer
      >>> float(gradient_norm((Layer(jnp.full((1, 1), 3.0), jnp.full((1, 1), 4.0)),)))
      5.0
    """
    wide = [g.astype(record_dtype(g.dtype)) for g in jax.tree.leaves(grads)]
    return jnp.sqrt(sum(jnp.square(g).sum() for g in wide))


@lru_cache(maxsize=64)
def _extra_names(update: Callable[..., Any]) -> tuple[str, ...]:
    """Which of value, grad and value_fn an update takes beside its three arguments."""
    try:
        parameters = signature(update).parameters
    except (TypeError, ValueError):
        return ()
    any_name = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return tuple(name for name in _EXTRA if any_name or name in parameters)


def _at_rate(optimizer: Any, rate: Any) -> GradientTransformation:
    if isinstance(optimizer, GradientTransformation):
        return optimizer
    return optimizer(rate)
