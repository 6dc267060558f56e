"""Columns are learned in one way, from a table or piece by piece, from any file."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce

import numpy as np
import pandas as pd
import pytest

from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.kinds import GUESSED, Asked
from jaxdnn.data.columns.numbers import Moments, Numbers
from jaxdnn.data.learning import learn
from jaxdnn.data.parts import PARTS, TEST, TRAIN, VALIDATION, FileInParts, rows_of
from jaxdnn.data.preprocessing import Examples
from jaxdnn.data.readers import Readers
from jaxdnn.data.selecting import Selected, select
from jaxdnn.data.tables import ScannedFile, Table, Turn, as_text, read_table, scan
from tests.tables import learn_all, learned_from, save, table

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


def in_pieces(path, test=0.0, watched=0.0, target="kind"):
    file = scan(path, piece_bytes=SMALL)
    selection = select(next(iter(file)), targets=[target])
    return FileInParts(Selected(file, selection), test, watched, seed=0)


def streamed(path, target, **parts):
    """What a file teaches, read in small pieces."""
    return learn(in_pieces(path, target=target, **parts), [target])


def by_readers(count, work):
    """What several readers, here threads, find together: each of them the same."""
    meet, said = threading.Barrier(count, timeout=60), [b""] * count

    def one(i):
        def exchange(own):
            said[i] = own
            meet.wait()
            every = list(said)
            meet.wait()
            return every

        return work(Readers(Turn(i, count), exchange))

    with ThreadPoolExecutor(count) as pool:
        first, *others = pool.map(one, range(count))
    for other in others:
        assert other == first
    return first


def shared(path, target, asked=GUESSED, **parts):
    """What a file teaches of which each reader looks at pieces of its own."""

    def work(readers):
        look = partial(scan, path, piece_bytes=SMALL, turn=readers.turn)
        file = reduce(ScannedFile.plus, readers.everyones(look))
        selection = select(next(iter(file)), targets=[target], missing=asked.missing)
        cut = {"test": 0.0, "watched": 0.0, "seed": 0} | parts
        pieces = FileInParts(Selected(file, selection), **cut)
        return learn(pieces.read_by(readers.turn), [target], asked, readers)

    return by_readers(3, work)


@pytest.fixture(params=[".csv", ".parquet"])
def path(request, tmp_path):
    return save(pets(), tmp_path / f"t{request.param}")


# ---- the target --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "head", "Y"),
    [
        (["b", "a", "b"], "sigmoid", [[1, 0, 1]]),
        ([0, 1, 0], "sigmoid", [[0, 1, 0]]),
        ([-1, 1, 1], "sigmoid", [[0, 1, 1]]),
        ([3, 1, 2], "softmax", [[0, 1, 0], [0, 0, 1], [1, 0, 0]]),
        (["c", "a", "b"], "softmax", [[0, 1, 0], [0, 0, 1], [1, 0, 0]]),
        ([0.5, 1.5, 0.5, 1.5], "identity", [[-1, 1, -1, 1]]),
    ],
)
def test_the_head_follows_the_target(y, head, Y):
    whole = table(x=range(len(y)), y=y)
    learned = learn_all(whole).preprocessing
    assert learned.output == head
    assert learned.outputs(whole).tolist() == Y
    assert learned.n_L == len(Y)


@pytest.mark.parametrize(("values", "head"), [(20, "softmax"), (21, "identity")])
def test_whole_numbers_with_many_values_are_measured(values, head):
    assert learned_from(x=range(values), y=range(values)).output == head


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1, 2]}, "no column 'y'; it has 'x'"),
        ({"y": [1, 2]}, "no column beside the target 'y'"),
        ({"x": [1, np.inf], "y": [1, 2]}, "'x', row 2: an infinite number"),
        ({"x": [1, 2], "y": [7, 7]}, "'y' is '7' in every row"),
        ({"x": [1, 2], "y": [0.5, 0.5]}, "'y' is '0.5' in every row"),
        ({"x": [1, 2], "y": ["a", "a"]}, "'y' is 'a' in every row"),
        ({"x": [1, 2, 3], "y": ["1", "2", "x"]}, "'y', row 3: 'x' is text among num"),
        ({"x": ["1.5", "2", "x"], "y": [0, 1, 0]}, "'x', row 3: 'x' is text among"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(columns, message):
    with pytest.raises(ValueError, match=f"^t.csv: .*{message}"):
        learned_from(**columns)


def test_inputs_of_one_unit_share_their_figures():
    cells = {"a": np.array([1.0, 3.0]), "b": np.array([5.0, 5.0])}
    pixels = Table("t", {**cells, "y": np.array([0.0, 1.0])}, one_unit=True)
    mean, deviation = np.mean([1, 3, 5, 5]), np.std([1, 3, 5, 5])
    for column in learn_all(pixels).preprocessing.columns:
        np.testing.assert_allclose([column.mean, column.deviation], [mean, deviation])


# ---- pieces ------------------------------------------------------------------------


def test_a_stream_teaches_what_the_whole_table_does(path):
    found = streamed(path, "kind")
    assert len(scan(path, piece_bytes=SMALL).sizes) > 5
    wanted = learn_all(read_table(path), "kind")
    assert found.preprocessing == wanted.preprocessing
    assert (
        found.found
        == wanted.found
        == {"kind": dict(pets()["kind"].astype(str).value_counts())}
    )
    assert found.sizes == wanted.sizes == {"train": 500}
    assert found.preprocessing.targets == (Categories("kind", ("0", "1")),)
    assert found.preprocessing.columns[3].categories == ("1", "2", "3+")


def test_every_format_teaches_the_same_to_the_last_digit(tmp_path):
    # More rows than are added up at a time, so that sums of sums are compared too.
    rng = np.random.default_rng(0)
    X = 1e3 * rng.normal(size=(10_000, 2))
    frame = pd.DataFrame(X, columns=["x1", "x2"]).assign(y=X[:, 0] * X[:, 1] + 0.5)
    np.savez(tmp_path / "t.npz", X=X, y=frame["y"])
    files = [save(frame, tmp_path / name) for name in ("t.csv", "t.parquet")]
    wanted = learn_all(read_table(tmp_path / "t.npz"))
    for file in files:
        assert learn_all(read_table(file)) == wanted
        assert streamed(file, "y")[:3] == wanted[:3]
    frame.to_parquet(file, row_group_size=700)
    assert shared(file, "y")[:3] == wanted[:3]


def test_every_format_draws_the_same_parts(tmp_path):
    files = [save(pets(), tmp_path / name) for name in ("t.csv", "t.parquet")]
    parts = [
        np.concatenate([parts for _, parts in in_pieces(file, 0.2, 0.3)])
        for file in files
    ]
    np.testing.assert_array_equal(*parts)
    found = [streamed(file, "kind", test=0.2, watched=0.3) for file in files]
    assert found[0][:3] == found[1][:3]


def test_parts_share_the_rows_and_every_pass_agrees(path):
    pieces = in_pieces(path, test=0.2, watched=0.3)
    weights = {
        part: np.concatenate([t.columns["weight"] for t in rows_of(pieces, part)])
        for part in (TRAIN, VALIDATION, TEST)
    }
    sizes = learn(pieces, ["kind"]).sizes
    assert sizes == {PARTS[part]: len(found) for part, found in weights.items()}
    assert 300 < sizes["train"] < 400
    assert sorted(np.concatenate([*weights.values()])) == sorted(pets()["weight"])
    again = np.concatenate([t.columns["weight"] for t in rows_of(pieces, TRAIN)])
    np.testing.assert_array_equal(again, weights[TRAIN])


def test_only_training_rows_are_learnt_from(path):
    pieces = in_pieces(path, watched=0.5)
    weight = np.concatenate([t.columns["weight"] for t in rows_of(pieces, TRAIN)])
    column = learn(pieces, ["kind"]).preprocessing.columns[0]
    assert column == Moments.of(weight).column("weight")


def test_examples_are_what_the_whole_table_encodes(path):
    pieces = in_pieces(path)
    learned = learn(pieces, ["kind"]).preprocessing
    X, Y = Examples(pieces, TRAIN, learned).whole()
    whole = read_table(path, text_columns=pieces.rows.tables.text_columns)
    np.testing.assert_array_equal(X, learned.inputs(whole))
    np.testing.assert_array_equal(Y, learned.outputs(whole))
    assert (learned.n_x, learned.n_L) == (len(X), len(Y))


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
    found, whole = streamed(path, "y"), learn_all(read_table(path))
    assert type(found.preprocessing.targets[0]) is kind
    assert found.preprocessing.targets == whole.preprocessing.targets
    assert isinstance(found.found["y"], tuple) == (kind is Numbers)


BAD = {
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
    for teach in (streamed, shared):
        with pytest.raises(ValueError, match=f"^{re.escape(path)}: .*{message}"):
            teach(path, "kind")


def test_where_one_reader_fails_all_end_with_its_message():
    def work(readers):
        def look():
            if readers.turn.reader == 1:
                raise OSError("no such file: t.parquet")
            return 1

        with pytest.raises((ValueError, OSError)) as failed:
            readers.together(look)
        return str(failed.value).removeprefix("process 1 failed: ")

    assert by_readers(3, work) == "no such file: t.parquet"


def test_bad_tables_are_refused(tmp_path):
    path = save(pets().assign(kind=1), tmp_path / "t.csv")
    with pytest.raises(ValueError, match="'kind' is '1' in every row"):
        streamed(path, "kind")
    with pytest.raises(ValueError, match="no column 'sort'; it has 'weight'"):
        streamed(path, "sort")
    names = pets().assign(coat=[f"fur {i}" for i in range(500)])
    path = save(names, tmp_path / "t.csv")
    assert streamed(path, "kind").useless == {"coat": "500 different texts in 500 rows"}
    (tmp_path / "t.csv").write_text("x,y\n")
    with pytest.raises(ValueError, match="no rows"):
        streamed(path, "y")


def test_a_class_without_training_rows_is_refused(tmp_path):
    frame = pd.DataFrame({"x": range(200), "kind": 100 * ["cat", "dog"]})
    path = save(frame, tmp_path / "t.csv")
    parts = np.concatenate([parts for _, parts in in_pieces(path, watched=0.5)])
    frame.loc[np.flatnonzero(parts != TRAIN)[0], "kind"] = "unicorn"
    save(frame, tmp_path / "t.csv")
    with pytest.raises(ValueError, match=r"no row to train on has unicorn in .*'kind'"):
        streamed(path, "kind", watched=0.5)


def test_pieces_that_disagree_on_a_column_are_refused():
    pieces = [(table(x=x, y=[0, 1]), np.zeros(2)) for x in ([1, 2], ["a", "b"])]
    with pytest.raises(ValueError, match="'x': numbers in some pieces, text in others"):
        learn([(t, parts.astype(int)) for t, parts in pieces], ["y"])


def test_long_codes_are_labels_and_no_inputs(tmp_path):
    codes = ["10000000000000005", "10000000000000004"] * 30
    rows = "".join(f"{i},{code}\n" for i, code in enumerate(codes))
    (tmp_path / "t.csv").write_text("x,code\n" + rows)
    for teach in (streamed, lambda path, name: learn_all(read_table(path), name)):
        learned = teach(tmp_path / "t.csv", "code").preprocessing
        assert learned.targets == (Categories("code", tuple(sorted(set(codes)))),)
        with pytest.raises(ValueError, match="'code', row 1: 10000000000000005 is"):
            teach(tmp_path / "t.csv", "x")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("missing", ["mean", "drop"])
def test_gaps_dates_and_useless_columns_are_the_same_in_pieces(
    tmp_path, suffix, missing
):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "name": [f"n{i}" for i in range(600)],
            "x": rng.normal(size=600),
            "born": pd.date_range("2012-01-01", periods=600, freq="7h").astype(str),
            "coat": rng.choice(["long", "short"], 600),
            "kind": rng.choice(["cat", "dog"], 600),
        }
    )
    for name, step in (("x", 7), ("born", 9), ("coat", 11), ("kind", 13)):
        frame.loc[::step, name] = None
    path = save(frame, tmp_path / f"t{suffix}")
    asked = Asked(missing=missing)
    file = scan(path, piece_bytes=SMALL)
    selection = select(next(iter(file)), targets=["kind"], missing=missing)
    found = learn(FileInParts(Selected(file, selection), 0, 0, 0), ["kind"], asked)
    whole = selection.of(read_table(path))
    wanted = learn([(whole, np.full(len(whole), TRAIN))], ["kind"], asked)
    assert len(file.sizes) > 5
    assert found.preprocessing == wanted.preprocessing
    assert found[:3] == wanted[:3]
    assert found.gaps == wanted.gaps
    if suffix == ".parquet":
        frame.to_parquet(path, row_group_size=70)
    by_three = shared(path, "kind", asked)
    assert by_three._replace(largest=found.largest) == found
    assert set(found.useless) == {"name"}
    assert [c.kind for c in found.preprocessing.columns] == [
        "numbers",
        "dates",
        "categories",
    ]
