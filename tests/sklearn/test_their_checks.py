"""scikit-learn's checks of any estimator, of ours: none fails, none is expected to."""

import warnings

import pytest

pytest.importorskip("sklearn", minversion="1.9")

from sklearn.utils.estimator_checks import check_estimator

from jaxdnn.sklearn import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
)

# As few epochs as learn what the checks want to be learnt, which a line can.
FEW = {"hidden_layer_sizes": (), "solver": "sgd", "max_iter": 10}
CLASSES, NUMBERS = {"learning_rate_init": 0.5}, {"learning_rate_init": 0.1}
ESTIMATORS = [
    MLPClassifier(**FEW, **CLASSES),
    MLPRegressor(**FEW, **NUMBERS),
    MLPEnsembleClassifier(2, **FEW, **CLASSES),
    MLPEnsembleRegressor(2, **FEW, **NUMBERS),
]


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda of: type(of).__name__)
def test_no_check_fails(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_fail=None)
    failed = [each["check_name"] for each in results if each["status"] == "failed"]
    assert failed == []
    assert len(results) > 50
