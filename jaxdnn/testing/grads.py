"""check_grads as jax.test_util has it, decided instead of compared to a tolerance."""

from collections.abc import Callable, Sequence
from typing import Any

import jax

from jaxdnn._checks import check_choice, check_kind, count
from jaxdnn._refusals import BadTypeError, public, shown
from jaxdnn.testing.asserting import assert_verified
from jaxdnn.verification.functions.vjp import verify_mode


@public
def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int,
    modes: Sequence[str] = ("rev",),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Verify what JAX makes of f, in these modes, and of its derivatives up to order.

    A custom_vjp or custom_jvp function is held against the function without its rule,
    all others against their values.

    Args:
      f, args: a function and its arguments, as for `verify_vjp`.
      order: 2 to verify the derivative of the derivative, too, and so on.
      modes: of "rev", every coordinate, and "fwd", a random direction.
      atol, rtol, eps: taken, so that no call need be changed, and not needed.

    Raises:
      AssertionError: wrong or unresolved; the message is the report. A derivative that
        is 0 everywhere will do.

    Example:
      >>> import jax.numpy as jnp
      >>> check_grads(jnp.sin, (0.3,), order=2, modes=("fwd", "rev"))
    """
    __tracebackhide__ = True
    check_kind("args", args, (tuple, list), "a tuple of arguments")
    check_kind("modes", modes, (tuple, list), "a tuple of names")
    args, order = tuple(args), count("order", order)
    for mode in modes:
        check_choice("modes", mode, ("fwd", "rev"))
    if not callable(f):  # pyright: ignore[reportUnnecessaryComparison]
        raise BadTypeError(f"f must be a function, got {shown(f)}")
    for mode in modes:
        assert_verified(verify_mode(f, args, mode), empty=True)
        if order > 1:
            inputs = (args, args) if mode == "fwd" else args
            derivative = _pushed(f) if mode == "fwd" else _pulled(f)
            check_grads(derivative, inputs, order - 1, modes)


def _pushed(f: Callable[..., Any]) -> Callable[..., Any]:
    """The derivative along a second argument."""
    return lambda args, rates: jax.jvp(f, args, rates)[1]


def _pulled(f: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient of half the sum of squares of what f returns."""

    def gradient(*args: Any) -> Any:
        found, pull = jax.vjp(f, *args)
        return pull(found)

    return gradient
