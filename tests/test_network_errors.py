"""What is no network, or does not fit one, is refused by name and by value."""

import jax
import numpy as np
import pytest

from jaxdnn import (
    Network,
    backward,
    cost,
    cost_and_gradients,
    cotangents,
    forward,
    initialize_parameters,
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"layer_dims": (3,)}, "Network: layer_dims must be at least two"),
        ({"hidden": ("relu",)}, "hidden must name 2 activations.*got 1"),
        ({"hidden": "rleu"}, "unknown activation 'rleu'"),
        ({"hidden": "rleu", "layer_dims": (2, 1)}, "unknown activation 'rleu'"),
        ({"output": "sofmax"}, "output must be one of sigmoid, softmax.*'sofmax'"),
        ({"output": "softmax"}, "softmax over one output is constant"),
    ],
)
def test_a_network_that_cannot_be_is_refused(arguments, says):
    with pytest.raises(ValueError, match=says):
        Network(**({"layer_dims": (2, 3, 3, 1)} | arguments))


KEY = jax.random.key(7)
NETWORK = Network((4, 3, 5, 3), "relu", "sigmoid")
PARAMS = initialize_parameters(KEY, NETWORK.layer_dims)
X, Y = np.ones((4, 6)), np.ones((3, 6))


@pytest.mark.parametrize("call", [cost, cost_and_gradients])
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"X": X[:3]}, r"X must have shape \(4, 6\) \(n_x from layer_dims.*\(3, 6\)"),
        ({"X": X[:, 0]}, r"X must have shape \(n, m\), one column per ex.*got \(4,\)"),
        ({"X": "ab"}, "X must be an array, got str"),
        ({"Y": Y[0]}, r"Y must have shape \(3, 6\) .*got \(6,\)"),
        ({"params": PARAMS[:2]}, r"params must have 3 layers .*got 2"),
        ({"params": PARAMS[::-1]}, r"W1 must have shape \(3, 4\)"),
        ({"l2": -0.1}, r"l2 must be finite and >= 0, got -0\.1"),
        ({"l2": "0"}, "l2 must be a number, got '0'"),
        ({"l2": {}}, "l2 must be a number, got {}"),
        ({"l2": 1j}, "l2 must be a number, got 1j"),
        ({"l2": np.ones(3)}, r"l2 must be a scalar, got shape \(3,\)"),
        ({"keep_prob": 0.5}, r"keep_prob=0\.5 needs a key"),
        ({"keep_prob": 0.0, "key": KEY}, r"keep_prob must be in \(0, 1\], got 0"),
        (
            {"sample_weight": np.ones((1, 6))},
            r"sample_weight must have shape \(6,\) \(m from X\), got \(1, 6\)",
        ),
    ],
)
def test_errors_name_the_function_the_argument_and_both_values(call, changed, says):
    arguments = {"params": PARAMS, "X": X, "Y": Y} | changed
    with pytest.raises((ValueError, TypeError), match=f"{call.__name__}: .*{says}"):
        call(NETWORK, **arguments)


def test_caches_of_another_network_are_refused():
    AL, caches = forward(NETWORK, PARAMS, X)
    with pytest.raises(ValueError, match=r"cotangents: dZL must have shape \(3, 6\)"):
        cotangents(NETWORK, PARAMS, caches, AL.T)
    with pytest.raises(ValueError, match=r"backward: caches must have 3 layers.*got 2"):
        backward(NETWORK, PARAMS, caches[:2], Y)
