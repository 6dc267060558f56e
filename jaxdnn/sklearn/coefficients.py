"""The parameters as scikit-learn has them, and as this library does.

coefs_[l - 1] = W_lᵀ (n_{l-1}, n_l)        intercepts_[l - 1] = b_l (n_l,)
"""

from typing import Any

import jax
import numpy as np
import numpy.typing as npt
from jax.typing import DTypeLike

from jaxdnn.arrays import HOST
from jaxdnn.parameters import Layer, Parameters

Coefficients = tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]]]


def as_coefficients(params: Parameters) -> Coefficients:
    """Weights and biases: arrays of NumPy's, and nobody else's.

    Example:
      >>> coefs, intercepts = as_coefficients([(np.ones((1, 2)), np.ones((1, 1)))])
      >>> coefs[0].shape, intercepts[0].shape
      ((2, 1), (1,))
    """
    params = jax.device_get(params)
    return (
        [np.array(W.T, order="C") for W, _ in params],
        [np.array(b[:, 0]) for _, b in params],
    )


def as_layers(
    coefs: list[npt.NDArray[Any]], intercepts: list[npt.NDArray[Any]], dtype: DTypeLike
) -> Parameters:
    """The network's parameters, on the host.

    Example:
      >>> as_layers([np.ones((2, 1))], [np.ones(1)], np.float32)[0].W.shape
      (1, 2)
    """
    return tuple(
        Layer(
            HOST.ascontiguousarray(np.asarray(W, dtype).T),
            HOST.asarray(b, dtype).reshape(-1, 1),
        )
        for W, b in zip(coefs, intercepts, strict=True)
    )


def check_goes_on(
    name: str, coefs: list[npt.NDArray[Any]], hidden: list[int], outputs: int
) -> None:
    """Refuse to go on from the parameters of another network.

    Args:
      name: of the estimator.
      coefs: what there is to go on from.
      hidden, outputs: how many units each hidden layer is to have, and the last.

    Raises:
      ValueError: it has others.

    Example:
      >>> check_goes_on("MLPRegressor", [np.ones((2, 1))], [], 3)
      Traceback (most recent call last):
      ValueError: y has 3 outputs, but MLPRegressor goes on from a fit with 1
    """
    *before, last = (W.shape[1] for W in coefs)
    found = f"but {name} goes on from a fit with"
    if outputs != last:
        raise ValueError(f"y has {outputs} outputs, {found} {last}")
    if hidden != before:
        raise ValueError(f"hidden_layer_sizes is {hidden}, {found} {before}")
