"""What a prompt shows of a value: a few lines, however large it is.

Every `__repr__` of the library is made of these words; what is not told in a line or a
table is told field by field.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from functools import wraps
from typing import Any, TypeVar

import jax
import numpy as np
from numpy.typing import NDArray

_T = TypeVar("_T")

# Entries of an array that are shown; of more, its shape and dtype.
MOST = 64
_BLOCKS, _NOT_FINITE, _WIDTH = "▁▂▃▄▅▆▇█", "!", 32


def never_raises(told: Callable[[_T], str]) -> Callable[[_T], str]:
    """A `__repr__` that goes field by field where the value is not as it expects.

    Under a trace, mapped by `jax.tree.map` or given away to the device, it holds other
    things than the numbers that are to be told.
    """

    @wraps(told)
    def whatever_it_holds(self: _T) -> str:
        try:
            return told(self)
        except Exception:
            return by_field(self)

    return whatever_it_holds


def by_field(value: object) -> str:
    r"""A named tuple or a dataclass: its fields, each in brief.

    Example:
      >>> from jaxdnn.parameters import Layer
      >>> by_field(Layer(np.zeros((512, 784)), np.zeros((2, 1))))
      'Layer(W=(512, 784) float64, b=array([[0.],\n       [0.]]))'
    """
    names = (
        [field.name for field in fields(value)]
        if is_dataclass(value)
        else getattr(value, "_fields", ())
    )
    told = ", ".join(f"{name}={brief(getattr(value, name))}" for name in names)
    return f"{type(value).__name__}({told})"


def brief(value: Any) -> str:
    """A value's own repr, but of a large array its shape and dtype.

    Example:
      >>> brief(0.5), brief(np.zeros((512, 784), np.float32))
      ('0.5', '(512, 784) float32')
    """
    large = isinstance(value, (np.ndarray, jax.Array)) and value.size > MOST
    return f"{value.shape} {value.dtype}" if large else repr(value)


def as_said(value: Any) -> str:
    """A dataclass: the fields that are not what they are where nothing is said.

    Example:
      >>> from jaxdnn.models import DataRecipe
      >>> as_said(DataRecipe("moons", seed=3))
      "DataRecipe(source='moons', seed=3)"
    """
    plain = type(value)()
    said = [
        f"{field.name}={getattr(value, field.name)!r}"
        for field in fields(value)
        if getattr(value, field.name) != getattr(plain, field.name)
    ]
    return f"{type(value).__name__}({', '.join(said)})"


def number(value: Any) -> str:
    """Four digits of a number; the name of a function, as a schedule is.

    Example:
      >>> number(0.123456), number(np.float32(3)), number(None), number(abs)
      ('0.1235', '3', '', 'abs')
    """
    if value is None:
        return ""
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    return f"{float(value):.4g}"


def numbers(values: Any) -> NDArray[np.float64]:
    """One number an epoch, brought to the host.

    Raises:
      TypeError: they are not: traced, or of several runs at once.
    """
    found = np.asarray(jax.device_get(values))
    if found.ndim != 1 or found.dtype.kind == "O":
        raise TypeError("not one number an epoch")
    return found.astype(np.float64)


def series(name: str, values: Any) -> str:
    """From what to what a recorded quantity went, and how.

    Example:
      >>> series("cost", np.linspace(1, 0, 8) ** 2)
      'cost              1 -> 0                 █▆▄▃▂▁▁▁'
    """
    found = numbers(values)
    first, last = number(found[0]), number(found[-1])
    if np.array_equal(found, np.full_like(found, found[0]), equal_nan=True):
        return f"{name:<17} {first}"
    return f"{name:<17} {f'{first} -> {last}':<22} {sparkline(found)}"


def sparkline(values: NDArray[np.float64]) -> str:
    """A curve in a line of signs; "!" where it is not finite.

    Example:
      >>> sparkline(np.array([3.0, 2.0, 1.0, np.nan]))
      '█▄▁!'
    """
    parts = np.array_split(values, min(_WIDTH, len(values)))
    means = np.array([part.mean() for part in parts])
    finite = means[np.isfinite(means)]
    low = finite.min(initial=np.inf)
    # Halved, the range of the largest numbers is finite as well.
    spread = finite.max(initial=-np.inf) / 2 - low / 2
    share = (means / 2 - low / 2) / spread if spread > 0 else np.zeros(len(means))
    return "".join(
        _BLOCKS[int(7 * at)] if np.isfinite(mean) else _NOT_FINITE
        for mean, at in zip(means, share, strict=True)
    )


def sizes(params: Any) -> str:
    """The network that parameters are of.

    Example:
      >>> from jaxdnn.parameters import Layer
      >>> sizes((Layer(np.zeros((4, 2)), np.zeros((4, 1))),))
      '2-4, 12 parameters, float64'
    """
    shapes = [(n_prev, n) for n, n_prev in (layer.W.shape for layer in params)]
    dims = [shapes[0][0], *(n for _, n in shapes)]
    count = sum(layer.W.size + layer.b.size for layer in params)
    return f"{'-'.join(map(str, dims))}, {count:,} parameters, {params[0].W.dtype}"


def block(heading: str, lines: Iterable[str]) -> str:
    """A heading, and lines set in below it."""
    return "\n  ".join([heading, *lines])


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    r"""Lines of cells, each column as wide as it has to be; empty columns are left out.

    Example:
      >>> print("\n".join(table(["seed", "l2", "cost"], [["0", "", "0.25"]])))
      seed  cost
         0  0.25
    """
    columns = zip(headings, *rows, strict=True)
    kept = [column for column in columns if any(column[1:])]
    widths = [max(map(len, column)) for column in kept]
    for line in zip(*kept, strict=True):
        pairs = zip(line, widths, strict=True)
        yield "  ".join(f"{cell:>{width}}" for cell, width in pairs)
