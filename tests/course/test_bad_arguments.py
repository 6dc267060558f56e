"""Every argument of every function of the course, and everything it must not be.

A bad argument ends in a TypeError or ValueError that begins with the function's name;
what is harmless where it stands may also be taken. Then the good call is made again.
"""

import datetime
import warnings
from collections import Counter, namedtuple
from decimal import Decimal
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from jaxdnn import course
from jaxdnn.course.dropout import dropped_relus, fixed_masks
from jaxdnn.course.training import train

FitResult = namedtuple("FitResult", "params history")

rng = np.random.RandomState(0)
X, Y = rng.randn(2, 5), np.array([[1, 0, 1, 1, 0]])
PARAMETERS = course.initialize_parameters([2, 3, 2, 1])
PLANAR = course.initialize_parameters(2, 4, 1)
GRADIENTS = {f"d{name}": array for name, array in PARAMETERS.items()}
A3, TUPLE = course.forward_propagation(X, PARAMETERS)
A2, DICTIONARY = course.forward_propagation(X, PLANAR)
_, DROPPED = course.forward_propagation_with_dropout(X, PARAMETERS, 0.5)
AL, CACHES = course.L_model_forward(X, PARAMETERS)
W, B = PARAMETERS["W1"], PARAMETERS["b1"]
Z, LINEAR = course.linear_forward(X, W, B)
A, ACTIVATED = course.linear_activation_forward(X, W, B, "relu")
DIMS = [2, 3, 1]

# Of each function, the arguments of a call that succeeds.
GOOD = {
    course.L_layer_model: (X, Y, DIMS, 0.1, 2, False),
    course.L_model_backward: (AL, Y, CACHES),
    course.L_model_forward: (X, PARAMETERS),
    course.backward_propagation: (X, Y, TUPLE),
    course.backward_propagation_n: (X, Y, TUPLE),
    course.backward_propagation_with_dropout: (X, Y, DROPPED, 0.5),
    course.backward_propagation_with_regularization: (X, Y, TUPLE, 0.7),
    course.compute_cost: (A3, Y, PARAMETERS),
    course.compute_cost_with_regularization: (A3, Y, PARAMETERS, 0.7),
    course.compute_loss: (A3, Y),
    course.dictionary_to_vector: (PARAMETERS,),
    course.edition: (2021, "planar"),
    course.forward_propagation: (X, PARAMETERS),
    course.forward_propagation_n: (X, Y, PARAMETERS),
    course.forward_propagation_with_dropout: (X, PARAMETERS, 0.5),
    course.gradient_check: (2, 4, 1e-7, False),
    course.gradient_check_n: (PARAMETERS, GRADIENTS, X, Y, 1e-7, False),
    course.gradients_to_vector: (GRADIENTS,),
    course.initialize_parameters: (2, 3, 1),
    course.initialize_parameters_deep: (DIMS,),
    course.initialize_parameters_he: (DIMS,),
    course.initialize_parameters_random: (DIMS,),
    course.initialize_parameters_zeros: (DIMS,),
    course.layer_sizes: (X, Y),
    course.linear_activation_backward: (A, ACTIVATED, "relu"),
    course.linear_activation_forward: (X, W, B, "relu"),
    course.linear_backward: (Z, LINEAR),
    course.linear_forward: (X, W, B),
    course.model: (X, Y, 0.1, 2, False),
    course.nn_model: (X, Y, 3, 2, False),
    course.plot_costs: ([0.7, 0.5], 0.1),
    course.plot_decision_boundary: (lambda x: x[:, 0] > 0, X, Y),
    course.predict: (X, Y, PARAMETERS),
    course.predict_dec: (PARAMETERS, X),
    course.print_mislabeled_images: (
        [b"no", b"yes"],
        np.ones((12288, 2)),
        np.array([[0, 1]]),
        np.array([[1, 0]]),
    ),
    course.relu: (Z,),
    course.relu_backward: (Z, Z),
    course.sigmoid: (Z,),
    course.sigmoid_backward: (Z, Z),
    course.two_layer_model: (X, Y, DIMS, 0.1, 2, False),
    course.update_parameters: (PARAMETERS, GRADIENTS, 0.1),
    course.vector_to_dictionary: (np.ones((47, 1)), [4, 5, 3, 1]),
    dropped_relus: ((3,), 5, 0.5),
    fixed_masks: ((3,), 5, 0.5),
    train: (X, Y, PARAMETERS),
}
# A second form of a call, and the arguments that are given by name alone.
MORE = {
    "backward_propagation (planar)": (
        course.backward_propagation,
        (PLANAR, DICTIONARY, X, Y),
        {"hidden": "tanh"},
    ),
    "backward_propagation (line)": (course.backward_propagation, (2, 4), {}),
    "forward_propagation (line)": (course.forward_propagation, (2, 4), {}),
    "forward_propagation (planar)": (
        course.forward_propagation,
        (X, PLANAR),
        {"hidden": "tanh"},
    ),
    "predict (planar)": (course.predict, (PLANAR, X), {"hidden": "tanh"}),
    "initialize_parameters (list)": (course.initialize_parameters, (DIMS,), {}),
    "initialize_parameters (seed)": (
        course.initialize_parameters,
        (2, 3, 1),
        {"seed": 1},
    ),
    "initialize_parameters_deep": (
        course.initialize_parameters_deep,
        (DIMS,),
        {"seed": 1, "scale": 0.1},
    ),
    "gradient_check_n": (
        course.gradient_check_n,
        (PARAMETERS, GRADIENTS, X, Y),
        {"from_logits": False},
    ),
    "nn_model": (
        course.nn_model,
        (X, Y, 3),
        {"num_iterations": 2, "learning_rate": 0.1, "seed": 1},
    ),
    "model": (
        course.model,
        (X, Y),
        {
            "num_iterations": 2,
            "print_cost": False,
            "initialization": "he",
            "lambd": 0.1,
            "keep_prob": 0.5,
        },
    ),
    "plot_costs": (course.plot_costs, ([0.7],), {"every": 10}),
    "train": (
        train,
        (X, Y, course.initialize_parameters(DIMS)),  # a program of two_layer_model's
        {"learning_rate": 0.1, "num_iterations": 2, "hidden": "relu", "lambd": 0.1},
    ),
}
CALLS = {
    **{
        f.__name__: (
            f,
            of,
            {"learning_rate": 0.1, "num_iterations": 2} if f is train else {},
        )
        for f, of in GOOD.items()
    },
    **MORE,
}
FOLDERS = [course.load_data, course.load_2D_dataset]
WITHOUT_ARGUMENTS = {
    "load_dataset",
    "load_extra_datasets",
    "load_planar_dataset",
}


class Raises:
    """Has every attribute of an array, and gives none of them."""

    def __array__(self, *_, **__):
        raise RuntimeError("not now")


def deleted():
    array = jnp.ones((2, 5))
    array.delete()
    return array


def bad_values():
    """Everything that an argument must not be, or only by accident."""
    yield from (None, object(), len, ..., "text", b"x", "", bytearray(b"1"))
    yield from ([], {}, (), set(), [[]], [[[1]]], [[1], [1, 2]], [None], ["a"])
    yield from (1j, np.array([[1j]]), np.ones((2, 5), complex), np.complex64(1))
    yield from (
        np.datetime64("2020-01-01"),
        np.datetime64("NaT", "s"),
        np.timedelta64(1, "s"),
    )
    yield from (
        datetime.date(2020, 1, 1),
        Decimal("0.5"),
        Decimal("NaN"),
        Fraction(1, 2),
    )
    yield from (True, np.True_, np.nan, np.inf, -np.inf, -1, -0.5, 0, 0.0, 2**31, 2**63)
    yield from (10**400, -(10**400), 10**5000, 1e308, np.float64(np.nan), np.int8(-1))
    yield from (np.ma.masked, np.ma.array([[1.0, 2.0]], mask=[[True, False]]))
    yield from (pd.DataFrame({"a": ["x"]}), pd.DataFrame(), pd.Series([1.0]), pd.NA)
    yield from (np.array([["a", "b"]]), np.array([[None]]), np.array([[{}]], object))
    yield from (np.ones(()), np.ones((0, 5)), np.ones((5, 0)), np.ones((1, 1, 1)))
    yield from (np.ones((7, 7)), np.ones(7), np.full((2, 5), np.nan), np.array("text"))
    yield from (
        np.zeros((2, 5), "M8[s]"),
        np.zeros(3, [("a", float)]),
        np.longdouble(1),
    )
    yield from (jax.random.key(0), deleted(), jnp.ones((2, 5), jnp.float8_e4m3fn))
    yield from (range(3), iter([1]), slice(3), memoryview(b"abc"), Raises())
    yield from ({"W1": W}, {"b1": B}, {"W1": W, "b1": None}, {"W1": "a", "b1": "b"})
    yield from ({"W1": W, "b2": B}, {1: W, 2: B}, {"W1": W, "b1": B, "W9": W, "b9": B})
    yield from ({"W1": W.T, "b1": B}, {**PARAMETERS, "W2": W}, {"W1": W, "b1": B[:, 0]})
    yield from (list(PARAMETERS.items()), FitResult(PARAMETERS, None), GRADIENTS)
    yield from ((X, W), (X, W, None), (X, X, X), ((X, W, B), None), [((X, W, B), W)])
    yield from ((X,) * 4, (X,) * 12, (None,) * 12, ("a",) * 14, TUPLE[:-1], DICTIONARY)
    yield from ({"A1": X, "A2": X}, {"A1": None, "A2": None}, {"A1": DICTIONARY["A1"]})
    yield from (
        [2, 0, 1],
        [2, -1, 1],
        [2.5, 1],
        ["2", "1"],
        [True, True],
        [2**40, 2, 1],
    )
    yield from ([3], [2, None, 1], [2, 3, 2], np.array([2.0, 1.0]), [10**30, 1])


def quiet(function, *args, **kwargs):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


def outcome(function, args, kwargs):
    """Taken, refused, or somebody else's error."""
    try:
        quiet(function, *args, **kwargs)
    except (TypeError, ValueError) as error:
        if str(error).startswith(f"{function.__name__}: "):
            return "refused", ""
        return "foreign", f"{type(error).__name__}: {error}"[:200]
    except Exception as error:
        return "foreign", f"{type(error).__name__}: {error}"[:200]
    return "taken", ""


def replacements(args, kwargs, value):
    for i in range(len(args)):
        yield i, (*args[:i], value, *args[i + 1 :]), kwargs
    for name in kwargs:
        yield name, args, {**kwargs, name: value}


def test_every_function_is_tried():
    tried = {f.__name__ for f in (*GOOD, *FOLDERS)} - {
        "dropped_relus",
        "fixed_masks",
        "train",
    }
    # backward_propagation_n is backward_propagation by another name.
    tried |= {"backward_propagation_n"}
    assert tried == set(course.__all__) - WITHOUT_ARGUMENTS


@pytest.mark.slow
@pytest.mark.parametrize("name", CALLS)
def test_bad_arguments_are_refused_by_name(name, monkeypatch):
    function, args, kwargs = CALLS[name]
    monkeypatch.setattr("builtins.print", lambda *_, **__: None)
    quiet(function, *args, **kwargs)
    count, foreign = Counter(), []
    for value in bad_values():
        for place, these, those in replacements(args, kwargs, value):
            what, said = outcome(function, these, those)
            count[what] += 1
            if what == "foreign":
                foreign.append((place, type(value).__name__, said))
        # What was good is good still.
    quiet(function, *args, **kwargs)
    assert not foreign, f"{count}: {foreign[:20]}"
    assert count["refused"] > count["taken"]


@pytest.mark.parametrize("load", FOLDERS)
def test_a_folder_is_a_path(load):
    for value in bad_values():
        if isinstance(value, str) or value is None:
            continue  # a path, or the default
        what, said = outcome(load, (value,), {})
        assert what == "refused", said


@pytest.mark.parametrize("name", CALLS)
def test_what_moves_to_the_device_is_sent(name, monkeypatch):
    function, args, kwargs = CALLS[name]
    monkeypatch.setattr("builtins.print", lambda *_, **__: None)
    with jax.transfer_guard("disallow"):
        quiet(function, *args, **kwargs)
