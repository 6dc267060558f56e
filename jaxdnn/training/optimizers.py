"""One update: gradient descent, or any pair of functions init and update like Optax's.

    init(params) -> state        update(grads, state, params) -> (updates, state)

An optimizer here is such a pair, a function that makes one from a learning rate (as
`optax.adam` does), or None, gradient descent. Only the function lets the learning rate
be traced: the pair has closed over its own.

References:
  Rumelhart, Hinton & Williams (1986), Nature 323.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, cast, runtime_checkable

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn._checks_where import check_scalar, check_shape
from jaxdnn.parameters import Layer, Parameters


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


Optimizer = GradientTransformation | Callable[[Any], GradientTransformation] | None


def update_parameters(
    params: Parameters, grads: Parameters, *, learning_rate: Any
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
      >>> params = (Layer(jnp.ones((1, 2)), jnp.ones((1, 1))),)
      >>> update_parameters(params, params, learning_rate=0.25)[0].W.tolist()
      [[0.75, 0.75]]
    """
    where = "update_parameters"
    check_scalar(where, "learning_rate", learning_rate, low=0)
    if len(grads) != len(params):
        raise ValueError(
            f"{where}: grads must have {len(params)} layers (from params), got "
            f"{len(grads)}"
        )
    for l, (layer, dlayer) in enumerate(zip(params, grads, strict=True), start=1):
        check_shape(where, f"dW{l}", dlayer.W, layer.W.shape, "of W")
        check_shape(where, f"db{l}", dlayer.b, layer.b.shape, "of b")
    return tuple(
        Layer(W - learning_rate * dW, b - learning_rate * db)
        for (W, b), (dW, db) in zip(params, grads, strict=True)
    )


def init_optimizer(
    optimizer: Optimizer,
    schedule: Callable[[Any], Any] | None,
    rate: Any,
    params: Parameters,
) -> Any:
    """The state to begin with; gradient descent has none.

    An optimizer that keeps the learning rate in its state (`optax.inject_hyperparams`)
    keeps this one: the first of a schedule.

    Example:
      >>> init_optimizer(None, None, 0.1, ()) is None
      True
    """
    if optimizer is None:
        return None
    return _init(optimizer, schedule, rate, params)


# One program, where an optimizer would compile one for every array it makes.
@partial(jax.jit, static_argnums=(0, 1))
def _init(optimizer: Any, schedule: Any, rate: Any, params: Parameters) -> Any:
    if schedule is not None:
        rate = jnp.asarray(schedule(0), params[0].W.dtype)
    return _at_rate(optimizer, rate).init(params)


def apply_optimizer(
    optimizer: Optimizer, params: Parameters, grads: Parameters, state: Any, rate: Any
) -> tuple[Parameters, Any]:
    """New parameters and the optimizer's new state.

    Example:
      >>> params = (Layer(jnp.ones((1, 2)), jnp.ones((1, 1))),)
      >>> apply_optimizer(None, params, params, None, 0.25)[0][0].b.tolist()
      [[0.75]]
    """
    if optimizer is None:
        return update_parameters(params, grads, learning_rate=rate), None
    updates, state = _at_rate(optimizer, rate).update(grads, state, params)
    return jax.tree.map(lambda p, u: (p + u).astype(p.dtype), params, updates), state


def learning_rate_of(state: Any) -> Any:
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


def gradient_norm(grads: Parameters) -> Array:
    """sqrt(Σ_l ||dW_l||² + ||db_l||²).

    Example:
      >>> float(gradient_norm((Layer(jnp.full((1, 1), 3.0), jnp.full((1, 1), 4.0)),)))
      5.0
    """
    flat = map(jnp.ravel, jax.tree.leaves(grads))
    return jnp.sqrt(sum(jnp.vdot(g, g, precision="highest") for g in flat))


def check_optimizer(where: str, optimizer: Any, learning_rate: Any) -> None:
    """Refuse what is no optimizer, and a learning rate without effect or missing."""
    if optimizer is None:
        return
    own = isinstance(optimizer, GradientTransformation)
    if not own and not callable(optimizer):
        raise TypeError(
            f"{where}: optimizer must be a gradient transformation (init, update), or "
            f"a function from a learning rate to one, got {type(optimizer).__name__}"
        )
    if own and learning_rate is not None:
        raise ValueError(
            f"{where}: this optimizer has a learning rate of its own; leave out "
            "learning_rate, or give the function that makes it: optimizer=optax.adam, "
            "not optax.adam(0.001)"
        )
    if not own and learning_rate is None:
        raise ValueError(
            f"{where}: optimizer is a function of the learning rate; give learning_rate"
        )
    try:
        hash(optimizer)
    except TypeError as error:
        raise TypeError(f"{where}: optimizer must be hashable: {error}") from error


def _at_rate(optimizer: Any, rate: Any) -> GradientTransformation:
    if isinstance(optimizer, GradientTransformation):
        return optimizer
    return cast(GradientTransformation, optimizer(rate))
