"""Imports of a command: of what comes nothing goes, so no garbage is looked for."""

import gc
import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from jaxdnn._extras import require


def imported(name: str) -> ModuleType:
    """The module of this package, and JAX with it.

    Example:
      >>> imported("jaxdnn._names").__name__
      'jaxdnn._names'
    """
    if name not in sys.modules:
        with _uncollected():
            import_module(name)
    return sys.modules[name]


def needed(*libraries: str) -> None:
    """Import what a command cannot do without.

    Raises:
      ModuleNotFoundError: as `require`.

    Example:
      >>> needed("json")
    """
    if new := [name for name in libraries if sys.modules.get(name) is None]:
        with _uncollected():
            for name in new:
                require(name)


@contextmanager
def _uncollected() -> Generator[None]:
    """A hundred thousand objects come, and none of them goes.

    To look for garbage among them again and again would be a tenth of a small run.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()
