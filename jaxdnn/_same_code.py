"""When functions made anew are the same: equal code over equal values.

JAX compiles once for a function object and keeps the program as long as the process
lives. Whoever writes `optax.adam(1e-3)`, a schedule or an Activation inside a loop
makes new objects of the same functions each time; compared by what they are made of,
they share one program.

Two functions are the same if their code is equal, and so are their defaults, what they
close over and the globals that they name, down to numbers, texts, types and the modules
of libraries. Anything else that can change, such as an object of a class, is the same
only as itself, and so is every function that reaches it.
"""

import sys
from collections.abc import Iterable
from dataclasses import fields
from functools import cached_property, partial
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any, Generic, TypeVar

import numpy as np

_T = TypeVar("_T")

# Modules whose attributes stay what they are.
_LIBRARIES = frozenset({"jax", "jaxlib", "numpy", "optax", "chex", "jaxdnn"})

# What is looked at before a function counts as itself alone, and array entries.
_MOST_PARTS, _MOST_ENTRIES = 5000, 4096


class SameCode(Generic[_T]):
    """A value that equals another of the same code: a key for compiled programs.

    Example:
      >>> def scaled(by):
      ...     return lambda x: by * x
      >>> (
      ...     SameCode(scaled(2)) == SameCode(scaled(2)),
      ...     SameCode(scaled(2)) == SameCode(scaled(3)),
      ... )
      (True, False)
    """

    __slots__ = ("_hash", "_print", "value")

    def __init__(self, value: _T) -> None:
        self.value = value
        try:
            self._print: Any = _Reading().of(value)
        except _OpaqueError:
            self._print = _Itself(value)
        self._hash = hash(self._print)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SameCode):
            return NotImplemented
        return self._hash == other._hash and self._print == other._print

    def __hash__(self) -> int:
        return self._hash


class OfCode:
    """Fields that are functions: a dataclass whose values are equal if theirs are.

    What goes through pickle is the fields alone: another process compares anew.
    """

    @cached_property
    def _key(self) -> tuple[SameCode[Any], ...]:
        # One by one: a field that may change is itself, whatever holds it.
        return tuple(map(SameCode, self.__getstate__().values()))

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __getstate__(self) -> dict[str, Any]:
        of: Any = self
        return {field.name: getattr(self, field.name) for field in fields(of)}


class _OpaqueError(Exception):
    """There is something that may change."""


class _Itself:
    """An object that equals nothing else; held, so that its address stays its own."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.value is self.value

    def __hash__(self) -> int:
        return id(self.value)


class _Reading:
    """One look at a value, as nested tuples that can be compared."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._held: list[Any] = []

    def of(self, value: Any) -> Any:
        """What the value is made of; _OpaqueError if that cannot be said."""
        if value is None or value is Ellipsis or isinstance(value, (bool, str, bytes)):
            return value
        if isinstance(value, (int, float, complex, np.generic)):
            return type(value), repr(value)
        if isinstance(value, (BuiltinFunctionType, np.ufunc, np.dtype)):
            return _Itself(value)
        if isinstance(value, ModuleType):
            return self._module(value)
        # A function may close over itself: what was seen is known by its number.
        if id(value) in self._seen:
            return "seen", self._seen[id(value)]
        self._seen[id(value)] = len(self._seen)
        self._held.append(value)
        if len(self._seen) > _MOST_PARTS:
            raise _OpaqueError
        return type(value).__name__, self._inside(value)

    def _inside(self, value: Any) -> Any:
        if isinstance(value, FunctionType):
            return self._function(value)
        if isinstance(value, partial):
            return self.of((value.func, value.args, value.keywords))
        if isinstance(value, (tuple, list)):
            return type(value), *map(self.of, value)
        if isinstance(value, (set, frozenset)):
            return frozenset(map(self.of, value))
        if type(value) is dict:
            return (*((self.of(key), self.of(of)) for key, of in value.items()),)
        if type(value) is np.ndarray and value.dtype.kind in "biufc":
            if value.size > _MOST_ENTRIES:
                raise _OpaqueError
            return value.dtype.str, value.shape, value.tobytes()
        if _is_of_library(value):
            return _Itself(value)
        raise _OpaqueError

    def _function(self, function: FunctionType) -> Any:
        try:
            cells = [cell.cell_contents for cell in function.__closure__ or ()]
        except ValueError:  # not filled yet
            raise _OpaqueError from None
        named: Iterable[str] = ()
        if not _is_library(function.__module__):
            named = sorted(_names(function.__code__) & function.__globals__.keys())
        return (
            function.__code__,
            self.of(function.__defaults__),
            self.of(function.__kwdefaults__),
            *map(self.of, cells),
            *((name, self.of(function.__globals__[name])) for name in named),
        )

    def _module(self, module: ModuleType) -> Any:
        if not _is_library(module.__name__):
            raise _OpaqueError
        return _Itself(module)


def _names(code: CodeType) -> set[str]:
    """The globals, and attributes, that code and the functions in it name."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _names(constant)
    return found


def _is_library(module: str | None) -> bool:
    root = (module or "").partition(".")[0]
    return root in _LIBRARIES or root in sys.stdlib_module_names


def _is_of_library(value: Any) -> bool:
    """Whether it is a class of a library, or a function that jit or the like gave."""
    home = getattr(value, "__module__", None)
    if not callable(value) or not isinstance(home, str) or not _is_library(home):
        return False
    found: Any = sys.modules.get(home)
    for part in getattr(value, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found is value
