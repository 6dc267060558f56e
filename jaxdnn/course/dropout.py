"""Inverted dropout as the notebooks have it: one mask, drawn again at every pass.

They seed the generator inside the forward pass, so every iteration drops the same
units. The published numbers came about that way; `jaxdnn.fit` draws new masks.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from jaxdnn.activations import Activation, relu, relu_backward
from jaxdnn.arrays import on_device
from jaxdnn.course._programs import check_input, forward, to_params
from jaxdnn.course.admission import (
    Dictionary,
    Matrix,
    admits,
    listed_sizes,
    tuple_cache,
)
from jaxdnn.course.networks import TupleCache, backward_from_tuple
from jaxdnn.dropout import DropoutCache, dropout_backward


@admits(hidden_sizes=listed_sizes)
def fixed_masks(
    hidden_sizes: tuple[int, ...], m: int, keep_prob: float
) -> list[NDArray[np.bool_]]:
    """D_l (n_l, m) of every hidden layer, from seed 1.

    Raises:
      ValueError: keep_prob is outside (0, 1].

    Example:
      >>> fixed_masks([2], 5, keep_prob=0.5)[0].astype(int).tolist()
      [[1, 0, 1, 1, 1], [1, 1, 1, 1, 0]]
    """
    rng = np.random.RandomState(1)
    return [rng.rand(n, m) < keep_prob for n in hidden_sizes]


# Kept, so that a second run under the same masks finds its program compiled; admitted
# first, so that what is kept is made of plain numbers, whatever equal to them came in.
@admits(hidden_sizes=listed_sizes)
@lru_cache(maxsize=32)
def dropped_relus(
    hidden_sizes: tuple[int, ...], m: int, keep_prob: float
) -> tuple[Activation, ...]:
    """ReLU and its layer's fixed mask as one activation, for every hidden layer.

    Args:
      hidden_sizes: (n_1, ..., n_{L-1}); m: the number of examples.
      keep_prob: the probability that a hidden activation is kept.

    Raises:
      ValueError: keep_prob is outside (0, 1].

    Example:
      >>> (g,) = dropped_relus((2,), 5, 0.5)
      >>> g.forward(np.ones((2, 5))).tolist()
      [[2.0, 0.0, 2.0, 2.0, 2.0], [2.0, 2.0, 2.0, 2.0, 0.0]]
    """
    return tuple(
        _dropped_relu(DropoutCache(on_device(D), float(keep_prob)))
        for D in fixed_masks(hidden_sizes, m, keep_prob)
    )


def _dropped_relu(mask: DropoutCache) -> Activation:
    return Activation(
        "relu under a fixed mask",
        # Masking is linear and diagonal: its backward is the masking itself.
        forward=lambda Z: dropout_backward(relu(Z), mask),
        backward=lambda dA, Z: relu_backward(dropout_backward(dA, mask), Z),
    )


@admits()
def forward_propagation_with_dropout(
    X: Matrix, parameters: Mapping[str, Matrix], keep_prob: float = 0.5
) -> tuple[Matrix, TupleCache]:
    """ReLU layers under inverted dropout; the masks are those of seed 1, every time.

    Args:
      X: (n_x, m).
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).
      keep_prob: the probability that a hidden activation is kept.

    Returns:
      AL (n_L, m) and (Z_1, D_1, A_1, W_1, b_1, ..., Z_L, A_L, W_L, b_L).

    Raises:
      ValueError: shapes disagree, or a key is missing.

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters
      >>> parameters = initialize_parameters([2, 3, 2, 1])
      >>> A3, cache = forward_propagation_with_dropout(np.ones((2, 5)), parameters)
      >>> cache[1].dtype, len(cache)
      (dtype('bool'), 14)
    """
    params = to_params(parameters)
    check_input(params, X)
    dropped = tuple(W.shape[0] for W, _ in params[:-1]), X.shape[1], keep_prob
    masks = fixed_masks(*dropped)
    layers = forward((*dropped_relus(*dropped), "sigmoid"), params, X)
    cache: list[Matrix] = []
    for l, (Z, A) in enumerate(layers, start=1):
        cache += [Z, *masks[l - 1 : l], A, parameters[f"W{l}"], parameters[f"b{l}"]]
    return layers[-1][1], tuple(cache)


@admits(cache=tuple_cache("ZDAWb"))
def backward_propagation_with_dropout(
    X: Matrix, Y: Matrix, cache: TupleCache, keep_prob: float
) -> Dictionary:
    """The backward of forward_propagation_with_dropout: dA by D, then by A > 0.

    Args:
      X: (n_x, m); Y: (n_L, m) or (m,).
      cache: what forward_propagation_with_dropout returned; D, A and W are read.
      keep_prob: the one it was called with.

    Returns:
      dA_l (masked and scaled) of the hidden layers, dZ_l, dW_l, db_l by name.

    Raises:
      ValueError: shapes disagree, or keep_prob is outside (0, 1].

    Example:
      >>> from jaxdnn.course.initialization import initialize_parameters
      >>> X, parameters = np.ones((2, 5)), initialize_parameters([2, 3, 2, 1])
      >>> A3, cache = forward_propagation_with_dropout(X, parameters, 0.5)
      >>> grads = backward_propagation_with_dropout(X, np.ones((1, 5)), cache, 0.5)
      >>> bool((grads["dA1"][~cache[1]] == 0).all())
      True
    """
    return backward_from_tuple(X, Y, cache, keep_prob=keep_prob)
