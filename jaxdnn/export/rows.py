"""Rows on which an exported file is compared with the network, where none are given."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.columns.dates import Dates
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table

COUNT = 64


def drawn_inputs(n_x: int) -> NDArray[np.float32]:
    """X (n_x, COUNT), as standardised inputs are; always the same.

    Example:
      >>> drawn_inputs(3).shape
      (3, 64)
    """
    return np.random.default_rng(0).normal(size=(n_x, COUNT)).astype(np.float32)


def drawn_table(preprocessing: Preprocessing) -> Table:
    """COUNT rows as the columns were in training, gaps and new texts among them.

    Example:
      >>> columns = Preprocessing((Numbers("x", 5.0, 1.0),), (Numbers("y", 0, 1),))
      >>> len(drawn_table(columns))
      64
    """
    rng = np.random.default_rng(0)
    gaps = preprocessing.missing in ("mean", "median")
    cells: dict[str, NDArray[Any]] = {}
    for column in preprocessing.columns:
        if isinstance(column, Numbers):
            numbers = column.mean + column.deviation * rng.normal(size=COUNT)
            cells[column.name] = np.where(
                gaps & (rng.random(COUNT) < 0.1), np.nan, numbers
            )
        elif isinstance(column, Dates):
            # From 1900 to 2100, not in the layout of training but in the one that holds
            # always.
            seconds = rng.integers(-2_208_988_800, 4_102_444_800, COUNT)
            cells[column.name] = (
                seconds.astype("datetime64[s]").astype(str).astype(object)
            )
        else:
            texts = np.array([*column.categories, "no such text"], dtype=object)
            texts = texts if gaps else texts[texts != ""]
            cells[column.name] = rng.choice(texts, COUNT)
    return Table("rows drawn to compare", cells)
