"""A program of real numbers run on complex ones, for the complex step.

What a program decides by is data: comparisons, signs and roundings look at real parts,
so that a gate stays as it is. What it computes is continued: a cast to a real dtype
keeps the imaginary part, |z| is z or -z. Operations without a meaning for complex
numbers raise TypeError.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax
import jax.numpy as jnp
from jax import Array
from jax.extend.core import ClosedJaxpr, JaxprEqn
from jax.typing import DTypeLike

from jaxdnn.arrays import PyTree
from jaxdnn.verification.functions.programs import (
    CALLBACKS,
    bounded,
    chosen,
    evaluate,
    holds,
    scanned,
)

# They tell nothing of how their operands move: of real parts alone.
DECIDING = frozenset(
    """
    eq ne lt le gt ge eq_to ne_to lt_to le_to sign floor ceil round is_finite argmax
    argmin
    """.split()  # noqa: SIM905
)
# A host is told to expect real numbers; the rest would drop imaginary parts unasked.
WITHOUT = CALLBACKS | {"real", "imag", "conj", "while"}


def _larger(a: Array, b: Array) -> Array:
    return jnp.where(a.real >= b.real, a, b)


def _along(choose: Callable[..., Array], z: Array, axes: tuple[int, ...]) -> Array:
    """The number whose real part is the largest, or the smallest, along axes."""
    moved = jnp.moveaxis(z, axes, range(len(axes)))
    flat = moved.reshape(-1, *moved.shape[len(axes) :])
    place = choose(flat.real, axis=0)[None]
    return jnp.take_along_axis(flat, place, axis=0)[0]


def _cast(z: Array, dtype: DTypeLike) -> Array:
    """As it is, for floats of any width; of its real part, for indices and gates."""
    return z if jnp.issubdtype(dtype, jnp.inexact) else z.real.astype(dtype)


# Of complex operands and the operation's parameters.
CONTINUED: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "abs": lambda z, **_: jnp.where(z.real < 0, -z, z),
        "max": lambda a, b: _larger(a, b),
        "min": lambda a, b: -_larger(-a, -b),
        "clamp": lambda low, z, high: -_larger(-_larger(low, z), -high),
        "reduce_max": lambda z, axes, **_: _along(jnp.argmax, z, axes),
        "reduce_min": lambda z, axes, **_: _along(jnp.argmin, z, axes),
        "convert_element_type": lambda z, new_dtype, **_: _cast(z, new_dtype),
        "reduce_precision": lambda z, **_: z,
        "stop_gradient": lambda z, **_: z,
    }
)


def analytically(program: ClosedJaxpr, x: PyTree, rest: PyTree) -> list[Array]:
    """The program's answers at (x, rest), where x may be complex.

    Raises:
      TypeError: it does something that has no meaning for complex numbers.
    """
    if holds(program, WITHOUT):
        raise TypeError("not of complex numbers")
    args = jax.tree.leaves((x, rest))
    return evaluate(program.jaxpr, program.consts, args, _bind)


def _bind(eqn: JaxprEqn, operands: list[Array]) -> list[Array]:
    name, params = eqn.primitive.name, dict(eqn.params)
    if not any(jnp.iscomplexobj(a) for a in operands):
        return bounded(1, eqn, operands)
    if name in DECIDING:
        return bounded(1, eqn, [jnp.real(a) for a in operands])
    operands = [*map(_as_complex, operands)]
    if name in ("scan", "cond"):
        run = scanned if name == "scan" else chosen
        return run(params, operands, _bind, _as_complex)
    if name in CONTINUED:
        return [CONTINUED[name](*operands, **params)]
    if params.get("preferred_element_type") is not None:
        params["preferred_element_type"] = jnp.dtype(complex)
    found = eqn.primitive.bind(*operands, **params)
    return list(found) if eqn.primitive.multiple_results else [found]


def _as_complex(a: Array) -> Array:
    floating = jnp.issubdtype(jnp.result_type(a), jnp.inexact)
    return a.astype(complex) if floating else a
