"""The same random_state gives scikit-learn's own model, digit for digit."""

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.9")

import sklearn.neural_network as theirs
from sklearn.datasets import load_iris

import jaxdnn.sklearn as ours
from scripts.experiments.compare_estimators import cases

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

X, LABELS = load_iris(return_X_y=True)
NUMBERS = X[:, 3]
# What other cases have too: their heads, solvers and batches.
TWICE = {"batches of 7", "numbers", "numbers, sgd", "several labels"}
TWICE |= {"several numbers", "two classes", "early stopping"}
CASES = {name: case for name, case in cases().items() if name not in TWICE}


def same(a, b):
    """Whether two estimators agree to the last digits but two, in all they show."""
    for name in ("coefs_", "intercepts_"):
        for of_a, of_b in zip(getattr(a, name), getattr(b, name), strict=True):
            np.testing.assert_allclose(of_a, of_b, rtol=1e-12, atol=1e-13)
    assert {name for name in vars(a) if not hasattr(b, name)} <= PRIVATE
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(a, name) == getattr(b, name)
    curves = ("loss_curve_", "validation_scores_", "best_validation_score_")
    for name in (*curves, "best_loss_", "loss_", "_no_improvement_count"):
        found, wanted = getattr(b, name, None), getattr(a, name, None)
        assert (found is None) == (wanted is None), name
        if wanted is not None:
            np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-13)


# What only scikit-learn's own solvers look at.
PRIVATE = {"_random_state", "_best_coefs", "_best_intercepts"}
PRIVATE |= {"_coef_indptr", "_intercept_indptr"}


def both(kind, **parameters):
    return [getattr(module, kind)(**parameters) for module in (theirs, ours)]


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_model_is_the_same(name):
    case = CASES[name]
    a, b = (case.fitted(module) for module in (theirs, ours))
    same(a, b)
    said = "predict_proba" if case.kind == "MLPClassifier" else "predict"
    new = case.X[::3] + 0.1
    np.testing.assert_allclose(getattr(b, said)(new), getattr(a, said)(new), rtol=1e-11)


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_partial_fit_goes_on(kind, solver):
    classes = {"classes": [0, 1, 2]} if kind == "MLPClassifier" else {}
    pair = both(kind, hidden_layer_sizes=(6,), solver=solver, random_state=0)
    for estimator in pair:
        for part in (slice(0, 150, 2), slice(0, 150, 2), slice(1, 150, 2)):
            estimator.partial_fit(X[part], LABELS[part], **classes)
    same(*pair)


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_warm_start_goes_on_with_a_new_optimizer(kind):
    options = {"hidden_layer_sizes": (6,), "warm_start": True, "max_iter": 8}
    pair = both(kind, **options, random_state=np.random.RandomState(5))
    pair[1].random_state = np.random.RandomState(5)
    for estimator in pair:
        estimator.fit(X, LABELS).fit(X[::-1], LABELS[::-1]).partial_fit(X, LABELS)
    same(*pair)


def test_a_shared_random_state_is_left_where_scikit_learn_leaves_it():
    states = [np.random.RandomState(0) for _ in range(2)]
    options = {"tol": 0.1, "n_iter_no_change": 2, "hidden_layer_sizes": (6,)}
    for module, state in zip((theirs, ours), states, strict=True):
        module.MLPClassifier(random_state=state, **options).fit(X, LABELS)
    assert states[0].uniform() == states[1].uniform()


def test_float32_stays_float32():
    narrow = X.astype(np.float32)
    a, b = both("MLPRegressor", hidden_layer_sizes=(6,), random_state=0, max_iter=20)
    a.fit(narrow, NUMBERS), b.fit(narrow, NUMBERS)
    assert {W.dtype for W in b.coefs_} == {np.dtype(np.float32)}
    assert b.predict(narrow).dtype == np.float32
    assert b.predict(X).dtype == a.predict(X).dtype == np.float64
    np.testing.assert_allclose(b.predict(X), a.predict(X), rtol=1e-4)


def test_starting_from_given_parameters_by_public_means():
    coefs, intercepts = [np.full((4, 1), 0.1)], [np.zeros(1)]
    pair = both("MLPRegressor", hidden_layer_sizes=(), warm_start=True, max_iter=1)
    for estimator in pair:
        estimator.set_params(random_state=0).fit(X, NUMBERS)
        estimator.coefs_ = [W.copy() for W in coefs]
        estimator.intercepts_ = [b.copy() for b in intercepts]
        estimator.set_params(max_iter=12).fit(X, NUMBERS)
    same(*pair)


LATER = {
    "adam": {"beta_1": 0.5, "learning_rate_init": 0.1, "alpha": 0.1},
    "sgd": {"momentum": 0.1, "learning_rate": "constant", "solver": "adam"},
}


@pytest.mark.parametrize("solver", LATER)
def test_partial_fit_keeps_the_optimizer_it_began_with(solver):
    options = {"solver": solver, "learning_rate": "invscaling", "random_state": 0}
    pair = both("MLPRegressor", hidden_layer_sizes=(6,), **options)
    for estimator in pair:
        for settings in ({}, LATER[solver], {}):
            estimator.set_params(**settings).partial_fit(X[:, :3], NUMBERS)
    same(*pair)


def test_what_goes_on_does_so_in_the_dtype_it_began_with():
    a, b = both("MLPRegressor", hidden_layer_sizes=(6,), random_state=0)
    for estimator in (a, b):
        for dtype in (np.float32, np.float64, np.float32):
            estimator.partial_fit(X.astype(dtype), NUMBERS)
    assert a.coefs_[0].dtype == b.coefs_[0].dtype == np.float32
    np.testing.assert_allclose(b.coefs_[0], a.coefs_[0], atol=1e-5)


def test_a_loss_that_overflows_is_infinite_and_a_miss():
    options = {"activation": "identity", "solver": "sgd", "hidden_layer_sizes": (6,)}
    options |= {"learning_rate_init": 0.05, "max_iter": 5, "random_state": 0}
    a, b = (of.fit(10 * X[:, :3], NUMBERS) for of in both("MLPRegressor", **options))
    assert a.loss_ == b.loss_ == np.inf
    assert a._no_improvement_count == b._no_improvement_count > 0
