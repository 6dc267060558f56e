"""Columns to X and Y by the training part's figures, and back."""

import json
from dataclasses import replace

import numpy as np
import pytest

from jaxdnn.data.columns.notes import said_of
from jaxdnn.data.preprocessing import Preprocessing
from tests.tables import learn_all, learned_from, table


@pytest.fixture
def learned():
    return learned_from(a=[1, 3], kind=["dog", "cat"], b=[5, 5], y=["no", "yes"])


def test_inputs_are_in_the_order_of_training_by_name(learned):
    X = learned.inputs(table(kind=["cat", "dog"], b=[0, 1], a=[2, 5]))
    assert X.dtype == np.float32
    assert X.tolist() == [[0, 3], [1, 0], [0, 1], [0, 0]]


def test_the_target_may_be_there_and_may_lack_values(learned):
    found = learned.inputs(table(kind=["cat"], b=[0], a=[2], y=[""]))
    without = learned.inputs(table(kind=["cat"], b=[0], a=[2]))
    np.testing.assert_array_equal(found, without)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": [1], "b": [1]}, "lacks columns the model was trained on: 'kind'"),
        (
            {"a": [1], "b": [1], "kind": ["cat"], "c": [1], "d": [1]},
            "has columns the model was not trained on: 'c', 'd'",
        ),
        ({"a": [1, -np.inf]}, "column 'a', row 2: an infinite number"),
        ({"a": ["1", "x"]}, "column 'a', row 2: 'x' is not a number"),
        ({"a": [1, 1e300]}, r"column 'a', row 2: 1e\+300 is too far"),
    ],
)
def test_a_table_unlike_the_training_one_is_refused(learned, columns, message):
    if len(columns) == 1:
        columns = {"a": [1, 1], "kind": ["cat", "cat"], "b": [5, 5], **columns}
    with pytest.raises(ValueError, match=f"^t.csv: {message}"):
        learned.inputs(table(**columns))


def test_numbers_written_as_text_are_numbers(learned):
    as_numbers = learned.inputs(table(a=[7], kind=["cat"], b=[5]))
    as_text = learned.inputs(table(a=["7.0"], kind=["cat"], b=["5"]))
    assert as_numbers.tolist() == as_text.tolist()


def test_unseen_texts_are_told(learned):
    assert learned.notes(table(a=[1], kind=["cat"], b=[1])) == []
    (note,) = learned.notes(table(a=[1] * 3, kind=["cow", "cat", "emu"], b=[1] * 3))
    line = said_of("t.csv", note)
    assert line.startswith("t.csv: column 'kind': 'cow' was never seen in training")
    assert "2 here" in line


def test_it_survives_json(learned):
    said = json.loads(json.dumps(learned.to_json()))
    assert Preprocessing.from_json(said) == learned


@pytest.mark.parametrize("missing", ["drop", "error"])
def test_gaps_are_refused_where_training_had_none(missing):
    learned = learned_from({"missing": missing}, a=[1, 2], b=[1, 2], y=["p", "q"])
    gaps = table(a=[np.nan, 1, np.nan], b=[1, np.nan, 1])
    message = (
        r"^t\.csv: missing values in 'a' \(2, the first in row 1\), 'b' \(1, in ro"
    )
    with pytest.raises(ValueError, match=message):
        learned.inputs(gaps)


def test_columns_that_training_left_out_may_be_there(learned):
    loose = replace(learned, left_out=("id",))
    there = {"a": [1], "kind": ["cat"], "b": [5]}
    wanted = learned.inputs(table(**there))
    np.testing.assert_array_equal(loose.inputs(table(**there, id=["7"])), wanted)


def test_several_targets_have_a_row_each():
    whole = table(x=[1, 2, 3], p=["n", "y", "n"], q=[0, 0, 1])
    learned = learn_all(whole, "p", "q").preprocessing
    assert (learned.output, learned.n_L) == ("sigmoid", 2)
    assert learned.outputs(whole).tolist() == [[0, 1, 0], [0, 0, 1]]
    each = {t.name: said.tolist() for t, said in learned.rows_of(np.eye(2, 3))}
    assert each == {"p": [[1, 0, 0]], "q": [[0, 1, 0]]}
    numbers = table(x=[1, 2, 3], p=[0.5, 1, 2], q=[1, 2, 2.5])
    learned = learn_all(numbers, "p", "q").preprocessing
    assert (learned.output, learned.n_L) == ("identity", 2)


@pytest.mark.parametrize(
    "others", [[0, 1, 2, 0], [0.5, 1, 1.5, 2]], ids=["classes", "numbers"]
)
def test_targets_that_no_head_predicts_together_are_refused(others):
    whole = table(x=[1, 2, 3, 4], p=["n", "y", "n", "y"], q=others)
    with pytest.raises(ValueError, match="several targets must all be numbers, or all"):
        learn_all(whole, "p", "q")


@pytest.mark.parametrize(
    "asked",
    [{}, {"categorical": ("a",)}, {"missing": "median"}, {"task": "classification"}],
)
def test_what_was_learned_goes_through_json(asked):
    columns = {"a": [1, np.nan, 1], "kind": ["x", "", "x"], "y": [0, 1, 1]}
    learned = learned_from(asked, when=["2024-01-01"] * 3, **columns)
    assert Preprocessing.from_json(json.loads(json.dumps(learned.to_json()))) == learned
