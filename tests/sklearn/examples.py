"""What tests of the estimators fit."""

import pytest

pytest.importorskip("sklearn", minversion="1.9")

from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from jaxdnn.sklearn import MLPClassifier

X, LABELS = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X)


def small(kind=MLPClassifier, **parameters):
    return kind(
        **{"hidden_layer_sizes": (6,), "max_iter": 30, "random_state": 0, **parameters}
    )
