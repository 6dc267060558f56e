"""Columns from files: read as they are, or refused with what and where."""

import datetime
import gzip

import numpy as np
import pandas as pd
import pytest

from jaxdnn.data.tables import read_in_pieces, read_table


def csv(tmp_path, content):
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def columns(table):
    return {name: cells.tolist() for name, cells in table.columns.items()}


# ---- CSV ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("a,b\n1,x\n2.5,y\n", {"a": [1.0, 2.5], "b": ["x", "y"]}),
        ("a,b\r\n1,x\r\n", {"a": [1.0], "b": ["x"]}),
        ("\ufeffa,b\n1,x\n", {"a": [1.0], "b": ["x"]}),
        (" a , b\n 1 , x \n", {"a": [1.0], "b": ["x"]}),
        ('a,"b, c"\n1,"x\ny"\n', {"a": [1.0], "b, c": ["x\ny"]}),
        ("a,b\n1e-3,+2\n\n-.5,3.\n", {"a": [0.001, -0.5], "b": [2.0, 3.0]}),
        ("a\ninf\n", {"a": [np.inf]}),
        ("a,when\n1,2024-02-29\n", {"a": [1.0], "when": ["2024-02-29"]}),
        ("a,b\n1,true\n2,False\n", {"a": [1.0, 2.0], "b": ["true", "False"]}),
        ("Größe,猫\n1,ü\n", {"Größe": [1.0], "猫": ["ü"]}),
        ("a,b\n1,x\n2,", {"a": [1.0, 2.0], "b": ["x", ""]}),
    ],
)
def test_csv_is_read(tmp_path, content, wanted):
    assert columns(read_table(csv(tmp_path, content))) == wanted


@pytest.mark.parametrize("cell", ["", "?", "NA", "N/A", "nan", "NaN", "null", "None"])
def test_a_missing_number_is_nan_and_a_missing_text_is_empty(tmp_path, cell):
    table = read_table(csv(tmp_path, f"a,b\n1,x\n{cell},y\n"))
    assert np.isnan(table.columns["a"]).tolist() == [False, True]
    table = read_table(csv(tmp_path, f"a,b\nx,1\n{cell},2\n"))
    assert table.columns["a"].tolist() == ["x", cell]


def test_columns_that_must_be_text_are(tmp_path):
    path = csv(tmp_path, "zip,x\n01,1\n1,2\n")
    assert read_table(path).columns["zip"].tolist() == [1.0, 1.0]
    table = read_table(path, text_columns=["zip", "not there"])
    assert columns(table) == {"zip": ["01", "1"], "x": [1.0, 2.0]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "Empty CSV file"),
        ("a,b\n", "no rows"),
        ("a,b\n1,2\n3\n4,5\n", "Row #3: Expected 2 columns, got 1: 3"),
        ("a,b\n1,2\n3,4,5\n", "Row #3: Expected 2 columns, got 3: 3,4,5"),
        ("a,b,a\n1,2,3\n", "two columns are named 'a'"),
        ("a,b, a\n1,2,3\n", "two columns are named 'a'"),
        (",a\n0,1\n", "column 1 has no name"),
        (b"a,b\n1,\xff\n", "column #1.*UTF8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "utf-8"),
    ],
)
def test_bad_csv_is_refused(tmp_path, content, message):
    path = csv(tmp_path, content)
    with pytest.raises(ValueError, match=message) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.csv.gz"])
def test_other_formats_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(b"a\n1\n"))
    with pytest.raises(ValueError, match=r"must be a \.csv, \.parquet, \.npz file"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("name", ["no.csv", "no.parquet", "no.NPZ"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=f"{name}: no such file"):
        read_table(tmp_path / name)


# ---- Parquet -----------------------------------------------------------------------


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


@pytest.mark.parametrize("cell", [datetime.date(2024, 2, 29), b"bytes", [1.0, 2.0]])
def test_other_parquet_types_are_refused(tmp_path, cell):
    path = parquet(tmp_path, pd.DataFrame({"a": [1], "odd": [cell]}))
    with pytest.raises(ValueError, match="column 'odd' must hold numbers or text"):
        read_table(path)


def test_a_damaged_parquet_file_is_refused(tmp_path):
    path = parquet(tmp_path, pd.DataFrame({"a": np.arange(1000.0)}))
    content = path.read_bytes()
    for damaged in (b"", b"PAR1", content[:-9], content[:500], content[500:]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"t\.parquet: "):
            read_table(path)


# ---- NPZ ---------------------------------------------------------------------------


def npz(tmp_path, **arrays):
    np.savez(tmp_path / "t.npz", **arrays)
    return tmp_path / "t.npz"


@pytest.mark.parametrize(
    ("y", "wanted"),
    [
        (np.int8([3, 4]), [3.0, 4.0]),
        (np.float32([0.5, 1]), [0.5, 1.0]),
        (np.array(["no", "yes"]), ["no", "yes"]),
        (np.array([True, False]), ["True", "False"]),
    ],
)
def test_npz_is_read(tmp_path, y, wanted):
    table = read_table(npz(tmp_path, X=np.int16([[1, 2, 3], [4, 5, 6]]), y=y, z=1))
    inputs = {"x1": [1.0, 4.0], "x2": [2.0, 5.0], "x3": [3.0, 6.0]}
    assert columns(table) == {**inputs, "y": wanted}


def test_npz_may_have_no_y(tmp_path):
    assert columns(read_table(npz(tmp_path, X=np.eye(1)))) == {"x1": [1.0]}


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.eye(2), "Y": 1}, "no array X in it; it has x, Y"),
        ({"X": np.zeros(3)}, r"X must be numbers of shape \(m, n_x\), found .* \(3,\)"),
        ({"X": np.array([["a"]])}, "X must be numbers .* found <U1"),
        ({"X": np.array([[None]])}, "allow_pickle=False"),
        ({"X": np.eye(2), "y": np.zeros(3)}, r"y must be .* shape \(2,\).* \(3,\)"),
        ({"X": np.eye(2), "y": np.zeros((2, 1))}, r"y must be .* \(2, 1\)"),
        ({"X": np.eye(2), "y": np.array([1j, 2])}, "y must be .* complex"),
        ({"X": np.zeros((0, 2))}, "no rows"),
    ],
)
def test_bad_npz_is_refused(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message):
        read_table(npz(tmp_path, **arrays))


def test_a_damaged_npz_file_is_refused(tmp_path):
    path = npz(tmp_path, X=np.arange(1000.0)[:, None])
    content = path.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + b"\xaa\x55" + content[middle + 2 :]
    for damaged in (b"", b"PK", content[:-9], content[50:-50], flipped):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"t\.npz: "):
            read_table(path)


def test_an_npz_file_can_only_be_read_whole(tmp_path):
    with pytest.raises(ValueError, match=r"t\.npz: can only be read whole"):
        list(read_in_pieces(npz(tmp_path, X=np.eye(2))))
