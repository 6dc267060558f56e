"""Columns to X and Y by the training part's figures, and back."""

import json

import numpy as np
import pytest

from jaxdnn.data.preprocessing import Preprocessing
from tests.tables import learned_from, table


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
        ({"a": [1, np.nan]}, "column 'a', row 2: a missing value"),
        ({"a": [1, -np.inf]}, "column 'a', row 2: an infinite number"),
        ({"kind": ["cat", ""]}, "column 'kind', row 2: a missing value"),
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
    (line,) = learned.notes(table(a=[1] * 3, kind=["cow", "cat", "emu"], b=[1] * 3))
    assert line.startswith("t.csv: column 'kind': 'cow' was never seen in training")
    assert "2 here" in line


def test_it_survives_json(learned):
    said = json.loads(json.dumps(learned.to_json()))
    assert Preprocessing.from_json(said) == learned
