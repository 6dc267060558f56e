"""A verdict as an assertion: the report is the message."""

import sys
from collections.abc import Callable
from typing import Any

from jaxdnn.verification import Report, verify_gradient, verify_vjp


def assert_gradient(
    loss: Callable[..., Any], grad: Any, params: Any = None, *data: Any, **options: Any
) -> Report:
    """Fail unless `verify_gradient`, which takes the same, says verified.

    Raises:
      AssertionError: wrong or unresolved; the message is the report.

    Example:
      >>> import numpy as np
      >>> loss = lambda p: float((p**3).sum())
      >>> assert_gradient(loss, lambda p: 3 * p**2, np.ones(2)).verdict
      'verified'
    """
    __tracebackhide__ = True
    report = verify_gradient(loss, grad, params, *data, **options)
    return assert_verified(report)


def assert_vjp(
    f: Callable[..., Any], primals: tuple[Any, ...], **options: Any
) -> Report:
    """Fail unless `verify_vjp`, which takes the same, says verified.

    Raises:
      AssertionError: wrong or unresolved; the message is the report.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> f = jax.custom_vjp(jnp.sin)
      >>> f.defvjp(lambda x: (jnp.sin(x), x), lambda x, dy: (-dy * jnp.cos(x),))
      >>> assert_vjp(f, (0.3,))
      Traceback (most recent call last):
      AssertionError: verdict: WRONG at dx (1 of 2 equations) ...
    """
    __tracebackhide__ = True
    return assert_verified(verify_vjp(f, primals, **options))


def assert_verified(report: Report, *, empty: bool = False) -> Report:
    """Fail unless the report says verified; tell the plugin, where there is one.

    Args:
      empty: whether a gradient of zeros alone will do.
    """
    __tracebackhide__ = True
    plugin = sys.modules.get("jaxdnn.pytest_plugin")
    if plugin is not None:
        plugin.record(report)
    if not (report.ok or (empty and report.empty)):
        raise AssertionError(f"{report.verdict_line}\n{report}")
    return report
