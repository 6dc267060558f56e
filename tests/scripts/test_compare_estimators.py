"""The comparison with scikit-learn tells equal models from others."""

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.9")

from scripts.experiments import compare_estimators as script

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_equal_models_agree_and_others_do_not(monkeypatch):
    case = script.cases()["numbers"]
    assert max(script.differences(case)) < 1e-13
    other = case._replace(parameters={"alpha": 1.0}).fitted(script.ours)
    monkeypatch.setattr(script.Case, "fitted", lambda self, module: MODELS[module])
    MODELS = {script.ours: other, script.theirs: case.estimator(script.theirs)}
    MODELS[script.theirs].fit(case.X, case.y)
    assert min(script.differences(case)) > 1e-6


def test_curves_of_other_lengths_are_infinitely_different():
    pair = [np.zeros(3), np.zeros(4)]
    assert script._largest(pair, lambda of: [of]) == np.inf
