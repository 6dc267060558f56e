"""The same random_state gives scikit-learn's own model, digit for digit."""

import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn", minversion="1.9")

import sklearn.neural_network as theirs
from sklearn.datasets import load_iris, make_multilabel_classification

import jaxdnn.sklearn as ours

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")

X, LABELS = load_iris(return_X_y=True)
BINARY = LABELS[:100] == 1
NUMBERS = X[:, 3]
SEVERAL = X[:, 2:]
COUNTS = np.floor(3 * X[:, 2])
MANY_X, MANY = make_multilabel_classification(90, 6, n_classes=3, random_state=0)
WEIGHTS = np.random.RandomState(0).uniform(0.1, 2.0, 150)
SGD = {"solver": "sgd", "learning_rate_init": 0.02}
STOPS = {"early_stopping": True, "n_iter_no_change": 5, "validation_fraction": 0.2}

CLASSIFIERS = {
    "adam": {},
    "sgd": SGD,
    "lbfgs": {"solver": "lbfgs", "max_iter": 10},
    "identity": {"activation": "identity"},
    "tanh": {"activation": "tanh"},
    "logistic": {"activation": "logistic"},
    "no momentum": {**SGD, "momentum": 0.0},
    "no Nesterov": {**SGD, "nesterovs_momentum": False},
    "invscaling": {**SGD, "learning_rate": "invscaling", "power_t": 0.3},
    "adaptive": {**SGD, "learning_rate": "adaptive", "tol": 0.05, "max_iter": 90},
    "betas": {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3},
    "alpha": {"alpha": 0.3},
    "batches": {"batch_size": 32},
    "batches of 7": {"batch_size": 7, "max_iter": 15},
    "no shuffle": {"shuffle": False, "batch_size": 32},
    "stops": {"tol": 0.1, "n_iter_no_change": 3},
    "early": STOPS,
    "early sgd": {**SGD, **STOPS, "learning_rate": "adaptive"},
    "two layers": {"hidden_layer_sizes": (6, 5)},
    "no layer": {"hidden_layer_sizes": ()},
    "weighted": {"sample_weight": WEIGHTS},
    "weighted early": {**STOPS, "sample_weight": WEIGHTS, "batch_size": 32},
    "weighted lbfgs": {"solver": "lbfgs", "max_iter": 10, "sample_weight": WEIGHTS},
}
REGRESSORS = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.01},
    "lbfgs": {"solver": "lbfgs", "max_iter": 10},
    "poisson": {"loss": "poisson", "y": COUNTS},
    "several": {"y": SEVERAL},
    "early": STOPS,
    "several early": {**STOPS, "y": SEVERAL, "sample_weight": WEIGHTS},
}
CASES = {
    **{
        f"classifier, {name}": ("MLPClassifier", of) for name, of in CLASSIFIERS.items()
    },
    **{f"regressor, {name}": ("MLPRegressor", of) for name, of in REGRESSORS.items()},
    "classifier, two classes": ("MLPClassifier", {"X": X[:100], "y": BINARY}),
    "classifier, two, early": ("MLPClassifier", {"X": X[:100], "y": BINARY, **STOPS}),
    "classifier, labels": ("MLPClassifier", {"X": MANY_X, "y": MANY}),
    "classifier, labels, early": ("MLPClassifier", {"X": MANY_X, "y": MANY, **STOPS}),
}


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


@pytest.mark.parametrize("case", CASES)
def test_the_model_is_the_same(case):
    kind, parameters = CASES[case]
    y = LABELS if kind == "MLPClassifier" else NUMBERS
    data = {"X": X, "y": y, "sample_weight": None}
    data |= {name: parameters[name] for name in data if name in parameters}
    rest = {name: of for name, of in parameters.items() if name not in data}
    options = {"hidden_layer_sizes": (6,), "max_iter": 40, "random_state": 3, **rest}
    a, b = (estimator.fit(**data) for estimator in both(kind, **options))
    same(a, b)
    said = "predict_proba" if kind == "MLPClassifier" else "predict"
    new = data["X"][::3] + 0.1
    np.testing.assert_allclose(getattr(b, said)(new), getattr(a, said)(new), rtol=1e-11)


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


def test_saturated_losses_are_clipped_as_theirs():
    options = {"hidden_layer_sizes": (6,), "random_state": 1, "max_iter": 5}
    a, b = both("MLPClassifier", **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(a.fit(200 * X, LABELS), b.fit(200 * X, LABELS))
    assert a.loss_curve_[0] > 10


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
