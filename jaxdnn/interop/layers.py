"""What all libraries' layers have in common: a name, weights and biases, an order."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jaxdnn import Parameters, params_from_dict, params_to_dict
from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.arrays import AnyArray


def admitted_chain(params: Any) -> Parameters:
    """The caller's parameters, each layer of the size that the next one takes.

    Raises:
      ValueError: shapes do not chain.
      TypeError: no parameters.

    Example:
      >>> admitted_chain([([[1.0, 2.0]], [[0.0]])])[0].W.shape
      (1, 2)
    """
    return params_from_dict(params_to_dict(params))


def chained(layers: Iterable[tuple[AnyArray, AnyArray]]) -> Parameters:
    """Parameters of W (n, n_prev) and b (n,), first to last.

    Raises:
      ValueError: there are none, or shapes do not chain.

    Example:
      >>> import numpy as np
      >>> chained([(np.ones((1, 2)), np.zeros(1))])[0].b.shape
      (1, 1)
    """
    arrays: dict[str, AnyArray] = {}
    for l, (W, b) in enumerate(layers, start=1):
        arrays |= {f"W{l}": W, f"b{l}": b.reshape(-1, 1)}
    return params_from_dict(arrays)


def names_of(layers: Any) -> list[str] | None:
    """The names of layers that the caller says, if any.

    Raises:
      TypeError: no names.

    Example:
      >>> names_of(("hidden", "out"))
      ['hidden', 'out']
    """
    if layers is None:
        return None
    if isinstance(layers, (list, tuple)):
        names = [name for name in layers if isinstance(name, str)]
        if len(names) == len(layers):
            return names
    raise BadTypeError(f"layers must be a list of names or None, got {shown(layers)}")


def in_order(names: Iterable[str], layers: Sequence[str] | None) -> list[str]:
    """The names as layers says, or as their numbers do: Dense_2 before Dense_10.

    Raises:
      ValueError: layers names one that is not there, or not all of them.

    Example:
      >>> in_order(["out", "h10", "h9"], None), in_order(["a", "b"], ("b", "a"))
      (['h9', 'h10', 'out'], ['b', 'a'])
    """
    found = sorted(names, key=_numbered)
    layers = names_of(layers)
    if layers is None:
        return found
    if sorted(layers) != sorted(found):
        raise BadValueError(
            f"layers must name each of {', '.join(found)} once, got {list(layers)}"
        )
    return list(layers)


def _numbered(name: str) -> list[tuple[bool, int, str]]:
    parts = re.findall(r"\d+|\D+", name)
    return [(not p.isdecimal(), int(p) if p.isdecimal() else 0, p) for p in parts]


def check_biases(biases: Mapping[str, Any]) -> None:
    """Refuse layers without biases.

    Raises:
      ValueError: one of them has None.

    Example:
      >>> check_biases({"out": 0.0})
    """
    for name, bias in biases.items():
        if bias is None:
            raise BadValueError(f"layer {name} must have biases, and has none")


def check_fits(what: str, found: Sequence[Any], params: Parameters) -> None:
    """Refuse layers of other shapes than the parameters'.

    Raises:
      ValueError: they differ in number or in shape; what says whose they are.

    Example:
      >>> check_fits("module", [], ())
    """
    wanted = [tuple(W.shape) for W, _ in params]
    if list(found) != wanted:
        raise BadValueError(
            f"{what} must have layers of weights {wanted} (n, n_prev), got {found}"
        )
