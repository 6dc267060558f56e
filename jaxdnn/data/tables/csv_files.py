"""CSV files: a column is numbers when every cell that is not missing reads as one."""

import csv
import gzip
from collections.abc import Collection, Generator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from jaxdnn._extras import require
from jaxdnn.data.tables.options import Reading
from jaxdnn.data.tables.table import Pieces, Turn, is_text, named

_DELIMITERS = ",;\t|"

# As much of a file as its delimiter is looked for in: bytes, and rows.
_SAMPLE, _ROWS = 1 << 16, 100

# Arrow reads some 32 blocks ahead of what is taken: small ones, to hold little.
_BLOCK = 1 << 20

# Bytes of a row that is read at all, and may be looked at before.
_LONGEST = 64 << 20

# Thousands are parted by one of these, or by the sign that is not the decimal one.
_SPACES = "' \u00a0\u2009\u202f"


def read(path: Path, text_columns: Collection[str], reading: Reading) -> Pieces:
    """All columns."""
    options = _options(path, reading, _LONGEST)
    with _rows_in(_LONGEST):
        table = require("pyarrow.csv").read_csv(_source(path), **options)
    _check_closed(path, table)
    return _columns(table, text_columns, reading)


def pieces(
    path: Path, text_columns: set[str], reading: Reading, piece_bytes: int, turn: Turn
) -> Iterator[Pieces | int]:
    """The columns, some rows at a time; how many rows, where it is another's turn."""
    block = min(piece_bytes, max(_BLOCK, 4 * _longest_row(path)))
    options = _options(path, reading, block)
    last = None
    opened = require("pyarrow.csv").open_csv
    with _rows_in(block), opened(_source(path), **options) as reader:
        for i, batch in enumerate(_joined(reader, max(1, piece_bytes // block))):
            last = batch
            if not turn.takes(i):
                yield batch.num_rows
                continue
            columns, spelled = _columns(batch, text_columns, reading)
            # Text remains text where a later piece holds numbers only.
            text_columns |= {name for name in columns if is_text(columns[name])}
            yield columns, spelled
    if last is not None:
        _check_closed(path, last)


@contextmanager
def _rows_in(block: int) -> Generator[None]:
    """Say in people's words that a row is longer than a block."""
    try:
        yield
    except require("pyarrow").ArrowInvalid as error:
        if "block boundaries" not in str(error):
            raise
        raise ValueError(
            f"a row of more than {block} bytes: is a quote not closed?"
        ) from error


def _joined(blocks: Any, count: int) -> Iterator[Any]:
    """The rows of so many blocks together."""
    table = require("pyarrow").Table.from_batches
    some: list[Any] = []
    for block in blocks:
        some.append(block)
        if len(some) == count:
            yield table(some)
            some = []
    rest = [block for block in some if block.num_rows]
    if rest:
        yield table(rest)


def _longest_row(path: Path) -> int:
    """Bytes of the longest of the first rows, which hold in a block of a file."""
    with _opened(path) as file:
        return max(len(file.readline(_LONGEST)) for _ in range(8))


def _opened(path: Path) -> BinaryIO:
    """The file's bytes, whether or not it is compressed."""
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rb")  # pyright: ignore[reportReturnType]
    return path.open("rb")


def _source(path: Path) -> Any:
    """The same for Arrow, which reads what a name says, if it ends in small letters."""
    zipped = path.suffix.lower() == ".gz"
    source = require("pyarrow").input_stream
    return source(str(path), compression="gzip") if zipped else str(path)


def _encoding(path: Path, reading: Reading) -> str:
    with _opened(path) as file:
        wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
    return reading.encoding or ("utf-16" if wide else "utf8")


def _delimiter(path: Path, reading: Reading, encoding: str) -> str:
    """What parts the cells: that by which most rows have as many as the header."""
    if reading.delimiter is not None:
        return reading.delimiter
    with _opened(path) as file:
        sample = file.read(_SAMPLE)
    text = sample.decode("utf-8-sig" if encoding == "utf8" else encoding, "replace")
    # The last line may be cut.
    lines = text.splitlines(keepends=True)
    lines = lines[:-1] if len(sample) == _SAMPLE else lines
    best = (0.0, 1, ",")
    for sign in _DELIMITERS:
        try:
            rows = list(islice(csv.reader(lines, delimiter=sign), _ROWS))
        except csv.Error:
            continue
        rows = [row for row in rows if row]
        if rows and len(rows[0]) > 1:
            alike = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
            best = max(best, (alike, len(rows[0]), sign), key=lambda found: found[:2])
    return best[2]


def _options(
    path: Path, reading: Reading, block_size: int | None = None
) -> dict[str, Any]:
    arrow, string = require("pyarrow.csv"), require("pyarrow").string()
    encoding = _encoding(path, reading)
    # One thread, so that the message about a ragged row can number it.
    options = {
        "read_options": arrow.ReadOptions(
            use_threads=False, block_size=block_size, encoding=encoding
        ),
        "parse_options": arrow.ParseOptions(
            newlines_in_values=True, delimiter=_delimiter(path, reading, encoding)
        ),
    }
    with arrow.open_csv(_source(path), **options) as reader:
        names = reader.schema.names
    # As text, because pyarrow's guesses make dates and booleans of it as well.
    as_strings = arrow.ConvertOptions(column_types=dict.fromkeys(names, string))
    return {**options, "convert_options": as_strings}


def _check_closed(path: Path, table: Any) -> None:
    """Refuse a file that ends inside quotes: all from there on would be one cell."""
    [last] = table.slice(table.num_rows - 1).to_pylist() if table.num_rows else [{}]
    long = [text for text in last.values() if text and "\n" in text]
    if not long:
        return
    # UTF-16 has zeros between its signs.
    if not _tail(path).rstrip(b"\r\n\0").endswith(b'"'):
        raise ValueError(
            f"the file ends inside quotes, which begin before {long[-1][:30]!r}"
        )


def _tail(path: Path) -> bytes:
    """The file's last bytes, of which a compressed one's are known at its end only."""
    last = b""
    with _opened(path) as file:
        if path.suffix.lower() != ".gz":
            file.seek(max(0, path.stat().st_size - _SAMPLE))
        while some := file.read(_SAMPLE):
            last = (last + some)[-_SAMPLE:]
    return last


def _columns(table: Any, text_columns: Collection[str], reading: Reading) -> Pieces:
    names = [name.strip() for name in table.schema.names]
    cells: list[NDArray[Any]] = []
    spelled: dict[str, Any] = {}
    for name, column in zip(names, table.columns, strict=True):
        texts = without_missing(column, reading)
        numbers = None if name in text_columns else _numbers(texts, reading.decimal)
        if numbers is None:
            cells.append(texts.fill_null("").to_numpy(zero_copy_only=False))
        else:
            cells.append(numbers.to_numpy(zero_copy_only=False))
            spelled[name] = texts.fill_null("")
    return named(names, cells), spelled


def without_missing(column: Any, reading: Reading) -> Any:
    """An Arrow column of strings, trimmed, null where a word says it is missing."""
    pa, compute = require("pyarrow"), require("pyarrow.compute")
    texts = compute.utf8_trim_whitespace(column)
    words = pa.array(["", *reading.missing], pa.string()).cast(column.type)
    return compute.if_else(compute.is_in(texts, value_set=words), None, texts)


def _floats(texts: Any) -> Any:
    """An Arrow column of float64, or None where a text is no number, such as "Nan"."""
    pa, compute = require("pyarrow"), require("pyarrow.compute")
    try:
        numbers = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    return None if compute.any(compute.is_nan(numbers)).as_py() else numbers


def _numbers(texts: Any, decimal: str) -> Any:
    """The same for numbers with that decimal sign, thousands parted or not."""
    compute = require("pyarrow.compute")
    if decimal == "." and (numbers := _floats(texts)) is not None:
        return numbers
    # "1.234,5", "1 234.5", "1'234": groups of three, one sign throughout.
    other = "," if decimal == "." else "."
    point = "\\" + decimal
    for sign in (other, *_SPACES):
        group = "\\" + sign if sign in ",." else sign
        grouped = rf"^[+-]?\d{{1,3}}({group}\d{{3}})+({point}\d*)?$"
        some = compute.match_substring(texts, sign)
        if not compute.any(some).as_py():
            continue
        if compute.all(
            compute.match_substring_regex(texts.filter(some), grouped)
        ).as_py():
            texts = compute.replace_substring(texts, sign, "")
            break
    if decimal == ",":
        # A point that parted no thousands would be read as one.
        if compute.any(compute.match_substring(texts, ".")).as_py():
            return None
        texts = compute.replace_substring(texts, ",", ".")
    return _floats(texts)
