"""Rows read piece by piece teach what the whole table does."""

import re

import numpy as np
import pandas as pd
import pytest

from jaxdnn.data.preprocessing import Categories, Numbers, Preprocessing, training_table
from jaxdnn.data.streams import Examples, Stream, gather
from jaxdnn.data.tables import as_text, read_table

SMALL = 2000  # bytes of a piece: some tens of rows


def pets(rows=500):
    """Numbers, text, a constant, and text that begins like numbers."""
    rng = np.random.default_rng(0)
    cat = rng.random(rows) < 0.5
    frame = pd.DataFrame(
        {
            "weight": 1e6 + np.where(cat, 4, 20) + rng.normal(size=rows),
            "coat": rng.choice(["long", "short"], rows),
            "legs": 4,
            "code": rng.choice(["1", "2"], rows),
            "kind": cat.astype(int),
        }
    )
    frame.loc[rows - 2 :, "code"] = "3+"
    return frame


def save(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return str(path)


@pytest.fixture(params=[".csv", ".parquet"])
def path(request, tmp_path):
    return save(pets(), tmp_path / f"t{request.param}")


def test_the_figures_are_those_of_the_whole_table(path):
    found = gather(Stream(path, piece_bytes=SMALL), None)
    assert len(found.stream.sizes) > 5
    wanted = Preprocessing.of(training_table(read_table(path), "kind"), "kind")
    assert found.preprocessing.target == wanted.target == Categories("kind", ("0", "1"))
    for column, same in zip(found.preprocessing.columns, wanted.columns, strict=True):
        if isinstance(same, Numbers):
            figures = (column.mean, column.deviation)
            np.testing.assert_allclose(figures, (same.mean, same.deviation), rtol=1e-9)
        else:
            assert column == same
    assert found.counts == dict(pets()["kind"].astype(str).value_counts())
    assert found.preprocessing.columns[3].categories == ("1", "2", "3+")


def test_parts_share_the_rows_and_every_pass_agrees(path):
    train = gather(Stream(path, piece_bytes=SMALL, low=0.3), "kind").stream
    parts = [train, train.part(0, 0.2), train.part(0.2, 0.3)]
    weights = [
        np.concatenate([table.columns["weight"] for table in part]) for part in parts
    ]
    assert list(map(len, parts)) == list(map(len, weights))
    assert 300 < len(weights[0]) < 400
    assert sorted(np.concatenate(weights)) == sorted(pets()["weight"])
    again = np.concatenate([table.columns["weight"] for table in train])
    np.testing.assert_array_equal(again, weights[0])


def test_only_training_rows_are_learnt_from(path):
    found = gather(Stream(path, piece_bytes=SMALL, low=0.5), "kind")
    weight = np.concatenate([table.columns["weight"] for table in found.stream])
    column = found.preprocessing.columns[0]
    np.testing.assert_allclose(column.mean, weight.mean(), rtol=1e-12)
    np.testing.assert_allclose(column.deviation, weight.std(), rtol=1e-6)


def test_chunks_are_what_the_whole_table_encodes(path):
    found = gather(Stream(path, piece_bytes=SMALL), "kind")
    chunks = list(Examples(found.stream, found.preprocessing))
    table = training_table(
        read_table(path, text_columns=found.stream.text_columns), "kind"
    )
    X = np.concatenate([X for X, _ in chunks], axis=1)
    Y = np.concatenate([Y for _, Y in chunks], axis=1)
    np.testing.assert_array_equal(X, found.preprocessing.inputs(table))
    np.testing.assert_array_equal(Y, found.preprocessing.targets(table))


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (np.arange(600) % 20, Categories),
        (np.arange(600) % 21, Numbers),
        (np.arange(600) % 2 + 0.5, Numbers),
        (as_text(np.arange(600.0) % 21), Numbers),
    ],
)
def test_the_target_is_of_the_kind_it_is_in_one_piece(tmp_path, y, kind):
    frame = pd.DataFrame({"x": np.arange(600), "y": y})
    path = save(frame, tmp_path / "t.csv")
    found = gather(Stream(path, piece_bytes=SMALL), None)
    whole = Preprocessing.of(training_table(read_table(path), "y"), "y")
    assert type(found.preprocessing.target) is type(whole.target) is kind
    assert (found.counts is None) == (kind is Numbers)


BAD = {
    "missing": ({400: ("weight", np.nan)}, "'weight', row 401: a missing value"),
    "infinite": ({450: ("weight", np.inf)}, "'weight', row 451: an infinite number"),
    "stray": ({333: ("weight", "heavy")}, "row 334: 'heavy' is text among numbers"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_cells_are_named_by_their_row_in_the_file(tmp_path, case):
    changes, message = BAD[case]
    frame = pets().astype(object)
    for row, (name, value) in changes.items():
        frame.loc[row, name] = value
    path = save(frame, tmp_path / "t.csv")
    with pytest.raises(ValueError, match=f"^{re.escape(path)}: .*{message}"):
        gather(Stream(path, piece_bytes=SMALL), "kind")


def test_bad_tables_are_refused(tmp_path):
    path = save(pets().assign(kind=1), tmp_path / "t.csv")
    with pytest.raises(ValueError, match="'kind' is '1' in every row"):
        gather(Stream(path, piece_bytes=SMALL), "kind")
    with pytest.raises(ValueError, match="no column 'sort'; it has 'weight'"):
        gather(Stream(path), "sort")
    names = pets().assign(coat=[f"fur {i}" for i in range(500)])
    path = save(names, tmp_path / "t.csv")
    with pytest.raises(ValueError, match="500 different texts in 500 rows"):
        gather(Stream(path, piece_bytes=SMALL), "kind")
    (tmp_path / "t.csv").write_text("x,y\n")
    with pytest.raises(ValueError, match="no rows"):
        gather(Stream(path), "y")


def test_a_class_without_training_rows_is_refused(tmp_path):
    frame = pd.DataFrame({"x": range(200), "kind": 100 * ["cat", "dog"]})
    stream = Stream(save(frame, tmp_path / "t.csv"), low=0.5, piece_bytes=SMALL)
    marks = [chosen for _, chosen in gather(stream, "kind").stream.marked()]
    frame.loc[np.flatnonzero(~np.concatenate(marks))[0], "kind"] = "unicorn"
    save(frame, tmp_path / "t.csv")
    with pytest.raises(ValueError, match=r"no row to train on has unicorn in .*'kind'"):
        gather(stream, "kind")
