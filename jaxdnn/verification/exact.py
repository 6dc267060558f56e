"""Everything is verified in float64, and the process is left as it was."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import jax
import numpy as np

from jaxdnn._checks import check_concrete, check_finite
from jaxdnn.verification.units import Values


@contextmanager
def exact_arithmetic() -> Generator[None]:
    """float64 and full-precision products inside; the process as it was outside.

    Numbers go between host and device, and dtypes are promoted, whatever the caller's
    modes forbid. A probe may well end in NaN: who looks for one does not mean that.
    """
    with (
        jax.enable_x64(True),
        jax.default_matmul_precision("highest"),
        jax.numpy_dtype_promotion("standard"),
        jax.transfer_guard("allow"),
        jax.debug_nans(False),
        jax.debug_infs(False),
    ):
        yield


def to_float64(name: str, value: Any) -> Values:
    """The value, exactly, as a float64 array; refuse NaN, infinity and tracers."""
    check_concrete(name, value)
    array = np.asarray(value, np.float64)
    check_finite(name, array)
    return array
