"""Tables: named columns of numbers or text, from CSV, Parquet and NPZ files.

A CSV column is numbers when every cell that is not missing reads as one, else text.
Parquet columns are what their types say. An NPZ file holds X (m, n_x), one example a
row, as columns x1, x2, ..., and y (m,).
"""

import os
import zipfile
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
)
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn.data.datasets import Dataset

Columns = dict[str, NDArray[Any]]
Reader = TypeVar("Reader", bound=Callable[..., Any])

# What a cell among numbers holds when there is none; "nan" reads as a number itself.
_MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None")


@dataclass(frozen=True, eq=False)  # == of arrays is an array, not an answer
class Table:
    """Columns of equal length, each of numbers or of text.

    Attributes:
      source: where it comes from: messages begin with it.
      columns: name -> (m,), float64 (NaN where missing) or str ("" where missing).
      one_unit: whether all inputs measure the same, as pixels do.
      first_row: how many rows of the source come before these.
    """

    source: str
    columns: Columns
    one_unit: bool = False
    first_row: int = 0

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def take(self, rows: NDArray[Any]) -> "Table":
        """The table of those rows (indices, or a mask)."""
        return replace(
            self, columns={name: cells[rows] for name, cells in self.columns.items()}
        )

    def error(self, name: str, row: int, what: str) -> ValueError:
        """What is wrong with one cell; people count rows from 1, below the header."""
        row += self.first_row + 1
        return ValueError(f"{self.source}: column {name!r}, row {row}: {what}")

    def check_complete(self, names: Iterable[str]) -> None:
        """Refuse missing values and infinities in those columns.

        Example:
          >>> Table("a.csv", {"x": np.array([1.0, np.nan])}).check_complete(["x"])
          Traceback (most recent call last):
          ValueError: a.csv: column 'x', row 2: a missing value
        """
        for name in names:
            cells = self.columns[name]
            bad = cells == "" if is_text(cells) else ~np.isfinite(cells)
            if bad.any():
                row = int(bad.argmax())
                infinite = not is_text(cells) and np.isinf(cells[row])
                what = "an infinite number" if infinite else "a missing value"
                more = f", the first of {bad.sum()}" if bad.sum() > 1 else ""
                raise self.error(name, row, what + more)


def is_text(cells: NDArray[Any]) -> bool:
    """Whether a column is text."""
    return cells.dtype == object


def number_in(text: str) -> float | None:
    """The finite number that a text spells, if it does.

    Example:
      >>> number_in("2.50"), number_in("2,50")
      (2.5, None)
    """
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) and "_" not in text else None


def as_text(cells: NDArray[Any]) -> NDArray[Any]:
    """Numbers as people write them: whole ones without a point.

    Example:
      >>> as_text(np.array([3.0, 0.5])).tolist()
      ['3', '0.5']
    """
    if is_text(cells):
        return cells
    values, which = np.unique(cells, return_inverse=True)
    texts = [str(int(v)) if v.is_integer() else repr(v) for v in values.tolist()]
    return np.array(texts, dtype=object)[which]


# ---- where tables come from --------------------------------------------------------


def dataset_tables(dataset: Dataset) -> tuple[Table, Table | None, str]:
    """A data set's examples, its own test part if it has one, and its target's name.

    Example:
      >>> from jaxdnn.data.datasets import load
      >>> table, test, target = dataset_tables(load("iris"))
      >>> list(table.columns)[:2], target, table.columns[target][0]
      (['sepal length (cm)', 'sepal width (cm)'], 'class', 'setosa')
    """
    target = "target" if dataset.class_names is None else "class"

    def table(X: NDArray[Any], Y: NDArray[Any]) -> Table:
        cells = Y[0]
        if dataset.class_names is not None:
            cells = np.array(dataset.class_names, dtype=object)[cells]
        inputs = dict(zip(dataset.feature_names, X, strict=True))
        pixels = dataset.image_shape is not None
        return Table(dataset.name, {**inputs, target: cells}, one_unit=pixels)

    test = None
    if dataset.X_test is not None and dataset.Y_test is not None:
        test = table(dataset.X_test, dataset.Y_test)
    return table(dataset.X, dataset.Y), test, target


def read_table(
    path: str | os.PathLike[str], *, text_columns: Collection[str] = ()
) -> Table:
    r"""The table in a .csv, .parquet or .npz file.

    Args:
      path: a file whose name says its format.
      text_columns: columns of a CSV file that are text even where all cells look like
        numbers.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: another format, a damaged, ragged or empty file, columns without a
        name or with the same one, cells that are neither numbers nor text.
      ModuleNotFoundError: pyarrow is not installed.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "pets.csv"
      >>> _ = path.write_text("kind,weight\ncat,4.5\ndog,20\n")
      >>> {name: cells.tolist() for name, cells in read_table(path).columns.items()}
      {'kind': ['cat', 'dog'], 'weight': [4.5, 20.0]}
    """
    path = Path(path)
    read = _reader(path, _READERS)
    with _reading(path):
        columns = read(path, text_columns)
    table = Table(str(path), columns)
    if len(table) == 0:
        raise ValueError(f"{path}: no rows")
    return table


def read_in_pieces(
    path: str | os.PathLike[str],
    *,
    text_columns: Collection[str] = (),
    piece_bytes: int = 16 << 20,
) -> Iterator[Table]:
    r"""The table in a .csv or .parquet file, some rows at a time.

    A column of a CSV file can look like numbers in its first pieces and like text in
    later ones: only text_columns are text from the beginning.

    Args:
      path, text_columns: as for `read_table`.
      piece_bytes: about how large a piece is, as text or as float64.

    Raises:
      FileNotFoundError, ValueError, ModuleNotFoundError: as `read_table`.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "numbers.csv"
      >>> _ = path.write_text("x\n" + "1\n2\n" * 500)
      >>> [len(table) for table in read_in_pieces(path, piece_bytes=1000)]
      [499, 500, 1]
    """
    path = Path(path)
    pieces = _reader(path, _PIECEWISE)(path, set(text_columns), piece_bytes)
    row = 0
    while True:
        with _reading(path):
            columns = next(pieces, None)
        if columns is None:
            break
        table = Table(str(path), columns, first_row=row)
        row += len(table)
        yield table
    if row == 0:
        raise ValueError(f"{path}: no rows")


def _reader(path: Path, readers: Mapping[str, Reader]) -> Reader:
    """What reads a file of that name, which is there."""
    read = readers.get(path.suffix.lower())
    if read is None:
        raise ValueError(f"{path}: must be a {', '.join(readers)} file")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return read


@contextmanager
def _reading(path: Path) -> Generator[None, None, None]:
    """Put the file's name before whatever its reader finds wrong with it."""
    try:
        yield
    except Exception as error:  # each library has errors of its own for damage
        if isinstance(error, ModuleNotFoundError) or getattr(error, "errno", None):
            raise
        raise ValueError(f"{path}: {error}") from error


def _csv_options(path: Path, block_size: int | None = None) -> dict[str, Any]:
    csv, string = require("pyarrow.csv"), require("pyarrow").string()
    # One thread, so that the message about a ragged row can number it.
    options = {
        "read_options": csv.ReadOptions(use_threads=False, block_size=block_size),
        "parse_options": csv.ParseOptions(newlines_in_values=True),
    }
    with csv.open_csv(path, **options) as reader:
        names = reader.schema.names
    # As text, because pyarrow's guesses make dates and booleans of it as well.
    as_strings = csv.ConvertOptions(column_types=dict.fromkeys(names, string))
    return {**options, "convert_options": as_strings}


def _read_csv(path: Path, text_columns: Collection[str]) -> Columns:
    table = require("pyarrow.csv").read_csv(path, **_csv_options(path))
    return _csv_columns(table, text_columns)


def _csv_pieces(
    path: Path, text_columns: set[str], piece_bytes: int
) -> Iterator[Columns]:
    options = _csv_options(path, piece_bytes)
    with require("pyarrow.csv").open_csv(path, **options) as reader:
        for batch in reader:
            columns = _csv_columns(batch, text_columns)
            # Text remains text where a later piece holds numbers only.
            text_columns |= {name for name in columns if is_text(columns[name])}
            if batch.num_rows:
                yield columns


def _csv_columns(table: Any, text_columns: Collection[str]) -> Columns:
    names = [name.strip() for name in table.schema.names]
    return _named(
        names,
        (
            _csv_cells(column, name in text_columns)
            for name, column in zip(names, table.columns, strict=True)
        ),
    )


def _csv_cells(column: Any, text: bool) -> NDArray[Any]:
    pa, compute = require("pyarrow"), require("pyarrow.compute")
    cells = compute.utf8_trim_whitespace(column)
    if not text:
        missing = compute.is_in(cells, value_set=pa.array(_MISSING))
        try:
            known = compute.if_else(missing, None, cells)
            return _to_numpy(known.cast(pa.float64()))
        except pa.ArrowInvalid:
            pass
    return _to_numpy(cells)


def _to_numpy(column: Any) -> NDArray[Any]:
    """A column's cells; NaN where a number is null."""
    return column.to_numpy(zero_copy_only=False)


def _read_parquet(path: Path, _: Collection[str]) -> Columns:
    return _parquet_columns(require("pyarrow.parquet").ParquetFile(path).read())


def _parquet_pieces(path: Path, _: set[str], piece_bytes: int) -> Iterator[Columns]:
    pa = require("pyarrow")
    with require("pyarrow.parquet").ParquetFile(path) as file:
        rows = max(1, piece_bytes // (8 * max(1, file.metadata.num_columns)))
        for batch in file.iter_batches(rows, use_threads=False):
            yield _parquet_columns(pa.Table.from_batches([batch]))


def _parquet_columns(table: Any) -> Columns:
    # pandas writes an index that is not 0, 1, ... as a column: it is not data.
    index = (table.schema.pandas_metadata or {}).get("index_columns", ())
    names = [name for name in table.column_names if name not in index]
    # By position, since select(names) would refuse equal names in its own words.
    kept = [i for i, name in enumerate(table.column_names) if name not in index]
    return _named(names, (_parquet_cells(table, i) for i in kept))


def _parquet_cells(table: Any, i: int) -> NDArray[Any]:
    pa, compute = require("pyarrow"), require("pyarrow.compute")
    column, types = table.column(i), pa.types
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if (
        types.is_integer(kind)
        or types.is_floating(kind)
        or types.is_decimal(kind)
        or types.is_null(kind)
    ):
        return column.cast(pa.float64()).to_numpy()
    if types.is_boolean(kind):
        column = compute.if_else(column, "True", "False")
    elif not (types.is_string(kind) or types.is_large_string(kind)):
        raise ValueError(
            f"column {table.column_names[i]!r} must hold numbers or text, found {kind}"
        )
    return compute.fill_null(column, "").to_numpy()


def _read_npz(path: Path, _: Collection[str]) -> Columns:
    if not zipfile.is_zipfile(path):
        raise ValueError("not an NPZ file, or a damaged one")
    with np.load(path, allow_pickle=False) as arrays:
        if "X" not in arrays:
            raise ValueError(f"no array X in it; it has {', '.join(arrays) or 'none'}")
        X = arrays["X"]
        y = arrays.get("y")
    if X.ndim != 2 or X.dtype.kind not in "biuf":
        raise ValueError(
            f"X must be numbers of shape (m, n_x), found {X.dtype} {X.shape}"
        )
    columns = {f"x{i}": x for i, x in enumerate(X.T.astype(np.float64), start=1)}
    if y is not None:
        if y.shape != X.shape[:1] or y.dtype.kind not in "biufU":
            raise ValueError(
                f"y must be numbers or text of shape ({X.shape[0]},), one for each row "
                f"of X, found {y.dtype} {y.shape}"
            )
        text = y.dtype.kind in "bU"
        columns["y"] = y.astype(str).astype(object) if text else y.astype(np.float64)
    return columns


_READERS: Mapping[str, Callable[[Path, Collection[str]], Columns]] = MappingProxyType(
    {".csv": _read_csv, ".parquet": _read_parquet, ".npz": _read_npz}
)

_PIECEWISE: Mapping[str, Callable[[Path, set[str], int], Iterator[Columns]]] = (
    MappingProxyType({".csv": _csv_pieces, ".parquet": _parquet_pieces})
)


def _named(names: list[str], cells: Iterable[NDArray[Any]]) -> Columns:
    """The columns by name, after the names were looked at."""
    for position, name in enumerate(names):
        if not name:
            raise ValueError(
                f"column {position + 1} has no name (pandas writes its index so: "
                "use index=False)"
            )
        if name in names[:position]:
            raise ValueError(f"two columns are named {name!r}")
    return dict(zip(names, cells, strict=True))


# ---- training and test part --------------------------------------------------------


def split(
    table: Table, target: str, *, test_fraction: float, seed: int, last: bool = False
) -> tuple[Table, Table]:
    """Rows to train on and rows to test on, in their order, drawn from the seed.

    A target of text is split class by class, and each class keeps a row to train on.
    With `last`, nothing is drawn: the last rows are those to test on.

    Raises:
      ValueError: test_fraction is outside [0, 1).

    Example:
      >>> table = Table("t", {"x": np.arange(10.0), "y": as_text(np.arange(10) % 2.0)})
      >>> train, test = split(table, "y", test_fraction=0.2, seed=0)
      >>> len(train), sorted(test.columns["y"])
      (8, ['0', '1'])
    """
    if not 0 <= test_fraction < 1:
        raise ValueError(f"split: test_fraction must be in [0, 1), got {test_fraction}")
    if last:
        rows = np.arange(len(table))
        first = max(1, len(rows) - round(test_fraction * len(rows)))
        return table.take(rows[:first]), table.take(rows[first:])
    cells = table.columns[target]
    groups = cells if is_text(cells) else np.zeros(len(cells))
    rng = np.random.default_rng(seed)
    in_test = np.zeros(len(cells), dtype=bool)
    for group in np.unique(groups):
        rows = rng.permutation(np.flatnonzero(groups == group))
        count = min(round(test_fraction * len(rows)), len(rows) - 1)
        in_test[rows[:count]] = True
    return table.take(~in_test), table.take(in_test)
