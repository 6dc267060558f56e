"""Rounding scales of a function that nobody has written a recursion for.

Random arithmetic: the function is run again with every rounded result multiplied by
1 ± K u, signs at random, and its arguments too. What the answer does is, to first
order, what rounding can do to it, K times enlarged; S is the range of the answers over
the runs, divided by K u. Because the enlarged error is the very limit of a verdict, a
gate within that reach of its kink flips, and S covers the jump: nothing is decided.

Runs come in pairs of opposite signs, so that an argument that sits exactly on a kink
falls on either side. A function that JAX cannot trace has only its arguments perturbed.

References:
  Parker (1997), Monte Carlo arithmetic; Higham (2002), ch. 1 (condition and rounding).
"""

from collections.abc import Callable, Sequence
from functools import partial
from math import sqrt
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from jaxdnn.verification.derivatives.autodiff import NUDGE
from jaxdnn.verification.functions.function import compiled_if_large
from jaxdnn.verification.units import (
    LIMIT,
    RESOLUTION,
    TINY,
    UNIT_ROUNDOFF,
    Values,
    sum_growth,
)

PAIRS = 4
# u S must not underflow where the answer is exactly 0.
LEAST = TINY / UNIT_ROUNDOFF

# They move, choose or negate numbers: nothing is rounded.
EXACT = frozenset(
    """
    abs argmax argmin broadcast_in_dim ceil clamp complex concatenate conj copy
    convert_element_type device_put dynamic_slice dynamic_update_slice expand_dims
    floor gather imag iota max min neg pad real reduce_max reduce_min reshape rev
    round select_n sign slice sort split squeeze stop_gradient transpose
    """.split()  # noqa: SIM905
)
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "checkpoint": "jaxpr",
    "closed_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
}


def perturbed(
    function: Callable[[Any, Any], Any],
    x: Sequence[Values],
    rest: Any,
    seed: int,
    *,
    traced: bool,
    own_dtypes: bool = False,
) -> list[list[Values]]:
    """2 PAIRS answers of function(x, rest), a list of arrays, in random arithmetic.

    Args:
      traced: whether JAX can trace it; if not, only x is perturbed.
      own_dtypes: enlarge a float32 result's rounding K times too, not float64's.

    Example:
      >>> import jax
      >>> with jax.enable_x64(True):
      ...     answers = perturbed(
      ...         lambda x, _: [(x[0] + 1e8) - 1e8], [np.ones(())], (), 0, traced=True
      ...     )
      >>> largest = max(abs(float(answer) - 1) for (answer,) in answers)
      >>> 1e-7 < largest < 1e-4
      True
    """
    rng = np.random.default_rng(seed)
    run: Callable[[Any, Any, Any], Any] = lambda x, rest, _: function(x, rest)  # noqa: E731
    size = 1
    if traced:
        program = jax.make_jaxpr(function)(x, rest)
        size = _largest(program.jaxpr)
        run = compiled_if_large(partial(_run, program, own_dtypes), (x, rest))
    answers: list[list[Values]] = []
    for pair in range(PAIRS):
        # In the first pair all arguments move one way: many kinks flip together.
        least = -1.0 if pair else 1.0
        signs = [rng.choice([least, 1.0], np.shape(leaf)) for leaf in x]
        pool = rng.choice([-1.0, 1.0], size + SHIFTS)
        for side in (1.0, -1.0):
            moved = [
                np.where(
                    leaf == 0,
                    side * sign * NUDGE,
                    leaf * (1 + side * sign * RESOLUTION),
                )
                for leaf, sign in zip(x, signs, strict=True)
            ]
            answers.append([np.asarray(a) for a in run(moved, rest, side * pool)])
    return answers


def spread(answers: list[list[Values]], base: Sequence[Values]) -> list[Values]:
    """S for each array: the range of the answers over K u, and the last rounding."""
    with np.errstate(all="ignore"):
        return [
            np.hypot(
                np.ptp([leaf, *(answer[i] for answer in answers)], axis=0) / RESOLUTION,
                leaf,
            )
            + LEAST
            for i, leaf in enumerate(base)
        ]


# The signs of operation k are the pool from place 7 k on, modulo this prime.
SHIFTS = 1009


def _largest(jaxpr: Jaxpr) -> int:
    sizes = [1]
    for eqn in jaxpr.eqns:
        sizes += [_size(var) for var in (*eqn.invars, *eqn.outvars)]
        inner = _inner(eqn)
        if inner is not None:
            sizes.append(_largest(inner.jaxpr))
    return max(sizes)


def _size(var: Any) -> int:
    return int(np.prod(getattr(var.aval, "shape", ()), dtype=int))


def _inner(eqn: Any) -> ClosedJaxpr | None:
    inner = eqn.params.get(CALLS.get(eqn.primitive.name, ""))
    if isinstance(inner, Jaxpr):
        return ClosedJaxpr(inner, ())
    return inner


def _run(program: ClosedJaxpr, own_dtypes: bool, x: Any, rest: Any, pool: Any) -> Any:
    step = 0

    def blur(value: Any, times: float) -> Any:
        nonlocal step
        dtype = jnp.result_type(value)
        if not jnp.issubdtype(dtype, jnp.inexact):
            return value
        step += 1
        start = (7 * step) % SHIFTS
        signs = pool[start : start + value.size].reshape(value.shape)
        u = float(jnp.finfo(dtype).eps) / 2 if own_dtypes else UNIT_ROUNDOFF
        return value * (1 + LIMIT * u * times * signs).astype(dtype)

    def evaluate(jaxpr: Jaxpr, consts: Sequence[Any], args: Sequence[Any]) -> list[Any]:
        values: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
        values.update(zip(jaxpr.invars, args, strict=True))
        for eqn in jaxpr.eqns:
            operands = [
                var.val if isinstance(var, Literal) else values[var]
                for var in eqn.invars
            ]
            inner, name = _inner(eqn), eqn.primitive.name
            if inner is not None:
                results = evaluate(inner.jaxpr, inner.consts, operands)
            else:
                if name in ("reduce_sum", "dot_general"):
                    growth = sqrt(sum_growth(_terms(eqn)))
                    operands = [blur(jnp.asarray(a), growth) for a in operands]
                results = eqn.primitive.bind(*operands, **eqn.params)
                if not eqn.primitive.multiple_results:
                    results = [results]
                if name not in EXACT:
                    results = [blur(result, 1.0) for result in results]
            values.update(zip(eqn.outvars, results, strict=True))
        return [
            var.val if isinstance(var, Literal) else values[var]
            for var in jaxpr.outvars
        ]

    return evaluate(program.jaxpr, program.consts, jax.tree.leaves((x, rest)))


def _terms(eqn: Any) -> int:
    """How many terms each sum of a reduce_sum or a dot_general adds."""
    if eqn.primitive.name == "reduce_sum":
        return max(1, _size(eqn.invars[0]) // max(1, _size(eqn.outvars[0])))
    (axes, _), _ = eqn.params["dimension_numbers"]
    return int(np.prod([eqn.invars[0].aval.shape[a] for a in axes], dtype=int))
