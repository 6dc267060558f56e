"""A traced function run operation by operation, in bounded time.

A loop ends after so many turns at the latest, in NaN: a probe may lie where a solver
never converges.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal

from jaxdnn.arrays import Scalar

# An operation and its operands -> its results.
Bind = Callable[[JaxprEqn, list[Array]], list[Array]]
Cast = Callable[[Array], Array]

# The most turns of a loop in a probe, and where the function must end by itself.
PROBE, ENDLESS = 100_000, 2**31 - 1

# They do nothing but call the program that this parameter holds.
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "checkpoint": "jaxpr",
    "closed_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
}
CALLBACKS = frozenset({"pure_callback", "io_callback", "debug_callback"})
RULES = frozenset({"custom_jvp_call", "custom_vjp_call", "custom_linear_solve"})


def evaluate(
    jaxpr: Jaxpr, consts: Sequence[Any], args: Sequence[Any], bind: Bind
) -> list[Array]:
    """The program's answers, each operation done by `bind`."""
    values: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    values.update(zip(jaxpr.invars, args, strict=True))

    def read(var: Any) -> Array:
        aval: Any = var.aval
        value = var.val if isinstance(var, Literal) else values[var]
        # Some operations take no NumPy arrays and no plain numbers.
        return value if isinstance(value, Array) else jnp.asarray(value, aval.dtype)

    for eqn in jaxpr.eqns:
        operands, inner = [*map(read, eqn.invars)], called(eqn)
        if inner is None:
            results = bind(eqn, operands)
        else:
            results = evaluate(inner.jaxpr, inner.consts, operands, bind)
        values.update(zip(eqn.outvars, results, strict=True))
    return [*map(read, jaxpr.outvars)]


def bounded(turns: Scalar, eqn: JaxprEqn, operands: list[Array]) -> list[Array]:
    """One operation as it is, its loops of at most so many turns."""
    name, params = eqn.primitive.name, eqn.params
    bind: Bind = partial(bounded, turns)
    if name == "while":
        return _bounded_loop(params, operands, turns, bind)
    if name in ("scan", "cond") and holds(eqn, {"while"}):
        run = scanned if name == "scan" else chosen
        return run(params, operands, bind)
    found = eqn.primitive.bind(*operands, **params)
    return list(found) if eqn.primitive.multiple_results else [found]


def _bounded_loop(
    params: Mapping[str, Any], operands: list[Array], turns: Scalar, bind: Bind
) -> list[Array]:
    conds, bodies = params["cond_nconsts"], params["body_nconsts"]
    of_cond, of_body = operands[:conds], operands[conds : conds + bodies]
    cond, body = params["cond_jaxpr"], params["body_jaxpr"]

    def goes_on(state: Sequence[Array]) -> Array:
        return evaluate(cond.jaxpr, cond.consts, [*of_cond, *state], bind)[0]

    def turn(counted: Any) -> Any:
        count, state = counted
        found = evaluate(body.jaxpr, body.consts, [*of_body, *state], bind)
        if cond.out_avals[0].shape:
            # Of a loop under vmap, the runs that have ended stay as they are.
            found = [*map(partial(_where, goes_on(state)), found, state)]
        return count + 1, found

    _, state = jax.lax.while_loop(
        lambda counted: (counted[0] < turns) & goes_on(counted[1]).any(),
        turn,
        (jnp.int32(0), operands[conds + bodies :]),
    )
    runs = goes_on(state)
    return [
        _where(runs, jnp.full_like(leaf, jnp.nan), leaf)
        if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)
        else leaf
        for leaf in state
    ]


def _where(runs: Array, one: Array, other: Array) -> Array:
    """One where a run goes on, the other where it does not; runs are the first axes."""
    if not runs.ndim:
        return jax.lax.select(runs, one, other)
    more = [1] * (jnp.ndim(other) - runs.ndim)
    return jnp.where(runs.reshape(*runs.shape, *more), one, other)


def scanned(
    params: Mapping[str, Any],
    operands: list[Array],
    bind: Bind,
    cast: Cast = lambda a: a,
) -> list[Array]:
    """A scan, its body's operations done by `bind`; cast: of all that it carries."""
    consts, init, xs = _parts_of_scan(params, operands)
    body = params["jaxpr"]

    def turn(carry: Any, x: Any) -> Any:
        args = [*consts, *carry, *x]
        found = [*map(cast, evaluate(body.jaxpr, body.consts, args, bind))]
        return found[: len(init)], found[len(init) :]

    carry, ys = jax.lax.scan(
        turn,
        [*map(cast, init)],
        xs,
        length=params["length"],
        reverse=params["reverse"],
    )
    return [*carry, *ys]


def _parts_of_scan(
    params: Mapping[str, Any], operands: list[Array]
) -> list[list[Array]]:
    """The constants, the first carry and the xs."""
    if "ft_in" in params:  # since jax 0.12
        return [*map(list, params["ft_in"].update(operands).unpack())]
    consts, carries = params["num_consts"], params["num_carry"]
    ends = consts, consts + carries
    return [operands[: ends[0]], operands[ends[0] : ends[1]], operands[ends[1] :]]


def chosen(
    params: Mapping[str, Any],
    operands: list[Array],
    bind: Bind,
    cast: Cast = lambda a: a,
) -> list[Array]:
    """A cond or switch, likewise."""
    branches = [
        lambda *args, of=branch: [*map(cast, evaluate(of.jaxpr, of.consts, args, bind))]
        for branch in params["branches"]
    ]
    return list(jax.lax.switch(operands[0], branches, *operands[1:]))


def called(eqn: JaxprEqn) -> ClosedJaxpr | None:
    """The program that an operation does nothing but call."""
    inner = eqn.params.get(CALLS.get(eqn.primitive.name, ""))
    return ClosedJaxpr(inner, ()) if isinstance(inner, Jaxpr) else inner


def holds(where: Any, names: Iterable[str]) -> bool:
    """Whether an operation of such a name is in a program, or in an operation."""
    return any(eqn.primitive.name in names for eqn in _operations(where))


def shortens(program: ClosedJaxpr) -> bool:
    """Whether a program rounds to less than float64 anywhere."""
    dtypes = (
        getattr(var.aval, "dtype", None)
        for eqn in _operations(program.jaxpr)
        for var in eqn.outvars
    )
    return any(
        jnp.issubdtype(dtype, jnp.floating) and jnp.finfo(dtype).bits < 64
        for dtype in dtypes
        if isinstance(dtype, np.dtype)
    )


def _operations(where: Any) -> Iterable[Any]:
    """All operations of a program, or inside an operation, however deep."""
    if isinstance(where, (tuple, list)):
        for each in where:  # pyright: ignore[reportUnknownVariableType]
            yield from _operations(each)
    elif isinstance(where, (Jaxpr, ClosedJaxpr)):
        for eqn in where.eqns:
            yield eqn
            yield from _operations(eqn)
    elif isinstance(params := getattr(where, "params", None), dict):
        yield from _operations(list(params.values()))
