"""One small problem that most tests of the checker share, and so its programs."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest

from jaxdnn import Layer, Network

DIMS = (3, 5, 5, 2)


class Small(NamedTuple):
    """What `verify` is called with: tanh, two sigmoid outputs, NumPy float64."""

    network: Network
    params: tuple[Layer, ...]
    X: Any
    Y: Any


@pytest.fixture
def small() -> Small:
    rng = np.random.default_rng(3)
    params = tuple(
        Layer(rng.normal(size=(n, n_prev)), 0.1 * rng.normal(size=(n, 1)))
        for n_prev, n in pairwise(DIMS)
    )
    X, Y = rng.normal(size=(DIMS[0], 12)), rng.integers(0, 2, (DIMS[-1], 12))
    return Small(Network(DIMS, "tanh", "sigmoid"), params, X, Y.astype(float))
