"""Columns to X and Y by the training part's figures, and back."""

import json

import numpy as np
import pytest

from jaxdnn.data.preprocessing import (
    Categories,
    Numbers,
    Preprocessing,
    training_table,
)
from jaxdnn.data.tables import Table


def table(**columns):
    cells = {
        name: np.array(values, object if isinstance(values[0], str) else np.float64)
        for name, values in columns.items()
    }
    return Table("t.csv", cells)


@pytest.fixture
def learned():
    return Preprocessing.of(
        table(a=[1, 3], kind=["dog", "cat"], b=[5, 5], y=["no", "yes"]), "y"
    )


# ---- numbers -----------------------------------------------------------------------


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
def test_numbers_are_standardised_by_the_training_part(offset):
    rng = np.random.default_rng(0)
    train, new = offset + rng.normal(size=(2, 100))
    encoded = Numbers.of("x", train).encode(train)
    assert encoded.shape == (1, 100)
    np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-6)
    wanted = (new - train.mean()) / train.std()
    np.testing.assert_allclose(Numbers.of("x", train).encode(new)[0], wanted)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300])
def test_a_constant_column_counts_for_nothing(value):
    # Three times 0.1 has a mean that is not 0.1: rounding makes a deviation of it.
    column = Numbers.of("x", np.full(3, value))
    assert column.encode(np.array([value, -7.0])).tolist() == [[0.0, 0.0]]


def test_decode_undoes_encode():
    values = np.array([3.0, -1e5, 20.0])
    column = Numbers.of("y", values)
    np.testing.assert_allclose(column.decode(column.encode(values)), values)


def test_numbers_too_large_to_square_are_refused():
    with pytest.raises(ValueError, match=r"t\.csv: column 'a': .* too large"):
        Preprocessing.of(table(a=[1e200, -1e200], y=["p", "q"]), "y")


# ---- texts -------------------------------------------------------------------------


def test_texts_are_one_hot_and_unseen_ones_zero():
    column = Categories.of("kind", np.array(["b", "a", "b"], object))
    encoded = column.encode(np.array(["a", "b", "c"], object))
    assert encoded.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_categories_that_spell_numbers_are_in_their_order():
    cells = np.array(["10", "9", "b", "-1", "A"], object)
    assert Categories.of("y", cells).categories == ("-1", "9", "10", "A", "b")


def test_numbers_are_read_as_the_texts_they_were_in_training():
    column = Categories("code", ("1", "2", "3+"))
    assert column.index(np.array([2.0, 1.0, 7.0])).tolist() == [1, 0, -1]


def test_texts_that_hardly_repeat_are_refused():
    names = [f"name {i}" for i in range(60)]
    with pytest.raises(ValueError, match=r"'who': 60 different texts in 60 rows"):
        Preprocessing.of(table(who=names, y=["p", "q"] * 30), "y")
    Preprocessing.of(table(who=names * 2, y=["p", "q"] * 60), "y")


# ---- a whole table -----------------------------------------------------------------


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
    assert learned.unseen(table(a=[1], kind=["cat"], b=[1])) == []
    (line,) = learned.unseen(table(a=[1] * 3, kind=["cow", "cat", "emu"], b=[1] * 3))
    assert line.startswith("t.csv: column 'kind': 'cow' was never seen in training")
    assert "2 here" in line


def test_it_survives_json(learned):
    said = json.loads(json.dumps(learned.to_json()))
    assert Preprocessing.from_json(said) == learned


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
    whole = training_table(table(x=range(len(y)), y=y), "y")
    learned = Preprocessing.of(whole, "y")
    assert learned.output == head
    assert learned.targets(whole).tolist() == Y


@pytest.mark.parametrize(("values", "head"), [(20, "softmax"), (21, "identity")])
def test_whole_numbers_with_many_values_are_measured(values, head):
    whole = training_table(table(x=range(values), y=range(values)), "y")
    assert Preprocessing.of(whole, "y").output == head


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1, 2]}, "no column 'y'; it has 'x'"),
        ({"y": [1, 2]}, "no column beside the target 'y'"),
        ({"x": [1, np.nan], "y": [1, 2]}, "'x', row 2: a missing value"),
        ({"x": [1, np.inf], "y": [1, 2]}, "'x', row 2: an infinite number"),
        ({"x": ["", "a"], "y": [1, 2]}, "'x', row 1: a missing value"),
        (
            {"x": [1, 2, 3], "y": [1, np.nan, np.nan]},
            "'y', row 2: a missing value, the first of 2",
        ),
        ({"x": [1, 2], "y": [7, 7]}, "'y' is '7' in every row"),
        ({"x": [1, 2], "y": ["a", "a"]}, "'y' is 'a' in every row"),
        ({"x": [1, 2, 3], "y": ["1", "2", "x"]}, "'y', row 3: 'x' is text among num"),
        ({"x": ["1.5", "2", "x"], "y": [0, 1, 0]}, "'x', row 3: 'x' is text among"),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(columns, message):
    with pytest.raises(ValueError, match=f"^t.csv: .*{message}"):
        training_table(table(**columns), "y")


def test_codes_with_a_text_among_them_are_categories_of_an_input():
    whole = training_table(table(x=["0", "1", "2", "3+"], y=[0, 1, 0, 1]), "y")
    columns = Preprocessing.of(whole, "y").columns
    assert columns == (Categories("x", ("0", "1", "2", "3+")),)
