"""Parquet files: columns are what their types say, numbers or text."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn.data.tables.table import Columns, named


def read(path: Path, _: Collection[str]) -> Columns:
    """All columns."""
    return _columns(require("pyarrow.parquet").ParquetFile(path).read())


def pieces(path: Path, _: set[str], piece_bytes: int) -> Iterator[Columns]:
    """The columns, some rows at a time."""
    pa = require("pyarrow")
    with require("pyarrow.parquet").ParquetFile(path) as file:
        rows = max(1, piece_bytes // (8 * max(1, file.metadata.num_columns)))
        for batch in file.iter_batches(rows, use_threads=False):
            yield _columns(pa.Table.from_batches([batch]))


def _columns(table: Any) -> Columns:
    # pandas writes an index that is not 0, 1, ... as a column: it is not data.
    index = (table.schema.pandas_metadata or {}).get("index_columns", ())
    names = [name for name in table.column_names if name not in index]
    # By position, since select(names) would refuse equal names in its own words.
    kept = [i for i, name in enumerate(table.column_names) if name not in index]
    return named(names, (_cells(table, i) for i in kept))


def _cells(table: Any, i: int) -> NDArray[Any]:
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
