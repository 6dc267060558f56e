"""Where training starts: the notebooks' seeds, drawn from generators of their own."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from types import EllipsisType
from typing import Any, overload

import numpy as np

from jaxdnn._refusals import BadTypeError, public
from jaxdnn.course.admission import Dictionary, Matrix, admits, is_listed, sizes
from jaxdnn.course.editions import current


@admits()
def layer_sizes(X: Matrix, Y: Matrix) -> tuple[int, int, int]:
    """(n_x, n_h, n_y) of the planar network: rows of X, 4, rows of Y.

    Example:
      >>> layer_sizes(np.ones((5, 3)), np.ones((2, 3)))
      (5, 4, 2)
    """
    return X.shape[0], 4, Y.shape[0]


def _draw(
    layer_dims: Sequence[int], seed: int, scaled: Callable[[Matrix], Matrix]
) -> Dictionary:
    """W_l standard normal, then scaled; b_l zero."""
    rng = np.random.RandomState(seed)
    parameters: Dictionary = {}
    for l, (n_prev, n) in enumerate(pairwise(layer_dims), start=1):
        parameters[f"W{l}"] = scaled(rng.randn(n, n_prev))
        parameters[f"b{l}"] = np.zeros((n, 1))
    return parameters


def _over_root(W: Matrix) -> Matrix:
    return W / np.sqrt(W.shape[1])


@overload
def initialize_parameters(
    n_x: int, n_h: int, n_y: int, *, seed: int | None = None
) -> Dictionary: ...
@overload
def initialize_parameters(n_x: Sequence[int]) -> Dictionary: ...
@public
def initialize_parameters(
    n_x: Any, n_h: Any = None, n_y: Any = None, *, seed: int | None = None
) -> Dictionary:
    """Small random weights: (n_x, n_h, n_y); or a network's: (layer_dims).

    Given three sizes, the weights are normal x 0.01. The planar notebook draws them
    with seed 2, the step-by-step one and the application with seed 1, from the same
    arguments: seed=1 asks for the latter, and so does `edition(2021, "step by step")`.
    Given a list of sizes, it is the regularisation notebook's: seed 3,
    normal / sqrt(n_prev).

    Args:
      n_x, n_h, n_y: the layers' sizes, or all of them in n_x.
      seed: what three sizes are drawn from; the notebook's if None.

    Returns:
      W_l (n_l, n_{l-1}) and b_l (n_l, 1), zero.

    Raises:
      TypeError: two sizes, or what is no size.
      ValueError: a size below 1.

    Example:
      >>> initialize_parameters(2, 4, 1)["W1"][0].round(8).tolist()
      [-0.00416758, -0.00056267]
      >>> initialize_parameters(3, 2, 1, seed=1)["W2"].round(8).tolist()
      [[0.01744812, -0.00761207]]
      >>> initialize_parameters([2, 20, 3, 1])["W1"].shape
      (20, 2)
    """
    if is_listed(n_x):
        return _by_root(n_x)
    if n_h is None or n_y is None:
        raise BadTypeError("n_h and n_y must be given, or n_x be a list of all sizes")
    return _of_three(n_x, n_h, n_y, seed)


@admits(n_x=sizes)
def _by_root(n_x: tuple[int, ...]) -> Dictionary:
    return _draw(n_x, 3, _over_root)


@admits()
def _of_three(n_x: int, n_h: int, n_y: int, seed: int | None = None) -> Dictionary:
    drawn_from = current().notebook.seed if seed is None else seed
    return _draw(
        sizes("n_x, n_h, n_y", (n_x, n_h, n_y)), drawn_from, lambda W: W * 0.01
    )


@admits()
def initialize_parameters_deep(
    layer_dims: Sequence[int],
    *,
    seed: int | None = None,
    scale: float | EllipsisType | None = ...,
) -> Dictionary:
    """Normal weights x scale for every layer; / sqrt(n_prev) where scale is None.

    The step-by-step notebook has seed 3 and x 0.01, the application seed 1 and
    / sqrt(n_prev): seed=1, scale=None, or `edition(2021, "application")`.

    Args:
      layer_dims: (n_x, n_1, ..., n_L).
      seed, scale: the notebook's, where they are not given.

    Returns:
      W_l (n_l, n_{l-1}) and b_l (n_l, 1), zero.

    Raises:
      TypeError, ValueError: a size that is none, or below 1.

    Example:
      >>> initialize_parameters_deep([5, 4, 3])["W1"][0, :2].round(8).tolist()
      [0.01788628, 0.0043651]
    """
    notebooks_seed, notebooks_scale = current().notebook.deep
    factor = notebooks_scale if isinstance(scale, EllipsisType) else scale
    scaled = _over_root if factor is None else lambda W: W * factor
    return _draw(layer_dims, notebooks_seed if seed is None else seed, scaled)


@admits()
def initialize_parameters_zeros(layers_dims: Sequence[int]) -> Dictionary:
    """All zero: no symmetry is broken.

    Example:
      >>> initialize_parameters_zeros([3, 2, 1])["W2"].tolist()
      [[0.0, 0.0]]
    """
    return _draw(layers_dims, 3, np.zeros_like)


@admits()
def initialize_parameters_random(layers_dims: Sequence[int]) -> Dictionary:
    """Far too large: normal x 10, seed 3.

    Example:
      >>> initialize_parameters_random([3, 2, 1])["W2"].round(8).tolist()
      [[-0.82741481, -6.27000677]]
    """
    return _draw(layers_dims, 3, lambda W: W * 10)


@admits()
def initialize_parameters_he(layers_dims: Sequence[int]) -> Dictionary:
    """He's: normal x sqrt(2 / n_prev), seed 3.

    References:
      He et al. (2015), ICCV.

    Example:
      >>> initialize_parameters_he([2, 4, 1])["W1"][0].round(8).tolist()
      [1.78862847, 0.43650985]
    """
    return _draw(layers_dims, 3, lambda W: W * np.sqrt(2 / W.shape[1]))
