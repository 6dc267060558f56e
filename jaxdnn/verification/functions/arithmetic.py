"""Random arithmetic: every rounded result of a program is multiplied by 1 ± K u.

With signs of 0 the arithmetic is the program's own. Whole numbers that do not depend on
the arguments stay whole under +, - and *: nothing is rounded there, and an exponent or
an order that is whole no more is another function.
"""

from functools import cache, reduce
from math import sqrt
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn

from jaxdnn.arrays import PyTree, Scalar
from jaxdnn.verification.functions.programs import bounded, called, evaluate
from jaxdnn.verification.units import LIMIT, UNIT_ROUNDOFF, sum_growth

# They move, choose or negate numbers: nothing is rounded.
EXACT = frozenset(
    """
    abs argmax argmin broadcast_in_dim ceil clamp complex concatenate conj copy
    convert_element_type cummax cummin device_put dynamic_slice dynamic_update_slice
    expand_dims floor gather imag iota max min neg pad real reduce_max reduce_min
    reduce_window_max reduce_window_min reshape rev round scatter select_n sign slice
    sort split squeeze stop_gradient top_k transpose
    """.split()  # noqa: SIM905
)
# Of whole numbers they are whole; from 2**53 on, they are rounded.
WHOLE = frozenset({"add", "sub", "mul", "rem", "integer_pow"})
LARGEST_WHOLE = 2.0**53
# The signs of operation k are the pool from place 7 k on, modulo this prime.
SHIFTS = 1009


def pool_size(program: ClosedJaxpr) -> int:
    """How many signs random arithmetic takes."""
    return SHIFTS + _largest(program.jaxpr)


def randomly(
    program: ClosedJaxpr,
    x: PyTree,
    rest: PyTree,
    pool: Array,
    own_dtypes: Array,
    turns: Scalar,
) -> list[Array]:
    """The program's answers at (x, rest).

    Args:
      pool: (pool_size,) of 1 and -1, or of 0.
      own_dtypes: enlarge a float32 result's rounding K times too, not float64's.
      turns: the most turns of a loop.
    """
    step = 0
    # What depends on x, by id; kept, so that no id is used again.
    moving = {id(leaf): leaf for leaf in jax.tree.leaves(x)}

    @cache
    def factors(dtype: np.dtype, times: float) -> Array:
        u = jnp.where(own_dtypes, float(jnp.finfo(dtype).eps) / 2, UNIT_ROUNDOFF)
        return (1 + LIMIT * u * times * pool).astype(dtype)

    def blur(value: Array, times: float = 1.0) -> Array:
        nonlocal step
        if not jnp.issubdtype(value.dtype, jnp.inexact):
            return value
        step += 1
        start = (7 * step) % SHIFTS
        own = lax.slice(factors(value.dtype, times), [start], [start + value.size])
        return lax.mul(value, lax.reshape(own, value.shape))

    def bind(eqn: JaxprEqn, operands: list[Array]) -> list[Array]:
        moves = any(id(a) in moving for a in operands)
        found = blurred(eqn, operands)
        if moves:
            moving.update((id(a), a) for a in found)
        elif eqn.primitive.name in WHOLE:
            (exact,) = bounded(turns, eqn, operands)
            found = [jnp.where(_whole(*operands, exact), exact, found[0])]
        return found

    def blurred(eqn: JaxprEqn, operands: list[Array]) -> list[Array]:
        if eqn.primitive.name in ("reduce_sum", "dot_general"):
            growth = sqrt(sum_growth(_terms(eqn)))
            operands = [blur(a, growth) for a in operands]
        results = bounded(turns, eqn, operands)
        if eqn.primitive.name in EXACT:
            return results
        return [blur(result) for result in results]

    return evaluate(program.jaxpr, program.consts, jax.tree.leaves((x, rest)), bind)


def _whole(*numbers: Array) -> Array:
    """Where all of them are whole, and none too large to be told so."""
    each = [(a == jnp.round(a)) & (abs(a) < LARGEST_WHOLE) for a in numbers]
    return reduce(jnp.logical_and, each)


def _largest(jaxpr: Jaxpr) -> int:
    sizes = [1]
    for eqn in jaxpr.eqns:
        sizes += [_size(var) for var in (*eqn.invars, *eqn.outvars)]
        inner = called(eqn)
        if inner is not None:
            sizes.append(_largest(inner.jaxpr))
    return max(sizes)


def _size(var: Any) -> int:
    return int(np.prod(getattr(var.aval, "shape", ()), dtype=int))


def _terms(eqn: JaxprEqn) -> int:
    """How many terms each sum of a reduce_sum or a dot_general adds."""
    if eqn.primitive.name == "reduce_sum":
        return max(1, _size(eqn.invars[0]) // max(1, _size(eqn.outvars[0])))
    (axes, _), _ = eqn.params["dimension_numbers"]
    aval: Any = eqn.invars[0].aval
    return int(np.prod([aval.shape[a] for a in axes], dtype=int))
