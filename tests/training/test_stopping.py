"""What is watched decides which parameters are the best, and when a run ends."""

from types import SimpleNamespace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import Network, cost, fit, score, snapshot_to_dict, sweep
from jaxdnn.training.stopping import best_entry, better_of, none_yet
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
    Y = np.eye(4)[:, WATCHED[1]]
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


@pytest.mark.slow
def test_patience_waits_for_more_than_min_delta_and_the_lowest_comes_back():
    validation = data(NETWORK, 30, seed=4)
    run = {"key": KEY, "learning_rate": 0.2, "epochs": 300, "validation": validation}
    result = fit(NETWORK, X, LABELS, patience=20, min_delta=0.02, **run)
    costs = np.asarray(result.history.validation_cost)
    assert len(costs) < 300
    assert result.history.best_epoch == costs.argmin()
    Y = np.eye(4)[:, validation[1]]
    J = cost(NETWORK, result.params, validation[0], Y)
    np.testing.assert_allclose(J, costs.min(), rtol=1e-6)
    # One lane of a sweep stops and chooses alike.
    run |= {"seeds": 0}
    del run["key"]
    (lane,) = sweep(NETWORK, X, LABELS, patience=20, min_delta=0.02, **run)
    assert lane.history.best_epoch == costs.argmin()
    assert len(lane.history.cost) == len(costs)


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


# ---- what is never finite ----------------------------------------------------------

FAR = np.array(WATCHED[0])
FAR[0, 0] = 1e38
NUMBERS = Network((3, 5, 2), "relu", "identity")
Y = np.random.default_rng(0).normal(size=(2, 40)).astype(np.float32)
YV = np.zeros((2, 11), np.float32)
LOST = {"key": KEY, "learning_rate": 0.05, "epochs": 6, "validation": (FAR, YV)}
SAYS = "the validation cost was never finite: the parameters are the last epoch's"


@pytest.mark.slow
@pytest.mark.parametrize(("batch_size", "patience"), [(None, 9), (7, None)])
def test_validation_that_is_never_finite_is_told(batch_size, patience):
    run = LOST | {"batch_size": batch_size}
    with pytest.warns(RuntimeWarning, match=f"^fit: {SAYS}$"):
        result = fit(NUMBERS, X, Y, patience=patience, **run)
    assert result.history.best_epoch is None
    assert not np.isfinite(result.history.validation_cost).any()
    latest = fit(NUMBERS, X, Y, **(run | {"validation": None}))
    chex.assert_trees_all_equal(result.params, latest.params)


def test_nothing_to_wait_for_ends_a_run_as_patience_has_it():
    with pytest.warns(RuntimeWarning, match=SAYS):
        result = fit(NUMBERS, X, Y, patience=2, **LOST)
    assert len(result.history.cost) == 2


def test_streams_and_resumed_runs_say_it_too():
    run = LOST | {"batch_size": 8}
    with pytest.warns(RuntimeWarning, match=SAYS):
        whole = fit(NUMBERS, [(X, Y)], **run)
    seen = []
    with pytest.warns(RuntimeWarning, match=SAYS):
        fit(NUMBERS, [(X, Y)], **run, on_progress=seen.append)
    assert seen[0].history.best_epoch is None
    chex.assert_trees_all_equal(seen[0].best_params, seen[0].params)
    saved = snapshot_to_dict(seen[2].snapshot)
    with pytest.warns(RuntimeWarning, match=SAYS):
        rest = fit(NUMBERS, [(X, Y)], **run, resume=saved)
    chex.assert_trees_all_equal(rest.params, whole.params)
    assert rest.history.best_epoch is None


def test_of_values_in_part_finite_the_best_is_one_of_those():
    value = [np.nan, np.inf, 3.0, np.nan, 2.0, 2.5, np.inf]
    best = none_yet(jnp.zeros(()), np.float32)
    chosen = []
    for epoch, J in enumerate(value):
        entry = SimpleNamespace(validation_cost=jnp.float32(J))
        params = jnp.float32(epoch)
        best = better_of("validation_cost", 0.0, best, params, entry, epoch)
        chosen.append((int(best.epoch), float(best.params)))
    # Until one is finite, the latest parameters are as good as any.
    assert chosen[:2] == [(-1, 0.0), (-1, 1.0)]
    assert chosen[2:] == [(2, 2.0), (2, 2.0), (4, 4.0), (4, 4.0), (4, 4.0)]
    assert best_entry(best) == 4


def test_lanes_without_a_best_epoch_are_told_of():
    run = {name: LOST[name] for name in ("learning_rate", "epochs", "validation")}
    with pytest.warns(RuntimeWarning, match="sweep: .* never finite in 2 of 2 lanes"):
        lanes = sweep(NUMBERS, X, Y, seeds=(0, 1), **run)
    assert lanes[0].history.best_epoch is None
    assert np.isnan([lanes[0].validation_cost, lanes[0].validation_score]).all()
    latest = fit(NUMBERS, X, Y, **(LOST | {"validation": None}))
    chex.assert_trees_all_close(lanes[0].params, latest.params, rtol=1e-4, atol=1e-6)


def test_a_score_that_does_not_exist_is_never_the_best():
    validation = (WATCHED[0][:, :1], YV[:, :1])
    run = LOST | {"validation": validation, "watch": "score"}
    says = "the validation score was never finite"
    with pytest.warns(RuntimeWarning, match=says):
        result = fit(NUMBERS, X, Y, **run)
    assert result.history.best_epoch is None
    assert np.isfinite(result.history.validation_cost).all()


def test_a_traced_run_has_the_latest_parameters_where_none_is_best():
    traced = jax.jit(lambda X: fit(NUMBERS, X, Y, **LOST))(X)
    assert traced.history.best_epoch == -1
    latest = fit(NUMBERS, X, Y, **(LOST | {"validation": None}))
    chex.assert_trees_all_close(traced.params, latest.params, rtol=1e-5)
