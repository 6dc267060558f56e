"""Every argument of the course, admitted by one rule: its name says what it must be.

The course has few words and uses them alike: X is a matrix everywhere, learning_rate a
number above 0, parameters a dictionary of W1, b1, .... A kind is a function (name,
value) -> the value to compute with, which refuses what is none of its kind; `admits`
hands each argument of a function to the kind of its name before the function runs. So
what the functions see are float64 matrices, floats, ints and dictionaries of them that
fit together, and what they keep (a cache, a program) is kept under such values alone.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import wraps
from itertools import pairwise
from math import isfinite
from numbers import Integral, Real
from os import PathLike
from typing import Any, NamedTuple, ParamSpec, TypeVar

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn._checks import (
    BadTypeError,
    BadValueError,
    check_concrete,
    check_scalar,
    check_shape,
    public,
)
from jaxdnn.activations import ACTIVATIONS, Activation
from jaxdnn.arrays import admitted

_P = ParamSpec("_P")
_R = TypeVar("_R")

Matrix = NDArray[Any]
Dictionary = dict[str, Matrix]
Kind = Callable[[str, Any], Any]

# More numbers than these are no matrix of a notebook, and soon none of this machine.
_MOST = 2**28
_LONGEST = 60


def admits(**own: Kind) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Admit every argument by the kind of its name, and name the function in refusals.

    What a caller leaves at its default is not looked at.

    Args:
      **own: kinds of arguments whose names do not say enough, such as cache.

    Example:
      >>> @admits()
      ... def halved(X, learning_rate=1.0):
      ...     return X / 2
      >>> halved([[1, 3]])
      array([[0.5, 1.5]])
      >>> halved([[1, 3]], -1)
      Traceback (most recent call last):
      ValueError: halved: learning_rate must be finite and > 0, got -1
    """

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)
        kinds = {name: own.get(name) or KINDS[name] for name in signature.parameters}

        @public
        @wraps(function)
        def admitting(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise BadTypeError(str(error)) from None
            for name, value in bound.arguments.items():
                if value is not signature.parameters[name].default:
                    bound.arguments[name] = kinds[name](name, value)
            return function(*bound.args, **bound.kwargs)

        return admitting

    return decorate


def shown(value: Any) -> str:
    """The value where that is short, else its type.

    Example:
      >>> shown(1j), shown(10**5000), shown("x" * 100)
      ('1j', 'int', 'str')
    """
    simple = isinstance(value, (str, bytes, Real, complex, Decimal)) or value is None
    try:
        text = repr(value) if simple or isinstance(value, np.generic) else ""
    except ValueError:  # of an int with more digits than Python prints
        text = ""
    return text if 0 < len(text) <= _LONGEST else type(value).__name__


# ---- numbers and words -------------------------------------------------------------


def number(
    *, low: float = -np.inf, high: float = np.inf, low_open: bool = False
) -> Kind:
    """A finite number in [low, high], as a float; Python's ints stay what they are.

    Example:
      >>> number(low=0, high=1)("keep_prob", Decimal("0.5"))
      0.5
    """

    def admit(name: str, value: Any) -> Any:
        check_concrete(name, value)
        if isinstance(value, (np.ndarray, Array)) and value.ndim == 0:
            value = admitted(name, value).item()
        if not isinstance(value, (Real, Decimal)):
            raise BadTypeError(f"{name} must be a number, got {shown(value)}")
        try:
            exact = float(value)
        except OverflowError:
            exact = np.inf
        if low == -np.inf and not isfinite(exact):
            raise BadValueError(f"{name} must be finite, got {shown(value)}")
        check_scalar(name, exact, low=low, high=high, low_open=low_open)
        return int(value) if isinstance(value, int) else exact

    return admit


def or_none(kind: Kind) -> Kind:
    """None as it is, all else by the kind.

    Example:
      >>> or_none(number())("scale", None) is None
      True
    """
    return lambda name, value: None if value is None else kind(name, value)


def whole(name: str, value: Any) -> int:
    """A whole number from 1 to 2³¹ - 1, as an int.

    Example:
      >>> whole("n_h", np.int64(4))
      4
    """
    return _whole(name, value, low=1, high=2**31 - 1)


def seed(name: str, value: Any) -> int:
    """What NumPy's generators take: a whole number from 0 to 2³² - 1.

    Example:
      >>> seed("seed", 0)
      0
    """
    return _whole(name, value, low=0, high=2**32 - 1)


def _whole(name: str, value: Any, *, low: int, high: int) -> int:
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not whole or not low <= int(value) <= high:
        kind = BadValueError if isinstance(value, Real) else BadTypeError
        raise kind(f"{name} must be an int from {low} to {high}, got {shown(value)}")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """True or False, or 1 or 0.

    Example:
      >>> flag("print_cost", 1)
      True
    """
    if not isinstance(value, (bool, np.bool_, Integral)) or value not in (0, 1):
        raise BadTypeError(f"{name} must be True or False, got {shown(value)}")
    return bool(value)


def one_of(*choices: str) -> Kind:
    """One of these words.

    Example:
      >>> one_of("zeros", "he")("initialization", "he")
      'he'
    """

    def admit(name: str, value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            kind = BadValueError if isinstance(value, str) else BadTypeError
            known = ", ".join(map(repr, choices))
            raise kind(f"{name} must be one of {known}, got {shown(value)}")
        return str(value)

    return admit


def activation(name: str, value: Any) -> str | Activation:
    """The name of an activation, or one's own.

    Example:
      >>> activation("activation", "relu")
      'relu'
    """
    return value if isinstance(value, Activation) else _named(name, value)


_named = one_of(*ACTIVATIONS)


def activations(name: str, value: Any) -> Any:
    """One activation, or a tuple of one for each hidden layer.

    Example:
      >>> activations("hidden", ("relu", "tanh"))
      ('relu', 'tanh')
    """
    if isinstance(value, tuple):
        return tuple(activation(f"{name}[{i}]", g) for i, g in enumerate(value))
    return activation(name, value)


def folder(name: str, value: Any) -> Any:
    """Where files are: a path.

    Example:
      >>> folder("data_folder", "datasets")
      'datasets'
    """
    if not isinstance(value, (str, PathLike)):
        raise BadTypeError(f"{name} must be a path, got {shown(value)}")
    if "\0" in str(value):
        raise BadValueError(f"{name} must be a path, got one with a NUL")
    return value


def function(name: str, value: Any) -> Any:
    """Something to call.

    Example:
      >>> function("model", len) is len
      True
    """
    if not callable(value):
        raise BadTypeError(f"{name} must be a function, got {shown(value)}")
    return value


def anything(name: str, value: Any) -> Any:
    """Whatever it is: the function says itself what it takes.

    Example:
      >>> anything("X", None)
    """
    return value


# ---- arrays ------------------------------------------------------------------------


def array(name: str, value: Any) -> Matrix:
    """Real numbers of any shape, in float64.

    Example:
      >>> array("Z", [1, 2]), array("Z", 0)
      (array([1., 2.]), array(0.))
    """
    check_concrete(name, value)
    if isinstance(value, Array) and value.is_deleted():
        raise BadValueError(f"{name} must be an array, got one that is deleted")
    if isinstance(value, Real):
        value = np.asarray(number()(name, value))
    with jax.enable_x64(True):
        return np.asarray(admitted(name, value, np.float64), np.float64)


def matrix(name: str, value: Any) -> Matrix:
    """Real numbers in two dimensions, at least one, in float64.

    Example:
      >>> matrix("X", [1.0, 2.0])
      Traceback (most recent call last):
      jaxdnn._checks.BadValueError: X must have shape (n, m), n and m >= 1, got (2,)
    """
    if isinstance(value, (Real, str, bytes)):
        raise BadTypeError(f"{name} must be an array, got {shown(value)}")
    found = array(name, value)
    if found.ndim != 2 or not found.size:
        raise BadValueError(
            f"{name} must have shape (n, m), n and m >= 1, got {found.shape}"
        )
    return found


def row(name: str, value: Any) -> Matrix:
    """A matrix, also where a notebook hands over (m,) for (1, m).

    Example:
      >>> row("Y", [1, 0])
      array([[1., 0.]])
    """
    if not isinstance(value, (Real, str, bytes)):
        value = array(name, value)
        value = value[None] if value.ndim == 1 else value
    return matrix(name, value)


def column(name: str, value: Any) -> Matrix:
    """Numbers of (n, 1) or (n,), as (n,).

    Example:
      >>> column("theta", [[1], [2]])
      array([1., 2.])
    """
    found = array(name, value)
    if found.shape not in ((found.size,), (found.size, 1)) or not found.size:
        raise BadValueError(
            f"{name} must have shape (n, 1) or (n,), n >= 1, got {found.shape}"
        )
    return found.ravel()


def sizes(name: str, value: Any) -> tuple[int, ...]:
    """(n_x, n_1, ..., n_L), two or more, from a list of any kind.

    Example:
      >>> sizes("layers_dims", [2, 4, 1])
      (2, 4, 1)
    """
    dims = listed_sizes(name, value)
    if len(dims) < 2:
        raise BadValueError(
            f"{name} must be two or more sizes (n_x, n_1, ..., n_L), got {len(dims)}"
        )
    if max(n * n_prev for n_prev, n in pairwise(dims)) > _MOST:
        raise BadValueError(
            f"{name} must make matrices of at most {_MOST} numbers, got {dims}"
        )
    return dims


def listed_sizes(name: str, value: Any) -> tuple[int, ...]:
    """Whole numbers from 1 on, from a list of any kind.

    Example:
      >>> listed_sizes("hidden_sizes", np.array([4]))
      (4,)
    """
    return tuple(whole(f"{name}[{i}]", n) for i, n in enumerate(_listed(name, value)))


def three_sizes(name: str, value: Any) -> tuple[int, ...]:
    """(n_x, n_h, n_y).

    Example:
      >>> three_sizes("layers_dims", (2, 4, 1))
      (2, 4, 1)
    """
    dims = sizes(name, value)
    if len(dims) != 3:
        raise BadValueError(
            f"{name} must be three sizes (n_x, n_h, n_y), got {len(dims)}"
        )
    return dims


def is_listed(value: Any) -> bool:
    """Whether the value is a list of some kind.

    Example:
      >>> is_listed((1, 2)), is_listed("12")
      (True, False)
    """
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _listed(name: str, value: Any, of: str = "sizes") -> list[Any]:
    if not is_listed(value):
        raise BadTypeError(f"{name} must be a list of {of}, got {shown(value)}")
    return list(value)


# ---- dictionaries and caches -------------------------------------------------------


def dictionary(prefix: str = "") -> Kind:
    """W1, b1, ..., WL, bL, each with the prefix, whose shapes fit; other keys left out.

    Example:
      >>> dictionary("d")("grads", {"dW1": [[1, 2]], "db1": [[3]], "dA0": None})
      {'dW1': array([[1., 2.]]), 'db1': array([[3.]])}
    """

    def admit(name: str, value: Any) -> Dictionary:
        keys = _mapping(name, value, of=f"{prefix}W1, {prefix}b1, ...")
        found = [key for key in keys if key.startswith((f"{prefix}W", f"{prefix}b"))]
        L = max(1, len(found) // 2)
        wanted = [f"{prefix}{kind}{l}" for l in range(1, L + 1) for kind in "Wb"]
        if set(found) != set(wanted):
            raise BadValueError(
                f"{name} must have the keys {', '.join(_few(wanted))}, "
                f"got {_few(sorted(keys))}"
            )
        arrays = {key: matrix(_entry(name, key), value[key]) for key in wanted}
        n_prev = arrays[wanted[0]].shape[1]
        for W, b in zip(wanted[::2], wanted[1::2], strict=True):
            n = len(arrays[W])
            check_shape(_entry(name, W), arrays[W], (n, n_prev), "of the layers")
            check_shape(_entry(name, b), arrays[b], (n, 1), f"n from {W}")
            n_prev = n
        return arrays

    return admit


def _mapping(name: str, value: Any, *, of: str) -> list[str]:
    if not isinstance(value, Mapping):
        raise BadTypeError(f"{name} must be a dictionary of {of}, got {shown(value)}")
    odd = [key for key in value if not isinstance(key, str)]
    if odd:
        raise BadTypeError(
            f"{name} must be a dictionary of {of}, got the key {shown(odd[0])}"
        )
    return list(value)


def _entry(name: str, key: str) -> str:
    return f"{name}[{key!r}]"


def _few(keys: Sequence[str]) -> list[str]:
    return [shown(key).strip("'") for key in keys[:8]] + ["..."] * (len(keys) > 8)


class Cached(NamedTuple):
    """What a cache holds of layer l: Z, D, A (n, m), W (n, n_prev), b (n, 1).

    Entries that a notebook's cache does not have are None.
    """

    Z: Any
    A: Any
    W: Any
    b: Any = None
    D: Any = None


def tuple_cache(hidden: str = "ZAWb") -> Kind:
    """(Z_1, A_1, W_1, b_1, ..., Z_L, A_L, W_L, b_L) as one `Cached` for each layer.

    A and W must fit together, and D to A: they are what the course's backward reads.

    Args:
      hidden: what is there of a hidden layer, in its order.

    Example:
      >>> A, W = np.ones((1, 2)), np.ones((1, 3))
      >>> (layer,) = tuple_cache()("cache", (A, A, W, np.ones((1, 1))))
      >>> layer.W.shape
      (1, 3)
    """

    def admit(name: str, value: Any) -> list[Cached]:
        entries = _listed(name, value, of="arrays")
        below, rest = divmod(len(entries) - 4, len(hidden))
        if below < 0 or rest:
            raise BadValueError(
                f"{name} must hold {len(hidden)} arrays for each hidden layer and 4 "
                f"for the last, got {len(entries)}"
            )
        symbols = [f"{s}{l}" for l in range(1, below + 1) for s in hidden]
        symbols += [f"{s}{below + 1}" for s in "ZAWb"]
        arrays = {
            symbol: matrix(f"{name}'s {symbol}", entry)
            for symbol, entry in zip(symbols, entries, strict=True)
        }
        layers = [
            Cached(**{s: arrays.get(f"{s}{l}") for s in Cached._fields})
            for l in range(1, below + 2)
        ]
        check_layers(name, layers)
        return layers

    return admit


def check_layers(name: str, layers: Sequence[Cached]) -> None:
    """Refuse A, W and D that do not fit together.

    Example:
      >>> check_layers("cache", [Cached(None, np.ones((2, 5)), np.ones((2, 3)))])
    """
    n_prev, m = layers[0].W.shape[1], layers[0].A.shape[1]
    for l, (_, A, W, _, D) in enumerate(layers, start=1):
        n = A.shape[0]
        check_shape(f"{name}'s A{l}", A, (n, m), "m from A1")
        check_shape(f"{name}'s W{l}", W, (n, n_prev), "of the A beside it")
        if D is not None:
            check_shape(f"{name}'s D{l}", D, (n, m), f"of A{l}")
        n_prev = n


def planar_cache(name: str, value: Any) -> Dictionary:
    """{"A1", "A2"}, and "Z1" where it is there; other keys left out.

    Example:
      >>> sorted(planar_cache("cache", {"A1": [[1]], "A2": [[1]], "Z2": None}))
      ['A1', 'A2']
    """
    keys = _mapping(name, value, of="A1 and A2")
    if not {"A1", "A2"} <= set(keys):
        raise BadValueError(f"{name} must have the keys A1, A2, got {_few(keys)}")
    held = [key for key in ("A1", "A2", "Z1") if key in keys]
    return {key: matrix(_entry(name, key), value[key]) for key in held}


LinearTuple = tuple[Matrix, Matrix, Matrix]


def linear_cache(name: str, value: Any) -> LinearTuple:
    """(A_prev, W, b), which fit together.

    Example:
      >>> cache = linear_cache("cache", ([[1], [2]], [[3, 4]], [[5]]))
      >>> [array.shape for array in cache]
      [(2, 1), (1, 2), (1, 1)]
    """
    entries = _listed(name, value, of="A_prev, W and b")
    if len(entries) != 3:
        raise BadValueError(f"{name} must hold A_prev, W and b, got {len(entries)}")
    A_prev, W, b = (
        matrix(f"{name}'s {symbol}", entry)
        for symbol, entry in zip(("A_prev", "W", "b"), entries, strict=True)
    )
    n = W.shape[0]
    check_shape(f"{name}'s W", W, (n, A_prev.shape[0]), "n_prev from A_prev")
    check_shape(f"{name}'s b", b, (n, 1), "n from W")
    return A_prev, W, b


def activation_cache(name: str, value: Any) -> tuple[LinearTuple, Matrix]:
    """((A_prev, W, b), Z), which fit together.

    Example:
      >>> _, Z = activation_cache("cache", (([[1], [2]], [[3, 4]], [[5]]), [[6]]))
      >>> Z
      array([[6.]])
    """
    entries = _listed(name, value, of="(A_prev, W, b) and Z")
    if len(entries) != 2:
        raise BadValueError(
            f"{name} must hold (A_prev, W, b) and Z, got {len(entries)}"
        )
    linear = linear_cache(name, entries[0])
    Z = matrix(f"{name}'s Z", entries[1])
    A_prev, W, _ = linear
    check_shape(f"{name}'s Z", Z, (len(W), A_prev.shape[1]), "n from W, m from A_prev")
    return linear, Z


def caches(name: str, value: Any) -> list[tuple[LinearTuple, Matrix]]:
    """((A_prev, W, b), Z) of every layer, which fit together.

    Example:
      >>> cache = (([[1], [2]], [[3, 4]], [[5]]), [[6]])
      >>> len(caches("caches", [cache]))
      1
    """
    entries = _listed(name, value, of="((A_prev, W, b), Z)")
    if not entries:
        raise BadValueError(f"{name} must hold one cache for each layer, got none")
    found = [activation_cache(f"{name}[{l}]", of) for l, of in enumerate(entries)]
    for l, ((_, below), ((A_prev, _, _), _)) in enumerate(pairwise(found), start=1):
        wanted = f"of Z in {name}[{l - 1}]"
        check_shape(f"{name}[{l}]'s A_prev", A_prev, below.shape, wanted)
    return found


def names(name: str, value: Any) -> list[str]:
    """Two class names, bytes or texts.

    Example:
      >>> names("classes", [b"non-cat", "cat"])
      ['non-cat', 'cat']
    """
    entries = _listed(name, value, of="two names")
    if len(entries) != 2 or not all(isinstance(of, (str, bytes)) for of in entries):
        raise BadTypeError(f"{name} must be two names, got {shown(value)}")
    return [
        of if isinstance(of, str) else of.decode(errors="replace") for of in entries
    ]


# ---- the words of the course -------------------------------------------------------

KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("X", "A", "A_prev", "AL", "A3", "W", "b", "dZ", "dA"), matrix),
    **dict.fromkeys(("Y", "y", "p"), row),
    **dict.fromkeys(("n_x", "n_h", "n_y", "m", "num_iterations", "every"), whole),
    **dict.fromkeys(("layer_dims", "layers_dims"), sizes),
    **dict.fromkeys(("print_cost", "print_msg", "from_logits"), flag),
    **dict.fromkeys(("x", "theta"), number()),
    **dict.fromkeys(("grads", "gradients"), dictionary("d")),
    **dict.fromkeys(("hidden", "activation"), activation),
    "Z": array,
    "costs": array,
    "cache": tuple_cache(),
    "caches": caches,
    "classes": names,
    "data_folder": folder,
    "epsilon": number(low=0, low_open=True),
    "initialization": one_of("zeros", "random", "he"),
    "keep_prob": number(low=0, high=1, low_open=True),
    "lambd": number(low=0),
    "learning_rate": number(low=0, low_open=True),
    "model": function,
    "parameters": dictionary(),
    "scale": or_none(number(low=0)),
    "seed": seed,
}
