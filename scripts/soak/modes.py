"""Every public function in every mode of JAX, and closed over in a caller's functions.

The answer must be that of the plain call, to rounding; where a function cannot work in
a caller's trace it must say so in one line of its own.

    python -m scripts.soak --parts modes
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxdnn as dnn
from scripts.soak.calls import Call, good_calls


class Case(NamedTuple):
    """One function in one mode."""

    function: str
    mode: str
    outcome: str
    said: str


def _strict() -> AbstractContextManager[Any]:
    return jax.numpy_dtype_promotion("strict")


def _rank() -> AbstractContextManager[Any]:
    return jax.numpy_rank_promotion("raise")


MODES: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "debug_nans": lambda: jax.debug_nans(True),
    "debug_infs": lambda: jax.debug_infs(True),
    "strict dtype promotion": _strict,
    "rank promotion raises": _rank,
    "disable_jit": jax.disable_jit,
    "check_tracer_leaks": jax.checking_leaks,
    "transfer_guard disallow": lambda: jax.transfer_guard("disallow"),
    "enable_x64": lambda: jax.enable_x64(True),
}


def _in_jit(call: Callable[[], Any]) -> Any:
    return jax.jit(lambda _: call())(0.0)


def _in_scan(call: Callable[[], Any]) -> Any:
    ends = jax.lax.scan(lambda carry, _: (carry, call()), 0.0, None, length=2)[1]
    return jax.tree.map(lambda of: of[-1], ends)


def _in_vmap(call: Callable[[], Any]) -> Any:
    ends = jax.vmap(lambda _: call(), out_axes=0)(jnp.zeros(2))
    return jax.tree.map(lambda of: of[-1], ends)


def _in_grad(call: Callable[[], Any]) -> Any:
    def scalar(t: Any) -> Any:
        found = call()
        leaves = [x for x in jax.tree.leaves(found) if _is_float(x)]
        return t * sum((x.sum() for x in leaves), 0.0), found

    return jax.grad(scalar, has_aux=True)(1.0)[1]


def _is_float(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating)


TRACES = {"jit": _in_jit, "scan": _in_scan, "vmap": _in_vmap, "grad": _in_grad}

# What looks at numbers on the host, and says so where they are traced.
HOST = frozenset({"verify", "sweep", "snapshot_to_dict"})
# What makes no arrays.
STATIC = frozenset({"Network", "Head", "Activation", "as_function", "cost_as_function"})
KEYS = {
    "legacy keys": lambda: jax.random.PRNGKey(0),
    "rbg keys": lambda: jax.random.key(0, impl="rbg"),
}


def _calls() -> dict[str, Call]:
    calls = good_calls()
    fit = calls["fit"]
    calls["fit, full batch"] = Call(
        fit.function, {**fit.arguments, "batch_size": None, "watch": None}
    )
    plain = {"network": fit.arguments["network"], "X": fit.arguments["X"]}
    plain |= {"Y": fit.arguments["Y"], "epochs": 5, "key": jax.random.key(0)}
    calls["fit, defaults"] = Call(fit.function, plain)
    return calls


def outcomes(functions: Any = None, modes: Any = None) -> Iterator[Case]:
    """Every case of these functions and modes, all by default."""
    for name, (function, arguments) in _calls().items():
        if functions is not None and name not in functions:
            continue
        plain = plain_numbers(function(**arguments))

        def call(function: Any = function, arguments: Any = arguments) -> Any:
            return function(**arguments)

        for mode, context in MODES.items():
            if modes is None or mode in modes:
                yield case(name, mode, lambda c=context, f=call: _under(c, f), plain)
        for trace, inside in TRACES.items():
            mode = f"closed over in {trace}"
            arrays = name not in STATIC and (trace != "vmap" or name not in HOST)
            if arrays and (modes is None or mode in modes):
                yield case(name, mode, lambda i=inside, f=call: i(f), plain)
        for kind, key in KEYS.items():
            if "key" in arguments and (modes is None or kind in modes):
                given = {**arguments, "key": key()}
                yield case(name, kind, lambda f=function, g=given: f(**g), None)


def _under(context: Callable[[], AbstractContextManager[Any]], call: Any) -> Any:
    with context():
        return call()


def plain_numbers(found: Any) -> list[Any]:
    """The numbers of an answer."""
    if isinstance(found, dnn.Report):
        return [found.ok]
    leaves = jax.tree.leaves(found)
    return [
        np.asarray(leaf)
        for leaf in leaves
        if isinstance(leaf, (int, float)) or _is_array(leaf)
    ]


def _is_array(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and not jnp.issubdtype(
        leaf.dtype, jax.dtypes.prng_key
    )


def case(name: str, mode: str, run: Callable[[], Any], plain: Any) -> Case:
    """How the run ends, beside the plain call's numbers."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = plain_numbers(run())
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            first = name.partition(",")[0]
            told = str(error).startswith(f"{first}:") and "\n" not in str(error)
            outcome = "says so" if told and first in HOST else "fails"
            return Case(name, mode, outcome, said)
    if plain is None:
        return Case(name, mode, "works", "")
    same = len(found) == len(plain) and all(
        np.allclose(
            np.asarray(one, float), np.asarray(other, float), 1e-4, 1e-5, equal_nan=True
        )
        for one, other in zip(found, plain, strict=True)
    )
    return Case(name, mode, "works" if same else "differs", "")
