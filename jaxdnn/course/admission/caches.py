"""Kinds that are caches: what the notebooks' forwards leave for their backwards.

All entries must be matrices; those that the backwards read must fit together.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from jaxdnn._checks import check_shape
from jaxdnn._refusals import BadValueError
from jaxdnn.course.admission.lists import listed
from jaxdnn.course.admission.matrices import (
    Dictionary,
    Matrix,
    entry,
    few,
    mapping,
    matrix,
)
from jaxdnn.course.admission.scalars import Kind


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
      >>> import numpy as np
      >>> A, W = np.ones((1, 2)), np.ones((1, 3))
      >>> (layer,) = tuple_cache()("cache", (A, A, W, np.ones((1, 1))))
      >>> layer.W.shape
      (1, 3)
    """

    def admit(name: str, value: Any) -> list[Cached]:
        entries = listed(name, value, of="arrays")
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
      >>> import numpy as np
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
    keys = mapping(name, value, of="A1 and A2")
    if not {"A1", "A2"} <= set(keys):
        raise BadValueError(f"{name} must have the keys A1, A2, got {few(keys)}")
    held = [key for key in ("A1", "A2", "Z1") if key in keys]
    return {key: matrix(entry(name, key), value[key]) for key in held}


LinearTuple = tuple[Matrix, Matrix, Matrix]


def linear_cache(name: str, value: Any) -> LinearTuple:
    """(A_prev, W, b), which fit together.

    Example:
      >>> cache = linear_cache("cache", ([[1], [2]], [[3, 4]], [[5]]))
      >>> [array.shape for array in cache]
      [(2, 1), (1, 2), (1, 1)]
    """
    entries = listed(name, value, of="A_prev, W and b")
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
    entries = listed(name, value, of="(A_prev, W, b) and Z")
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
    entries = listed(name, value, of="((A_prev, W, b), Z)")
    if not entries:
        raise BadValueError(f"{name} must hold one cache for each layer, got none")
    found = [activation_cache(f"{name}[{l}]", of) for l, of in enumerate(entries)]
    for l, ((_, below), ((A_prev, _, _), _)) in enumerate(pairwise(found), start=1):
        wanted = f"of Z in {name}[{l - 1}]"
        check_shape(f"{name}[{l}]'s A_prev", A_prev, below.shape, wanted)
    return found
