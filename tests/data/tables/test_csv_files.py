"""CSV as people have it: read as it is, or refused with what and where."""

import codecs
import gzip

import numpy as np
import pytest

from jaxdnn.data.tables import Reading, read_in_pieces, read_table, scan


def csv(tmp_path, content, name="t.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def columns(table):
    return {name: cells.tolist() for name, cells in table.columns.items()}


def in_pieces(path, **options):
    """The columns, read some bytes at a time and put together."""
    tables = list(read_in_pieces(path, piece_bytes=64, **options))
    return {
        name: [cell for table in tables for cell in table.columns[name].tolist()]
        for name in tables[0].columns
    }


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
    assert table.columns["a"].tolist() == ["x", ""]


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


@pytest.mark.parametrize("name", ["t.xlsx", "t", "t.npz.gz"])
def test_other_formats_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(b"a\n1\n"))
    with pytest.raises(ValueError, match=r"must be a \.csv, .*\.parquet, \.npz file"):
        read_table(tmp_path / name)


@pytest.mark.parametrize("name", ["no.csv", "no.parquet", "no.NPZ"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=f"{name}: no such file"):
        read_table(tmp_path / name)


# ---- how people write it -----------------------------------------------------------

ROWS = [(i / 2, f"n{i % 3}") for i in range(40)]


def written(sign, header="a{}b\n", cells="{}{}{}\n"):
    return header.format(sign) + "".join(cells.format(a, sign, b) for a, b in ROWS)


SPREAD = {
    "comma": ("t.csv", written(",").encode()),
    "semicolon": ("t.csv", written(";").encode()),
    "tab": ("t.tsv", written("\t").encode()),
    "bar": ("t.csv", written("|").encode()),
    "quoted": ("t.csv", written(";", '"a"{}"b"\n', '"{}"{}"{}"\n').encode()),
    "carriage returns": ("t.csv", written(",").replace("\n", "\r\n").encode()),
    "BOM": ("t.csv", codecs.BOM_UTF8 + written(";").encode()),
    "UTF-16": ("t.csv", written(",").encode("utf-16")),
    "UTF-16, big": ("t.csv", codecs.BOM_UTF16_BE + written(",").encode("utf-16-be")),
    "compressed": ("t.csv.gz", gzip.compress(written(";").encode())),
    "compressed tabs": ("T.TSV.GZ", gzip.compress(written("\t").encode("utf-16"))),
}


@pytest.mark.parametrize("case", SPREAD)
def test_how_a_file_is_written_is_found(tmp_path, case):
    name, content = SPREAD[case]
    path = csv(tmp_path, content, name)
    wanted = {"a": [a for a, _ in ROWS], "b": [b for _, b in ROWS]}
    assert columns(read_table(path)) == in_pieces(path) == wanted


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        ("a;b\nx, y, z;1\nu, v;2\n", {"a": ["x, y, z", "u, v"], "b": [1, 2]}),
        ('a,b\n"1;2",3\n"4;5",6\n', {"a": ["1;2", "4;5"], "b": [3, 6]}),
        ("a\n1\n2\n", {"a": [1, 2]}),
        ("a b\n1\n2\n", {"a b": [1, 2]}),
    ],
)
def test_a_sign_inside_cells_parts_none(tmp_path, content, wanted):
    assert columns(read_table(csv(tmp_path, content))) == wanted


def test_a_delimiter_can_be_given(tmp_path):
    path = csv(tmp_path, "a~b\n1~2\n")
    assert columns(read_table(path, reading=Reading(delimiter="~"))) == {
        "a": [1],
        "b": [2],
    }


@pytest.mark.parametrize(
    ("decimal", "cells", "wanted"),
    [
        (",", ["1,5", "-2", "3,"], [1.5, -2, 3]),
        (",", ["1.234,5", "12", "-1.234.567"], [1234.5, 12, -1234567]),
        (",", ["1 234,5", "1"], [1234.5, 1]),
        (",", ["1.5", "2"], None),
        (",", ["1,5,6", "2"], None),
        (".", ["1,304", "2", "-1,304,000.5"], [1304, 2, -1304000.5]),
        (".", ["1 304", "2"], [1304, 2]),
        (".", ["1'304.5", "2"], [1304.5, 2]),
        (".", ["1\u202f304", "2"], [1304, 2]),
        (".", ["1,5", "2"], None),
        (".", ["1,304", "1,5"], None),
        (".", ["1,304,5", "2"], None),
        (".", ["1304,000", "2"], None),
        (".", ["１２", "2"], None),
        (".", ["٣", "2"], None),
        (".", ["1_000", "2"], None),
        (".", ["0x10", "2"], None),
        (".", ["Nan", "2"], None),
        (".", ["nan(1)", "2"], None),
        (",", ["+nan", "2"], None),
        (".", ["1e3", "+2", "", "NA"], [1000, 2, np.nan, np.nan]),
    ],
)
def test_numbers_have_one_decimal_sign_and_thousands(tmp_path, decimal, cells, wanted):
    content = "a;b\n" + "".join(f"{cell};x\n" for cell in cells)
    table = read_table(csv(tmp_path, content), reading=Reading(decimal=decimal))
    if wanted is None:
        assert table.columns["a"].tolist() == cells
    else:
        np.testing.assert_array_equal(table.columns["a"], wanted)
        assert table.texts("a").tolist() == [c if c != "NA" else "" for c in cells]


@pytest.mark.parametrize("pieces", [False, True])
def test_codes_keep_their_own_words(tmp_path, pieces):
    codes = ["007", "7", "1E5", "100000", "10000000000000005", "10000000000000004", ""]
    path = csv(tmp_path, "code,x\n" + "".join(f"{code},1\n" for code in codes))
    tables = (
        list(read_in_pieces(path, piece_bytes=40)) if pieces else [read_table(path)]
    )
    assert [text for table in tables for text in table.texts("code")] == codes
    left = tables[-1].take(np.arange(len(tables[-1]))[::-1]).select(["code"])
    assert left.texts("code").tolist() == codes[::-1][: len(left)]
    message = r"'code', row 5: 10000000000000005 is more than float64 can hold"
    with pytest.raises(ValueError, match=message):
        [table.numbers("code") for table in tables]


def test_rows_that_were_taken_keep_their_number(tmp_path):
    table = read_table(csv(tmp_path, "a\n" + "1\n" * 9))
    left = table.take(np.arange(9) > 5).take(np.array([2, 0]))
    assert [left.row(0), left.row(1)] == [9, 7]


def test_what_says_that_a_cell_is_missing_can_be_chosen(tmp_path):
    path = csv(tmp_path, "a,b\n-999,NA\n2,-\n")
    table = read_table(path, reading=Reading(missing=("-999", "-")))
    np.testing.assert_array_equal(table.columns["a"], [np.nan, 2])
    assert table.columns["b"].tolist() == ["NA", ""]


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_file_that_ends_inside_quotes_is_refused(tmp_path, name):
    rows = [f"{i},dog\n" for i in range(20)]
    rows[10] = '10,"dog\n'
    content = "a,b\n" + "".join(rows)
    packed = gzip.compress(content.encode()) if name.endswith("gz") else content
    path = csv(tmp_path, packed, name)
    for read in (read_table, in_pieces):
        with pytest.raises(ValueError, match=r"t\.csv.*: the file ends inside quotes"):
            read(path)
    whole = csv(tmp_path, content.rstrip("\n") + '"\n')
    assert len(read_table(whole)) == 11


def test_another_encoding_is_refused_or_given(tmp_path):
    path = csv(tmp_path, "a,b\n1,é\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"t\.csv: .*UTF8"):
        read_table(path)
    table = read_table(path, reading=Reading(encoding="latin-1"))
    assert table.columns["b"].tolist() == ["é"]
    with pytest.raises(ValueError, match=r"t\.csv: unknown encoding: klingon"):
        read_table(path, reading=Reading(encoding="klingon"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_a_last_cell_of_several_lines_may_be_closed_in_any_encoding(tmp_path, encoding):
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    closed = 'a,b\n1,"x\ny"\n'
    path = csv(tmp_path, mark + closed.encode(encoding))
    assert columns(read_table(path)) == in_pieces(path) == {"a": [1], "b": ["x\ny"]}
    path = csv(tmp_path, mark + closed.replace('y"', "y").encode(encoding))
    with pytest.raises(ValueError, match="the file ends inside quotes"):
        read_table(path)


@pytest.mark.parametrize("count", [400, 5000])
def test_more_digits_than_a_number_has_are_refused(tmp_path, count):
    table = read_table(csv(tmp_path, "a\n1\n" + "9" * count + "\n"))
    says = f"'a', row 2: one of {count} digits is more than float64 can hold"
    with pytest.raises(ValueError, match=says):
        table.numbers("a")


def test_a_row_may_be_longer_than_what_is_read_at_a_time(tmp_path):
    rows = ["1,x\n"] * 9 + ["2," + "y" * (3 << 20) + "\n"]
    path = csv(tmp_path, "a,b\n" + "".join(rows))
    assert len(read_table(path)) == 10
    with pytest.raises(ValueError, match="a row of more than 1048576 bytes: is a q"):
        list(read_in_pieces(path))


def test_what_is_wrong_is_said_in_one_line(tmp_path):
    path = csv(tmp_path, 'a,b\n1,x\n"2,y\n' + "3,z\n" * 9)
    with pytest.raises(ValueError, match=r'Expected 2 columns, got 1: "2,y 3,z 3,z'):
        read_table(path)


def test_a_file_that_changes_between_two_readings_is_refused(tmp_path):
    path = csv(tmp_path, "a,b\n1,x\n")
    file = scan(path)
    assert len(list(file)) == 1
    path.write_text("a,b\n1,x\n2,y\n")
    with pytest.raises(ValueError, match=r"t.csv: it has changed since it was first"):
        list(file)
