"""What is watched decides which parameters are the best, and when a run ends."""

import jax
import numpy as np
import pytest

from jaxdnn import Network, fit, score, sweep
from tests.reference import data

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 4), "tanh", "softmax")
X, LABELS = data(NETWORK, 40)
WATCHED = data(NETWORK, 11, seed=2)
RUN = {"key": KEY, "epochs": 60, "learning_rate": 2.0, "batch_size": 7}


def test_the_best_score_is_that_of_the_lowest_cost_among_the_highest():
    run = RUN | {"validation": WATCHED, "watch": "score"}
    result = fit(NETWORK, X, LABELS, **run)
    scores = np.asarray(result.history.validation_score)
    costs = np.where(scores == scores.max(), result.history.validation_cost, np.inf)
    assert scores.argmax() < result.history.best_epoch == costs.argmin()
    Y = jax.nn.one_hot(WATCHED[1], 4).T
    assert score(NETWORK, result.params, WATCHED[0], Y) == scores.max()


def test_the_training_cost_is_watched_without_validation():
    run = RUN | {"watch": "cost", "patience": 3, "min_delta": 0.02}
    result = fit(NETWORK, X, LABELS, **run)
    costs = np.asarray(result.history.cost)
    since, mark = -1, np.inf
    for epoch, J in enumerate(costs):
        if mark - 0.02 > J:
            since, mark = epoch, J
    assert since == len(costs) - 4 < 56
    # Patience counts by min_delta; the best are the best.
    best = costs.argmin()
    assert since < result.history.best_epoch == best
    until = fit(NETWORK, X, LABELS, **(RUN | {"epochs": int(best) + 1}))
    np.testing.assert_array_equal(result.params[0].W, until.params[0].W)


def test_every_lane_of_a_sweep_stops_by_itself():
    run = {"validation": WATCHED, "patience": 2, "epochs": 40}
    lanes = sweep(NETWORK, X, LABELS, learning_rate=(0.5, 8.0), **run)
    for lane in lanes:
        alone = fit(
            NETWORK, X, LABELS, key=KEY, learning_rate=lane.learning_rate, **run
        )
        assert len(lane.history.cost) == len(alone.history.cost)
        assert lane.history.best_epoch == alone.history.best_epoch


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"watch": "loss"}, "watch must be one of None, 'cost'"),
        ({"watch": "score"}, "needs validation data"),
    ],
)
def test_what_cannot_be_watched_is_refused(changed, says):
    with pytest.raises(ValueError, match=says):
        fit(NETWORK, X, LABELS, **(RUN | changed))
