"""Kinds that are arrays, and dictionaries of them that fit together."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from jaxdnn._checks import check_concrete, check_finite, check_kind, check_shape
from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.arrays import admitted
from jaxdnn.course.admission.scalars import Kind

Matrix = NDArray[Any]
Dictionary = dict[str, Matrix]


def array(name: str, value: Any) -> Matrix:
    """Real numbers of any shape, in float64.

    Example:
      >>> array("Z", [1, 2]), array("Z", 0)
      (array([1., 2.]), array(0.))
    """
    if type(value) is np.ndarray and value.dtype == np.float64:
        return value
    check_concrete(name, value)
    if np.isscalar(value):
        value = np.asarray(value)
    with jax.enable_x64(True):
        return np.asarray(admitted(name, value, np.float64), np.float64)


def matrix(name: str, value: Any) -> Matrix:
    """Real numbers in two dimensions, at least one, in float64.

    Example:
      >>> matrix("X", [1.0, 2.0])
      Traceback (most recent call last):
      jaxdnn._refusals.BadValueError: X must have shape (n, m), n and m >= 1, got (2,)
    """
    found = array(name, value)
    if found.ndim != 2 or not found.size:
        raise BadValueError(
            f"{name} must have shape (n, m), n and m >= 1, got {found.shape}"
        )
    return found


def data(name: str, value: Any) -> Matrix:
    """A matrix of finite numbers.

    Example:
      >>> data("X", [[np.nan]])
      Traceback (most recent call last):
      jaxdnn._refusals.BadValueError: X must be finite, got nan at [0, 0]
    """
    found = matrix(name, value)
    check_finite(name, found)
    return found


def row(name: str, value: Any) -> Matrix:
    """A matrix of finite numbers, also where a notebook has (m,) for (1, m).

    Example:
      >>> row("Y", [1, 0])
      array([[1., 0.]])
    """
    found = array(name, value)
    return data(name, found[None] if found.ndim == 1 else found)


def zeros_and_ones(name: str, value: Any) -> Matrix:
    """A row of labels.

    Example:
      >>> zeros_and_ones("y", [1, 0])
      array([[1., 0.]])
    """
    labels = row(name, value)
    if not np.isin(labels, (0, 1)).all():
        raise BadValueError(
            f"{name} must hold 0 and 1, got {labels.min():g} to {labels.max():g}"
        )
    return labels


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


def dictionary(prefix: str = "") -> Kind:
    """W1, b1, ..., WL, bL, each with the prefix, whose shapes fit; other keys left out.

    Example:
      >>> dictionary("d")("grads", {"dW1": [[1, 2]], "db1": [[3]], "dA0": None})
      {'dW1': array([[1., 2.]]), 'db1': array([[3.]])}
    """

    def admit(name: str, value: Any) -> Dictionary:
        keys = mapping(name, value, of=f"{prefix}W1, {prefix}b1, ...")
        found = [key for key in keys if key.startswith((f"{prefix}W", f"{prefix}b"))]
        L = max(1, (len(found) + 1) // 2)
        wanted = [f"{prefix}{kind}{l}" for l in range(1, L + 1) for kind in "Wb"]
        if set(found) != set(wanted):
            raise BadValueError(
                f"{name} must have the keys {', '.join(few(wanted))}, "
                f"got {few(sorted(keys))}"
            )
        arrays = {key: matrix(entry(name, key), value[key]) for key in wanted}
        n_prev = arrays[wanted[0]].shape[1]
        for W, b in zip(wanted[::2], wanted[1::2], strict=True):
            n = len(arrays[W])
            check_shape(entry(name, W), arrays[W], (n, n_prev), "of the layers")
            check_shape(entry(name, b), arrays[b], (n, 1), f"n from {W}")
            n_prev = n
        return arrays

    return admit


def mapping(name: str, value: Any, *, of: str) -> list[str]:
    """The keys of a dictionary, all of them words.

    Example:
      >>> mapping("cache", {"A1": 0}, of="arrays")
      ['A1']
    """
    check_kind(name, value, Mapping, f"a dictionary of {of}")
    odd = [key for key in value if not isinstance(key, str)]
    if odd:
        raise BadTypeError(
            f"{name} must be a dictionary of {of}, got the key {shown(odd[0])}"
        )
    return list(value)


def entry(name: str, key: str) -> str:
    """What an entry of a dictionary is called in a refusal.

    Example:
      >>> entry("parameters", "W1")
      "parameters['W1']"
    """
    return f"{name}[{key!r}]"


def few(keys: Sequence[str]) -> list[str]:
    """The first keys, short enough to be read.

    Example:
      >>> few(["W1", "b1"])
      ['W1', 'b1']
    """
    return [shown(key).strip("'") for key in keys[:8]] + ["..."] * (len(keys) > 8)
