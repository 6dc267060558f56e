"""Odd cells and odd files, read whole and in pieces, beside what they mean.

Every row is accounted for; a cell that is a number is that number, one that says
nothing is missing, and of another the user is told; what is refused is refused in one
line that names the file. Whole and in pieces the same is learned.

    python -m scripts.soak --parts tables
"""

import datetime
import decimal
import gzip
import tempfile
import warnings
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.models.prepared import Prepared, prepare
from jaxdnn.models.recipe import DataRecipe, Recipe

ROWS, ODD_ROW = 60, 8
NAMES = ("measured", "code", "word", "kind")

# What stands in one cell, and the number that it is, None for nothing, "text".
CELLS: dict[str, float | str | None] = {
    **{text: float(text) for text in ("7", "-3", "+4", "1e3", "1E-3", ".5", "5.", "0")},
    **{text: float(text) for text in ("007", "-0", "1e30", "12345678901234567890")},
    **{f" {text}": float(text) for text in ("7", "2.5")},
    **dict.fromkeys(("", " ", "NA", "NaN", "nan", "null", "None", "N/A", "?"), None),
    **dict.fromkeys(
        ("12a", "1,304", "1 304", "1_000", "0x10", "１２", "١٢", "²"), "text"
    ),
    **dict.fromkeys(("3/4", "50%", "$5", "1e", "--", "-", ".", "e5", "1.2.3"), "text"),
    **dict.fromkeys(("True", "yes", "=1+1", "@x", "\x1b[31mred", "b'7'"), "text"),
    **dict.fromkeys(("inf", "-Infinity", "1e400", "-1e999"), "infinite"),
    **dict.fromkeys(
        ("line\nbreak", 'a "quote"', "x" * 5000, "日本", "é", "🙂"), "text"
    ),
}


class Case(NamedTuple):
    """One file."""

    what: str
    outcome: str
    said: str = ""


def rows() -> list[list[str]]:
    """Sound rows: measured numbers, codes of three values, words, two kinds."""
    return [
        [f"{1.37 * i:.4f}", str(i % 3), "abc"[i % 3], ("cat", "dog")[i % 2]]
        for i in range(ROWS)
    ]


def written(table: list[list[str]], names: Any = NAMES, delimiter: str = ",") -> str:
    """As CSV, every cell with something odd in it in quotes."""

    def cell(text: str) -> str:
        odd = any(c in text for c in '",;\t|\n')
        return '"' + text.replace('"', '""') + '"' if odd else text

    return "".join(delimiter.join(map(cell, row)) + "\n" for row in [names, *table])


def files() -> Iterator[tuple[str, bytes, int | None]]:
    """A file's name, its bytes, and how many rows are in it; None: not to be read."""
    plain = written(rows())
    lines = plain.splitlines(keepends=True)
    yield "a BOM", b"\xef\xbb\xbf" + plain.encode(), ROWS
    yield "UTF-16", plain.encode("utf-16"), ROWS
    yield "CRLF", plain.replace("\n", "\r\n").encode(), ROWS
    yield "no last line break", plain.rstrip("\n").encode(), ROWS
    yield "empty lines at the end", plain.encode() + b"\n\n", ROWS
    yield "gzip", gzip.compress(plain.encode()), ROWS
    for delimiter in ";\t|":
        yield repr(delimiter), written(rows(), delimiter=delimiter).encode(), ROWS
    for name in (" kind ", 'a "name"', "名前", "a,b", "\x1b[31m", "n" * 500, "=kind"):
        yield f"name {name:.9}", written(rows(), (*NAMES[:3], name)).encode(), ROWS
    yield "all quoted", b'"a","b"\n' + b'"1","x"\n"2","y"\n' * 20, 40
    yield "nothing", b"", None
    yield "a header alone", lines[0].encode(), None
    yield "one row", "".join(lines[:2]).encode(), None
    yield "one column", b"kind\n" + b"cat\ndog\n" * 20, None
    yield "two equal names", written(rows(), ("a", "a", "b", "kind")).encode(), None
    yield "a short row", "".join([*lines[:9], "1,2\n", *lines[9:]]).encode(), None
    yield (
        "a long row",
        "".join([*lines[:9], "1,2,a,cat,5\n", *lines[9:]]).encode(),
        None,
    )
    yield "an open quote", plain.encode() + b'1,2,a,"cat\n', None
    yield "an open quote inside", plain.replace(",cat", ',"cat', 1).encode(), None
    yield "bytes of no text", bytes(range(128, 256)) * 40, None
    yield "Latin-1", plain.replace("cat", "chaîne").encode("latin-1"), None
    yield "NUL", plain.encode().replace(b"1.37", b"1\x00.37", 1), None
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(200), None
    yield "not gzip", b"\x1f\x8b" + plain.encode(), None
    yield "no bytes of gzip", plain.encode(), None
    for kept in (5, 12, 100, -4):
        yield f"gzip cut at {kept}", gzip.compress(plain.encode())[:kept], None


def typed() -> Iterator[tuple[str, Any]]:
    """A column of every kind that a Parquet file may hold."""
    i = np.arange(ROWS)
    days = np.datetime64("2024-01-01") + i
    yield from {
        "int8": i.astype(np.int8),
        "int64 beyond 2**53": 2**53 + i,
        "uint64 beyond int64": np.uint64(2**63) + i.astype(np.uint64),
        "float16": i.astype(np.float16),
        "bool": i % 2 == 0,
        "dates": days,
        "nanoseconds": days.astype("datetime64[ns]"),
        "durations": i.astype("timedelta64[s]"),
        "decimals": [decimal.Decimal(int(k)) / 8 for k in i],
        "bytes": [b"a", b"\xff"] * (ROWS // 2),
        "lists": [[1.0, 2.0]] * ROWS,
        "records": [{"a": 1}] * ROWS,
        "times": [datetime.time(1, int(k)) for k in i],
        "with a zone": pa.array(days.astype("datetime64[us]")).cast(
            pa.timestamp("us", "Europe/Berlin")
        ),
        "a dictionary": pa.array(["a", "b"] * (ROWS // 2)).dictionary_encode(),
        "nothing": [None] * ROWS,
        "nothing but one": [None] * (ROWS - 1) + [1.5],
        "one number": [2.5] * ROWS,
        "infinite": [1.5] * (ROWS - 1) + [float("inf")],
        "NaN": [1.5] * (ROWS - 1) + [float("nan")],
        "large": [1e300 * (-1) ** int(k) for k in i],
        "tiny": [1e-300 * int(k) for k in i],
    }.items()


def arrays() -> Iterator[tuple[str, dict[str, Any], int | None]]:
    """Arrays that an NPZ file may hold."""
    X, y = np.arange(2.0 * ROWS).reshape(ROWS, 2), np.arange(ROWS) % 2
    yield "sound", {"X": X, "y": y}, ROWS
    yield "Fortran's order", {"X": np.asfortranarray(X), "y": y}, ROWS
    yield "big-endian", {"X": X.astype(">f8"), "y": y.astype(">i4")}, ROWS
    yield "whole numbers", {"X": X.astype(np.int32), "y": y}, ROWS
    yield "texts", {"X": X, "y": np.array(["cat", "dog"])[y]}, ROWS
    yield "a row of y", {"X": X, "y": y[:, None]}, ROWS
    yield "objects", {"X": X.astype(object), "y": y}, None
    yield "complex", {"X": X + 1j, "y": y}, None
    yield "three axes", {"X": X[:, :, None], "y": y}, None
    yield "no axis", {"X": X, "y": np.float64(1)}, None
    yield "fewer y", {"X": X, "y": y[1:]}, None
    yield "no y", {"X": X}, None
    yield "no rows", {"X": X[:0], "y": y[:0]}, None
    yield "Y", {"X": X, "Y": y}, None
    yield "a NaN in y", {"X": X, "y": np.where(X[:, 0] > 9, np.nan, 0.5)}, None


def outcomes(cells: Any = None) -> Iterator[Case]:
    """Every case; cells: of those texts alone, and every odd file."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "odd.csv"
        for text, column in product(cells or CELLS, range(len(NAMES))):
            table = rows()
            table[ODD_ROW][column] = text
            path.write_text(written(table), newline="")
            what = f"{text[:20]!r} among {NAMES[column]}"
            meaning = CELLS[text] if NAMES[column] == "measured" else "text"
            yield judged(what, path, ROWS, meaning)
        for name, content, count in files():
            path = Path(folder) / ("odd.csv.gz" if "gzip" in name else "odd.csv")
            path.write_bytes(content)
            yield judged(name, path, count)
        for name, column in typed():
            table = {"odd": column, "x": np.arange(ROWS), "kind": ["a", "b"] * 30}
            path = Path(folder) / "odd.parquet"
            parquet.write_table(pa.table(table), path)
            yield judged(f"Parquet, {name}", path, ROWS)
        for name, held, count in arrays():
            path = Path(folder) / "odd.npz"
            np.savez(path, **held)
            yield judged(f"NPZ, {name}", path, count)


def judged(what: str, path: Path, count: int | None, meaning: Any = "text") -> Case:
    """What becomes of a file of so many rows, its odd cell meaning this."""
    ends = []
    for stream in (False, path.suffix != ".npz"):
        recipe = Recipe(DataRecipe(str(path), stream=stream, test_fraction=0.0))
        try:
            ends.append(prepare(recipe))
        except (ValueError, OSError) as error:
            said = str(error)
            told = "\n" not in said and path.name in said and len(said) < 500
            ends.append(Case(what, "refused" if told else "badly refused", said))
        except Exception as error:
            return Case(what, "foreign", f"{type(error).__name__}: {error}")
    one, other = ends
    if isinstance(one, Case) or isinstance(other, Case):
        if not (isinstance(one, Case) and isinstance(other, Case)):
            return Case(what, "differs", f"{one} | {other}")
        return max(one, other, key=lambda case: case.outcome == "badly refused")
    return Case(what, _taken(one, other, count, meaning))


def _taken(whole: Prepared, pieces: Prepared, count: int | None, meaning: Any) -> str:
    if _said(whole) != _said(pieces):
        return "differs"
    if count is None:
        return "read"
    if sum(whole.learned.sizes.values()) + whole.untold != count:
        return "rows lost"
    X, _ = whole.examples().whole()
    if not np.isfinite(X).all():
        return "not finite"
    column = whole.learned.preprocessing.columns[0]
    if meaning == "text":
        return "taken"
    if not isinstance(column, Numbers):
        return "misread"
    if meaning is None:
        return "taken" if "measured" in whole.learned.gaps else "misread"
    found = float(X[0, ODD_ROW]) * column.deviation + column.mean
    return "taken" if np.isclose(found, meaning, rtol=1e-5, atol=1e-3) else "misread"


def _said(prepared: Prepared) -> Any:
    """What the screen and the model hold."""
    learned = prepared.learned
    return (
        [repr(column) for column in learned.preprocessing.columns],
        [repr(target) for target in learned.preprocessing.targets],
        learned.sizes,
        learned.useless,
        learned.strays,
        prepared.untold,
    )
