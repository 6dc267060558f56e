"""A trained model: a network, its parameters, and how a table's columns reach it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn import Network, Parameters, predict, predict_proba
from jaxdnn.buckets import padded_size
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table, read_table

Rows = Table | str | os.PathLike[str]


class Prediction(NamedTuple):
    """What a model says of m rows.

    values (m,): class names, or numbers in the target's units; probabilities (k, m):
    one row for each class, none for numbers.
    """

    values: NDArray[Any]
    probabilities: NDArray[Any] | None


class Scores(NamedTuple):
    """How good a model's predictions are.

    rows: how many were predicted; measures: {"accuracy": ...} of classes, {"R2": ...,
    "RMSE": ...} of numbers, RMSE in the target's units.
    """

    rows: int
    measures: dict[str, float]


@dataclass(frozen=True, eq=False)
class Model:
    """What a model file holds."""

    network: Network
    params: Parameters
    preprocessing: Preprocessing

    def table(self, rows: Rows) -> Table:
        """The rows, read as the training's were where they are a file's name."""
        if isinstance(rows, Table):
            return rows
        return read_table(rows, text_columns=self.preprocessing.text_columns)

    def predict(self, rows: Rows) -> Prediction:
        """Labels and probabilities, or numbers, for every row.

        Args:
          rows: a table, or the name of a CSV, Parquet or NPZ file.

        Raises:
          ValueError: the table is not like the one the model was trained on.
          FileNotFoundError: there is no such file.

        Example:
          >>> from jaxdnn import Layer
          >>> from jaxdnn.data.columns.categories import Categories
          >>> from jaxdnn.data.columns.numbers import Numbers
          >>> kinds = Categories("kind", ("cat", "dog"))
          >>> columns = Preprocessing((Numbers("x", mean=2, deviation=1),), kinds)
          >>> params = (Layer(np.ones((1, 1)), np.zeros((1, 1))),)
          >>> table = Table("t", {"x": np.array([1.0, 3.0])})
          >>> Model(Network((1, 1)), params, columns).predict(table).values.tolist()
          ['cat', 'dog']
        """
        X, m = self._padded(self.table(rows))
        target = self.preprocessing.target
        values = target.decode(self._said(X)[:, :m])
        if not target.classes:
            return Prediction(values, None)
        AL = np.asarray(predict_proba(self.network, self.params, X))[:, :m]
        return Prediction(values, target.probabilities(AL))

    def evaluate(self, rows: Rows | Iterable[Table]) -> Scores:
        """How good the predictions are for rows whose target is known.

        Args:
          rows: a table, the name of a file, or tables, the pieces of a large one.

        Raises:
          ValueError: the table is not like the one the model was trained on, lacks the
            target or a value of it; no rows.
          FileNotFoundError: there is no such file.

        Example:
          >>> from jaxdnn import Layer
          >>> from jaxdnn.data.columns.numbers import Numbers
          >>> columns = Preprocessing((Numbers("x", 0, 1),), Numbers("y", 0, 1))
          >>> params = (Layer(np.ones((1, 1)), np.zeros((1, 1))),)
          >>> model = Model(Network((1, 1), output="identity"), params, columns)
          >>> x = np.array([1.0, 3.0])
          >>> model.evaluate(Table("t", {"x": x, "y": x}))
          Scores(rows=2, measures={'R2': 1.0, 'RMSE': 0.0})
        """
        one = isinstance(rows, (Table, str, os.PathLike))
        target = self.preprocessing.target
        sums: list[NDArray[np.float64]] = []
        for table in [self.table(rows)] if one else rows:
            if target.name not in table.columns:
                raise ValueError(
                    f"{table.source}: no column {target.name!r} to compare with"
                )
            X, m = self._padded(table)
            said = target.decode(self._said(X)[:, :m])
            sums.append(target.tally(target.cells(table), said))
        if not sums:
            raise ValueError("there are no rows to evaluate")
        total = sum(sums[1:], sums[0])
        return Scores(int(total[0]), target.scores(total))

    def _padded(self, table: Table) -> tuple[Array, int]:
        """X, filled up with zeros to a size that other tables share; how many count."""
        X = self.preprocessing.inputs(table)
        m = X.shape[1]
        return jax.device_put(np.pad(X, ((0, 0), (0, padded_size(m) - m)))), m

    def _said(self, X: Array) -> NDArray[Any]:
        return np.asarray(predict(self.network, self.params, X))
