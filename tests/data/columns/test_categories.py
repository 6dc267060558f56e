"""Texts and codes are one-hot, in an order of their own, and the stray are refused."""

import numpy as np
import pytest

from jaxdnn.data.columns.categories import Categories
from tests.tables import learned_from


def learned(cells):
    """The column that texts make."""
    (column,) = learned_from(kind=cells, y=np.arange(len(cells)) + 0.5).columns
    return column


def test_texts_are_one_hot_and_unseen_ones_zero():
    encoded = learned(["b", "a", "b"]).encode(np.array(["a", "b", "c"], object))
    assert encoded.tolist() == [[1, 0, 0], [0, 1, 0]]


def test_categories_that_spell_numbers_are_in_their_order():
    categories = learned(["10", "9", "b", "-1", "A"]).categories
    assert categories == ("-1", "9", "10", "A", "b")


def test_numbers_are_read_as_the_texts_they_were_in_training():
    column = Categories("code", ("1", "2", "3+"))
    assert column.index(np.array([2.0, 1.0, 7.0])).tolist() == [1, 0, -1]


def test_texts_that_hardly_repeat_are_refused():
    names = [f"name {i}" for i in range(60)]
    with pytest.raises(ValueError, match=r"'who': 60 different texts in 60 rows"):
        learned_from(who=names, y=["p", "q"] * 30)
    learned_from(who=names * 2, y=["p", "q"] * 60)


def test_codes_with_a_text_among_them_are_categories_of_an_input():
    columns = learned_from(x=["0", "1", "2", "3+"], y=[0, 1, 0, 1]).columns
    assert columns == (Categories("x", ("0", "1", "2", "3+")),)


@pytest.mark.parametrize("n_L", [1, 2])
def test_classes_have_one_probability_each(n_L):
    AL = np.array([[0.25, 0.75], [0.5, 0.125]])[:n_L]
    column = Categories("y", ("a", "b") if n_L == 1 else ("a", "b", "c"))
    found = column.probabilities(AL)
    assert found.tolist() == ([[0.75, 0.25], [0.25, 0.75]] if n_L == 1 else AL.tolist())


def test_the_score_is_the_part_that_is_right():
    column = Categories("y", ("a", "b"))
    pieces = (["a", "b"], ["a", "a"]), (["b"], ["b"])
    tallies = [column.tally(*(np.array(p, object) for p in piece)) for piece in pieces]
    assert column.scores(sum(tallies)) == {"accuracy": 2 / 3}
