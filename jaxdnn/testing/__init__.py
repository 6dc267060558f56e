"""Gradients verified in people's own tests: what is not verified fails, and says why.

    from jaxdnn.testing import check_grads   # in place of jax.test_util's

`jaxdnn.pytest_plugin`, which pytest finds by itself, adds the fixture `gradients`,
which is this module, and --gradient-report=FILE, a line for each function.
"""

from jaxdnn.testing.asserting import assert_gradient, assert_vjp
from jaxdnn.testing.grads import check_grads

__all__ = ["assert_gradient", "assert_vjp", "check_grads"]
