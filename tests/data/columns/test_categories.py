"""Texts and codes are one-hot, in an order of their own, and the stray are refused."""

import numpy as np
import pytest

from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.numbers import Numbers
from tests.tables import learn_all, learned_from, table


def learned(cells):
    """The column that texts make."""
    (column,) = learned_from(kind=cells, y=np.arange(len(cells)) + 0.5).columns
    return column


def test_texts_are_one_hot_and_unseen_ones_zero():
    encoded = learned(["b", "a", "b"]).encode(table(kind=["a", "b", "c"]))
    assert encoded.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_categories_that_spell_numbers_are_in_their_order():
    categories = learned(["10", "9", "b", "-1", "A"]).categories
    assert categories == ("-1", "9", "10", "A", "b")


def test_numbers_are_read_as_the_texts_they_were_in_training():
    column = Categories("code", ("1", "2", "3+"))
    assert column.encode(table(code=[2.0, 1.0, 7.0])).tolist() == [
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 0],
    ]


def test_a_number_is_no_category_that_two_texts_spell():
    column = Categories("code", ("007", "07", "12"))
    index = column.index(np.array(["007", "07", "7", "12.0", ""], object))
    assert index.tolist() == [0, 1, -1, 2, -1]


def test_missing_texts_are_a_category_of_their_own():
    column = learned(["b", "", "a", "b"])
    assert column.categories == ("", "a", "b")
    assert column.note(table(kind=["", "a"])) is None
    assert column.encode(table(kind=[""])).tolist() == [[1], [0], [0]]
    without = learned(["b", "a"])
    note = without.note(table(kind=["", "a"]))
    assert (note.what, note.cells) == ("no cell was missing", 1)


def test_codes_are_categories_where_somebody_says_so():
    columns = {"zip": [1, 2, 1, 2], "y": [0, 1, 0, 1]}
    (column,) = learned_from({"categorical": ("zip",)}, **columns).columns
    assert column == Categories("zip", ("1", "2"))
    (column,) = learned_from(**columns).columns
    assert column == Numbers("zip", 1.5, 0.5)


def test_a_target_of_many_codes_is_classes_where_somebody_says_so():
    y = np.arange(60) % 30
    (target,) = learned_from({"task": "classification"}, x=y, y=y).targets
    assert len(target.classes) == 30


def test_texts_that_hardly_repeat_are_left_out():
    names = [f"name {i}" for i in range(60)]
    once = learn_all(table(who=names, x=range(60), y=["p", "q"] * 30))
    assert once.useless == {"who": "60 different texts in 60 rows"}
    assert [column.name for column in once.preprocessing.columns] == ["x"]
    assert once.preprocessing.left_out == ("who",)
    learned_from(who=names * 2, y=["p", "q"] * 60)
    with pytest.raises(ValueError, match="no column to learn from: 'who' has 60 diff"):
        learned_from(who=names, y=["p", "q"] * 30)
    with pytest.raises(ValueError, match="'y': 60 different texts in 60 rows; a class"):
        learned_from(x=range(60), y=names)


def test_codes_with_a_text_among_them_are_categories_of_an_input():
    columns = learned_from(x=["0", "1", "2", "3+"], y=[0, 1, 0, 1]).columns
    assert columns == (Categories("x", ("0", "1", "2", "3+")),)


@pytest.mark.parametrize("n_L", [1, 2])
def test_classes_have_one_probability_each(n_L):
    AL = np.array([[0.25, 0.75], [0.5, 0.125]])[:n_L]
    column = Categories("y", ("a", "b") if n_L == 1 else ("a", "b", "c"))
    found = column.probabilities(AL)
    assert found.tolist() == ([[0.75, 0.25], [0.25, 0.75]] if n_L == 1 else AL.tolist())


def test_the_cell_that_makes_a_column_text_is_told():
    cells = [str(i % 15) for i in range(60)]
    cells[7] = "12a"
    learned = learn_all(table(age=cells, y=[0, 1] * 30))
    assert learned.strays == {"age": ("12a", 8)}
    assert learn_all(table(kind=["a", "b"], y=[0, 1])).strays == {}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["1,5", "2", "0,25"] * 9, "'x', row 1: '1,5' looks like a number with a dec"),
        (["dog", "cat", "dog\n3,cat"] * 9, r"'x': 'dog\\n3,cat' has several lines"),
    ],
)
def test_texts_that_hint_at_a_file_read_wrongly_are_refused(cells, message):
    with pytest.raises(ValueError, match=message):
        learned_from(x=cells, y=[0, 1, 0] * 9)
    with pytest.raises(ValueError, match=message.replace("'x'", "'y'")):
        learned_from(x=range(27), y=cells)
    learned_from({"categorical": ("x",)}, x=cells, y=[0, 1, 0] * 9)
