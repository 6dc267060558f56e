"""No key is used twice: JAX's own checker watches every function that takes one.

Only here: the other tests hand one key to a function and to its oracle on purpose.
"""

import jax
import numpy as np
import pytest

from jaxdnn import (
    Network,
    cost,
    cost_and_gradients,
    dropout_forward,
    fit,
    forward,
    initialize_parameters,
)

NETWORK = Network((3, 4, 4, 1))
X, Y = np.ones((3, 6)), np.ones((1, 6))
DROPOUT = {"keep_prob": 0.8}


@pytest.fixture(autouse=True)
def key_reuse_checker():
    with jax.debug_key_reuse(True):
        yield


def params():
    return initialize_parameters(jax.random.key(1), NETWORK.layer_dims)


CALLS = {
    "initialize_parameters": lambda key: initialize_parameters(key, (3, 4, 1)),
    "dropout_forward": lambda key: dropout_forward(key, X, 0.5),
    "forward": lambda key: forward(NETWORK, params(), X, key=key, **DROPOUT),
    "cost": lambda key: cost(NETWORK, params(), X, Y, key=key, **DROPOUT),
    "cost_and_gradients": lambda key: cost_and_gradients(
        NETWORK, params(), X, Y, key=key, **DROPOUT
    ),
    "fit": lambda key: fit(NETWORK, X, Y, key=key, epochs=3),
    "fit, dropout": lambda key: fit(NETWORK, X, Y, key=key, epochs=3, **DROPOUT),
    "fit, chunks": lambda key: fit(
        NETWORK, X, Y, key=key, epochs=3, **DROPOUT, report_every=1, on_progress=str
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_every_key_is_used_once(call):
    CALLS[call](jax.random.key(0))


def test_the_checker_is_on():
    key = jax.random.key(0)
    jax.random.normal(key)
    with pytest.raises(jax.errors.KeyReuseError):
        jax.random.normal(key)
