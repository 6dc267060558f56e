"""scikit-learn's checks of any estimator, of ours: none fails, none is expected to."""

import warnings

import pytest

pytest.importorskip("sklearn", minversion="1.9")

from sklearn.utils.estimator_checks import check_estimator

from jaxdnn.sklearn import MLPClassifier, MLPRegressor


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_no_check_fails(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(kind(max_iter=30), on_fail=None)
    failed = [each["check_name"] for each in results if each["status"] == "failed"]
    assert failed == []
    assert len(results) > 50
