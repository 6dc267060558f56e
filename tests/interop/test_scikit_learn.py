"""Parameters to and from scikit-learn's MLPs: predictions to the last digits."""

import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor

import jaxdnn as dnn
from jaxdnn.interop import from_sklearn, to_sklearn
from tests.interop.examples import X, parameters, same

# What a head becomes knows nothing of the activation.
CASES = [
    ("relu", "sigmoid", 1),
    ("tanh", "softmax", 3),
    ("sigmoid", "identity", 2),
    ("identity", "sigmoid", 3),
    ("relu", "identity", 1),
    ("tanh", "exp", 1),
]


@pytest.mark.parametrize(("hidden", "output", "n"), CASES)
def test_there_and_back_in_float64(hidden, output, n):
    with jax.enable_x64(True):
        network = dnn.Network((3, 5, 4, n), hidden, output)
        params = parameters(network, dtype=float)
        cells = X.astype(np.float64)
        theirs = pickle.loads(pickle.dumps(to_sklearn(network, params)))
        AL = np.asarray(dnn.predict_proba(network, params, cells))
        said = np.asarray(dnn.predict(network, params, cells))
        if output in ("sigmoid", "softmax"):
            chances = theirs.predict_proba(cells.T).T
            np.testing.assert_allclose(chances[-n:], AL, rtol=0, atol=4e-16)
            assert (said == theirs.predict(cells.T).T).all()
        else:
            np.testing.assert_allclose(np.atleast_2d(theirs.predict(cells.T).T), AL)
        back, found = from_sklearn(theirs)
        assert back == network
        same(found, params)


def test_classes_have_their_names_and_training_goes_on():
    network = dnn.Network((4, 3), output="softmax")
    data = load_iris()
    names = np.array(["setosa", "versicolor", "virginica"])[data.target]
    params = (dnn.Layer(jnp.zeros((3, 4)), jnp.array([[0.0], [0.0], [1.0]])),)
    model = to_sklearn(network, params, classes=sorted(set(names)))
    assert set(model.predict(data.data)) == {"virginica"}
    assert model.max_iter == MLPClassifier().max_iter
    model.set_params(warm_start=True, learning_rate_init=0.05, tol=1e-3)
    model.fit(data.data, names)
    assert model.score(data.data, names) > 0.9


@pytest.mark.parametrize("library", [sklearn.neural_network, dnn.sklearn])
def test_a_fitted_classifier(library):
    data = load_iris()
    sizes = {"hidden_layer_sizes": (6,), "activation": "logistic"}
    theirs = library.MLPClassifier(**sizes, max_iter=30, tol=1, random_state=0)
    theirs.fit(data.data, data.target)
    network, params = from_sklearn(theirs)
    assert network == dnn.Network((4, 6, 3), "sigmoid", "softmax")
    np.testing.assert_allclose(
        dnn.predict_proba(network, params, data.data.T).T,
        theirs.predict_proba(data.data),
        rtol=1e-5,
    )


@pytest.mark.parametrize(
    ("network", "classes", "message"),
    [
        (dnn.Network((3, 4, 1), "gelu"), None, "hidden must be one of sigmoid, tanh, "),
        (dnn.Network((3, 4, 4, 1), ("relu", "tanh")), None, "in all layers, got ('rel"),
        (
            dnn.Network((3, 2), output="softmax"),
            None,
            "three classes or more, identity",
        ),
        (dnn.Network((3, 1)), ["a"], "classes must be 2 names, got ['a']"),
        (dnn.Network((3, 1)), ["b", "a"], "classes must be sorted, got ['b', 'a']"),
        (dnn.Network((3, 2)), ["a", "b"], "classes must be None, got ['a', 'b']"),
    ],
)
def test_what_is_refused(network, classes, message):
    with pytest.raises(ValueError, match=r"^to_sklearn: ") as caught:
        to_sklearn(network, parameters(network), classes=classes)
    assert message in str(caught.value)


def test_what_is_not_fitted_is_refused():
    with pytest.raises(TypeError, match=r"^from_sklearn: estimator must be a fitted"):
        from_sklearn(MLPRegressor())
