"""All checks: what was found, what was wanted, in which argument.

Shapes are static, so they are checked at trace time too. Values are checked only where
they are concrete: a traced learning rate or keep probability passes unseen.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import isfinite
from operator import index
from typing import Any, Protocol

import jax
import numpy as np
from jax import Array
from jax.core import Tracer

from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.sharding import SHORT

# Numbers in an array that is small beside the cost of a call.
_FEW = 10_000

# What fits in an int32, which is what programs count in.
_LARGEST = 2**31 - 1

_NUMBERS = (int, float, np.number, np.bool_, np.ndarray, Array)
_MOST_PARAMETERS = 2**48

# Dtypes of real numbers, truth values among them.
REAL = frozenset(
    np.dtype(kind)
    for kind in (
        *(bool, np.int8, np.int16, np.int32, np.int64),
        *(np.uint8, np.uint16, np.uint32, np.uint64),
        *(np.float16, jax.numpy.bfloat16, np.float32, np.float64),
    )
)


def is_real(dtype: object) -> bool:
    """Whether it is a dtype of real numbers, in whichever order of bytes."""
    return dtype in REAL or (
        isinstance(dtype, np.dtype) and dtype.newbyteorder("=") in REAL
    )


class HeadLike(Protocol):
    """What a check reads of a head."""

    @property
    def name(self) -> str:
        """What errors call it."""
        ...

    @property
    def targets(self) -> str:
        """In words, what Y must hold."""
        ...

    @property
    def accepts(self) -> Callable[[Any], bool]:
        """Whether a given Y holds it."""
        ...


class Described(Protocol):
    """What a check reads of a network."""

    @property
    def layer_dims(self) -> tuple[int, ...]:
        """(n_x, n_1, ..., n_L)."""
        ...

    @property
    def head(self) -> HeadLike:
        """The output head."""
        ...


def is_concrete(value: object) -> bool:
    """Whether the value can be looked at now (it is not traced)."""
    return not isinstance(value, Tracer)


def in_trace() -> bool:
    """Whether what is computed here and now becomes part of a traced function."""
    return not is_concrete(jax.device_put(np.float32(0)))


def check_outside() -> None:
    """Refuse to look at numbers in a traced function, whatever the arguments are."""
    if in_trace():
        raise BadTypeError("cannot be called in a traced function: it reads numbers")


def readable(value: object) -> bool:
    """Whether this process has all of it, now."""
    return is_concrete(value) and getattr(value, "is_fully_addressable", True)


def shape_of(name: str, value: object) -> tuple[int, ...]:
    """The shape of an array-like, or a BadTypeError that names the argument."""
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return shape  # pyright: ignore[reportUnknownVariableType]
    raise BadTypeError(f"{name} must be an array, got {type(value).__name__}")


def check_kind(
    name: str, value: object, kind: type | tuple[type, ...], wanted: str
) -> None:
    """Refuse what is no instance; `wanted` says in words what is."""
    if not isinstance(value, kind):
        raise BadTypeError(f"{name} must be {wanted}, got {shown(value)}")


def check_path(name: str, value: object) -> None:
    """Refuse what is no name of a file."""
    check_kind(name, value, (str, os.PathLike), "the name of a file")


def check_shape(name: str, value: object, wanted: tuple[int, ...], why: str) -> None:
    """Refuse any shape but the wanted one; `why` says where the sizes come from."""
    found = shape_of(name, value)
    if found != wanted:
        raise BadValueError(f"{name} must have shape {wanted} ({why}), got {found}")


def check_columns(name: str, value: object) -> None:
    """Refuse anything that is not two-dimensional with at least one column."""
    found = shape_of(name, value)
    if len(found) != 2 or found[1] < 1:
        raise BadValueError(
            f"{name} must have shape (n, m), one column per example and m >= 1, "
            f"got {found}"
        )


def check_scalar(
    name: str, value: Any, *, low: float, high: float = np.inf, low_open: bool = False
) -> None:
    """Refuse non-scalars and, when concrete, values outside [low, high]."""
    if not isinstance(value, _NUMBERS) or np.ma.is_masked(value):
        raise BadTypeError(f"{name} must be a number, got {shown(value)}")
    if np.ndim(value) != 0:
        raise BadValueError(f"{name} must be a scalar, got shape {np.shape(value)}")
    if not is_real(getattr(value, "dtype", np.dtype(float))):
        raise BadTypeError(f"{name} must be a number, got {shown(value)}")
    if not is_concrete(value):
        return
    try:
        number = float(value)
    except OverflowError:
        number = np.inf
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadTypeError(f"{name} must be a number, got {error}") from None
    if not low <= number <= high or (low_open and number == low) or np.isinf(number):
        interval = f"in {'(' if low_open else '['}{low:g}, {high:g}]"
        if np.isinf(high):
            interval = f"finite and {'>' if low_open else '>='} {low:g}"
        raise BadValueError(f"{name} must be {interval}, got {number:g}")


def count(name: str, value: Any) -> int:
    """A whole number >= 1, of Python's or NumPy's, as an int; else a refusal.

    Example:
      >>> count("epochs", np.int64(3))
      3
      >>> count("epochs", True)
      Traceback (most recent call last):
      jaxdnn._refusals.BadValueError: epochs must be an int >= 1, got True
    """
    number = _whole(name, value)
    if number < 1:
        raise BadValueError(f"{name} must be an int >= 1, got {shown(value)}")
    if number > _LARGEST:
        raise BadValueError(f"{name} must be an int <= {_LARGEST}, got {shown(number)}")
    return number


def check_seed(name: str, value: Any) -> None:
    """Refuse what is no whole number from 0 to 2⁶³ - 1."""
    if not 0 <= _whole(name, value) < 2**63:
        raise BadValueError(f"{name} must be int >= 0 and < 2**63, got {shown(value)}")


def _whole(name: str, value: Any) -> int:
    """A whole number of Python's or NumPy's; -1 for all else, truth values too."""
    check_concrete(name, value)
    try:
        return -1 if isinstance(value, (bool, np.bool_)) else index(value)
    except (TypeError, ValueError, RuntimeError):
        return -1


def check_truth(name: str, value: object) -> None:
    """Refuse all but True and False."""
    if not isinstance(value, (bool, np.bool_)):
        raise BadTypeError(f"{name} must be True or False, got {shown(value)}")


def check_function(name: str, value: object) -> None:
    """Refuse what cannot be called; None is none given."""
    if value is not None and not callable(value):
        raise BadTypeError(f"{name} must be a function or None, got {shown(value)}")


def count_or_none(name: str, value: Any) -> int | None:
    """None as it is, all else by `count`.

    Example:
      >>> count_or_none("patience", None) is None
      True
    """
    return None if value is None else count(name, value)


def check_layer_dims(layer_dims: Sequence[int]) -> None:
    """Refuse all but two or more whole numbers >= 1."""
    wanted = "layer_dims must be at least two whole numbers >= 1 (n_x, n_1, ..., n_L)"
    if isinstance(layer_dims, (str, bytes, dict)) or not is_concrete(layer_dims):
        raise BadTypeError(f"{wanted}, got {shown(layer_dims)}")
    try:
        dims = tuple(layer_dims)
    except (TypeError, RuntimeError):
        raise BadTypeError(f"{wanted}, got {shown(layer_dims)}") from None
    whole = all(
        isinstance(n, (int, np.integer))
        and not isinstance(n, bool)
        and 1 <= n <= _LARGEST
        for n in dims
    )
    if len(dims) < 2 or not whole:
        raise BadValueError(f"{wanted}, got {shown(dims)}")
    # Beyond it the bytes of an array leave an int64, and XLA ends the process.
    if sum(n * n_prev for n_prev, n in pairwise(map(int, dims))) > _MOST_PARAMETERS:
        raise BadValueError(
            f"layer_dims must have at most 2**48 parameters, got {shown(dims)}"
        )


def check_parameters(
    params: Sequence[tuple[Any, Any]], layer_dims: tuple[int, ...]
) -> None:
    """Refuse parameters whose number or shapes are not those of layer_dims."""
    L = len(layer_dims) - 1
    if len(params) != L:
        raise BadValueError(
            f"params must have {L} layers (layer_dims {layer_dims}), got {len(params)}"
        )
    for l, (W, b) in enumerate(params, start=1):
        n_prev, n = layer_dims[l - 1 : l + 1]
        check_shape(f"W{l}", W, (n, n_prev), f"layer_dims {layer_dims}")
        check_shape(f"b{l}", b, (n, 1), f"layer_dims {layer_dims}")


def check_input_columns(network: Described, X: Any) -> None:
    """Refuse all but (n_x, m), m >= 1."""
    check_columns("X", X)
    wanted = (network.layer_dims[0], X.shape[1])
    check_shape("X", X, wanted, "n_x from layer_dims, one column per example")


def check_key(name: str, key: object) -> None:
    """Refuse what is no single PRNG key, of the new kind or the old."""
    found = type(key).__name__
    if isinstance(key, (Array, np.ndarray)):
        new = jax.numpy.issubdtype(key.dtype, jax.dtypes.prng_key)
        old = key.dtype == np.uint32 and key.shape in ((2,), (4,))
        if old or (new and key.shape == ()):
            return
        found = f"{key.dtype} of shape {key.shape}"
    elif isinstance(key, (int, float, str)):
        found = shown(key)
    raise BadTypeError(
        f"{name} must be a key made by jax.random.key, as {name}=jax.random.key(0), "
        f"got {found}"
    )


def check_dropout(key: Any, keep_prob: Any) -> None:
    """Refuse keep probabilities outside (0, 1], and one below 1 without a key."""
    if key is not None:
        check_key("key", key)
    check_scalar("keep_prob", keep_prob, low=0, high=1, low_open=True)
    if key is None and is_concrete(keep_prob) and float(keep_prob) != 1:
        raise BadValueError(
            f"keep_prob={keep_prob} needs a key (dropout draws from it)"
        )


def check_targets(
    network: Described, m: int, Y: Any, l2: Any = 0.0, sample_weight: Any = None
) -> None:
    """Refuse targets, L2 strengths and weights that do not fit m examples."""
    check_shape("Y", Y, (network.layer_dims[-1], m), "n_L from layer_dims, m from X")
    check_scalar("l2", l2, low=0)
    if sample_weight is not None:
        check_shape("sample_weight", sample_weight, (m,), "m from X")


def check_choice(name: str, value: object, choices: Iterable[object]) -> None:
    """Refuse what is none of the choices."""
    choices = list(choices)
    if not any(value is choice or _is_text(value, choice) for choice in choices):
        known = ", ".join(map(repr, choices))
        raise BadValueError(f"{name} must be one of {known}, got {shown(value)}")


def check_products(dtype: object) -> None:
    """Refuse a dtype that products are not taken in."""
    try:
        known = dtype is None or bool(dtype == SHORT)
    except (TypeError, ValueError, RuntimeError):  # arrays are compared one by one
        known = False
    if not known:
        raise BadValueError(
            f"compute_dtype must be None or {SHORT}, got {shown(dtype)}"
        )


def _is_text(value: object, choice: object) -> bool:
    return isinstance(value, str) and value == choice


def check_accepted(network: Described, Y: Any) -> None:
    """Refuse targets that the network's head does not have, where they can be read."""
    head = network.head
    if readable(Y) and not head.accepts(np.asarray(Y)):
        check_finite("Y", Y)
        found = np.asarray(Y)
        raise BadValueError(
            f"Y for a {head.name} output must hold {head.targets}, got values from "
            f"{found.min():g} to {found.max():g}"
        )


def check_weights(weight: Any, *, some: bool = True) -> None:
    """Refuse what are no weights of examples; if some must count, that none does."""
    if weight is None or not readable(weight):
        return
    weight = np.asarray(weight)
    with np.errstate(over="ignore"):
        total = weight.sum(dtype=float)
    if not (
        np.isfinite(weight).all() and weight.min() >= 0 and (total > 0 or not some)
    ):
        also = ", not all 0 (class_weight included)" if some else ""
        raise BadValueError(
            f"sample_weight must be finite and >= 0{also}, got values from "
            f"{weight.min():g} to {weight.max():g}"
        )


def check_concrete(name: str, value: object) -> None:
    """Refuse what is traced, where values must be looked at."""
    if not is_concrete(value):
        raise BadTypeError(f"{name} is traced; call it outside jit and vmap")


def check_finite(name: str, value: Any) -> None:
    """Refuse NaN and infinity where values can be read, and say where the first is."""
    if not readable(value) or _all_finite(value):
        return
    value = np.asarray(value)
    place = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
    raise BadValueError(f"{name} must be finite, got {value[place]} at {list(place)}")


def _all_finite(value: Any) -> bool:
    if isinstance(value, Array):
        if next(iter(value.devices())).platform != "cpu":
            # Where it lies: only the answer leaves the device.
            return bool(jax.numpy.isfinite(value).all())
        value = np.asarray(value)
    # Of few numbers the sum of squares is soonest made; it may overflow, though.
    few = value.size < _FEW and value.dtype.kind == "f"
    return (few and isfinite(np.vdot(value, value))) or bool(np.isfinite(value).all())
