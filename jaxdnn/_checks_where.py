"""The error messages: one place that says what was found and what was wanted.

Shapes are static, so they are checked at trace time too. Values are checked only
where they are concrete: a traced learning rate or keep probability passes unseen.
"""

from typing import Any

import numpy as np
from jax.core import Tracer


def shape_of(where: str, name: str, value: Any) -> tuple[int, ...]:
    """The shape of an array-like, or a TypeError that names the argument."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return shape  # pyright: ignore[reportUnknownVariableType]
    raise TypeError(f"{where}: {name} must be an array, got {type(value).__name__}")


def check_shape(
    where: str, name: str, value: Any, wanted: tuple[int, ...], why: str
) -> None:
    """Refuse any shape but the wanted one; `why` says where the sizes come from."""
    found = shape_of(where, name, value)
    if found != wanted:
        raise ValueError(
            f"{where}: {name} must have shape {wanted} ({why}), got {found}"
        )


def check_columns(where: str, name: str, value: Any) -> None:
    """Refuse anything that is not two-dimensional with at least one column."""
    found = shape_of(where, name, value)
    if len(found) != 2 or found[1] < 1:
        raise ValueError(
            f"{where}: {name} must have shape (n, m), one column per example and "
            f"m >= 1, got {found}"
        )


def is_concrete(value: Any) -> bool:
    """Whether the value can be looked at now (it is not traced)."""
    return not isinstance(value, Tracer)


def check_scalar(
    where: str,
    name: str,
    value: Any,
    *,
    low: float,
    high: float = np.inf,
    low_open: bool = False,
) -> None:
    """Refuse non-scalars and, when concrete, values outside [low, high]."""
    if np.ndim(value) != 0:
        raise ValueError(
            f"{where}: {name} must be a scalar, got shape {np.shape(value)}"
        )
    if isinstance(value, (str, bytes)) or value is None:
        raise TypeError(f"{where}: {name} must be a number, got {value!r}")
    if not is_concrete(value):
        return
    number = float(value)
    if not low <= number <= high or (low_open and number == low) or np.isinf(number):
        interval = f"in {'(' if low_open else '['}{low:g}, {high:g}]"
        if np.isinf(high):
            interval = f"finite and {'>' if low_open else '>='} {low:g}"
        raise ValueError(f"{where}: {name} must be {interval}, got {number:g}")


def check_cost_arguments(
    where: str, network: Any, params: Any, X: Any, Y: Any, *others: Any
) -> Any:
    """The new checks under the old name, until the callers have moved."""
    from jaxdnn import _checks

    l2, key, keep_prob, sample_weight = others

    def check() -> None:
        _checks.check_inputs(network, params, X)
        _checks.check_dropout(key, keep_prob)
        _checks.check_targets(network, X.shape[1], Y, l2, sample_weight)

    check.__qualname__ = where
    _checks.public(check)()
    return None if isinstance(l2, (int, float)) and l2 == 0 else l2
