"""A function's arguments: those that a gradient is taken of, apart from those held."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn._refusals import BadValueError
from jaxdnn.arrays import PyTree
from jaxdnn.verification.derivatives.along import direction
from jaxdnn.verification.exact import to_float64
from jaxdnn.verification.functions.claim import rms
from jaxdnn.verification.functions.function import Flat, hold, is_floating, is_plain
from jaxdnn.verification.units import Values


class Moving(NamedTuple):
    """The arguments that a gradient is taken of, apart from those held.

    places: which leaf each of them is, or is a part of. put: (x, held) -> the arguments
    as the function takes them, by place and by name. leaves, fixed: how many there are,
    and how many of them are held.
    """

    names: list[str]
    x: list[Values]
    places: list[int]
    held: list[Any]
    put: Callable[[Any, Any], Any]
    leaves: int
    fixed: int


def moving_of(
    primals: tuple[PyTree, ...],
    named: dict[str, Any],
    static: set[int],
    f: Any,
    refused: frozenset[int] = frozenset(),
) -> Moving:
    """Floating-point arguments move, a complex one in two parts; the others do not."""
    paths, tree = jax.tree.flatten_with_path((primals, named))
    names: list[str] = []
    x: list[Values] = []
    places: list[int] = []
    for k, (path, leaf) in enumerate(paths):
        if k in refused or (path[0].idx == 0 and path[1].idx in static):
            continue
        name = _argument(f, path)
        if is_floating(leaf):
            names.append(name)
            x.append(to_float64(name, leaf))
            places.append(k)
        elif is_complex(leaf):
            names += [f"{name}.real", f"{name}.imag"]
            x += [to_float64(name, part(leaf)) for part in (np.real, np.imag)]
            places += [k, k]
    if not x:
        raise BadValueError("primals has no floating-point argument")
    others = [None if k in places else leaf for k, (_, leaf) in enumerate(paths)]
    held, rebuild = hold(others)

    def put(x: Any, held: Any) -> Any:
        whole = list(rebuild(held))
        for k, part in zip(places, x, strict=True):
            # The second part of a complex number finds the first one there.
            first = whole[k]
            whole[k] = part if first is None else jax.lax.complex(first, part)
        return jax.tree.unflatten(tree, whole)

    fixed = len(paths) - len(set(places))
    return Moving(names, x, places, held, put, len(paths), fixed)


def values_of(f: Callable[..., Any], moving: Moving) -> Flat:
    """f's floating-point outputs, of what moves and what is held."""

    def values(x: Any, held: Any) -> list[Any]:
        arguments, named = moving.put(x, held)
        return _real_parts(f(*arguments, **named))

    return values


def on_lines(moving: Moving, seed: int) -> Moving:
    """The same as a function of one number a leaf: x + (t - 1) v at t = 1.

    v: a random direction of the leaf, as large as it.
    """
    rng = np.random.default_rng(seed)
    lines = [(x, (rms(x) or 1.0) * direction(rng, x.shape)) for x in moving.x]

    def put(t: Any, held: Any) -> Any:
        there = [x + (s - 1) * v for s, (x, v) in zip(t, lines, strict=True)]
        return moving.put(there, held)

    return moving._replace(x=[np.ones(()) for _ in lines], put=put)


def is_complex(leaf: Any) -> bool:
    """Whether it is a complex number, or a plain array of them."""
    if not is_plain(leaf):
        return isinstance(leaf, complex)
    return bool(jnp.issubdtype(leaf.dtype, jnp.complexfloating))


def _real_parts(outputs: PyTree) -> list[Any]:
    """The floating-point leaves; of a complex one its real and its imaginary part."""
    found: list[Any] = []
    for leaf in jax.tree.leaves(outputs):
        if jnp.iscomplexobj(leaf):
            found += [jnp.real(leaf), jnp.imag(leaf)]
        elif is_floating(leaf):
            found.append(leaf)
    return found


def _argument(f: Any, path: Any) -> str:
    """What its author calls the argument at this path of (primals, named)."""
    place = path[1]
    if path[0].idx == 1:
        first = str(place.key)
    else:
        try:
            first = list(inspect.signature(f).parameters)[place.idx]
        except (ValueError, TypeError, IndexError):
            first = f"argument {place.idx}"
    inside = jax.tree_util.keystr(path[2:], simple=True, separator=".")
    return f"{first}.{inside}" if inside else first
