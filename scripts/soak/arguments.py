"""Every public function with every argument replaced by what it cannot be.

An answer is ours if it is a ValueError or TypeError that begins with the function's
name and says an argument's; else it is foreign. A value that is taken is no answer:
what it was taken for is for other tests.

    python -m scripts.soak --parts arguments
"""

import warnings
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from scripts.soak.calls import good_calls


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
        "NaT": np.datetime64("NaT", "s"),
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


def outcomes(functions: Any = None, values: Any = None) -> Iterator[Case]:
    """Every case of these functions and values, all by default."""
    for name, (function, good) in good_calls().items():
        if functions is not None and name not in functions:
            continue
        for argument in good:
            for of, value in bad_values().items():
                # What a function that was given raises is its own affair.
                given = argument == "on_progress" and callable(value)
                if not given and (values is None or of in values):
                    yield outcome(name, function, good, argument, of, value)


def outcome(
    name: str, function: Any, good: dict[str, Any], argument: str, of: str, value: Any
) -> Case:
    """How the function ends with this value for the argument."""
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
