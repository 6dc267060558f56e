"""Which rows train, which are watched, which test: drawn from the seed alone."""

import numpy as np
import pandas as pd
import pytest

from jaxdnn.data.datasets import load
from jaxdnn.data.parts import (
    TEST,
    TRAIN,
    VALIDATION,
    FileInParts,
    dataset_tables,
    divide,
    rows_of,
)
from jaxdnn.data.selecting import Selected, Selection
from jaxdnn.data.tables import Table, Turn, as_text, scan

# ---- data sets ---------------------------------------------------------------------


def test_a_data_set_becomes_a_table_with_names_for_classes():
    table, test = dataset_tables(load("iris"))
    assert table.source == "iris"
    assert test is None
    assert len(table) == 150
    assert list(table.columns)[4:] == ["class"]
    assert table.columns["class"][[0, -1]].tolist() == ["setosa", "virginica"]


def test_a_data_set_keeps_its_own_test_part():
    table, test = dataset_tables(load("circles"))
    assert (len(table), len(test)) == (300, 100)
    assert list(table.columns) == list(test.columns) == ["x1", "x2", "class"]


def test_a_data_set_of_numbers_keeps_them():
    table, _ = dataset_tables(load("diabetes"))
    assert table.columns["target"].dtype == np.float64


# ---- training and test part --------------------------------------------------------


def split(table, target, **options):
    """The rows to train on, and those to test on."""
    divided = [divide(table, target, **options)]
    return [
        next(rows_of(divided, part), table.take(np.empty(0, int)))
        for part in (TRAIN, TEST)
    ]


def table_of(y):
    return Table("t", {"row": np.arange(float(len(y))), "y": as_text(np.float64(y))})


def test_a_split_takes_every_row_once_and_keeps_the_order():
    train, test = split(table_of([0, 1] * 50), "y", test_fraction=0.3, seed=0)
    rows = [part.columns["row"] for part in (train, test)]
    assert sorted(np.concatenate(rows)) == list(range(100))
    assert all((np.diff(part) > 0).all() for part in rows)


def test_a_split_keeps_the_share_of_every_class():
    train, test = split(table_of([0] * 70 + [1] * 30), "y", test_fraction=0.2, seed=0)
    assert np.unique(test.columns["y"], return_counts=True)[1].tolist() == [14, 6]
    assert np.unique(train.columns["y"], return_counts=True)[1].tolist() == [56, 24]


@pytest.mark.parametrize("fraction", [0.5, 0.99])
def test_every_class_keeps_a_row_to_train_on(fraction):
    train, _ = split(table_of([0, 0, 1, 2]), "y", test_fraction=fraction, seed=0)
    assert set(train.columns["y"]) == {"0", "1", "2"}


def test_numbers_are_split_without_classes():
    table = Table("t", {"x": np.zeros(10), "y": np.arange(10) + 0.5})
    train, test = split(table, None, test_fraction=0.2, seed=0)
    assert (len(train), len(test)) == (8, 2)


def test_a_split_depends_on_its_seed_alone():
    def rows(seed):
        table = table_of([0, 1] * 50)
        return (
            split(table, "y", test_fraction=0.3, seed=seed)[1].columns["row"].tolist()
        )

    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    assert rows(1) == rows(1) != rows(2)
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize("fraction", [-0.1, 1.0, np.nan])
def test_other_fractions_are_refused(fraction):
    with pytest.raises(ValueError, match=r"test_fraction must be in \[0, 1\)"):
        split(table_of([0, 1]), "y", test_fraction=fraction, seed=0)


@pytest.mark.parametrize(("fraction", "count"), [(0.0, 0), (0.25, 2), (0.99, 9)])
def test_the_last_rows_can_be_the_test(fraction, count):
    table = Table("t", {"x": np.arange(10.0), "y": np.arange(10.0)})
    train, test = split(table, "y", test_fraction=fraction, seed=0, last=True)
    assert test.columns["x"].tolist() == list(range(10 - count, 10))
    assert train.columns["x"].tolist() == list(range(10 - count))


def test_rows_to_watch_are_drawn_class_by_class_from_those_to_train_on():
    table, parts = divide(
        table_of([0] * 70 + [1] * 30),
        "y",
        test_fraction=0.2,
        validation_fraction=0.25,
        seed=0,
    )
    for label, wanted in (("0", [42, 14, 14]), ("1", [18, 6, 6])):
        found = np.bincount(parts[table.columns["y"] == label], minlength=3)
        assert found[[TRAIN, VALIDATION, TEST]].tolist() == wanted


def test_codes_are_divided_as_the_texts_that_name_them():
    y = np.arange(100.0) % 12
    x = np.zeros(100)
    found = [
        divide(Table("t", {"x": x, "y": cells}), "y", test_fraction=0.3, seed=0)[1]
        for cells in (y, as_text(y))
    ]
    np.testing.assert_array_equal(*found)


# ---- files -------------------------------------------------------------------------


def test_a_row_has_its_part_whoever_reads_it_and_whatever_is_left_out(tmp_path):
    x = np.where(np.arange(1000) % 7, np.arange(1000.0), np.nan)
    frame = pd.DataFrame({"x": x, "y": np.arange(1000.0)})
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=130)
    file = scan(tmp_path / "t.parquet")

    def parts(missing, turn):
        rows = Selected(file, Selection(("x",), ("y",), missing))
        pieces = FileInParts(rows, 0.3, 0.4, seed=1).read_by(turn)
        return {
            y: p for t, of in pieces for y, p in zip(t.columns["y"], of, strict=True)
        }

    whole = parts("mean", Turn())
    assert len(whole) == 1000
    np.testing.assert_allclose(np.bincount(list(whole.values())), [600, 100, 300], 0.2)
    for missing, count in (("mean", 1000), ("drop", 857)):
        readers = [parts(missing, Turn(reader, 2)) for reader in range(2)]
        both = readers[0] | readers[1]
        assert len(both) == sum(map(len, readers)) == count
        assert both.items() <= whole.items()
