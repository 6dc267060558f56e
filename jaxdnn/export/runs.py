"""Columns of one kind that stand side by side: encoded together, in few operators."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.columns.numbers import Numbers

_Column = TypeVar("_Column")


def runs(columns: Sequence[_Column]) -> Iterator[tuple[int, list[_Column]]]:
    """The place of each run's first column, and its columns.

    Example:
      >>> [(first, len(run)) for first, run in runs([1, 2, "a", 3])]
      [(0, 2), (2, 1), (3, 1)]
    """
    first = 0
    for _, alike in groupby(columns, type):
        run = list(alike)
        yield first, run
        first += len(run)


class Figures(NamedTuple):
    """What k columns of numbers are standardised by, (k,) each.

    constant: those that were so in training, and whose scale is 1 here. order: where
    each row of X is among k standardised ones and k that say where numbers are missing.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    filler: NDArray[np.float64]
    constant: NDArray[np.bool_]
    order: NDArray[np.int64]

    @classmethod
    def of(cls, columns: Sequence[Numbers]) -> "Figures":
        """Those of a run.

        Example:
          >>> columns = [Numbers("x", 1, 2, indicator=True), Numbers("y", 3, 0)]
          >>> Figures.of(columns).order.tolist()
          [0, 2, 1]
        """
        k = len(columns)
        mean, deviation = np.array([(c.mean, c.deviation) for c in columns], float).T
        filler = [c.mean if c.filler is None else c.filler for c in columns]
        order = [
            place + k * late
            for place, c in enumerate(columns)
            for late in range(1 + c.indicator)
        ]
        constant = deviation == 0
        scale = np.where(constant, 1, deviation)
        return cls(mean, scale, np.array(filler, float), constant, np.array(order))
