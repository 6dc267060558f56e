"""Validation, early stopping, chunks, resuming, divergence."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxdnn import (
    Network,
    cost,
    cost_and_gradients,
    fit,
    initialize_parameters,
    score,
    snapshot_to_dict,
    sweep,
)
from tests.reference import data, descent

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 4), "tanh", "softmax")
RUN = {
    "key": KEY,
    "batch_size": 7,
    "keep_prob": 0.8,
    "optimizer": optax.adam,
    "learning_rate": 0.02,
}


def curved(seed=1, m=23):
    X, _ = data(NETWORK, m, seed)
    return X, np.asarray((X + 0.5 * X[::-1] ** 2).argmax(axis=0))


X, LABELS = curved()
WATCHED = curved(2, 11)


@pytest.mark.slow
def test_early_stopping_is_that_of_a_python_loop():
    with jax.enable_x64(True):
        X, labels = curved()
        Xv, labels_v = curved(2, 11)
        Y, Yv = (np.eye(4)[:, of] for of in (labels, labels_v))
        best, mark, waited, costs = None, np.inf, 0, []
        for params, _, _ in descent(NETWORK, X, Y, key=KEY, learning_rate=0.8):
            if waited == 5 or len(costs) == 400:
                break
            costs.append(float(cost(NETWORK, params, Xv, Yv)))
            waited += 1
            if costs[-1] == min(costs):
                best = params
            if costs[-1] < mark - 1e-4:
                mark, waited = costs[-1], 0
        assert len(costs) < 400
        result = fit(
            NETWORK,
            X,
            labels,
            key=KEY,
            learning_rate=0.8,
            epochs=400,
            validation=(Xv, labels_v),
            patience=5,
            min_delta=1e-4,
        )
        assert len(result.history.cost) == len(costs)
        assert result.history.best_epoch == np.argmin(costs)
        np.testing.assert_allclose(result.history.validation_cost, costs, rtol=1e-11)
        chex.assert_trees_all_close(result.params, best, rtol=1e-10, atol=1e-12)
        found = score(NETWORK, result.params, Xv, Yv)
        assert result.history.validation_score[result.history.best_epoch] == found


def test_the_history_says_what_happened():
    rates = optax.exponential_decay(0.1, 1, 0.9)
    arguments = {"key": KEY, "epochs": 4, "learning_rate": rates}
    result = fit(NETWORK, X, LABELS, **arguments, record=("gradient_norm",))
    np.testing.assert_allclose(
        result.history.learning_rate, 0.1 * 0.9 ** np.arange(4), rtol=1e-6
    )
    params = initialize_parameters(jax.random.split(KEY, 3)[0], NETWORK.layer_dims)
    J, grads = cost_and_gradients(NETWORK, params, X, np.eye(4)[:, LABELS])
    squares = [np.square(leaf).sum() for leaf in jax.tree.leaves(grads)]
    norm = np.sqrt(np.sum(squares))
    np.testing.assert_allclose(result.history.gradient_norm[0], norm, rtol=1e-6)
    np.testing.assert_allclose(result.history.cost[0], J, rtol=1e-6)
    assert result.history.validation_cost is None


@pytest.mark.slow
def test_only_what_is_asked_for_is_recorded():
    arguments = {"key": KEY, "epochs": 3, "batch_size": 7}
    asked = fit(NETWORK, X, LABELS, **arguments, record=["gradient_norm"])
    plain = fit(NETWORK, X, LABELS, **arguments)
    assert plain.history.gradient_norm is None
    assert "gradient_norm was not asked for: record=" in repr(plain.history)
    assert "not asked for" not in repr(asked.history)
    with pytest.raises(TypeError, match="record must be a tuple of names, got 'grad"):
        fit(NETWORK, X, LABELS, **arguments, record="gradient_norm")
    chex.assert_trees_all_close(plain.params, asked.params, rtol=1e-5)
    chex.assert_trees_all_close(plain.history.cost, asked.history.cost, rtol=1e-5)
    options = {"epochs": 3, "batch_size": 7, "record": ("gradient_norm",)}
    [lane] = sweep(NETWORK, X, LABELS, **options)
    np.testing.assert_allclose(
        lane.history.gradient_norm, asked.history.gradient_norm, rtol=1e-4
    )


@pytest.mark.parametrize("form", ["state", "dictionary"])
@pytest.mark.parametrize("at", [0, 1])
def test_an_interrupted_run_ends_in_the_same_bits(form, at):
    arguments = RUN | {"validation": WATCHED, "patience": 20, "epochs": 30}
    whole = fit(NETWORK, X, LABELS, **arguments)
    states = []

    def note(info):
        states.append(info.snapshot)

    fit(NETWORK, X, LABELS, **arguments, report_every=7 if at else 1, on_progress=note)
    state = states[at]
    saved = state if form == "state" else snapshot_to_dict(state)
    rest = fit(NETWORK, X, LABELS, **arguments, resume=saved)
    chex.assert_trees_all_equal(rest.params, whole.params)
    chex.assert_trees_all_equal(rest.history, whole.history)
    chex.assert_trees_all_equal(
        rest.snapshot.state.optimizer, whole.snapshot.state.optimizer
    )


def test_a_finished_run_has_nothing_left_to_do():
    whole = fit(NETWORK, X, LABELS, **RUN, epochs=3)
    again = fit(NETWORK, X, LABELS, **RUN, epochs=3, resume=whole.snapshot)
    chex.assert_trees_all_equal(again.params, whole.params)
    longer = fit(NETWORK, X, LABELS, **RUN, epochs=4, resume=whole.snapshot)
    chex.assert_trees_all_equal(
        longer.params, fit(NETWORK, X, LABELS, **RUN, epochs=4).params
    )


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"optimizer": None}, "resume is of another run: it has .state.optimizer"),
        ({"keep_prob": 1.0}, "it has .constants.dropout_key"),
        ({"validation": WATCHED}, "it has no .history.validation_cost"),
        (
            {"record": ("gradient_norm",)},
            r"no .history.gradient_norm \(it follows from .* record\)",
        ),
        (
            {"network": Network((3, 6, 4), "tanh", "softmax")},
            r"must be float32 \(6, 3\)",
        ),
    ],
)
def test_a_state_of_another_run_is_refused(changed, says):
    arguments = {"network": NETWORK, "X": X, "Y": LABELS, "epochs": 3} | RUN
    state = snapshot_to_dict(fit(**arguments).snapshot)
    with pytest.raises(ValueError, match=says):
        fit(**(arguments | changed), resume=state)


def test_a_rotated_run_does_not_go_on_in_batches():
    tall, network = np.resize(X, (300, 9)), Network((300, 4, 1))
    Y = np.resize([0, 1], (1, 9))
    arguments = {"key": KEY, "shuffle": False}
    rotated = fit(network, tall, Y, **arguments, epochs=300).snapshot
    assert rotated.constants.basis is not None
    for examples in ((tall, Y), ([(tall, Y)],)):
        with pytest.raises(ValueError, match=r"it has \.constants\.basis"):
            fit(
                network,
                *examples,
                **arguments,
                epochs=310,
                batch_size=3,
                resume=rotated,
            )


def test_chunks_of_no_length_follow_the_clock():
    edges = []
    arguments = {"key": KEY, "epochs": 3000, "learning_rate": 0.1}
    chunked = fit(NETWORK, X, LABELS, **arguments, on_progress=edges.append)
    assert edges[-1].epoch == 3000
    assert len(edges) < 300
    whole = fit(NETWORK, X, LABELS, **arguments)
    chex.assert_trees_all_equal(chunked.params, whole.params)
    chex.assert_trees_all_equal(chunked.history, whole.history)


# ---- divergence --------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("batch_size", "chunk"), [(None, None), (7, 2)])
def test_a_run_ends_where_it_diverges(batch_size, chunk):
    network = Network((3, 5, 4), "relu", "softmax")
    arguments = {"key": KEY, "batch_size": batch_size, "learning_rate": 1e30}
    with pytest.warns(RuntimeWarning, match="Z2 of layer 2 was not finite in step 1"):
        result = fit(
            network,
            X,
            LABELS,
            **arguments,
            epochs=9,
            report_every=chunk,
            on_progress=None if chunk is None else str,
        )
    epoch = 1 if batch_size is None else 0
    assert result.divergence == (epoch, 1, 2, "Z2")
    assert len(result.history.cost) == epoch
    chex.assert_tree_all_finite(result.params)
    if batch_size is None:
        # The parameters are those after the one step that was fine.
        one = fit(network, X, LABELS, key=KEY, epochs=1, learning_rate=1e30)
        chex.assert_trees_all_equal(result.params, one.params)


@pytest.mark.slow
def test_late_divergence_is_found_inside_a_long_chunk():
    rate = lambda step: jnp.where(step == 57, 1e38, 0.01)
    with pytest.warns(RuntimeWarning):
        result = fit(NETWORK, 3 * X, LABELS, key=KEY, learning_rate=rate, epochs=500)
    clean = fit(NETWORK, 3 * X, LABELS, key=KEY, learning_rate=0.01, epochs=500)
    np.testing.assert_array_equal(result.history.cost[:58], clean.history.cost[:58])
    assert result.divergence.step in (57, 58, 59)
    chex.assert_tree_all_finite(result.params)


def test_an_update_that_breaks_at_the_very_end_is_seen():
    rate = lambda step: jnp.where(step == 4, jnp.inf, 0.01)
    with pytest.warns(RuntimeWarning, match="updated W1 of layer 1"):
        result = fit(NETWORK, X, LABELS, key=KEY, learning_rate=rate, epochs=5)
    assert result.divergence == (4, 4, 1, "updated W1")
    kept = fit(NETWORK, X, LABELS, key=KEY, learning_rate=0.01, epochs=4)
    chex.assert_trees_all_equal(result.params, kept.params)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"patience": 3}, "patience needs validation data"),
        ({"patience": 0, "validation": WATCHED}, "patience must be an int >= 1"),
        ({"min_delta": -1.0}, "min_delta must be finite and >= 0"),
        ({"validation": (WATCHED[0][:2], WATCHED[1])}, "validation: X must have shape"),
        ({"validation": (WATCHED[0], WATCHED[1] + 9)}, "validation: labels must be 0"),
    ],
)
def test_what_cannot_be_watched_is_refused(changed, says):
    with pytest.raises(ValueError, match=says):
        fit(NETWORK, X, LABELS, **(RUN | {"epochs": 2} | changed))
