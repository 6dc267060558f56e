"""Parquet: columns are what their types say, or refused with what and where."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from jaxdnn.data.tables import (
    Turn,
    is_streamable,
    read_in_pieces,
    read_table,
    scan,
)


def parquet(tmp_path, frame):
    # Other readers would take the folder for one more column, year.
    folder = tmp_path / "year=2020"
    folder.mkdir()
    frame.to_parquet(folder / "t.parquet")
    return folder / "t.parquet"


def test_parquet_types_are_numbers_or_text(tmp_path):
    frame = pd.DataFrame(
        {
            "int": [1, 2],
            "float": np.float32([0.5, np.nan]),
            "none": [None, None],
            "text": ["1", None],
            "category": pd.Categorical(["b", "a"]),
            "truth": [True, False],
        },
        index=["p", "q"],
    )
    table = read_table(parquet(tmp_path, frame))
    kinds = {name: cells.dtype.kind for name, cells in table.columns.items()}
    numbers, texts = ("int", "float", "none"), ("text", "category", "truth")
    assert kinds == {**dict.fromkeys(numbers, "f"), **dict.fromkeys(texts, "O")}
    np.testing.assert_array_equal(table.columns["int"], [1, 2])
    np.testing.assert_array_equal(table.columns["float"], [0.5, np.nan])
    assert np.isnan(table.columns["none"]).all()
    assert [table.columns[name].tolist() for name in texts] == [
        ["1", ""],
        ["b", "a"],
        ["True", "False"],
    ]


@pytest.mark.parametrize("cell", [datetime.timedelta(1), b"bytes", [1.0, 2.0]])
def test_other_parquet_types_are_refused(tmp_path, cell):
    path = parquet(tmp_path, pd.DataFrame({"a": [1], "odd": [cell]}))
    with pytest.raises(ValueError, match="column 'odd' must hold numbers or text"):
        read_table(path)


@pytest.mark.parametrize(
    "kind", [pa.date32(), pa.timestamp("ms"), pa.timestamp("s", "UTC")]
)
def test_moments_of_no_year_are_refused(tmp_path, kind):
    whole = pa.array([0, 3_000_000 * (1 if kind == pa.date32() else 86_400_000)])
    moments = whole.cast(pa.int32()) if kind == pa.date32() else whole
    pq.write_table(pa.table({"odd": moments.cast(kind)}), tmp_path / "t.parquet")
    with pytest.raises(ValueError, match="column 'odd' must hold dates of the years 1"):
        read_table(tmp_path / "t.parquet")


def test_views_of_strings_are_text(tmp_path):
    texts = pa.table({"a": pa.array(["a", None], pa.string_view())})
    try:
        pq.write_table(texts, tmp_path / "t.parquet")
    except pa.ArrowNotImplementedError:
        pytest.skip("this pyarrow writes no views of strings")
    assert read_table(tmp_path / "t.parquet").columns["a"].tolist() == ["a", ""]


def test_a_damaged_parquet_file_is_refused(tmp_path):
    path = parquet(tmp_path, pd.DataFrame({"a": np.arange(1000.0)}))
    content = path.read_bytes()
    for damaged in (b"", b"PAR1", content[:-9], content[:500], content[500:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"t\.parquet: "):
            read_table(path)


def test_moments_are_told_as_iso_has_them(tmp_path):
    moments = pd.to_datetime(["2024-02-29 12:30", None])
    table = read_table(
        parquet(
            tmp_path,
            pd.DataFrame(
                {
                    "moment": moments,
                    "zoned": moments.tz_localize("UTC").tz_convert("Europe/Paris"),
                    "day": [datetime.date(2024, 2, 29), None],
                    "time": [datetime.time(12, 30), None],
                }
            ),
        )
    )
    assert {name: cells.tolist() for name, cells in table.columns.items()} == {
        "moment": ["2024-02-29 12:30:00", ""],
        "zoned": ["2024-02-29 12:30:00Z", ""],
        "day": ["2024-02-29", ""],
        "time": ["12:30:00", ""],
    }


@pytest.mark.parametrize("kind", [np.int64, np.uint64, Decimal, "Int64"])
def test_large_codes_keep_their_own_words(tmp_path, kind):
    codes = [10000000000000005, 10000000000000004, 3]
    cells = (
        list(map(Decimal, codes)) if kind is Decimal else pd.array(codes, dtype=kind)
    )
    path = parquet(tmp_path, pd.DataFrame({"code": cells, "x": 1.0}))
    for table in (read_table(path), *read_in_pieces(path)):
        assert table.texts("code").tolist() == list(map(str, codes))
        with pytest.raises(ValueError, match="'code', row 1: 10000000000000005 is"):
            table.numbers("code")
    fine = pd.DataFrame({"code": [2**53, 2**60, -(2**62)]})
    fine.to_parquet(path)
    np.testing.assert_array_equal(read_table(path).numbers("code"), fine["code"])


def test_words_that_say_missing_do_in_text_too(tmp_path):
    path = parquet(tmp_path, pd.DataFrame({"sex": ["f", " NA ", None, "m "]}))
    assert read_table(path).columns["sex"].tolist() == ["f", "", "", "m"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "folder"])
def test_each_reader_has_rows_of_its_own_and_knows_where_they_lie(tmp_path, suffix):
    frame, path = pd.DataFrame({"x": np.arange(5000.0)}), tmp_path / f"t.{suffix}"
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "folder":
        path = in_folder(tmp_path, frame[:3000], frame[3000:])
    else:
        frame.to_parquet(path, row_group_size=700)
    seen = []
    for reader in range(3):
        turn = Turn(reader, 3)
        for table in read_in_pieces(path, piece_bytes=2400, turn=turn):
            cells = table.columns["x"]
            assert table.first_row == cells[0]
            seen += cells.tolist()
    assert sorted(seen) == list(range(5000)) != seen


def in_folder(tmp_path, *frames):
    folder = tmp_path / "t.parquet"
    folder.mkdir()
    for i, frame in enumerate(frames):
        frame.to_parquet(folder / f"part-{i}.parquet", row_group_size=700)
    return folder


def test_a_folder_is_one_table(tmp_path):
    frame = pd.DataFrame({"x": np.arange(9.0), "y": list("abcabcabc")})
    path = in_folder(tmp_path, frame[:4], frame[4:])
    assert is_streamable(path)
    columns = read_table(path).columns
    assert columns["x"].tolist() == list(range(9))
    assert "".join(columns["y"]) == "abcabcabc"
    (path / "other.txt").write_text("not of the table")
    assert len(scan(path)) == 9
    frame.rename(columns={"x": "z"}).to_parquet(path / "part-2.parquet")
    says = "part-2.parquet: its columns, or their types, are not those of part-0"
    with pytest.raises(ValueError, match=says):
        scan(path)
    for file in path.glob("*.parquet"):
        file.unlink()
    with pytest.raises(ValueError, match=r"t.parquet: no .parquet files in the folder"):
        read_table(path)
