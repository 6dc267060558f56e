"""CSV files: a column is numbers when every cell that is not missing reads as one."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn.data.tables.table import Columns, is_text, named

# What a cell among numbers holds when there is none; "nan" reads as a number itself.
_MISSING = ("", "?", "NA", "N/A", "n/a", "#N/A", "null", "NULL", "None")


def _options(path: Path, block_size: int | None = None) -> dict[str, Any]:
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


def read(path: Path, text_columns: Collection[str]) -> Columns:
    """All columns."""
    table = require("pyarrow.csv").read_csv(path, **_options(path))
    return _columns(table, text_columns)


def pieces(path: Path, text_columns: set[str], piece_bytes: int) -> Iterator[Columns]:
    """The columns, some rows at a time."""
    options = _options(path, piece_bytes)
    with require("pyarrow.csv").open_csv(path, **options) as reader:
        for batch in reader:
            columns = _columns(batch, text_columns)
            # Text remains text where a later piece holds numbers only.
            text_columns |= {name for name in columns if is_text(columns[name])}
            if batch.num_rows:
                yield columns


def _columns(table: Any, text_columns: Collection[str]) -> Columns:
    names = [name.strip() for name in table.schema.names]
    return named(
        names,
        (
            _cells(column, name in text_columns)
            for name, column in zip(names, table.columns, strict=True)
        ),
    )


def _cells(column: Any, text: bool) -> NDArray[Any]:
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
