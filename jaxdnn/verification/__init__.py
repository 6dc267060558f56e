"""Gradient verification: decisive, located, explained.

`verify` judges the hand-derived backward of a network, or somebody's own. Every
coordinate must agree with autodiff, and every leaf with a derivative computed without
autodiff, to within the rounding error that the computation itself explains:

    |difference| <= K u S,   K = 256, u the unit roundoff, S derived in `scales`

One idea a file. Networks: `problem`, `oracle`, `scales`, `complex_step`, `equations`,
`second_order`, `metamorphic`, `coverage`, `mutations`; any function: `functions`,
`stochastic`, `independent`, `judging`; both: `hints`, `report`.
"""

from jaxdnn.verification.general import verify_gradient
from jaxdnn.verification.report import GradientError, Report
from jaxdnn.verification.selftest import SelfTest, selftest
from jaxdnn.verification.verify import verify
from jaxdnn.verification.vjp import verify_vjp

__all__ = [
    "GradientError",
    "Report",
    "SelfTest",
    "selftest",
    "verify",
    "verify_gradient",
    "verify_vjp",
]
