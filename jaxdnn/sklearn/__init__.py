"""scikit-learn's `MLPClassifier` and `MLPRegressor`, trained by this library.

Change the import and nothing else: parameters, attributes, messages and, from the same
`random_state`, the model itself are scikit-learn's. Each fit is one compiled program
that the next fit of nearly as many examples finds compiled.
"""

from jaxdnn.sklearn.classifier import MLPClassifier
from jaxdnn.sklearn.ensembles import MLPEnsembleClassifier, MLPEnsembleRegressor
from jaxdnn.sklearn.regressor import MLPRegressor

__all__ = [
    "MLPClassifier",
    "MLPEnsembleClassifier",
    "MLPEnsembleRegressor",
    "MLPRegressor",
]
