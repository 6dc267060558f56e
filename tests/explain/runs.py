"""Runs that together have every activation, both heads, L2 and dropout."""

import jax
import numpy as np

from jaxdnn import Network
from jaxdnn.explain import record

NETWORKS = {
    "deep": Network((2, 4, 3, 3, 1), ("relu", "leaky_relu", "tanh")),
    "dropout": Network((3, 5, 4, 4, 3), ("sigmoid", "identity", "elu"), "softmax"),
    "wide": Network((2, 12, 3, 4, 1), ("softplus", "gelu", "gelu_tanh")),
    "shallow": Network((4, 3, 2), "silu", "softmax"),
    "none hidden": Network((2, 1)),
}
HOW = {
    "deep": {"l2": 0.5, "learning_rate": 0.3},
    "dropout": {"l2": 0.1, "keep_prob": 0.7, "learning_rate": 0.5},
    "wide": {"keep_prob": 0.9, "learning_rate": 0.1},
    "shallow": {},
    "none hidden": {"l2": 2.0},
}


def examples(network, m=30):
    """X and Y of classes that can be told apart, but for some."""
    n_x, *_, n_L = network.layer_dims
    X = np.random.default_rng(7).normal(size=(n_x, m))
    label = (X[0] * X[-1] > 0).astype(int) + (X[0] > 1) * (n_L > 2)
    return X, np.eye(n_L)[label].T if n_L > 1 else label[np.newaxis]


def recorded(name, epochs=150):
    """The run of that name; its key is 1."""
    network, key = NETWORKS[name], jax.random.key(1)
    return record(network, *examples(network), key=key, epochs=epochs, **HOW[name])
