"""Gradient verification: decisive, located, explained.

`verify` judges the hand-derived backward of a network, or somebody's own. Every
coordinate must agree with autodiff, and every leaf with a derivative computed without
autodiff, to within the rounding error that the computation itself explains:

    |difference| <= K u S,   K = 256, u the unit roundoff, S derived in `scales`

One idea a file. `units`, `names`, `report`, `verdicts` say what an error is, what is
judged and how it ends; `derivatives` has a way to a derivative a file; `networks` the
door `verify`, with the mistakes that `selftest` plants; `functions` the doors
`verify_gradient` and `verify_vjp`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jaxdnn.verification.networks.judging import verify
from jaxdnn.verification.networks.planting import SelfTest, selftest
from jaxdnn.verification.report import GradientError, Report

if TYPE_CHECKING:
    from jaxdnn.verification.functions.gradient import verify_gradient
    from jaxdnn.verification.functions.vjp import verify_vjp

__all__ = [
    "GradientError",
    "Report",
    "SelfTest",
    "selftest",
    "verify",
    "verify_gradient",
    "verify_vjp",
]

# What reads programs brings JAX's Pallas with it: whoever has a network need not wait.
_FUNCTIONS = {"verify_gradient": "gradient", "verify_vjp": "vjp"}


def __getattr__(name: str) -> Any:
    """The doors of `functions`, imported when they are first asked for."""
    if name not in _FUNCTIONS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(f"{__name__}.functions.{_FUNCTIONS[name]}")
    return getattr(home, name)
