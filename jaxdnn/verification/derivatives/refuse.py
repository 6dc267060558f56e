"""Refuse to compare autodiff with itself: it would agree, whatever it says."""

from collections.abc import Iterator
from typing import Any

from jaxdnn._refusals import BadTypeError

_MADE_BY_GRAD = ("grad_f", "grad_f_aux", "value_and_grad_f")


def refuse_autodiff(function: object) -> None:
    """Refuse a function that is jax.grad of another, or wraps or calls such.

    Example:
      >>> import jax
      >>> refuse_autodiff(jax.jit(jax.grad(lambda x: x**2)))
      Traceback (most recent call last):
      jaxdnn._refusals.BadTypeError: the gradient is jax.grad's own, which is the ...
    """
    if _made_by_grad(function, depth=6):
        raise BadTypeError(
            "the gradient is jax.grad's own, which is the oracle; give the "
            "hand-derived one"
        )


def _made_by_grad(function: object, depth: int) -> bool:
    code = getattr(function, "__code__", None)
    if code is not None and code.co_name in _MADE_BY_GRAD:
        return "jax" in code.co_filename
    if depth == 0 or not callable(function):
        return False
    cells = list(_closed_over(function))
    if any(_code_name(each) == "vmap_f" for each in (function, *cells)):
        # vmap of a grad is the slope of something elementwise, as in dA * g'(Z).
        return False
    inner = [getattr(function, name, None) for name in ("func", "__wrapped__")]
    if code is not None:
        # Globals it calls that are wrapped functions (jit, grad).
        named = (function.__globals__.get(name) for name in code.co_names)
        inner += [each for each in named if hasattr(each, "__wrapped__")]
    return any(_made_by_grad(each, depth - 1) for each in (*inner, *cells))


def _code_name(function: object) -> str:
    return getattr(getattr(function, "__code__", None), "co_name", "")


def _closed_over(function: object) -> Iterator[Any]:
    for cell in getattr(function, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that its function has not bound yet
            continue
