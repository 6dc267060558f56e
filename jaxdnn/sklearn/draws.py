"""What is drawn at random: on the host, and in scikit-learn's order.

The same `random_state` gives the same parameters, and the same orders of the examples.
"""

from collections.abc import Iterable
from copy import deepcopy
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from jax.typing import DTypeLike

from jaxdnn.activations import Activation
from jaxdnn.sklearn.coefficients import Coefficients

# An activation's names here and in scikit-learn.
_LOGISTIC = ("logistic", "sigmoid")


def initial_coefficients(
    random: np.random.RandomState,
    sizes: Iterable[int],
    activations: Iterable[str | Activation],
    dtype: DTypeLike,
) -> Coefficients:
    """Weights (n_prev, n) and biases (n,), uniform within √(6 / (n_prev + n)).

    Before a logistic activation it is √(2 / (n_prev + n)).

    Args:
      random: each layer's weights are drawn from it, then its biases, in float64.
      sizes: n_0, ..., n_L.
      activations: one for each of the L layers.
      dtype: what the draws are rounded to.

    References:
      Glorot & Bengio (2010), AISTATS.

    Example:
      >>> random = np.random.RandomState(0)
      >>> W, b = initial_coefficients(random, (3, 3), ["relu"], np.float32)
      >>> W[0].shape, bool(abs(b[0]).max() < 1)
      ((3, 3), True)
    """
    coefs: list[npt.NDArray[Any]] = []
    intercepts: list[npt.NDArray[Any]] = []
    for (n_prev, n), activation in zip(pairwise(sizes), activations, strict=True):
        bound = np.sqrt((2 if activation in _LOGISTIC else 6) / (n_prev + n))
        coefs.append(random.uniform(-bound, bound, (n_prev, n)).astype(dtype))
        intercepts.append(random.uniform(-bound, bound, n).astype(dtype))
    return coefs, intercepts


class Orders:
    """The orders of the epochs to come, a few epochs at a time.

    Args:
      random: shuffled with, or None for the order in which the examples lie.
      count: how many examples there are.

    Example:
      >>> orders = Orders(np.random.RandomState(0), 3)
      >>> drawn = orders.draw(2, room=4, width=8)
      >>> drawn.shape, sorted(drawn[0, :3].tolist())
      ((4, 8), [0, 1, 2])
    """

    def __init__(self, random: np.random.RandomState | None, count: int) -> None:
        self._random = random
        self._order = np.arange(count, dtype=np.int32)
        self._before: Any = None

    def draw(self, epochs: int, room: int, width: int) -> npt.NDArray[np.int32]:
        """The next orders, (room, width): row for row, the examples' numbers first."""
        if self._random is not None:
            self._before = self._random.get_state(legacy=False), self._order
        orders = np.zeros((room, width), np.int32)
        for order in orders[:epochs]:
            order[: len(self._order)] = self._next()
        return orders

    def keep(self, epochs: int, drawn: int) -> None:
        """Only so many of the epochs last drawn came about: go back to there."""
        if self._random is not None and epochs < drawn:
            state, self._order = self._before
            self._random.set_state(state)
            for _ in range(epochs):
                self._next()

    def _next(self) -> npt.NDArray[np.int32]:
        if self._random is not None:
            places = np.arange(len(self._order))
            self._random.shuffle(places)
            self._order = self._order[places]
        return self._order


def dropout_seed(random: np.random.RandomState) -> int:
    """A seed that follows from the state of `random`, which stays as it is.

    Example:
      >>> random = np.random.RandomState(0)
      >>> dropout_seed(random) == dropout_seed(random)
      True
    """
    return int(deepcopy(random).randint(2**31))
