"""Probes of a caller's loss raise warnings that say nothing of the loss."""

import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import numpy as np

# Python keeps one list of filters for all threads: two that put back what each found
# would leave the other's behind.
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def quiet() -> Generator[None]:
    """No warning from inside; the process's filters are as they were after it.

    Example:
      >>> with quiet():
      ...     float(np.log(np.float64(0.0)))
      -inf
    """
    with _ONE_AT_A_TIME, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
