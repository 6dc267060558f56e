"""Which rows of a table, or of a file, are to train, to watch and to test on.

A table's rows are drawn class by class. A streamed file's are drawn one by one: row i
by the i-th random number of the seed, so that every pass, every format, and every
reader of some of the rows agrees.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn._refusals import BadValueError, public
from jaxdnn.data.datasets import Dataset
from jaxdnn.data.selecting import Selected
from jaxdnn.data.tables import Table, Turn

PARTS = ("train", "validation", "test")
TRAIN, VALIDATION, TEST = range(3)

# Rows, and the number of each one's part.
Piece = tuple[Table, NDArray[np.int8]]


def rows_of(pieces: Iterable[Piece], part: int) -> Iterator[Table]:
    """The rows of one part, piece by piece.

    Example:
      >>> table = Table("t", {"x": np.arange(3.0)})
      >>> [test] = rows_of([(table, np.array([TRAIN, TEST, TRAIN]))], TEST)
      >>> test.columns["x"]
      array([1.])
    """
    for table, parts in pieces:
        if (parts == part).any():
            yield table.take(parts == part)


@public
def divide(
    table: Table,
    classes: str | None = None,
    *,
    test_fraction: float,
    validation_fraction: float = 0.0,
    seed: int,
    last: bool = False,
) -> Piece:
    """The table, and the part of each row, drawn from the seed.

    Classes are divided one by one, and each keeps a row to train on. With `last`,
    nothing is drawn for the test: it is the last rows.

    Args:
      table: the rows.
      classes: the column whose texts are the classes, if there are any.
      test_fraction: in [0, 1), of all rows.
      validation_fraction: in [0, 1), of those left.
      seed: of the draws.
      last: whether the last rows are those to test on.

    Raises:
      ValueError: a fraction outside [0, 1).

    Example:
      >>> table = Table("t", {"x": np.arange(10.0), "y": np.arange(10) % 2.0})
      >>> table, parts = divide(table, "y", test_fraction=0.2, seed=0)
      >>> np.bincount(parts, minlength=3).tolist()
      [8, 0, 2]
    """
    check_fraction("test_fraction", test_fraction)
    check_fraction("validation_fraction", validation_fraction)
    groups = np.zeros(len(table)) if classes is None else table.texts(classes)
    if last:
        in_test = np.arange(len(table)) >= max(
            1, len(table) - round(test_fraction * len(table))
        )
    else:
        in_test = _draw(groups, test_fraction, seed)
    parts = np.where(in_test, TEST, TRAIN).astype(np.int8)
    watched = _draw(groups[~in_test], validation_fraction, seed)
    parts[np.flatnonzero(~in_test)[watched]] = VALIDATION
    return table, parts


def _draw(groups: NDArray[Any], fraction: float, seed: int) -> NDArray[np.bool_]:
    """That fraction of each group, marked; never all of one."""
    rng = np.random.default_rng(seed)
    marked = np.zeros(len(groups), dtype=bool)
    _, which, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    by_group = np.split(np.argsort(which, kind="stable"), np.cumsum(sizes)[:-1])
    for rows in map(rng.permutation, by_group):
        count = min(round(fraction * len(rows)), len(rows) - 1)
        marked[rows[:count]] = True
    return marked


def check_fraction(name: str, value: float) -> None:
    """Refuse what is not in [0, 1)."""
    if not 0 <= value < 1:
        raise BadValueError(f"{name} must be in [0, 1), got {value}")


def dataset_tables(dataset: Dataset) -> tuple[Table, Table | None]:
    """A data set's rows, and those of its test part if it has one; the target is last.

    Example:
      >>> from jaxdnn.data.datasets import load
      >>> rows, test = dataset_tables(load("circles"))
      >>> list(rows.columns), len(rows), len(test)
      (['x1', 'x2', 'class'], 300, 100)
    """

    def table(X: NDArray[np.floating], Y: NDArray[Any]) -> Table:
        inputs = dict(zip(dataset.feature_names, X, strict=True))
        pixels = dataset.image_shape is not None
        if dataset.class_names is None:
            return Table(dataset.name, {**inputs, "target": Y[0]}, one_unit=pixels)
        cells = np.array(dataset.class_names, dtype=object)[Y[0]]
        return Table(dataset.name, {**inputs, "class": cells}, one_unit=pixels)

    X_test, Y_test = dataset.X_test, dataset.Y_test
    own = None if X_test is None or Y_test is None else table(X_test, Y_test)
    return table(dataset.X, dataset.Y), own


@dataclass(frozen=True)
class FileInParts:
    r"""A file's rows, piece by piece and anew each time, with the part of each.

    Attributes:
      rows: what is read, and selected of it.
      test: in [0, 1), about the part of the rows to test on.
      watched: about the part to watch or to test on, >= test.
      seed: of the draws.

    Example:
      >>> import tempfile
      >>> from jaxdnn.data.selecting import Selection
      >>> from jaxdnn.data.tables import scan
      >>> path = tempfile.mkdtemp() + "/t.csv"
      >>> with open(path, "w") as file:
      ...     _ = file.write("x,y\n" + "1,2\n" * 1000)
      >>> rows = Selected(scan(path), Selection(("x",), ("y",), "mean"))
      >>> [(_, parts)] = FileInParts(rows, test=0.2, watched=0.2, seed=0)
      >>> np.bincount(parts, minlength=3).tolist()
      [787, 0, 213]
    """

    rows: Selected
    test: float
    watched: float
    seed: int

    def read_by(self, turn: Turn) -> "FileInParts":
        """The rows that one of several readers reads."""
        file = replace(self.rows.tables, turn=turn)
        return replace(self, rows=replace(self.rows, tables=file))

    def __iter__(self) -> Iterator[Piece]:
        for table in self.rows:
            # Not the seed alone: data may have been made with it.
            bits = np.random.PCG64((self.seed, 1)).advance(table.first_row)
            rows = np.arange(len(table)) if table.rows is None else table.rows
            place = np.random.Generator(bits).random(rows[-1] + 1)[rows]
            parts = np.where(place < self.watched, VALIDATION, TRAIN)
            yield table, np.where(place < self.test, TEST, parts).astype(np.int8)
