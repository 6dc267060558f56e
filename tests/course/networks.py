"""The networks that the course's functions are tried on."""

import numpy as np


def network(rng, *dims):
    """Random parameters, X (n_x, 5) and Y (1, 5)."""
    parameters = {}
    for l in range(1, len(dims)):
        parameters[f"W{l}"] = rng.randn(dims[l], dims[l - 1])
        parameters[f"b{l}"] = rng.randn(dims[l], 1)
    return parameters, rng.randn(dims[0], 5), np.array([[1, 0, 1, 1, 0]])
