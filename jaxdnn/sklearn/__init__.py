"""scikit-learn's `MLPClassifier` and `MLPRegressor`, trained by this library.

Change the import and nothing else: parameters, attributes, messages and, from the same
`random_state`, the model itself are scikit-learn's. Each fit is one compiled program
that the next fit of nearly as many examples finds compiled.
"""

from jaxdnn._extras import require

require("sklearn.callback")  # new in scikit-learn 1.9

from jaxdnn.sklearn.classifier import MLPClassifier  # noqa: E402
from jaxdnn.sklearn.ensembles import (  # noqa: E402
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
)
from jaxdnn.sklearn.regressor import MLPRegressor  # noqa: E402

__all__ = [
    "MLPClassifier",
    "MLPEnsembleClassifier",
    "MLPEnsembleRegressor",
    "MLPRegressor",
]
