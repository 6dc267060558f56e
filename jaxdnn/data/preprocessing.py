"""From a table's columns to X and Y, and from what the network says back to words.

Figures and categories are the training part's and travel with the model. The target is
one more column, and the head follows from it:

    numbers          identity    Y (1, m), standardised
    two classes      sigmoid     Y (1, m), 1 for the second
    more classes     softmax     Y (k, m), one-hot
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.columns.kinds import Column, from_json, to_json
from jaxdnn.data.parts import Piece, listed, rows_of
from jaxdnn.data.tables import Table


@dataclass(frozen=True)
class Preprocessing:
    """What the training part says of the input columns, in their order, and the target.

    Made by `learning.learn`; it is plain numbers and names, so `to_json` says it all.
    """

    columns: tuple[Column, ...]
    target: Column

    @property
    def output(self) -> str:
        """The head that the target asks for."""
        return self.target.head

    @property
    def n_x(self) -> int:
        """How many rows X has."""
        return sum(column.width for column in self.columns)

    @property
    def n_L(self) -> int:
        """How many rows Y has."""
        return self.target.outputs

    @property
    def text_columns(self) -> list[str]:
        """The columns that a file must be read with as text."""
        return [c.name for c in (*self.columns, self.target) if c.is_text]

    def inputs(self, table: Table) -> NDArray[np.float32]:
        """X (n_x, m): the input columns by name, whatever their order in the table.

        Raises:
          ValueError: columns are missing, or were not there in training, or a cell is
            missing, infinite, or text among numbers.
        """
        names = [column.name for column in self.columns]
        found = [name for name in table.columns if name != self.target.name]
        for what, odd in (
            ("lacks columns the model was trained on", set(names) - set(found)),
            ("has columns the model was not trained on", set(found) - set(names)),
        ):
            if odd:
                raise ValueError(f"{table.source}: {what}: {listed(sorted(odd))}")
        rows: list[NDArray[Any]] = []
        for column in self.columns:
            cells = column.cells(table)
            encoded = column.encode(cells)
            too_far = (abs(encoded) > np.finfo(np.float32).max).any(axis=0)
            if too_far.any():
                row = int(too_far.argmax())
                what = f"{cells[row]} is too far from all numbers of the training"
                raise table.error(column.name, row, what)
            rows.append(encoded.astype(np.float32))
        return np.concatenate(rows)

    def targets(self, table: Table) -> NDArray[np.float32]:
        """Y (n_L, m)."""
        return self.target.encode_target(self.target.cells(table)).astype(np.float32)

    def notes(self, table: Table) -> list[str]:
        """A line about each column that holds something never seen in training."""
        return [note for c in self.columns if (note := c.note(table)) is not None]

    def to_json(self) -> dict[str, Any]:
        """Dictionaries and lists of numbers and names."""
        return {
            "columns": [to_json(column) for column in self.columns],
            "target": to_json(self.target),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Preprocessing":
        """What `to_json` said.

        Example:
          >>> from jaxdnn.data.columns.categories import Categories
          >>> said = Preprocessing((), Categories("y", ("a", "b"))).to_json()
          >>> Preprocessing.from_json(said).target.categories
          ('a', 'b')
        """
        return cls(tuple(map(from_json, said["columns"])), from_json(said["target"]))


@dataclass(frozen=True)
class Examples:
    """The rows of a part as `fit` reads them: pieces X (n_x, k), Y (n_L, k), anew."""

    pieces: Iterable[Piece]
    part: int
    preprocessing: Preprocessing

    def __iter__(self) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for table in rows_of(self.pieces, self.part):
            yield self.preprocessing.inputs(table), self.preprocessing.targets(table)

    def whole(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """All of them in one X and one Y."""
        X, Y = zip(*self, strict=True)
        return np.concatenate(X, axis=1), np.concatenate(Y, axis=1)
