"""What the estimators have beyond scikit-learn's, and how they get along with it."""

import pickle
import warnings
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

pytest.importorskip("sklearn", minversion="1.9")

import sklearn
from joblib.externals.loky import get_reusable_executor
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.callback import ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import jaxdnn as dnn
from jaxdnn.sklearn import MLPClassifier, MLPRegressor, epochs
from jaxdnn.sklearn.scores import r_squared
from tests.sklearn.examples import LABELS, X, small

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

PART, REST = slice(0, 150, 2), slice(1, 150, 2)
GIVEN = {"X_val": X[REST], "y_val": LABELS[REST]}


def falling(updates):
    return 0.05 / (1 + updates / 20)


CUBE = dnn.Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)


OURS = {
    "weights, dropout, dtype": {
        "class_weight": "balanced",
        "dropout": 0.2,
        "dtype": np.float32,
    },
    "activations, rate": {
        "hidden_layer_sizes": (6, 5),
        "activation": ("gelu", "logistic"),
        "class_weight": {1: 5.0},
        "learning_rate": falling,
    },
    "partial": {"solver": partial(optax.sgd, momentum=0.9)},
    "own activation": {"activation": CUBE, "solver": optax.adamw},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", OURS)
def test_what_is_ours_learns_is_cloned_and_pickled(name, compiled):
    options = {"learning_rate_init": 0.02, **OURS[name]}
    model = small(max_iter=120, **options).fit(X, LABELS)
    assert model.score(X, LABELS) > 0.9
    if name != "own activation":  # its lambdas do not go through pickle
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    compiled.clear()
    other = clone(model).fit(X, LABELS)
    assert "jit(run_epochs)" not in compiled
    np.testing.assert_array_equal(other.coefs_[0], model.coefs_[0])


def test_what_is_ours_is_off_by_default():
    ours = {"dropout": 0.0, "class_weight": None, "dtype": None}
    assert {name: MLPClassifier().get_params()[name] for name in ours} == ours


def test_class_weights_weigh_examples():
    weights = {0: 1.0, 1: 3.0, 2: 0.5}
    by_class = small(class_weight=weights).fit(X, LABELS)
    each = np.array([weights[label] for label in LABELS])
    by_example = small().fit(X, LABELS, sample_weight=each)
    np.testing.assert_allclose(by_class.coefs_[0], by_example.coefs_[0], atol=1e-14)
    with pytest.raises(ValueError, match="not supported for partial_fit"):
        small(class_weight="balanced").partial_fit(X, LABELS, classes=[0, 1, 2])


def test_dropout_follows_from_the_seed_and_leaves_the_other_draws_alone():
    first, second = (small(dropout=0.5, max_iter=3).fit(X, LABELS) for _ in range(2))
    np.testing.assert_array_equal(first.coefs_[0], second.coefs_[0])
    shared = np.random.RandomState(0), np.random.RandomState(0)
    without, dropped = (
        small(dropout=dropout, random_state=state, max_iter=3).fit(X, LABELS)
        for state, dropout in zip(shared, (0.0, 0.5), strict=True)
    )
    assert (without.coefs_[0] != dropped.coefs_[0]).any()
    assert shared[0].uniform() == shared[1].uniform()


def test_a_given_validation_part_is_recorded_and_watched():
    recorded = small().fit(X[PART], LABELS[PART], **GIVEN)
    assert len(recorded.validation_loss_curve_) == 30
    assert recorded.validation_scores_ is None
    plain = small().fit(X[PART], LABELS[PART])
    assert plain.validation_loss_curve_ is None
    np.testing.assert_array_equal(recorded.coefs_[0], plain.coefs_[0])
    watched = small(early_stopping=True).fit(X[PART], LABELS[PART], **GIVEN)
    assert watched.best_validation_score_ == max(watched.validation_scores_)
    assert watched.score(X[REST], LABELS[REST]) == watched.best_validation_score_


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_the_validation_loss_is_that_of_the_model(kind):
    model = small(kind, max_iter=4).fit(X[PART], LABELS[PART], **GIVEN)
    Y = np.eye(3)[LABELS[REST]].T if kind is MLPClassifier else LABELS[None, REST]
    with jax.enable_x64(True):
        J = dnn.cost(model.network_, model.params_, X[REST].T, Y)
    assert model.validation_loss_curve_[-1] == pytest.approx(float(J), rel=1e-12)


def test_partial_fit_stops_early_where_it_is_given_what_to_watch():
    model = small(early_stopping=True, n_iter_no_change=2, learning_rate_init=0.1)
    for _ in range(40):
        model.partial_fit(X[PART], LABELS[PART], classes=[0, 1, 2], **GIVEN)
    assert len(model.validation_scores_) == 40
    assert model.score(X[REST], LABELS[REST]) == model.best_validation_score_
    with pytest.raises(ValueError, match="does not support early_stopping=True"):
        model.partial_fit(X[PART], LABELS[PART])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X[REST]}, "y_val was not provided"),
        ({"y_val": LABELS[REST]}, "X_val was not provided"),
        ({"X_val": X[REST], "y_val": LABELS[REST] + 5}, "classes not in"),
        ({"X_val": X[REST, :2], "y_val": LABELS[REST]}, "2 features"),
    ],
)
def test_a_validation_part_that_does_not_fit_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        small().fit(X[PART], LABELS[PART], **given)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activation": ("relu", "relu")}, "must name 1 activations"),
        ({"activation": "rleu"}, "'activation' parameter"),
        ({"dropout": 1.0}, "'dropout' parameter"),
        ({"dtype": np.int32}, "dtype must be float32 or float64"),
        ({"hidden_layer_sizes": (3, 0)}, r"must be > 0, got \[3, 0\]"),
    ],
)
def test_parameters_that_make_no_network_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        small(**parameters).fit(X, LABELS)


@pytest.mark.slow
def test_the_network_verifies():
    model = small(activation="tanh").fit(X, LABELS)
    Y = np.eye(3)[LABELS].T
    assert dnn.verify(model.network_, model.params_, X.T, Y).ok
    np.testing.assert_allclose(
        dnn.predict_proba(model.network_, model.params_, X.T).T,
        model.predict_proba(X),
        atol=1e-5,
    )


def test_fitted_attributes_are_numpys_and_pythons():
    plain = (np.ndarray, float, int, str, type(None))

    def leaves(value):
        if isinstance(value, (list, tuple)):
            return [leaf for each in value for leaf in leaves(each)]
        return leaves(list(value.values())) if isinstance(value, dict) else [value]

    model = small(early_stopping=True).fit(X, LABELS)
    for name, value in vars(model).items():
        if name != "_label_binarizer":
            assert all(type(leaf) in (*plain, bool) for leaf in leaves(value)), name


def test_ctrl_c_ends_with_the_model(monkeypatch):
    calls = []

    def advance(self, chunk, real=epochs.InMemory.advance):
        calls.append(chunk)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, chunk)

    monkeypatch.setattr(epochs.InMemory, "advance", advance)
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model = small(max_iter=500).fit(X, LABELS)
    assert model.n_iter_ == sum(calls[:2])
    monkeypatch.undo()
    same = small(max_iter=model.n_iter_).fit(X, LABELS)
    np.testing.assert_array_equal(model.coefs_[0], same.coefs_[0])
    assert model.predict(X).shape == (150,)


def test_a_chunk_does_not_change_the_model(capsys):
    quiet = small().fit(X, LABELS)
    loud = small(verbose=True).fit(X, LABELS)  # looks at each epoch
    np.testing.assert_array_equal(quiet.coefs_[0], loud.coefs_[0])
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"Iteration 1, loss = {quiet.loss_curve_[0]:.8f}"
    assert len(said) == 30


NOTHING = np.r_[np.zeros(32), np.ones(118)]


@pytest.mark.parametrize(
    ("parameters", "weights"),
    [
        ({"shuffle": False, "batch_size": 16}, NOTHING),
        ({"batch_size": 150}, np.where(np.arange(150) % 2, 1.0, -1.0)),
        ({"solver": "lbfgs"}, np.where(np.arange(150) % 2, 1.0, -1.0)),
    ],
)
def test_batches_that_weigh_nothing_have_no_mean(parameters, weights):
    with pytest.raises(ZeroDivisionError, match="Weights sum to zero"):
        small(**parameters).fit(X, LABELS, sample_weight=weights)


def test_a_validation_part_that_weighs_nothing_is_refused():
    model = small(early_stopping=True)
    with pytest.raises(ValueError, match="at least one non-zero"):
        model.fit(X, LABELS, sample_weight=np.eye(150)[0])


def test_what_is_left_out_of_a_score_may_overflow():
    Y = jnp.array([[1.0, 2.0, 3.0]])
    score = r_squared(jnp.array([[1.0, 2.0, 1e30]]), Y, jnp.array([1.0, 1.0, 0.0]))
    assert score == 1


def test_several_outputs_descend_on_the_sum_of_their_errors():
    model = small(MLPRegressor, solver="lbfgs", alpha=0.0, max_iter=400)
    model.fit(X[:, :2], X[:, 2:])
    error = np.square(model.predict(X[:, :2]) - X[:, 2:]).sum(axis=1).mean() / 2
    assert model.loss_ == pytest.approx(error, rel=1e-9)


def test_counts_are_not_negative():
    with pytest.raises(ValueError, match=r"needs y >= 0, got -1"):
        small(MLPRegressor, loss="poisson").fit(X, LABELS - 1)


@pytest.mark.parametrize(
    ("y", "found"),
    [
        (LABELS.astype(str), "ndarray of <U21"),
        (csr_array(X[:, :2]), "csr_array of float64"),
    ],
)
def test_targets_that_are_no_numbers_are_refused(y, found):
    with pytest.raises(ValueError, match=f"array of real numbers, got {found}"):
        small(MLPRegressor).fit(X, y)


def test_another_network_than_the_fit_that_goes_on_had_is_refused():
    model = small(MLPRegressor).partial_fit(X, LABELS)
    with pytest.raises(ValueError, match="y has 2 outputs, but MLPRegressor goes on f"):
        model.partial_fit(X, X[:, :2])
    model.set_params(hidden_layer_sizes=(6, 5))
    with pytest.raises(
        ValueError, match=r"_sizes is \[6, 5\], but MLPR.* fit with \[6\]"
    ):
        model.partial_fit(X, LABELS)
    assert model.predict(X).shape == (150,)


def test_a_warm_start_may_change_the_solver_and_what_is_watched():
    model = small(solver="lbfgs", warm_start=True, max_iter=4).fit(X, LABELS)
    before = model.score(X, LABELS)
    model.set_params(solver="adam", learning_rate_init=1e-4).fit(X, LABELS)
    assert len(model.loss_curve_) == 4
    model.set_params(early_stopping=True).fit(X, LABELS)
    assert len(model.validation_scores_) == 4
    model.set_params(early_stopping=False).fit(X, LABELS)
    assert model.validation_scores_ is None
    assert model.score(X, LABELS) >= before - 0.02


def test_wider_numbers_than_there_are_in_a_program_are_predicted_in_float64():
    model = small().fit(X, LABELS)
    found = model.predict_proba(X.astype(np.longdouble))
    np.testing.assert_array_equal(found, model.predict_proba(X))


def test_partial_fit_is_not_offered_for_lbfgs():
    assert not hasattr(MLPRegressor(solver="lbfgs"), "partial_fit")
    assert hasattr(MLPRegressor(solver=optax.adamw), "partial_fit")


def test_a_warm_start_without_improvement_keeps_the_best_parameters():
    model = small(early_stopping=True, warm_start=True, max_iter=60).fit(X, LABELS)
    best = [W.copy() for W in model.coefs_]
    model.set_params(learning_rate_init=100.0, max_iter=2).fit(X, LABELS)
    for W, of in zip(model.coefs_, best, strict=True):
        np.testing.assert_array_equal(W, of)


def test_folds_and_grid_points_compile_nothing(compiled):
    grid = [
        {"alpha": np.logspace(-4, 0, 2), "tol": [1e-4, 1e-3]},
        {"momentum": [0.5, 0.9], "nesterovs_momentum": [True, False]},
        {"learning_rate": ["constant", "adaptive", "invscaling"]},
    ]
    search = GridSearchCV(small(solver="sgd", max_iter=4), grid, cv=3, refit=False)
    search.fit(X, LABELS)
    assert len(compiled) <= 2
    small(early_stopping=True, max_iter=4).fit(X, LABELS)
    compiled.clear()
    small(early_stopping=True, max_iter=4, tol=0.1).fit(X[:-1], LABELS[:-1])
    assert compiled == []


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_many_sizes_share_eight_programs(compiled, solver):
    rows = np.random.RandomState(0).normal(size=(1000, 3))
    for m in (*range(25, 226, 25), 500, 1000):
        few = small(max_iter=1, solver=solver, hidden_layer_sizes=())
        few.fit(rows[:m], rows[:m, 0] > 0).predict(rows[:m])
    assert 2 <= len(compiled) <= 8, compiled


@pytest.mark.slow
def test_a_search_in_another_process_finds_the_same():
    """In such a one as joblib sends a part of a search to."""
    search = GridSearchCV(small(max_iter=3), {"alpha": [0.1, 1.0]}, cv=2)
    with get_reusable_executor(max_workers=1) as other:
        found = other.submit(search.fit, X, LABELS).result().best_estimator_
    here = search.fit(X, LABELS).best_estimator_
    np.testing.assert_array_equal(found.coefs_[0], here.coefs_[0])


def test_a_calibration():
    pipeline = make_pipeline(StandardScaler(), small())
    assert CalibratedClassifierCV(pipeline, cv=2).fit(X, LABELS).predict(X).shape


def test_a_pipeline_transforms_the_validation_part():
    with sklearn.config_context(enable_metadata_routing=True):
        last = small(early_stopping=True).set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("mlp", last)]
        pipeline = Pipeline(steps, transform_input=["X_val"])
        far = {"X_val": 100 * X[REST] + 7, "y_val": LABELS[REST]}
        pipeline.fit(100 * X[PART] + 7, LABELS[PART], **far)
        found = pipeline.score(far["X_val"], far["y_val"])
    assert found == last.best_validation_score_


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_are_told_of_each_epoch(solver):
    monitor = ScoringMonitor(scoring="accuracy")
    model = small(solver=solver, max_iter=5).set_callbacks(monitor).fit(X, LABELS)
    told = monitor.get_logs().data_as_pandas
    assert len(told) >= 5
    assert told["accuracy"].iloc[-1] == model.score(X, LABELS)


def test_a_callback_ends_the_fit():
    class Stop:
        def setup(self, estimator, context): ...
        def teardown(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context): ...
        def on_fit_task_end(self, estimator, context):
            return True

    assert small().set_callbacks(Stop()).fit(X, LABELS).n_iter_ == 1


def test_the_reason_to_warn_is_scikit_learns():
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
        small(max_iter=2).fit(X, LABELS)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        small(max_iter=2).partial_fit(X, LABELS, classes=[0, 1, 2])


def test_float64_is_theirs_alone():
    """That jaxdnn itself imports no scikit-learn: see test_house.py."""
    small(max_iter=1).fit(X, LABELS)
    assert not jax.config.jax_enable_x64
