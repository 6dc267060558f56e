"""Things under their own names, for good: what ACTIVATIONS and HEADS are.

`types.MappingProxyType` would do, but goes neither through pickle nor through copy.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, TypeVar


class Named(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """Under which it is found."""
        ...


_T = TypeVar("_T", bound=Named)


class Registry(Mapping[str, _T]):
    """Name -> thing; it cannot be changed.

    Example:
      >>> from jaxdnn import HEADS
      >>> list(HEADS)
      ['sigmoid', 'softmax', 'identity', 'exp']
      >>> HEADS["relu"] = HEADS["exp"]
      Traceback (most recent call last):
      TypeError: 'Registry' object does not support item assignment
    """

    __slots__ = ("_things",)

    def __init__(self, things: Iterable[_T]) -> None:
        self._things = {thing.name: thing for thing in things}

    def __getitem__(self, name: str) -> _T:
        return self._things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)

    def __repr__(self) -> str:
        return f"Registry({', '.join(self)})"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (tuple(self._things.values()),)
