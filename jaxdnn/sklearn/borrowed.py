"""What is taken from scikit-learn that it does not call public.

Refusals and warnings made by these read as its own estimators' do.
"""

# pyright: reportPrivateUsage=false

from typing import Any

import sklearn.base
import sklearn.utils.multiclass
import sklearn.utils.optimize
import sklearn.utils.validation
from sklearn.utils._param_validation import Interval, Options, StrOptions

fit_context: Any = sklearn.base._fit_context
check_partial_fit_first_call: Any = (
    sklearn.utils.multiclass._check_partial_fit_first_call
)
check_optimize_result: Any = sklearn.utils.optimize._check_optimize_result
check_sample_weight: Any = sklearn.utils.validation._check_sample_weight

__all__ = [
    "Interval",
    "Options",
    "StrOptions",
    "check_optimize_result",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "fit_context",
]
