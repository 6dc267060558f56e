"""Somebody's function, whatever it takes: told apart, run twice, its arguments held."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.extend.core import ClosedJaxpr
from numpy.typing import NDArray

from jaxdnn._refusals import BadTypeError, BadValueError
from jaxdnn.arrays import PyTree
from jaxdnn.verification.exact import to_float64
from jaxdnn.verification.functions.analytic import analytically
from jaxdnn.verification.functions.arithmetic import pool_size, randomly
from jaxdnn.verification.functions.budget import tick
from jaxdnn.verification.functions.programs import CALLBACKS, ENDLESS, PROBE, holds
from jaxdnn.verification.units import Values

# (the leaves that move, what is held fixed) -> arrays.
Flat = Callable[[Any, PyTree], list[Any]]

# A program that runs a few times is not worth what XLA would spend on it.
_QUICK: dict[str, Any] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


@dataclass(frozen=True, eq=False)
class Function:
    """A caller's function on flat lists of arrays, and what JAX traced of it.

    Args:
      name: what its author calls it.
      call: (x, rest) -> a list of arrays.
      program: what JAX traced; None if it could not.
      untraced: why it could not, on one line.
      again: what a second trace made of it, where that is another program.
    """

    name: str
    call: Flat
    program: ClosedJaxpr | None
    untraced: str = ""
    again: "Function | None" = None

    def run(self, x: Sequence[Values], rest: PyTree) -> list[Values]:
        """Its answers, the same twice, as NumPy arrays.

        Raises:
          BadValueError: it raises, or is not deterministic.
        """
        try:
            one, other = (
                each.answer(x, rest, turns=ENDLESS)
                for each in (self, self.again or self)
            )
        except BadValueError:  # not by the caller's function: about its answer
            raise
        except Exception as error:
            raise BadValueError(f"{self.name} raised {told(error)}") from error
        for a, b in zip(one, other, strict=True):
            if not np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"):
                raise BadValueError(
                    f"{self.name} is not deterministic: two calls differ"
                )
        return one

    def answer(
        self,
        x: Any,
        rest: PyTree,
        signs: Values | None = None,
        *,
        own_dtypes: bool = False,
        turns: int = PROBE,
    ) -> list[Values]:
        """Its answers as NumPy arrays; in random arithmetic where signs are given."""
        tick()
        if self.program is None:
            found = self.call(*fresh((list(x), rest)))
            return [_numbers(self.name, each) for each in found]
        signs = np.zeros(self.signs) if signs is None else signs
        arguments = jax.device_put((list(x), rest, signs, own_dtypes, turns))
        return [np.asarray(a) for a in self._compiled(*arguments)]

    def complex_answer(self, x: Any, rest: PyTree) -> list[Array]:
        """Its answers where x may be complex.

        Raises:
          TypeError: it has none.
        """
        tick()
        if self.program is None:
            raise TypeError("what NumPy does with complex numbers is not known")
        return self._complex(*jax.device_put((list(x), rest)))

    @cached_property
    def opaque(self) -> bool:
        """Whether there is arithmetic that cannot be looked into."""
        return self.program is None or holds(self.program, CALLBACKS)

    @cached_property
    def signs(self) -> int:
        """How many signs random arithmetic takes."""
        return 1 if self.program is None else pool_size(self.program)

    @cached_property
    def _compiled(self) -> Callable[..., list[Array]]:
        return self._jitted(randomly)

    @cached_property
    def _complex(self) -> Callable[..., list[Array]]:
        return self._jitted(analytically)

    def _jitted(self, run: Callable[..., list[Array]]) -> Callable[..., list[Array]]:
        return jax.jit(partial(run, self.program), compiler_options=_QUICK)

    def changes_data(self, x: Sequence[Values], rest: PyTree) -> bool:
        """Whether it writes into the data that it is handed."""
        if self.program is not None:
            return False
        tick()
        arguments = fresh((list(x), rest))
        self.call(*arguments)
        pairs = zip(jax.tree.leaves(arguments[1]), jax.tree.leaves(rest), strict=True)
        return not all(_same(a, b) for a, b in pairs)


def function(
    name: str, call: Flat, x: Sequence[Values], rest: PyTree, *, twice: bool = True
) -> Function:
    """Find out whether JAX can trace it; what it raises is left for `run` to say.

    twice: trace it again, as it may draw random numbers.
    """
    try:
        # A function that JAX has not seen: it would remember what it traced of it.
        program = jax.make_jaxpr(lambda x, rest: call(x, rest))(x, rest)
    except Exception as error:
        return Function(name, call, None, told(error))
    if any(isinstance(const, Tracer) for const in program.consts):
        return Function(name, call, None, "it reads what a trace left behind")
    other = function(name, call, x, rest, twice=False) if twice else None
    same = other is None or _alike(program, other.program)
    return Function(name, call, program, again=None if same else other)


def _alike(one: ClosedJaxpr, other: ClosedJaxpr | None) -> bool:
    """Whether two traces of one function are the same program."""
    if other is None or len(one.consts) != len(other.consts):
        return False
    texts = (re.sub("0x[0-9a-f]+", "", str(each.jaxpr)) for each in (one, other))
    return len(set(texts)) == 1 and all(
        a is b or (is_plain(a) and _same(a, b))
        for a, b in zip(one.consts, other.consts, strict=True)
    )


def _numbers(name: str, found: Any) -> NDArray[Any]:
    """What a caller's function returned as a plain array, if nothing of it is lost."""
    if np.ma.is_masked(found):
        raise BadValueError(f"{name} must return no masked entries: fill them")
    array = np.asarray(found)
    if array.dtype.kind == "O":
        raise BadValueError(f"{name} must return numbers, got {type(found).__name__}")
    return array


def _same(a: Any, b: Any) -> bool:
    a, b = np.asarray(a), np.asarray(b)
    return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")


def flatten(params: PyTree) -> tuple[list[str], list[Values], Any]:
    """The leaves' names, the leaves in float64, and their tree."""
    paths, tree = jax.tree.flatten_with_path(params)
    if not paths:
        raise BadValueError("params has no leaves")
    names: list[str] = []
    leaves: list[Values] = []
    for path, leaf in paths:
        inside = jax.tree_util.keystr(path, simple=True, separator=".")
        whose = f"{inside} of params" if inside else "params"
        if not is_plain(leaf) and hasattr(leaf, "__array__"):
            raise BadTypeError(
                f"{whose} must be a plain array, got {type(leaf).__name__}"
            )
        if not is_floating(leaf):
            kind = getattr(leaf, "dtype", type(leaf).__name__)
            raise BadValueError(f"{whose} must be floating-point, got {kind}")
        names.append(inside or "params")
        leaves.append(to_float64(names[-1], leaf))
    return names, leaves, tree


def is_plain(leaf: Any) -> bool:
    """Whether it is an array and nothing more: no mask, no index, no unit."""
    return type(leaf) is np.ndarray or isinstance(leaf, (jax.Array, np.generic))


def is_floating(leaf: Any) -> bool:
    """Whether a gradient with respect to it makes sense."""
    if not is_plain(leaf):
        return isinstance(leaf, float)
    return bool(jnp.issubdtype(leaf.dtype, jnp.floating))


def _traceable(leaf: Any) -> bool:
    """Whether JAX may be handed a tracer in its place."""
    if isinstance(leaf, jax.Array) or not is_plain(leaf):
        return isinstance(leaf, jax.Array)
    return any(jnp.issubdtype(leaf.dtype, kind) for kind in (np.number, np.bool_))


def hold(data: PyTree) -> tuple[list[Any], Callable[[Any], Any]]:
    """The data's plain arrays, floats in float64, and what puts them back in place.

    All else is handed on as it is, in copies where it can be copied.
    """
    leaves, tree = jax.tree.flatten(data, is_leaf=_unsorted)
    arrays = [k for k, leaf in enumerate(leaves) if _traceable(leaf)]
    held = [
        np.asarray(leaves[k], np.float64) if is_floating(leaves[k]) else leaves[k]
        for k in arrays
    ]

    def rebuild(held: Any) -> Any:
        whole = [leaf if _traceable(leaf) else _copy(leaf) for leaf in leaves]
        for k, leaf in zip(arrays, held, strict=True):
            whole[k] = leaf
        return jax.tree.unflatten(tree, whole)

    return held, rebuild


def _unsorted(data: PyTree) -> bool:
    """Whether it is a dictionary that JAX has no order for."""
    try:
        return isinstance(data, dict) and sorted(data) is None  # pyright: ignore
    except TypeError:
        return True


def fresh(arguments: PyTree) -> PyTree:
    """Copies, so that a function that writes into them does not change the next call.

    Example:
      >>> import numpy as np
      >>> ones = np.ones(2)
      >>> fresh([ones])[0] is ones
      False
    """
    return jax.tree.map(_copy, arguments)


def _copy(leaf: Any) -> Any:
    if isinstance(leaf, (jax.Array, type)):
        return leaf
    try:
        return leaf.copy()
    except Exception:  # it has no such method, or another meaning of it
        return leaf


def name_of(function: object, otherwise: str) -> str:
    """What its author calls it."""
    name = getattr(function, "__name__", otherwise)
    return otherwise if name == "<lambda>" else name


def told(error: Exception) -> str:
    """What was raised, on one line."""
    first = str(error).strip().split("\n")[0].split(". ")[0]
    return f"{type(error).__name__}: {first}"
