"""jaxdnn.sklearn beside scikit-learn: the same models, and how long they take.

    python -m scripts.experiments.compare_estimators              both tables
    python -m scripts.experiments.compare_estimators --only same  no cross-validation

The first table fits both with the same random_state in float64 and gives the largest
difference of coefficients, of loss curves and validation scores, and of predictions,
each relative to the larger of 1 and the largest such number. L-BFGS multiplies rounding
by some ten in each few iterations, in scikit-learn as here (reverse the rows and see),
so it is compared after ten.

The second cross-validates five times over scikit-learn's five bundled sets,
standardised, with the estimators' own defaults. Compilation is in it; programs are kept
in a folder of their own: the first of the two runs fills it.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import sklearn.neural_network as theirs
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_iris,
    load_wine,
    make_multilabel_classification,
)
from sklearn.model_selection import cross_val_score
from sklearn.preprocessing import StandardScaler

import jaxdnn
import jaxdnn.sklearn as ours
from scripts._table import print_table


class Case(NamedTuple):
    """A class's name, its parameters, and what it is fitted to."""

    kind: str
    parameters: dict[str, Any]
    X: Any
    y: Any
    sample_weight: Any = None

    def estimator(self, module: Any) -> Any:
        """It, of this module, not fitted."""
        few = {"hidden_layer_sizes": (6,), "max_iter": 40, "random_state": 3}
        return getattr(module, self.kind)(**(few | self.parameters))

    def fitted(self, module: Any) -> Any:
        """It, of this module."""
        return self.estimator(module).fit(self.X, self.y, self.sample_weight)


def cases() -> dict[str, Case]:
    """Each solver, schedule, activation, loss and rule to stop."""
    X, labels = load_iris(return_X_y=True)
    several, many = make_multilabel_classification(90, 6, n_classes=3, random_state=0)
    weights = np.random.RandomState(0).uniform(0.1, 2.0, 150)
    sgd = {"solver": "sgd", "learning_rate_init": 0.02}
    lbfgs = {"solver": "lbfgs", "max_iter": 10}
    stops = {"early_stopping": True, "n_iter_no_change": 5, "validation_fraction": 0.2}

    def classify(y: Any = labels, rows: Any = X, weight: Any = None, **of: Any) -> Case:
        return Case("MLPClassifier", of, rows, y, weight)

    def regress(y: Any = X[:, 3], weight: Any = None, **of: Any) -> Case:
        return Case("MLPRegressor", of, X, y, weight)

    two = {"y": labels[:100] == 1, "rows": X[:100]}
    multilabel = {"y": many, "rows": several}
    return {
        "adam": classify(),
        "sgd": classify(**sgd),
        "lbfgs": classify(**lbfgs),
        "identity": classify(activation="identity"),
        "tanh": classify(activation="tanh"),
        "logistic": classify(activation="logistic"),
        "no momentum": classify(**sgd, momentum=0.0),
        "no Nesterov": classify(**sgd, nesterovs_momentum=False),
        "invscaling": classify(**sgd, learning_rate="invscaling", power_t=0.3),
        "adaptive": classify(**sgd, learning_rate="adaptive", tol=0.05, max_iter=90),
        "betas, epsilon": classify(beta_1=0.8, beta_2=0.99, epsilon=1e-3),
        "alpha": classify(alpha=0.3),
        "batches of 32": classify(batch_size=32),
        "batches of 7": classify(batch_size=7, max_iter=15),
        "no shuffle": classify(shuffle=False, batch_size=32),
        "stops": classify(tol=0.1, n_iter_no_change=3),
        "early stopping": classify(**stops),
        "early, adaptive": classify(**sgd, **stops, learning_rate="adaptive"),
        "two layers": classify(hidden_layer_sizes=(6, 5)),
        "no hidden layer": classify(hidden_layer_sizes=()),
        "weights": classify(weight=weights),
        "weights, early": classify(weight=weights, **stops, batch_size=32),
        "weights, lbfgs": classify(weight=weights, **lbfgs),
        "saturated": classify(rows=200 * X, max_iter=5),
        "two classes": classify(**two),
        "two classes, early": classify(**two, **stops),
        "several labels": classify(**multilabel),
        "several labels, early": classify(**multilabel, **stops),
        "numbers": regress(),
        "numbers, sgd": regress(solver="sgd", learning_rate_init=0.01),
        "numbers, lbfgs": regress(**lbfgs),
        "numbers, early": regress(**stops),
        "counts": regress(np.floor(3 * X[:, 2]), loss="poisson"),
        "several numbers": regress(X[:, 2:]),
        "several numbers, early": regress(X[:, 2:], weights, **stops),
    }


def differences(case: Case) -> tuple[float, float, float]:
    """Of coefficients; of curves; of predictions."""
    pair = [case.fitted(module) for module in (theirs, ours)]
    said = "predict_proba" if case.kind == "MLPClassifier" else "predict"
    return (
        _largest(pair, lambda model: [*model.coefs_, *model.intercepts_]),
        _largest(pair, _curves),
        _largest(pair, lambda model: [getattr(model, said)(case.X[::3] + 0.1)]),
    )


def _curves(model: Any) -> list[Any]:
    names = ("loss_", "n_iter_", "t_", "loss_curve_", "validation_scores_")
    found = [getattr(model, name, None) for name in names]
    return [np.atleast_1d(of) for of in found if of is not None]


def _largest(pair: list[Any], read: Callable[[Any], list[Any]]) -> float:
    """The largest relative difference; infinite where lengths disagree."""
    a, b = map(read, pair)
    if [of.shape for of in a] != [of.shape for of in b]:
        return np.inf
    each = [
        float(np.abs(of_a - of_b).max() / max(1.0, np.abs(of_a).max()))
        for of_a, of_b in zip(a, b, strict=True)
    ]
    return max(each)


SETS = {
    "iris": load_iris,
    "wine": load_wine,
    "breast cancer": load_breast_cancer,
    "digits": load_digits,
    "diabetes": load_diabetes,
}


def print_times() -> None:
    """Seconds of five folds, and the mean score, of both."""
    rows: list[tuple[str, ...]] = []
    totals = np.zeros(2)
    for name, load in SETS.items():
        X, y = load(return_X_y=True)
        X = StandardScaler().fit_transform(X)
        kind = "MLPRegressor" if name == "diabetes" else "MLPClassifier"
        cells: list[str] = []
        for i, module in enumerate((theirs, ours)):
            start = time.perf_counter()
            estimator = getattr(module, kind)(random_state=0)
            score = cross_val_score(estimator, X, y, cv=5).mean()
            seconds = time.perf_counter() - start
            totals[i] += seconds
            cells += [f"{seconds:.2f}", f"{score:.4f}"]
        rows.append((name, *cells))
    rows.append(("together", f"{totals[0]:.2f}", "", f"{totals[1]:.2f}", ""))
    print_table(("5 folds", "scikit-learn, s", "score", "jaxdnn, s", "score"), rows)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=["same", "times"], help="one table alone")
    only = parser.parse_args().only
    warnings.simplefilter("ignore")
    if os.environ.get(_KEPT):
        jaxdnn.enable_compilation_cache(os.environ[_KEPT])
        print_times()
        return 0
    worst = 0.0
    if only != "times":
        found = {name: differences(case) for name, case in cases().items()}
        rows = [(name, *(f"{x:.1e}" for x in of)) for name, of in found.items()]
        print_table(("difference of", "coefficients", "curves", "predictions"), rows)
        worst = max(map(max, found.values()))
        print(f"largest of {len(found)} cases: {worst:.1e}\n")
    if only != "same":
        with tempfile.TemporaryDirectory() as kept:
            command = [sys.executable, "-m", "scripts.experiments.compare_estimators"]
            for said in ("nothing compiled yet", "programs kept from before"):
                print(said, flush=True)
                subprocess.run(command, check=True, env=os.environ | {_KEPT: kept})
    return int(worst > 1e-11)


_KEPT = "JAXDNN_COMPARE_ESTIMATORS_CACHE"

if __name__ == "__main__":
    sys.exit(main())
