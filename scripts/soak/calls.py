"""Every public function of the package, called as it should be."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

import jaxdnn as dnn

NETWORK = dnn.Network((2, 3, 1), "tanh")
SIX = np.linspace(-1.0, 1.0, 12, dtype=np.float32).reshape(2, 6)


# What `verify` is asked besides.
_NEITHER = {"backward": None, "per_example": False, "compute_dtype": None}


class Call(NamedTuple):
    """A public function and arguments that it takes."""

    function: Callable[..., Any]
    arguments: dict[str, Any]


def good_calls() -> dict[str, Call]:
    """Every public function's name, the function and its arguments."""
    key = jax.random.key(0)
    params = dnn.initialize_parameters(key, NETWORK.layer_dims)
    X = jax.device_put(SIX)
    Y = (X[:1] > 0).astype(float)
    return {
        **_descriptions(),
        **_of_parameters(key, params),
        **_of_networks(key, params, X, Y),
        **_of_training(key, params, X, Y),
        **_of_layers(key, params, X, Y),
        **_of_activations(X),
        **_of_each_example(key, params, X, Y),
        **_of_functions(key, params, X, Y),
    }


def _descriptions() -> dict[str, Call]:
    own = {"name": "own", "targets": "any"}
    return {
        "Network": Call(
            dnn.Network, {"layer_dims": (2, 3, 1), "hidden": "tanh", "output": "exp"}
        ),
        "Head": Call(dnn.Head, {**own, "output": len, "losses": len}),
        "Activation": Call(
            dnn.Activation, {"name": "own", "forward": len, "backward": len}
        ),
    }


def _of_parameters(key: Any, params: Any) -> dict[str, Call]:
    drawn = {"key": key, "layer_dims": (2, 3, 1), "method": "normal", "scale": 0.1}
    return {
        "initialize_parameters": Call(
            dnn.initialize_parameters, {**drawn, "dtype": np.float32}
        ),
        "params_to_dict": Call(dnn.params_to_dict, {"params": params}),
        "params_from_dict": Call(
            dnn.params_from_dict, {"dictionary": dnn.params_to_dict(params)}
        ),
        "update_parameters": Call(
            dnn.update_parameters,
            {"params": params, "grads": params, "learning_rate": 0.1},
        ),
    }


def _of_networks(key: Any, params: Any, X: Any, Y: Any) -> dict[str, Call]:
    net = {"network": NETWORK, "params": params}
    drops = {"key": key, "keep_prob": 0.5}
    weighs = {"l2": 0.1, "sample_weight": np.ones(6)}
    cost = {**net, "X": X, "Y": Y, **drops, **weighs}
    AL, caches = dnn.forward(NETWORK, params, X)
    return {
        "forward": Call(dnn.forward, {**net, "X": X, **drops}),
        "cost": Call(dnn.cost, cost),
        "cost_and_gradients": Call(dnn.cost_and_gradients, cost),
        "backward": Call(dnn.backward, {**net, "caches": caches, "Y": Y, **weighs}),
        "cotangents": Call(dnn.cotangents, {**net, "caches": caches, "dZL": AL - Y}),
        "predict": Call(dnn.predict, {**net, "X": X}),
        "predict_proba": Call(dnn.predict_proba, {**net, "X": X}),
        "score": Call(dnn.score, {**net, "X": X, "Y": Y}),
        "verify": Call(dnn.verify, {**cost, **_NEITHER, "order": 1, "seed": 0}),
    }


def _of_training(key: Any, params: Any, X: Any, Y: Any) -> dict[str, Call]:
    both = {
        "network": NETWORK,
        "X": X,
        "Y": Y,
        "method": "he",
        "learning_rate": 0.1,
        "optimizer": None,
        "epochs": 2,
        "batch_size": 3,
        "shuffle": True,
        "order": None,
        "l2": 0.1,
        "l2_over": "all",
        "keep_prob": 0.5,
        "sample_weight": np.ones(6),
        "class_weight": None,
        "validation": (X, Y),
        "watch": "cost",
        "patience": 2,
        "min_delta": 0.0,
        "clip_examples": None,
        "noise_multiplier": 0.0,
        "record": (),
    }
    host = dict.fromkeys(("on_progress", "resume", "mesh"))
    one = {"key": key, "params": params, "layout": "auto", "report_every": 1}
    one |= {"compute_dtype": None, "shuffle_buffer": None}
    many = {"seeds": 0, "hidden_sizes": None, "strategy": None}
    snapshot = dnn.fit(NETWORK, X, Y, key=key, epochs=1).snapshot
    return {
        "fit": Call(dnn.fit, {**both, **one, **host}),
        "sweep": Call(dnn.sweep, {**both, **many}),
        "snapshot_to_dict": Call(dnn.snapshot_to_dict, {"snapshot": snapshot}),
    }


def _of_layers(key: Any, params: Any, X: Any, Y: Any) -> dict[str, Call]:
    W, b = params[0]
    Z, linear = dnn.linear_forward(X, W, b)
    _, activated = dnn.linear_activation_forward(X, W, b, "tanh")
    _, dropped = dnn.dropout_forward(key, Z, 0.5)
    layer = {"A_prev": X, "W": W, "b": b}
    said = {"AL": dnn.predict_proba(NETWORK, params, X), "Y": Y}
    return {
        "head_backward": Call(dnn.head_backward, said),
        "compute_cost": Call(dnn.compute_cost, said),
        "compute_cost_backward": Call(dnn.compute_cost_backward, said),
        "linear_forward": Call(dnn.linear_forward, layer),
        "linear_backward": Call(dnn.linear_backward, {"dZ": Z, "cache": linear}),
        "linear_activation_forward": Call(
            dnn.linear_activation_forward, {**layer, "activation": "tanh"}
        ),
        "linear_activation_backward": Call(
            dnn.linear_activation_backward,
            {"dA": Z, "cache": activated, "activation": "tanh"},
        ),
        "dropout_forward": Call(
            dnn.dropout_forward, {"key": key, "A": Z, "keep_prob": 0.5}
        ),
        "dropout_backward": Call(dnn.dropout_backward, {"dA": Z, "cache": dropped}),
    }


def _of_activations(Z: Any) -> dict[str, Call]:
    calls: dict[str, Call] = {}
    for name in dnn.ACTIVATIONS:
        second = "cache" if name in ("relu", "leaky_relu") else "Z"
        calls[name] = Call(getattr(dnn, name), {"Z": Z})
        calls[f"{name}_backward"] = Call(
            getattr(dnn, f"{name}_backward"), {"dA": Z, second: Z}
        )
    return calls


def _of_each_example(key: Any, params: Any, X: Any, Y: Any) -> dict[str, Call]:
    """What dZ gives beyond the gradient."""
    some = {"network": NETWORK, "params": params, "X": X, "Y": Y, "key": key}
    some |= {"keep_prob": 0.5, "sample_weight": np.ones(6)}
    noisy = {"max_norm": 0.5, "noise": 0.1, "noise_key": key, "l2": 0.1}
    vector = {"vector": params, "l2": 0.1}
    asked: dict[Any, dict[str, Any]] = {
        dnn.per_example_norms: {},
        dnn.per_example_gradients: {"examples": np.array([0, 1])},
        dnn.per_example_gram: {},
        dnn.clipped_gradients: noisy,
        dnn.gradient_diversity: {},
        dnn.gradient_noise_scale: {},
        dnn.hessian_vector_product: vector,
        dnn.gauss_newton_vector_product: vector,
        dnn.hessian_diagonal: {"l2": 0.1},
        dnn.fisher_diagonal: {},
        dnn.kfac_factors: {},
    }
    found = {f.__name__: Call(f, {**some, **more}) for f, more in asked.items()}
    both = {"grads": params, "others": params}
    return {**found, "grad_cosine": Call(dnn.grad_cosine, both)}


def _of_functions(key: Any, params: Any, X: Any, Y: Any) -> dict[str, Call]:
    """The functions for other people's models, and what they return."""
    net = {"network": NETWORK, "keep_prob": 0.5}
    costed = {"network": NETWORK, "l2": 0.1}
    given = {"params": params, "X": X}
    network_function = dnn.as_function(**net)
    cost_function = dnn.cost_as_function(**costed)
    weighed = {**given, "Y": Y, "sample_weight": np.ones(6)}
    return {
        "as_function": Call(dnn.as_function, net),
        "cost_as_function": Call(dnn.cost_as_function, costed),
        "network_function": Call(network_function, {**given, "key": key}),
        "cost_function": Call(cost_function, weighed),
    }
