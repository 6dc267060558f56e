"""Every public function with every argument replaced by what it cannot be.

An answer is ours if it is a ValueError or TypeError that begins with the function's
name and says an argument's; else it is foreign. A value that is taken is no answer:
what it was taken for is for other tests.

    python -m scripts.soak --parts arguments
"""

import warnings
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

import jaxdnn as dnn


class Case(NamedTuple):
    """One argument of one function, replaced."""

    function: str
    argument: str
    value: str
    outcome: str
    said: str


def _ragged() -> Any:
    array = np.empty(2, object)
    array[:] = [[1.0], [1.0, 2.0]]
    return array


def bad_values() -> dict[str, Any]:
    """What somebody may hand over by mistake, by name."""
    return {
        "None": None,
        "True": True,
        "object": object(),
        "class": dict,
        "function": len,
        "text": "text",
        "bytes": b"x",
        "empty text": "",
        "-1": -1,
        "0": 0,
        "1.5": 1.5,
        "nan": float("nan"),
        "inf": float("inf"),
        "1j": 1j,
        "10**400": 10**400,
        "2**40": 2**40,
        "Decimal": Decimal("0.5"),
        "Fraction": Fraction(1, 2),
        "date": date(2020, 1, 1),
        "datetime64": np.datetime64("2020-01-01"),
        "NaT": np.datetime64("NaT"),
        "[]": [],
        "()": (),
        "{}": {},
        "set": {1},
        "range": range(3),
        "nested list": [[1.0, 2.0], [3.0]],
        "list of text": ["a"],
        "dictionary": {"W1": 1},
        "scalar array": np.array(0.5),
        "array of 3": np.ones(3),
        "array (5, 7)": np.ones((5, 7)),
        "array of 3 dimensions": np.ones((2, 3, 4)),
        "empty array": np.ones((0, 3)),
        "array of texts": np.array([["a", "b"]]),
        "array of objects": _ragged(),
        "array of dates": np.zeros((2, 3), "datetime64[D]"),
        "complex array": np.ones((2, 3), complex),
        "long doubles": np.ones((2, 3), np.longdouble),
        "masked array": np.ma.masked_less(np.ones((2, 3)), 2),
        "structured array": np.zeros(2, [("a", float)]),
        "frame": pd.DataFrame({"a": ["x"]}),
        "series": pd.Series(["x"]),
        "memoryview": memoryview(b"abc"),
        "key": jax.random.key(0),
        "keys": jax.random.split(jax.random.key(0), 3),
        "float8": jnp.ones((2, 3), jnp.float8_e4m3fn),
        "int4": jnp.ones((2, 3), jnp.int4),
        "deleted array": _deleted(),
        "exception": ValueError("x"),
        "generator": (i for i in range(2)),
        "module": np,
        "lambda": lambda *_: 1,
    }


def _deleted() -> Any:
    array = jnp.ones((2, 3)) + 0
    array.delete()
    return array


class Call(NamedTuple):
    """A public function and arguments that it takes."""

    function: Callable[..., Any]
    arguments: dict[str, Any]


def good_calls() -> dict[str, Call]:
    """Every public function, called as it should be."""
    network = dnn.Network((2, 3, 1), "tanh")
    key = jax.random.key(0)
    params = dnn.initialize_parameters(key, network.layer_dims)
    X = jax.random.normal(key, (2, 6))
    Y = (X[:1] > 0).astype(float)
    AL, caches = dnn.forward(network, params, X)
    W, b = params[0]
    net = {"network": network, "params": params}
    cost = {
        **net,
        "X": X,
        "Y": Y,
        "l2": 0.1,
        "key": key,
        "keep_prob": 0.5,
        "sample_weight": np.ones(6),
    }
    _, linear = dnn.linear_forward(X, W, b)
    Z, activated = dnn.linear_activation_forward(X, W, b, "tanh")
    _, dropped = dnn.dropout_forward(key, Z, 0.5)
    fit = {
        "network": network,
        "X": X,
        "Y": Y,
        "key": key,
        "params": params,
        "method": "he",
        "learning_rate": 0.1,
        "optimizer": None,
        "epochs": 2,
        "batch_size": 3,
        "shuffle": True,
        "l2": 0.1,
        "l2_over": "all",
        "keep_prob": 0.5,
        "sample_weight": np.ones(6),
        "class_weight": None,
        "validation": (X, Y),
        "watch": "cost",
        "patience": 2,
        "min_delta": 0.0,
    }
    only_fit = {
        "layout": "auto",
        "report_every": 1,
        "on_progress": None,
        "resume": None,
        "mesh": None,
        "order": None,
    }
    only_sweep = {"seeds": 0, "hidden_sizes": None, "strategy": None}
    swept = {name: of for name, of in fit.items() if name not in ("key", "params")}
    calls = {
        "Network": Call(
            dnn.Network, {"layer_dims": (2, 3, 1), "hidden": "tanh", "output": "exp"}
        ),
        "Head": Call(
            dnn.Head, {"name": "own", "output": len, "losses": len, "targets": "any"}
        ),
        "Activation": Call(
            dnn.Activation, {"name": "own", "forward": len, "backward": len}
        ),
        "initialize_parameters": Call(
            dnn.initialize_parameters,
            {
                "key": key,
                "layer_dims": (2, 3, 1),
                "method": "normal",
                "scale": 0.1,
                "dtype": np.float32,
            },
        ),
        "params_to_dict": Call(dnn.params_to_dict, {"params": params}),
        "params_from_dict": Call(
            dnn.params_from_dict, {"dictionary": dnn.params_to_dict(params)}
        ),
        "forward": Call(dnn.forward, _only(cost, "X", "key", "keep_prob", of=net)),
        "cost": Call(dnn.cost, cost),
        "cost_and_gradients": Call(dnn.cost_and_gradients, cost),
        "backward": Call(
            dnn.backward,
            {**_only(cost, "Y", "l2", "sample_weight", of=net), "caches": caches},
        ),
        "cotangents": Call(dnn.cotangents, {**net, "caches": caches, "dZL": AL - Y}),
        "predict": Call(dnn.predict, {**net, "X": X}),
        "predict_proba": Call(dnn.predict_proba, {**net, "X": X}),
        "score": Call(dnn.score, {**net, "X": X, "Y": Y}),
        "fit": Call(dnn.fit, {**fit, **only_fit}),
        "sweep": Call(dnn.sweep, {**swept, **only_sweep}),
        "update_parameters": Call(
            dnn.update_parameters,
            {"params": params, "grads": params, "learning_rate": 0.1},
        ),
        "snapshot_to_dict": Call(
            dnn.snapshot_to_dict,
            {"snapshot": dnn.fit(network, X, Y, key=key, epochs=1).snapshot},
        ),
        "verify": Call(dnn.verify, {**cost, "backward": None, "order": 1, "seed": 0}),
        "head_backward": Call(dnn.head_backward, {"AL": AL, "Y": Y}),
        "compute_cost": Call(dnn.compute_cost, {"AL": AL, "Y": Y}),
        "compute_cost_backward": Call(dnn.compute_cost_backward, {"AL": AL, "Y": Y}),
        "linear_forward": Call(dnn.linear_forward, {"A_prev": X, "W": W, "b": b}),
        "linear_backward": Call(dnn.linear_backward, {"dZ": Z, "cache": linear}),
        "linear_activation_forward": Call(
            dnn.linear_activation_forward,
            {"A_prev": X, "W": W, "b": b, "activation": "tanh"},
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
    for name in dnn.ACTIVATIONS:
        g, derivative = getattr(dnn, name), getattr(dnn, f"{name}_backward")
        second = "cache" if name in ("relu", "leaky_relu") else "Z"
        calls[name] = Call(g, {"Z": Z})
        calls[f"{name}_backward"] = Call(derivative, {"dA": Z, second: Z})
    return calls


def _only(given: dict[str, Any], *names: str, of: dict[str, Any]) -> dict[str, Any]:
    return {**of, **{name: given[name] for name in names}}


def outcomes(functions: Any = None, values: Any = None) -> Iterator[Case]:
    """Every case of these functions and values, all by default."""
    for name, (function, good) in good_calls().items():
        if functions is not None and name not in functions:
            continue
        for argument in good:
            for of, value in bad_values().items():
                if values is None or of in values:
                    yield _outcome(name, function, good, argument, of, value)


def _outcome(
    name: str, function: Any, good: dict[str, Any], argument: str, of: str, value: Any
) -> Case:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            function(**{**good, argument: value})
        except (ValueError, TypeError) as error:
            said = str(error)
            # A description names itself: "Head 'own': ...".
            ours = said.startswith((f"{name}:", f"{name} ")) and len(said) < 400
            return Case(name, argument, of, "ours" if ours else "foreign", said)
        except Exception as error:
            return Case(
                name, argument, of, "foreign", f"{type(error).__name__}: {error}"
            )
    return Case(name, argument, of, "taken", "")


def count() -> dict[str, int]:
    """Cases by their outcome."""
    found = {"ours": 0, "foreign": 0, "taken": 0}
    for case in outcomes():
        found[case.outcome] += 1
    return found
