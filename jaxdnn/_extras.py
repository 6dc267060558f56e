"""Libraries that are not always there, imported when they are first needed."""

import importlib
from types import ModuleType

_DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def require(module_name: str, extra: str | None = "app") -> ModuleType:
    """The module, imported now.

    Args:
      module_name: of it.
      extra: of jaxdnn that brings its library; None where that is up to the caller.

    Raises:
      ModuleNotFoundError: its library is not installed, in one line that says how to
        install it: "jaxdnn: this needs scikit-learn; install it with: pip install
        'jaxdnn[app]'".

    Example:
      >>> require("json").dumps([1, 2])
      '[1, 2]'
    """
    library = module_name.partition(".")[0]
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # A library that is there but broken has a cause of its own to show.
        if error.name is None or error.name.partition(".")[0] != library:
            raise
        distribution = _DISTRIBUTIONS.get(library, library)
        wanted = distribution if extra is None else f"'jaxdnn[{extra}]'"
        raise ModuleNotFoundError(
            f"jaxdnn: this needs {distribution}; install it with: pip install {wanted}",
            name=library,
        ) from None
