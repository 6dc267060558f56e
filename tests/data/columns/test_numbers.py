"""Numbers are standardised by the training rows, added up in one way, and scored."""

import numpy as np
import pytest

from jaxdnn.data.columns.numbers import BLOCK, Moments, Numbers, NumbersLearner
from jaxdnn.data.tables import Table
from tests.tables import learned_from


def learned(*pieces):
    """The column that pieces of numbers make."""
    learner = NumbersLearner("x")
    for cells in pieces:
        learner.add(Table("t", {"x": cells}), np.ones(len(cells), bool))
    return learner.column()


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
def test_numbers_are_standardised_by_the_training_part(offset):
    rng = np.random.default_rng(0)
    train, new = offset + rng.normal(size=(2, 100))
    column = learned(train)
    encoded = column.encode(train)
    assert encoded.shape == (1, 100)
    np.testing.assert_allclose([encoded.mean(), encoded.std()], [0, 1], atol=1e-6)
    wanted = (new - train.mean()) / train.std()
    np.testing.assert_allclose(column.encode(new)[0], wanted)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e300])
def test_a_constant_column_counts_for_nothing(value):
    # Three times 0.1 has a mean that is not 0.1: rounding makes a deviation of it.
    column = learned(np.full(3, value))
    assert column.encode(np.array([value, -7.0])).tolist() == [[0.0, 0.0]]


def test_decode_undoes_encode():
    values = np.array([3.0, -1e5, 20.0])
    column = learned(values)
    np.testing.assert_allclose(column.decode(column.encode(values)), values)


def test_numbers_too_large_to_square_are_refused():
    with pytest.raises(ValueError, match=r"t\.csv: column 'a': .* too large"):
        learned_from(a=[1e200, -1e200], y=["p", "q"])


@pytest.mark.parametrize("rows", [1, BLOCK - 1, BLOCK, 3 * BLOCK + 1])
def test_where_pieces_end_changes_no_digit(rows):
    x = 1e6 + np.random.default_rng(0).normal(size=rows)
    whole = learned(x)
    for size in (1000, BLOCK, 10_000):
        assert learned(*np.split(x, range(size, rows, size))) == whole
    np.testing.assert_allclose(whole.mean, x.mean(), rtol=1e-14)
    np.testing.assert_allclose(whole.deviation, x.std(), rtol=1e-9)


def test_a_block_of_numbers_has_numpys_mean_and_deviation():
    x = 1e6 + np.random.default_rng(0).normal(size=BLOCK)
    assert learned(x) == Numbers("x", x.mean(), x.std())


def test_moments_do_not_mind_which_is_added_to_which():
    a, b = np.random.default_rng(0).normal(size=(2, 50)) * [[1], [100]]
    there, back = Moments.of(a).plus(Moments.of(b)), Moments.of(b).plus(Moments.of(a))
    for moments in (there, back):
        np.testing.assert_allclose(moments.mean, np.mean([a, b]))
        np.testing.assert_allclose(moments.squares, np.var([a, b]) * 100)


def test_scores_are_those_of_all_rows():
    rng = np.random.default_rng(0)
    truth = 1e6 + rng.normal(size=90)
    said = truth + 0.1 * rng.normal(size=90)
    column = learned(truth)
    pieces = zip(np.split(truth, 3), np.split(said, 3), strict=True)
    scores = column.scores(sum(column.tally(*piece) for piece in pieces))
    error = np.square(said - truth)
    np.testing.assert_allclose(scores["RMSE"], np.sqrt(error.mean()))
    np.testing.assert_allclose(scores["R2"], 1 - error.mean() / truth.var())


def test_the_spread_of_equal_numbers_explains_nothing():
    column = Numbers("y", 0.0, 1.0)
    scores = column.scores(column.tally(np.ones(3), np.zeros(3)))
    assert np.isnan(scores["R2"])
    assert scores["RMSE"] == 1
