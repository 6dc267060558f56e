"""Refuse to compare autodiff with itself: it would agree, whatever it says."""

from typing import Any

_MADE_BY_GRAD = ("grad_f", "grad_f_aux", "value_and_grad_f")


def refuse_autodiff(where: str, function: Any) -> None:
    """Raise TypeError if the function is jax.grad of another, wrapped or closed over.

    Example:
      >>> import jax
      >>> refuse_autodiff("verify_gradient", jax.jit(jax.grad(lambda x: x**2)))
      Traceback (most recent call last):
      TypeError: verify_gradient: the gradient is jax.grad's own, which is the ...
    """
    if _made_by_grad(function, depth=6):
        raise TypeError(
            f"{where}: the gradient is jax.grad's own, which is the oracle; give the "
            "hand-derived one"
        )


def _made_by_grad(function: Any, depth: int) -> bool:
    code = getattr(function, "__code__", None)
    if code is not None and code.co_name in _MADE_BY_GRAD:
        return "jax" in code.co_filename
    if depth == 0 or not callable(function):
        return False
    inner = [getattr(function, name, None) for name in ("func", "__wrapped__")]
    for cell in getattr(function, "__closure__", None) or ():
        try:
            inner.append(cell.cell_contents)
        except ValueError:  # a name that its function has not bound yet
            continue
    return any(_made_by_grad(each, depth - 1) for each in inner)
