"""scikit-learn: coefs_ = Wᵀ and intercepts_ = b[:, 0] of an MLP, and what goes with it.

sigmoid, one output     MLPClassifier of two classes
sigmoid, several        MLPClassifier of labels, each there or not
softmax                 MLPClassifier of as many classes
identity                MLPRegressor
exp                     MLPRegressor(loss="poisson"), scikit-learn 1.7 or newer
"""

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn import Network, Parameters
from jaxdnn._extras import require
from jaxdnn._refusals import BadTypeError, BadValueError, public, shown
from jaxdnn.arguments import check_network
from jaxdnn.interop.layers import chained
from jaxdnn.parameters import admitted_parameters

# Their name -> ours, of activations and of what comes last.
_OURS = {"logistic": "sigmoid"}
_THEIRS = {
    "sigmoid": "logistic",
    "tanh": "tanh",
    "relu": "relu",
    "identity": "identity",
}


@public
def to_sklearn(
    network: Network, params: Parameters, *, classes: Sequence[Hashable] | None = None
) -> Any:
    """A fitted MLPClassifier or MLPRegressor that says what the network says.

    What it says of its training (loss_, n_iter_, t_) means nothing; warm_start and
    partial_fit go on from the parameters.

    Args:
      network: whose hidden layers are all of one activation: identity, sigmoid, tanh
        or relu.
      params: (W_l (n_l, n_{l-1}), b_l (n_l, 1)).
      classes: the names of the classes, sorted, as scikit-learn has them; 0, 1, ...
        where None.

    Raises:
      ValueError: other activations or heads, softmax of two classes (which is a sigmoid
        there), a wrong number of classes, shapes that disagree.
      ModuleNotFoundError: scikit-learn is not installed.

    Example:
      >>> import jax, jaxdnn as dnn
      >>> network = dnn.Network((2, 4, 3), hidden="tanh", output="softmax")
      >>> params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> X = np.ones((2, 5), np.float32)
      >>> their = to_sklearn(network, params).predict_proba(X.T).T
      >>> bool(np.allclose(their, dnn.predict_proba(network, params, X)))
      True
    """
    check_network(network)
    params = admitted_parameters(params, network.layer_dims)
    estimator = _unfitted(network)
    y = _targets(network, classes)
    X = np.zeros((len(y), network.layer_dims[0]), np.asarray(params[0].W).dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one epoch of nothing does not converge
        estimator.fit(X, y)
    estimator.set_params(max_iter=type(estimator)().max_iter)
    estimator.coefs_ = [np.array(W).T.copy() for W, _ in params]
    estimator.intercepts_ = [np.array(b)[:, 0] for _, b in params]
    return estimator


@public
def from_sklearn(estimator: Any) -> tuple[Network, Parameters]:
    """The network and the parameters of a fitted MLP.

    Its numbers are float64 unless it was fitted to float32: where x64 is not enabled
    they become float32.

    Args:
      estimator: an MLPClassifier or MLPRegressor.

    Raises:
      TypeError: it has no coefs_: it is none of them, or not fitted.
      ValueError: a last activation that no head has.

    Example:
      >>> from sklearn.neural_network import MLPRegressor
      >>> model = MLPRegressor(hidden_layer_sizes=(4,), solver="lbfgs")
      >>> network, params = from_sklearn(model.fit(np.eye(3), np.ones(3)))
      >>> network
      Network(layer_dims=(3, 4, 1), hidden=('relu',), output='identity')
    """
    if not hasattr(estimator, "coefs_"):
        raise BadTypeError(
            f"estimator must be a fitted MLPClassifier or MLPRegressor, got "
            f"{shown(estimator)}"
        )
    pairs = zip(estimator.coefs_, estimator.intercepts_, strict=True)
    params = chained((W.T, b) for W, b in pairs)
    dims = (params[0].W.shape[1], *(W.shape[0] for W, _ in params))
    names: tuple[str, str] = estimator.activation, estimator.out_activation_
    hidden, output = (_OURS.get(name, name) for name in names)
    return Network(dims, hidden, output), params


def _unfitted(network: Network) -> Any:
    """The estimator that the network asks for, to be fitted in a moment."""
    names = {g.name for g in network.activations}
    [name] = names if len(names) == 1 else [None if names else "identity"]
    if name not in _THEIRS:
        raise BadValueError(
            f"hidden must be one of {', '.join(_THEIRS)} in all layers, got "
            f"{network.hidden}"
        )
    asked: dict[str, Any] = {
        "hidden_layer_sizes": network.layer_dims[1:-1],
        "activation": _THEIRS[name],
        "max_iter": 1,
    }
    output, n_L = network.head.name, network.layer_dims[-1]
    theirs = require("sklearn.neural_network")
    if output == "sigmoid" or (output == "softmax" and n_L > 2):
        return theirs.MLPClassifier(**asked)
    if output == "identity":
        return theirs.MLPRegressor(**asked)
    if output == "exp":
        return theirs.MLPRegressor(loss="poisson", **asked)
    raise BadValueError(
        "output must be sigmoid, softmax of three classes or more, identity or exp, "
        f"got {output} of {n_L}"
    )


def _targets(network: Network, classes: Sequence[Hashable] | None) -> NDArray[Any]:
    """A few targets of the kind that the network predicts, every class among them."""
    n_L, head = network.layer_dims[-1], network.head
    count = head.classes(n_L)
    if classes is not None and (count is None or len(set(classes)) != count):
        wanted = "None" if count is None else f"{count} names"
        raise BadValueError(f"classes must be {wanted}, got {shown(classes)}")
    if count is not None:
        named = np.arange(count) if classes is None else np.asarray(classes)
        if (np.sort(named) != named).any():
            raise BadValueError(f"classes must be sorted, got {shown(classes)}")
        return named
    if head.name == "sigmoid":
        return np.array([[0] * n_L, [1] * n_L])
    return np.ones(2) if n_L == 1 else np.ones((2, n_L))
