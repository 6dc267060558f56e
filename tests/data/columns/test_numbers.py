"""Numbers are standardised by the training rows and added up in one way."""

import math
from fractions import Fraction
from functools import reduce

import numpy as np
import pytest

from jaxdnn.data.columns.numbers import Moments, Numbers, NumbersLearner
from jaxdnn.data.columns.role import Role
from jaxdnn.data.tables import Table
from tests.tables import learn_all, learned_from, table


def learned(*pieces, missing="mean"):
    """The column that pieces of numbers make."""
    learner = NumbersLearner("x", Role(missing=missing))
    for cells in pieces:
        learner.add(Table("t", {"x": cells}), np.ones(len(cells), bool))
    return learner.column()


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
def test_numbers_are_standardised_by_the_training_part(offset):
    rng = np.random.default_rng(0)
    train, new = offset + rng.normal(size=(2, 100))
    column = learned(train)
    encoded = column.encode(table(x=train))
    assert encoded.shape == (1, 100)
    np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-6)
    wanted = (new - train.mean()) / train.std()
    np.testing.assert_allclose(column.encode(table(x=new))[0], wanted)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300])
def test_a_constant_column_counts_for_nothing(value):
    # Three times 0.1 has a mean that is not 0.1: rounding makes a deviation of it.
    column = learned(np.full(3, value))
    assert column.encode(table(x=[value, -7.0])).tolist() == [[0.0, 0.0]]


def test_decode_undoes_encode():
    values = np.array([3.0, -1e5, 20.0])
    column = learned(values)
    np.testing.assert_allclose(
        column.decode(column.encode_target(table(x=values))), values
    )


@pytest.mark.parametrize(
    ("size", "says"), [(1e200, "too large to square"), (1e-200, "too close together")]
)
def test_numbers_that_cannot_be_squared_are_refused(size, says):
    with pytest.raises(ValueError, match=rf"t\.csv: column 'a': .* {says}"):
        learned_from(a=[size, -size], y=["p", "q"])


CELLS = {
    "near": 1e6 + np.random.default_rng(0).normal(size=5000),
    "apart": np.random.default_rng(0).normal(size=299) * 10.0 ** np.arange(-149, 150),
    "subnormal": np.array([5e-324, -1e-310, 0.0, 3.0]),
    "whole": np.arange(-2500.0, 2500.0) ** 3,
    "one": np.array([-0.1]),
}


@pytest.mark.parametrize("case", CELLS)
def test_sums_are_exact_wherever_pieces_end(case):
    x = CELLS[case]
    exact = [Fraction(value) for value in x.tolist()]
    mean = sum(exact) / len(x)
    squares = sum((value - mean) ** 2 for value in exact)
    whole = Moments.of(x)
    assert (whole.mean, whole.squares) == (float(mean), float(squares))
    assert whole.deviation == math.sqrt(squares / len(x))
    assert (whole.count, whole.low, whole.high) == (len(x), x.min(), x.max())
    for size in (7, 3000):
        pieces = map(Moments.of, np.split(x[::-1], range(size, len(x), size)))
        assert reduce(Moments.plus, pieces) == whole


@pytest.mark.parametrize(("missing", "filler"), [("mean", 4.0), ("median", 2.0)])
def test_missing_numbers_are_filled_and_told(missing, filler):
    x = np.array([1.0, np.nan, 2.0, 9.0, np.nan])
    column = learned(x[:2], x[2:], missing=missing)
    assert (column.mean, column.indicator) == (4.0, True)
    numbers, gaps = column.encode(table(x=x))
    assert gaps.tolist() == [0, 1, 0, 0, 1]
    np.testing.assert_allclose(numbers[gaps == 1], (filler - 4) / column.deviation)
    numbers, gaps = column.encode(table(x=[7.0]))
    assert gaps.tolist() == [0]


def test_a_gap_that_training_never_had_is_filled_without_a_word():
    assert learned(np.array([1.0, 3.0])).encode(table(x=[np.nan])).tolist() == [[0.0]]


def test_a_column_with_nothing_in_it_is_left_out():
    learned_all = learn_all(table(x=[1, 2], e=[np.nan, np.nan], y=["p", "q"]))
    assert learned_all.useless == {"e": "empty"}


def test_texts_that_spell_numbers_are_numbers_where_somebody_says_so():
    columns = {"x": ["1", "3"] * 2, "y": [0, 1, 0, 1]}
    (column,) = learned_from({"numeric": ("x",)}, **columns).columns
    assert column == Numbers("x", 2.0, 1.0)
    columns["x"][1] = "n. a."
    with pytest.raises(
        ValueError, match=r"t\.csv: .*'x', row 2: 'n\. a\.' is not a nu"
    ):
        learned_from({"numeric": ("x",)}, **columns)


def test_decoding_keeps_the_digits_of_large_numbers():
    values = 1e9 + np.arange(5.0)
    column = learned(values)
    said = column.encode_target(table(x=values)).astype(np.float32)
    np.testing.assert_allclose(column.decode(said), values, rtol=0, atol=1e-5)
