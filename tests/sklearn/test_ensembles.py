"""Ensembles: what they make of their members."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.9")

from sklearn.base import clone
from sklearn.datasets import load_iris

from jaxdnn.sklearn import MLPClassifier, MLPEnsembleClassifier, MLPEnsembleRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, LABELS = load_iris(return_X_y=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [MLPEnsembleClassifier, MLPEnsembleRegressor])
def test_an_ensemble_is_the_mean_of_its_members(kind, compiled):
    options = {"hidden_layer_sizes": (5,), "max_iter": 20, "random_state": 0}
    model = kind(3, **options).fit(X, LABELS)
    assert compiled.count("jit(run_epochs)") <= 1
    members = model.predict_members(X)
    assert members.shape[:2] == (3, 150)
    said = "predict_proba" if kind is MLPEnsembleClassifier else "predict"
    np.testing.assert_allclose(getattr(model, said)(X), members.mean(axis=0))
    np.testing.assert_allclose(model.predict_spread(X), members.std(axis=0))
    seeds = {member.random_state for member in model.members_}
    assert len(seeds) == 3
    alone = clone(model.members_[1]).fit(X, LABELS)
    np.testing.assert_array_equal(alone.coefs_[0], model.members_[1].coefs_[0])
    again = pickle.loads(pickle.dumps(clone(model).fit(X, LABELS)))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_an_ensemble_goes_on_where_it_was():
    model = MLPEnsembleRegressor(2, max_iter=5, warm_start=True, random_state=0)
    model.fit(X, LABELS).fit(X, LABELS)
    assert [len(member.loss_curve_) for member in model.members_] == [10, 10]


def test_an_ensemble_may_be_subclassed():
    class Mine(MLPEnsembleRegressor):
        pass

    assert Mine(2, alpha=0.5).get_params()["alpha"] == 0.5


def test_an_ensemble_takes_its_members_parameters_and_no_other():
    assert set(MLPEnsembleClassifier().get_params()) == {
        "n_members",
        *MLPClassifier().get_params(),
    }
    with pytest.raises(TypeError, match="epochs"):
        MLPEnsembleClassifier(epochs=3)
    with pytest.raises(ValueError, match="'n_members' parameter"):
        MLPEnsembleClassifier(0).fit(X, LABELS)
