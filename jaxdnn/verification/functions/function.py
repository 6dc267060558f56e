"""Somebody's function, whatever it takes: told apart, run twice, its arguments held."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn._refusals import BadValueError
from jaxdnn.verification.exact import to_float64
from jaxdnn.verification.units import Values

Flat = Callable[[Any, Any], list[Any]]

# Small programs run op by op: their kernels are already compiled.
_SMALL = 10_000
# One that runs a few times is not worth what XLA would spend on it.
_QUICK: dict[str, Any] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """jax.jit, for a function that runs a few times."""
    return jax.jit(function, compiler_options=_QUICK)


def compiled_if_large(function: Callable[..., Any], arrays: Any) -> Callable[..., Any]:
    """The function, compiled where its arguments are large; for JAX arrays."""
    size = sum(np.size(leaf) for leaf in jax.tree.leaves(arrays))
    return compiled(function) if size > _SMALL else function


@dataclass(frozen=True)
class Function:
    """A caller's function on flat lists of arrays, and whether JAX can trace it."""

    name: str
    call: Flat
    traced: bool
    compiled: Flat

    def run(self, x: Sequence[Values], rest: Any) -> list[Values]:
        """Its answers, the same twice, as NumPy arrays.

        Raises:
          BadValueError: it raises, or is not deterministic.
        """
        answers: list[list[Values]] = []
        for _ in range(2):
            # A function that writes into its arguments must not change the next call.
            arguments = jax.tree.map(_copy, (list(x), rest))
            if self.traced:
                arguments = jax.device_put(arguments)
            try:
                answers.append([np.asarray(a) for a in self.call(*arguments)])
            except BadValueError:  # not by the caller's function: about its answer
                raise
            except Exception as error:
                raise BadValueError(f"{self.name} raised {told(error)}") from error
        for one, other in zip(*answers, strict=True):
            if not np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"):
                raise BadValueError(
                    f"{self.name} is not deterministic: two calls differ"
                )
        return answers[0]


def function(name: str, call: Flat, x: Any, rest: Any) -> Function:
    """Find out whether JAX can trace it; what it raises is left for `run` to say."""
    try:
        jax.make_jaxpr(call)(x, rest)
    except Exception:
        return Function(name, call, False, call)
    return Function(name, call, True, compiled(call))


def flatten(params: Any) -> tuple[list[str], list[Values], Any]:
    """The leaves' names, the leaves in float64, and their tree."""
    paths, tree = jax.tree.flatten_with_path(params)
    if not paths:
        raise BadValueError("params has no leaves")
    names, leaves = [], []
    for path, leaf in paths:
        name = jax.tree_util.keystr(path, simple=True, separator=".") or "params"
        if not is_floating(leaf):
            kind = getattr(leaf, "dtype", type(leaf).__name__)
            raise BadValueError(f"{name} of params must be floating-point, got {kind}")
        names.append(name)
        leaves.append(to_float64(name, leaf))
    return names, leaves, tree


def is_floating(leaf: Any) -> bool:
    """Whether a gradient with respect to it makes sense."""
    dtype = getattr(leaf, "dtype", None)
    if dtype is None:
        return isinstance(leaf, float)
    return bool(jnp.issubdtype(dtype, jnp.floating))


def hold(data: Any) -> tuple[list[Any], Callable[[Any], Any]]:
    """The data's arrays, floats in float64, and what puts them back in place."""
    leaves, tree = jax.tree.flatten(data)
    arrays = [k for k, leaf in enumerate(leaves) if hasattr(leaf, "dtype")]
    held = [
        np.asarray(leaves[k], np.float64) if is_floating(leaves[k]) else leaves[k]
        for k in arrays
    ]

    def rebuild(held: Any) -> Any:
        whole = list(leaves)
        for k, leaf in zip(arrays, held, strict=True):
            whole[k] = leaf
        return jax.tree.unflatten(tree, whole)

    return held, rebuild


def name_of(function: Any, otherwise: str) -> str:
    """What its author calls it."""
    name = getattr(function, "__name__", otherwise)
    return otherwise if name == "<lambda>" else name


def told(error: Exception) -> str:
    """What was raised, on one line."""
    first = str(error).strip().split("\n")[0]
    return f"{type(error).__name__}: {first}"


def _copy(leaf: Any) -> Any:
    return leaf.copy() if isinstance(leaf, np.ndarray) else leaf
