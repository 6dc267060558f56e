"""A trained model: a network, its parameters, and how a table's columns reach it."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxdnn import Network, Parameters
from jaxdnn._checks import check_kind
from jaxdnn._refusals import public
from jaxdnn._shown import block, by_field, never_raises, sizes
from jaxdnn._text import printable, some
from jaxdnn.answers import answers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table, read_table
from jaxdnn.models.scores import ClassesTally, NumbersTally, Scores, tally

Rows = Table | str | os.PathLike[str]

# Of a layer, while predictions are scored.
_MOST_ACTIVATIONS = 1 << 24


class Prediction(NamedTuple):
    """What a model says of m rows.

    values (m,): class names, or numbers in the target's units; (t, m) of t targets.
    probabilities (k, m): one row for each class, none for numbers; of several targets
    of two classes (t, m), each one's second.
    """

    values: NDArray[Any]
    probabilities: NDArray[np.floating] | None

    def __repr__(self) -> str:
        return by_field(self)


def told_columns(preprocessing: Preprocessing) -> list[str]:
    """A line of the inputs' names, and one of each target's."""
    inputs = some(column.name for column in preprocessing.columns)
    lines = [f"{'inputs':<17} {printable(inputs)}"]
    for target in preprocessing.targets:
        classes = f": {some(target.classes)}" if target.classes else ""
        lines.append(f"{'target':<17} {printable(target.name + classes)}")
    return lines


@dataclass(frozen=True, eq=False)
class Model:
    """What a model file holds."""

    network: Network
    params: Parameters
    preprocessing: Preprocessing

    @never_raises
    def __repr__(self) -> str:
        return block(f"Model: {sizes(self.params)}", told_columns(self.preprocessing))

    def table(self, rows: Rows) -> Table:
        """The rows, read as the training's were where they are a file's name."""
        if isinstance(rows, Table):
            return rows
        check_kind("rows", rows, (str, os.PathLike), "a Table or the name of a file")
        return read_table(rows, reading=self.preprocessing.reading)

    @public
    def predict(self, rows: Rows, *, probabilities: bool = True) -> Prediction:
        """Labels and probabilities, or numbers, for every row.

        Args:
          rows: a table, or the name of a CSV, Parquet or NPZ file.
          probabilities: False for labels alone.

        Raises:
          ValueError: the table is not like the one the model was trained on, or what
            the network says of a row is not finite.
          FileNotFoundError: there is no such file.

        Example:
          >>> from jaxdnn import Layer
          >>> from jaxdnn.data.columns.categories import Categories
          >>> from jaxdnn.data.columns.numbers import Numbers
          >>> kinds = Categories("kind", ("cat", "dog"))
          >>> columns = Preprocessing((Numbers("x", mean=2, deviation=1),), (kinds,))
          >>> params = (Layer(np.ones((1, 1)), np.zeros((1, 1))),)
          >>> table = Table("t", {"x": np.array([1.0, 3.0])})
          >>> Model(Network((1, 1)), params, columns).predict(table).values.tolist()
          ['cat', 'dog']
        """
        said, AL = self._answers(self.table(rows))
        each = [
            target.decode(rows) for target, rows in self.preprocessing.rows_of(said)
        ]
        values = each[0] if len(each) == 1 else np.stack(each)
        first = self.preprocessing.targets[0]
        if not first.classes or not probabilities:
            return Prediction(values, None)
        return Prediction(values, first.probabilities(AL) if len(each) == 1 else AL)

    @public
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
          >>> columns = Preprocessing((Numbers("x", 0, 1),), (Numbers("y", 0, 1),))
          >>> params = (Layer(np.ones((1, 1)), np.zeros((1, 1))),)
          >>> model = Model(Network((1, 1), output="identity"), params, columns)
          >>> x = np.array([1.0, 3.0])
          >>> scores = model.evaluate(Table("t", {"x": x, "y": x}))
          >>> scores.rows, scores.measures
          (2, {'R2': 1.0, 'RMSE': 0.0, 'MAE': 0.0})
        """
        one = isinstance(rows, (Table, str, os.PathLike))
        wanted = "a Table, the name of a file, or Tables"
        if not one:
            check_kind("rows", rows, Iterable, wanted)
        targets = self.preprocessing.targets
        tallies = {target.name: tally(target) for target in targets}
        count = 0
        for table in [self.table(rows)] if one else rows:
            check_kind("rows", table, Table, wanted)
            for piece in self._in_turn(self.preprocessing.scorable(table)):
                self._add(piece, tallies)
                count += len(piece)
        if not count:
            raise ValueError("there are no rows to evaluate")
        return Scores(count, {name: each.scores() for name, each in tallies.items()})

    def _add(
        self, table: Table, tallies: Mapping[str, ClassesTally | NumbersTally]
    ) -> None:
        """Compare what is said of some rows with what they are."""
        said, AL = self._answers(table)
        both = zip(
            self.preprocessing.rows_of(said),
            self.preprocessing.rows_of(AL),
            strict=True,
        )
        for (target, labels), (_, chances) in both:
            tallied = tallies[target.name]
            tallied.add(
                target.truth(table),
                target.decode(labels),
                target.probabilities(chances) if tallied.by_chance else None,
            )

    def _in_turn(self, table: Table) -> Iterator[Table]:
        """The rows, so many at a time that their activations take little memory."""
        size = max(1024, _MOST_ACTIVATIONS // max(self.network.layer_dims))
        for first in range(0, len(table), size):
            yield (
                table if size >= len(table) else table.take(slice(first, first + size))
            )

    def _answers(self, table: Table) -> tuple[NDArray[Any], NDArray[Any]]:
        """What `predict` and `predict_proba` say (n_L, m), all of it finite."""
        X = self.preprocessing.inputs(table)
        _, said, AL = (of.T for of in answers(self.network, self.params, X.T))
        odd = ~np.isfinite(AL).all(axis=0)
        if odd.any():
            row = int(odd.argmax())
            raise ValueError(
                f"{table.source}: row {table.row(row)}: the network's answer is not "
                f"finite, got {AL[:, row].tolist()}: the row's numbers are too large"
            )
        return said, AL
