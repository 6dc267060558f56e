"""Which rows of a table, or of a file, are to train, to watch and to test on.

A table's rows are drawn class by class. A streamed file's are drawn one by one: row i
by the i-th random number of the seed, so that every pass, and every format, agrees.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn._checks import BadValueError, public
from jaxdnn.data.columns.categories import is_measured
from jaxdnn.data.datasets import Dataset
from jaxdnn.data.tables import ScannedFile, Table, as_text, is_text

# Rows put aside to test on, where neither the data set nor anybody says how many.
TEST_FRACTION = 0.2

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


def check_target(table: Table, target: str) -> None:
    """Refuse a table without that column, or without another.

    Example:
      >>> check_target(Table("t", {"x": np.array([1.0])}), "y")
      Traceback (most recent call last):
      ValueError: t: no column 'y'; it has 'x'
    """
    names = list(table.columns)
    if target not in names:
        raise ValueError(
            f"{table.source}: no column {target!r}; it has {listed(names)}"
        )
    if names == [target]:
        raise ValueError(f"{table.source}: no column beside the target {target!r}")


def listed(names: list[str]) -> str:
    """Names in a message; of many, the first ten."""
    return ", ".join([*map(repr, names[:10]), *["..."] * (len(names) > 10)])


@public
def divide(
    table: Table,
    target: str,
    *,
    test_fraction: float,
    validation_fraction: float = 0.0,
    seed: int,
    last: bool = False,
) -> Piece:
    """The table, and the part of each row, drawn from the seed.

    A target of classes is divided class by class, and each keeps a row to train on.
    With `last`, nothing is drawn for the test: it is the last rows.

    Args:
      table, target: the rows, and the column to predict.
      test_fraction: in [0, 1), of all rows.
      validation_fraction: in [0, 1), of those left.
      seed: of the draws.
      last: whether the last rows are those to test on.

    Raises:
      ValueError: a fraction outside [0, 1), no such column, no other column.

    Example:
      >>> table = Table("t", {"x": np.arange(10.0), "y": np.arange(10) % 2.0})
      >>> table, parts = divide(table, "y", test_fraction=0.2, seed=0)
      >>> np.bincount(parts, minlength=3).tolist()
      [8, 0, 2]
    """
    check_fraction("test_fraction", test_fraction)
    check_fraction("validation_fraction", validation_fraction)
    check_target(table, target)
    cells = table.columns[target]
    classes = is_text(cells) or not is_measured(cells)
    groups = as_text(cells) if classes else np.zeros(len(cells))
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
    for group in np.unique(groups):
        rows = rng.permutation(np.flatnonzero(groups == group))
        count = min(round(fraction * len(rows)), len(rows) - 1)
        marked[rows[:count]] = True
    return marked


def check_fraction(name: str, value: float) -> None:
    """Refuse what is not in [0, 1)."""
    if not 0 <= value < 1:
        raise BadValueError(f"{name} must be in [0, 1), got {value}")


def dataset_pieces(
    dataset: Dataset, *, test_fraction: float | None, **options: Any
) -> tuple[list[Piece], str]:
    """A data set's rows and their parts, and its target's name.

    Args:
      dataset: as `datasets.load` gives it.
      test_fraction: as for `divide`; if None, the data set's own test part, or where it
        has none, TEST_FRACTION.
      options: the others of `divide`.

    Example:
      >>> from jaxdnn.data.datasets import load
      >>> pieces, target = dataset_pieces(load("circles"), test_fraction=None, seed=0)
      >>> target, [np.bincount(parts, minlength=3).tolist() for _, parts in pieces]
      ('class', [[300, 0, 0], [0, 0, 100]])
    """
    target = "target" if dataset.class_names is None else "class"

    def table(X: NDArray[Any], Y: NDArray[Any]) -> Table:
        cells = Y[0]
        if dataset.class_names is not None:
            cells = np.array(dataset.class_names, dtype=object)[cells]
        inputs = dict(zip(dataset.feature_names, X, strict=True))
        pixels = dataset.image_shape is not None
        return Table(dataset.name, {**inputs, target: cells}, one_unit=pixels)

    whole = table(dataset.X, dataset.Y)
    X_test, Y_test = dataset.X_test, dataset.Y_test
    if test_fraction is not None or X_test is None or Y_test is None:
        fraction = TEST_FRACTION if test_fraction is None else test_fraction
        return [divide(whole, target, test_fraction=fraction, **options)], target
    own = table(X_test, Y_test)
    first = divide(whole, target, test_fraction=0.0, **options)
    return [first, (own, np.full(len(own), TEST, np.int8))], target


@dataclass(frozen=True)
class FileInParts:
    r"""A file's pieces, anew each time, with the part of each row.

    Attributes:
      file: what is read.
      test: in [0, 1), about the part of the rows to test on.
      watched: about the part to watch or to test on, >= test.
      seed: of the draws.

    Example:
      >>> import tempfile
      >>> from jaxdnn.data.tables import scan
      >>> path = tempfile.mkdtemp() + "/t.csv"
      >>> with open(path, "w") as file:
      ...     _ = file.write("x\n" + "1\n" * 1000)
      >>> [(_, parts)] = FileInParts(scan(path), test=0.2, watched=0.2, seed=0)
      >>> np.bincount(parts, minlength=3).tolist()
      [787, 0, 213]
    """

    file: ScannedFile
    test: float
    watched: float
    seed: int

    def __iter__(self) -> Iterator[Piece]:
        # Not the seed alone: data may have been made with it.
        draws = np.random.default_rng((self.seed, 1))
        for table in self.file:
            place = draws.random(len(table))
            parts = np.where(place < self.watched, VALIDATION, TRAIN)
            yield table, np.where(place < self.test, TEST, parts).astype(np.int8)
