"""From a table's columns to X and Y, and from what the network says back to words.

Figures and categories are the training part's and travel with the model. Targets are
more columns, and the head follows from them:

    numbers                    identity    Y (1, m), standardised
    counts                     exp         Y (1, m), as they are
    two classes                sigmoid     Y (1, m), 1 for the second
    more classes               softmax     Y (k, m), one-hot
    several of the first three: one row of Y each
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn._names import MISSING
from jaxdnn._text import cut, texts_of
from jaxdnn.data.columns.kinds import Column, Target, from_json, to_json
from jaxdnn.data.columns.notes import Note
from jaxdnn.data.parts import Piece, rows_of
from jaxdnn.data.selecting import Gaps, Selection, listed
from jaxdnn.data.tables import Reading, Table


@dataclass(frozen=True)
class Preprocessing:
    """What the training part says of the input columns, in order, and the targets.

    Made by `learning.learn`; it is plain numbers and names, so `to_json` says it all.

    Attributes:
      columns, targets: what was learned.
      missing: one of `_names.MISSING`: what happens to cells that hold nothing.
      left_out: columns that a table may have and that count for nothing.
      reading: how the training's file was read.
    """

    columns: tuple[Column, ...]
    targets: tuple[Target, ...]
    missing: str = "mean"
    left_out: tuple[str, ...] = ()
    reading: Reading = field(default_factory=Reading)

    @property
    def output(self) -> str:
        """The head that the targets ask for."""
        return self.targets[0].head

    @property
    def n_x(self) -> int:
        """How many rows X has."""
        return sum(column.width for column in self.columns)

    @property
    def n_L(self) -> int:
        """How many rows Y has."""
        return sum(target.outputs for target in self.targets)

    @property
    def target_names(self) -> tuple[str, ...]:
        """What is predicted."""
        return tuple(target.name for target in self.targets)

    def inputs(self, table: Table) -> NDArray[np.float32]:
        """X (n_x, m): the input columns by name, whatever their order in the table.

        Raises:
          ValueError: columns are missing, or were not there in training, or a cell is
            infinite, text among numbers, no date, or missing where that is refused.
        """
        table = self.selected(table)
        if self.missing in ("drop", "error"):
            gaps = Gaps()
            gaps.add(table)
            if gaps:
                raise ValueError(
                    f"{table.source}: missing values in {gaps}; the model was trained "
                    "on rows without any"
                )
        rows: list[NDArray[np.float32]] = []
        for column in self.columns:
            encoded = column.encode(table)
            too_far = (abs(encoded) > np.finfo(np.float32).max).any(axis=0)
            if too_far.any():
                row = int(too_far.argmax())
                what = (
                    f"{table.columns[column.name][row]} is too far from all numbers of "
                    "the training"
                )
                raise table.error(column.name, row, what)
            rows.append(encoded.astype(np.float32))
        return np.concatenate(rows)

    def outputs(self, table: Table) -> NDArray[np.float32]:
        """Y (n_L, m)."""
        rows = [target.encode_target(table) for target in self.targets]
        return np.concatenate(rows).astype(np.float32)

    def rows_of(self, said: NDArray[Any]) -> Iterator[tuple[Target, NDArray[Any]]]:
        """Each target, and its rows of what the network says of all of them."""
        first = 0
        for target in self.targets:
            rows = max(1, len(said) * target.outputs // self.n_L)
            yield target, said[first : first + rows]
            first += rows

    def scorable(self, table: Table) -> Table:
        """The rows that can be compared: they have all targets.

        Raises:
          ValueError: a target is no column of the table.
        """
        for name in self.target_names:
            if name not in table.columns:
                raise ValueError(f"{table.source}: no column {name!r} to compare with")
        inputs = tuple(column.name for column in self.columns)
        self.selected(table)
        return Selection(inputs, self.target_names, self.missing).of(table)

    def selected(self, table: Table) -> Table:
        """The input columns, all there, beside others that may be there.

        Raises:
          ValueError: a column is missing, or was not there in training.
        """
        names = [column.name for column in self.columns]
        known = {*names, *self.target_names, *self.left_out}
        for what, odd in (
            ("lacks columns the model was trained on", set(names) - set(table.columns)),
            ("has columns the model was not trained on", set(table.columns) - known),
        ):
            if odd:
                raise ValueError(f"{table.source}: {what}: {listed(sorted(odd))}")
        return table.select(names)

    def notes(self, table: Table) -> list[Note]:
        """Of each column that holds something never seen in training."""
        return [note for c in self.columns if (note := c.note(table)) is not None]

    def to_json(self) -> dict[str, Any]:
        """Dictionaries and lists of numbers and names."""
        return {
            "columns": [to_json(column) for column in self.columns],
            "targets": [to_json(target) for target in self.targets],
            "missing": self.missing,
            "left_out": list(self.left_out),
            "reading": asdict(self.reading),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Preprocessing":
        """What `to_json` said.

        Raises:
          ValueError: something else is there.

        Example:
          >>> from jaxdnn.data.columns.categories import Categories
          >>> said = Preprocessing((), (Categories("y", ("a", "b")),)).to_json()
          >>> Preprocessing.from_json(said).targets[0].categories
          ('a', 'b')
        """
        if said["missing"] not in MISSING:
            raise ValueError(f"what to do of gaps is {cut(str(said['missing']))}")
        return cls(
            tuple(map(from_json, said["columns"])),
            tuple(map(from_json, said["targets"])),
            said["missing"],
            texts_of("left_out", said["left_out"]),
            Reading.from_json(said["reading"]),
        )


@dataclass(frozen=True)
class Examples:
    """The rows of a part as `fit` reads them: pieces X (n_x, k), Y (n_L, k), anew."""

    pieces: Iterable[Piece]
    part: int
    preprocessing: Preprocessing

    def __iter__(self) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        for table in rows_of(self.pieces, self.part):
            yield self.preprocessing.inputs(table), self.preprocessing.outputs(table)

    def whole(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """All of them in one X and one Y."""
        X, Y = zip(*self, strict=True)
        return np.concatenate(X, axis=1), np.concatenate(Y, axis=1)
