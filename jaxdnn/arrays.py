"""Arrays of the caller, admitted by one rule wherever they are handed over.

    taken      JAX's arrays as they are, NumPy's of any byte order, numbers in lists,
               tables with `to_numpy` (their missing cells as NaN)
    refused    complex numbers, texts, dates, objects, sparse arrays, masked entries

Whole numbers and truth values are numbers. A traced array is taken as it is:
verification traces functions for complex numbers.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar, overload

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import Array
from jax.dtypes import canonicalize_dtype
from jax.typing import DTypeLike
from numpy.typing import NDArray

from jaxdnn._checks import REAL, check_shape, is_concrete
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadTypeError, BadValueError, public

_Arrays = ParamSpec("_Arrays")

# What a caller may hand over: for an array, one of JAX's or NumPy's, rows in lists or a
# table; for a number, a traced one, too; for examples in pieces, (X, Y) or (X, Y,
# weight) over and over.
ArrayLike = Array | npt.ArrayLike
Scalar = float | np.number | Array
Pieces = Iterable[Sequence[ArrayLike]]

AnyArray = Array | NDArray[Any]  # where either is read alike
PyTree = Any  # arrays in whatever containers JAX knows

# NumPy, whose arrays a program takes as it takes JAX's: to a type checker they are.
HOST: Any = np

_Tree = TypeVar("_Tree")
_COMPLEX = ContextVar("complex numbers", default=False)


def admitted(name: str, value: Any, whole: DTypeLike | None = None) -> Array:
    """Real numbers as an array: JAX's as JAX's, all else as NumPy's.

    Args:
      name: of the argument, for a refusal.
      value: what the caller handed over.
      whole: the floating dtype to give whole numbers, NumPy's before JAX would cut them
        to 32 bits; None leaves them as they are.

    To a type checker NumPy's are JAX's, too: programs take either.

    Example:
      >>> admitted("X", [[1.0, 2.0]]).dtype, admitted("X", [[1, 2]]).dtype
      (dtype('float32'), dtype('int64'))
    """
    if isinstance(value, Array):
        if is_concrete(value):
            _check_dtype(name, value.dtype)
            if value.is_deleted():
                raise BadValueError(f"{name} must still be there, got a deleted array")
        return value if whole is None else _floating(value, whole)
    array: Any = value if type(value) is np.ndarray else _from_others(name, value)
    if isinstance(array, Array):
        return admitted(name, array, whole)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    dtype = array.dtype
    _check_dtype(name, dtype)
    if dtype.kind in "biu":
        return array if whole is None else array.astype(whole)
    if dtype.itemsize < 8:
        return array
    with np.errstate(over="ignore"):  # infinite: seen where that is not allowed
        array = np.asarray(array, canonicalize_dtype(dtype))
    return array


def _floating(array: Array, dtype: DTypeLike) -> Array:
    """JAX's whole numbers and truth values in the dtype; all else as it is."""
    return array.astype(dtype) if array.dtype.kind in "biu" else array


@overload
def number(name: str, value: None, dtype: DTypeLike) -> None: ...
@overload
def number(name: str, value: Scalar, dtype: DTypeLike) -> Array: ...
def number(name: str, value: Any, dtype: DTypeLike) -> Any:
    """A number in the dtype, which must neither lose all of it nor overflow.

    One of the host's as NumPy's: JAX would make a whole one an int32. None as it is.

    Example:
      >>> number("l2", 2**40, "float32")
      array(1.0995116e+12, dtype=float32)
      >>> number("l2", 1e-50, "float32")
      Traceback (most recent call last):
      jaxdnn._refusals.BadValueError: l2 must not be 0 or infinite in float32, got 1e-50
    """
    if value is None:
        return None
    if isinstance(value, Array):
        return jnp.asarray(value, dtype)
    with np.errstate(over="ignore", under="ignore"):
        found = np.asarray(value, dtype)
    # XLA takes subnormal numbers for 0.
    lost = value != 0 and abs(found) < _smallest(found.dtype)
    if lost or not np.isfinite(found.astype(float)):
        raise BadValueError(f"{name} must not be 0 or infinite in {dtype}, got {value}")
    return found


def _smallest(dtype: DTypeLike) -> float:
    """The smallest normal number above 0."""
    if not jnp.issubdtype(dtype, jnp.floating):
        return 1.0
    return float(jnp.finfo(dtype).smallest_normal)


def elementwise(function: Callable[_Arrays, Array]) -> Callable[_Arrays, Array]:
    """A function of arrays of one shape: admitted, compared; one program if not traced.

    Example:
      >>> @elementwise
      ... def twice(Z):
      ...     return 2 * Z
      >>> twice("ab")
      Traceback (most recent call last):
      TypeError: twice: Z must be real numbers, got dtype <U2
    """
    names, program = tuple(signature(function).parameters), compiled(function)
    traced: Callable[..., Array] = function

    @public
    @wraps(function)
    def checked(*args: _Arrays.args, **kwargs: _Arrays.kwargs) -> Array:
        given = dict(zip(names, args, strict=False)) | kwargs
        floating = jnp.result_type(float)
        arrays = {
            name: admitted(name, np.asarray(of) if np.isscalar(of) else of, floating)
            for name, of in given.items()
        }
        for name, array in arrays.items():
            check_shape(names[0], arrays[names[0]], array.shape, f"of {name}")
        if all(map(is_concrete, arrays.values())):
            return program(**on_device(arrays))
        return traced(**arrays)

    return checked


@overload
def on_device(tree: NDArray[Any]) -> Array: ...
@overload
def on_device(tree: _Tree) -> _Tree: ...
def on_device(tree: Any) -> Any:
    """The tree's numbers on the device: those of the host are sent, JAX's stay.

    Sent by their name, so that `jax.transfer_guard` sees that they were meant to be.

    Example:
      >>> on_device({"b": np.ones(2)})["b"].tolist()
      [1.0, 1.0]
    """
    leaves, treedef = jax.tree.flatten(tree)
    sent = iter(jax.device_put([of for of in leaves if not isinstance(of, Array)]))
    placed = [of if isinstance(of, Array) else next(sent) for of in leaves]
    return jax.tree.unflatten(treedef, placed)


def on_one_device(tree: PyTree) -> bool:
    """Whether each of its arrays, all JAX's, is.

    Example:
      >>> on_one_device({"b": jnp.ones(2)})
      True
    """
    return all(len(of.sharding.device_set) == 1 for of in jax.tree.leaves(tree))


@contextmanager
def complex_numbers() -> Generator[None]:
    """Complex numbers are admitted, in this thread: for a complex step's sake.

    Example:
      >>> with complex_numbers():
      ...     admitted("X", np.ones((1, 1), complex)).dtype
      dtype('complex64')
    """
    before = _COMPLEX.set(True)
    try:
        yield
    finally:
        _COMPLEX.reset(before)


def _check_dtype(name: str, dtype: np.dtype) -> None:
    if dtype not in REAL and not (_COMPLEX.get() and dtype.kind == "c"):
        raise BadTypeError(f"{name} must be real numbers, got dtype {dtype}")


def _from_others(name: str, value: Any) -> Any:
    """An array of what is neither JAX's nor plainly NumPy's."""
    kind = type(value).__name__
    if isinstance(value, np.ma.MaskedArray):
        masked = np.ma.count_masked(value)
        if masked:
            raise BadValueError(
                f"{name} must have no masked entries, got {masked} of {value.size}"
            )
        return np.ma.getdata(value)
    if hasattr(value, "__jax_array__"):
        return value.__jax_array__()
    if hasattr(value, "todense"):
        raise BadTypeError(
            f"{name} must be a dense array, got {kind}: its todense() is one"
        )
    if hasattr(value, "to_numpy"):
        return _from_table(value)
    try:
        masks = isinstance(value, (list, tuple)) and any(
            isinstance(part, np.ma.MaskedArray) for part in value
        )
        if masks:
            return _from_others(name, np.ma.array(value))
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadTypeError(f"{name} must be an array, got {kind}: {error}") from error
    if array.ndim == 0 and not hasattr(value, "shape"):
        raise BadTypeError(f"{name} must be an array, got {kind}")
    return array


def _from_table(table: Any) -> NDArray[Any]:
    """The cells of a table or of one of its columns, those missing as NaN."""
    array = np.asarray(table.to_numpy())
    if array.dtype != object:
        return array
    # Columns of several dtypes, or of one that knows missing cells, come as objects.
    dtypes: Any = getattr(table, "dtypes", None)
    dtypes = list(dtypes) if np.ndim(dtypes) else [getattr(table, "dtype", None)]
    if any(getattr(dtype, "kind", "O") not in "biuf" for dtype in dtypes):
        return array
    wanted = np.result_type(*[getattr(dtype, "numpy_dtype", dtype) for dtype in dtypes])
    if not np.asarray(table.isna()).any():
        return table.to_numpy(dtype=wanted)
    wanted = np.result_type(wanted, np.float32)
    return table.to_numpy(dtype=wanted, na_value=np.nan)
