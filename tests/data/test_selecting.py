"""Which columns and rows of a table are learned from."""

import numpy as np
import pytest

from jaxdnn.data.selecting import Gaps, Selected, select
from tests.tables import table

WHOLE = table(
    id=["a", "b", "c", "d"],
    x=[1, np.nan, 3, 4],
    kind=["p", "q", "", "q"],
    y=[1, 2, 3, np.nan],
)


def rows(missing, **chosen):
    """The row numbers that are left."""
    selection = select(WHOLE, targets=["y"], missing=missing, **chosen)
    return [WHOLE.texts("id").tolist().index(i) for i in _ids(selection.of(WHOLE))]


def _ids(selected):
    return selected.columns["id"]


@pytest.mark.parametrize(
    ("missing", "kept"),
    [
        ("mean", [0, 1, 2]),
        ("median", [0, 1, 2]),
        ("drop", [0]),
        ("error", [0, 1, 2, 3]),
    ],
)
def test_rows_with_gaps_go_by_the_rule(missing, kept):
    assert rows(missing) == kept


def test_gaps_in_columns_that_are_dropped_cost_no_row():
    assert rows("drop", drop=["kind"]) == [0, 2]
    assert rows("drop", only=["id", "kind"]) == [0, 1]


def test_columns_are_dropped_or_named():
    assert select(WHOLE, targets=[]).targets == ("y",)
    assert select(WHOLE, targets=[], drop=["y"]).targets == ("kind",)
    assert select(WHOLE, targets=["x", "y"], drop=["id"]).inputs == ("kind",)
    assert select(WHOLE, targets=["y"], only=["kind", "x"]).inputs == ("x", "kind")


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"targets": ["z"]}, "no column 'z'; it has 'id', 'x', 'kind', 'y'"),
        ({"targets": [], "drop": ["w"]}, "no column 'w'"),
        ({"targets": [], "only": ["w"]}, "no column 'w'"),
        ({"targets": ["y"], "drop": ["y"]}, "'y' cannot be both predicted and dropped"),
        ({"targets": ["y"], "only": ["y"]}, "no column beside the target 'y'"),
        ({"targets": [], "drop": ["id", "x", "kind"]}, "no column beside the target"),
    ],
)
def test_columns_that_cannot_be_chosen_are_refused(chosen, message):
    with pytest.raises(ValueError, match=f"^t.csv: {message}"):
        select(WHOLE, **chosen)


def test_pieces_without_rows_left_are_nothing():
    pieces = [table(x=[1, 2], y=[np.nan] * 2), table(x=[3], y=[1.0])]
    (left,) = Selected(pieces, select(pieces[0], targets=["y"]))
    assert left.columns["x"].tolist() == [3]


def test_gaps_add_up_and_name_the_first_row():
    gaps = Gaps()
    gaps.add(WHOLE)
    gaps.add(table(x=[np.nan], kind=["p"]))
    assert str(gaps) == (
        "'x' (2, the first in row 2), 'kind' (1, in row 3), 'y' (1, in row 4)"
    )
