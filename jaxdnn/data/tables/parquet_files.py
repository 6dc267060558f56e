"""Parquet files: columns are what their types say, numbers or text.

A folder of them whose name ends in .parquet, as others write large tables, is one file.
"""

from collections.abc import Collection, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn.data.tables.csv_files import without_missing
from jaxdnn.data.tables.options import Reading
from jaxdnn.data.tables.table import EXACT, Pieces, Turn, named

# From the first of 1970, the first day of the year 1 and the last one of 9999.
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896


def read(path: Path, _: Collection[str], reading: Reading) -> Pieces:
    """All columns."""
    tables = [file.read() for file in _opened(path)]
    return _columns(require("pyarrow").concat_tables(tables), reading)


def pieces(
    path: Path, _: set[str], reading: Reading, piece_bytes: int, turn: Turn
) -> Iterator[Pieces | int]:
    """The columns, some rows at a time; how many rows, where it is another's turn.

    Where there are several readers, their turns are those of whole row groups.
    """
    pa, numbers = require("pyarrow"), count()
    for file in _opened(path):
        rows = max(1, piece_bytes // (8 * max(1, file.metadata.num_columns)))
        every = range(file.num_row_groups)
        for groups in [every] if turn.readers == 1 else [[i] for i in every]:
            if not turn.takes(next(numbers)):
                yield file.metadata.row_group(groups[0]).num_rows
                continue
            for batch in file.iter_batches(rows, groups, use_threads=False):
                yield _columns(pa.Table.from_batches([batch]), reading)


def files_of(path: Path) -> list[Path]:
    """The file, or those of a folder, by their names.

    Raises:
      ValueError: there are none.

    Example:
      >>> files_of(Path("t.parquet"))
      [PosixPath('t.parquet')]
    """
    if not path.is_dir():
        return [path]
    found = sorted(path.glob("*.parquet"))
    if not found:
        raise ValueError("no .parquet files in the folder")
    return found


def _opened(path: Path) -> Iterator[Any]:
    """One file after the other; all must have the same columns."""
    parquet, paths, schema = require("pyarrow.parquet"), files_of(path), None
    for each in paths:
        with parquet.ParquetFile(each) as file:
            schema = file.schema_arrow if schema is None else schema
            if not file.schema_arrow.equals(schema):
                raise ValueError(
                    f"{each.name}: its columns, or their types, are not those of "
                    f"{paths[0].name}"
                )
            yield file


def _columns(table: Any, reading: Reading) -> Pieces:
    # pandas writes an index that is not 0, 1, ... as a column: it is not data.
    index = (table.schema.pandas_metadata or {}).get("index_columns", ())
    # By position, since select(names) would refuse equal names in its own words.
    kept = [i for i, name in enumerate(table.column_names) if name not in index]
    names = [table.column_names[i].strip() for i in kept]
    cells: list[NDArray[Any]] = []
    spelled: dict[str, Any] = {}
    for name, i in zip(names, kept, strict=True):
        pa = require("pyarrow")
        column = _told(table.column_names[i], table.column(i))
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            texts = without_missing(column, reading)
            cells.append(texts.fill_null("").to_numpy())
            continue
        cells.append(column.cast(pa.float64(), safe=False).to_numpy())
        if not pa.types.is_floating(column.type) and (abs(cells[-1]) >= EXACT).any():
            spelled[name] = column.cast(pa.string()).fill_null("")
    return named(names, cells), spelled


def _told(name: str, column: Any) -> Any:
    """The column as numbers, or as strings; moments as ISO 8601 has them, in UTC."""
    pa, compute = require("pyarrow"), require("pyarrow.compute")
    types = pa.types
    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if str(kind) == "string_view":  # a name that older versions do not have
        return column.cast(pa.string())
    if types.is_boolean(kind):
        return compute.if_else(column, "True", "False")
    if types.is_date(kind):
        days = column.cast(pa.date32())
        _check_years(name, days.cast(pa.int32()), 1)
        return days.cast(pa.string())
    if types.is_timestamp(kind):
        zone = None if kind.tz is None else "UTC"
        seconds = column.cast(pa.timestamp("s", zone), safe=False)
        _check_years(name, seconds.cast(pa.int64()), 86_400)
        return seconds.cast(pa.string())
    if types.is_time(kind):
        return column.cast(pa.time32("s"), safe=False).cast(pa.string())
    numeric = (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
    textual = (types.is_string, types.is_large_string)
    if not any(is_kind(kind) for is_kind in (*numeric, *textual)):
        raise ValueError(f"column {name!r} must hold numbers or text, found {kind}")
    return column


def _check_years(name: str, times: Any, day: int) -> None:
    """Refuse times since 1970, so many a day, that ISO 8601 has no four digits for."""
    found = require("pyarrow.compute").min_max(times).as_py()
    low, high = found["min"], found["max"]
    if low is not None and not _FIRST_DAY <= low // day <= high // day <= _LAST_DAY:
        raise ValueError(f"column {name!r} must hold dates of the years 1 to 9999")
