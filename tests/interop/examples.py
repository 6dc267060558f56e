"""Parameters and inputs that are sent to other libraries."""

import jax
import numpy as np

from tests.export.models import parameters as parameters

X = np.random.default_rng(5).normal(size=(3, 8)).astype(np.float32)


def same(found, wanted):
    """All bits, and the layers' kind."""
    jax.tree.map(np.testing.assert_array_equal, found, wanted)
