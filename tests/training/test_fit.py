"""Updates, and whole runs: the loop in Python, scikit-learn, chunks, traces, errors."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    Layer,
    Network,
    fit,
    initialize_parameters,
    params_to_dict,
    predict,
    update_parameters,
)
from jaxdnn.training import programs
from jaxdnn.training.examples import examples_of
from jaxdnn.training.prepare import Given, prepare
from jaxdnn.training.types import Config
from tests.reference import count_traces, data, train

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 2), "tanh")


@pytest.mark.parametrize(
    "options",
    [
        {},
        pytest.param({"keep_prob": 0.8}, marks=pytest.mark.slow),
        pytest.param(
            {"sample_weight": np.linspace(0, 1, 20), "l2": 0.1}, marks=pytest.mark.slow
        ),
    ],
    ids=str,
)
def test_a_run_is_the_python_loop(options):
    with jax.enable_x64(True):
        X, Y = data(NETWORK)
        options = {"key": KEY, "learning_rate": 0.3} | options
        result = fit(NETWORK, X, Y, epochs=20, **options)
        params, costs, _ = train(20, NETWORK, X, Y, **options)
        chex.assert_trees_all_close(result.params, params, rtol=1e-12, atol=1e-14)
        chex.assert_trees_all_close(result.history.cost, costs, rtol=1e-12)


@pytest.mark.slow
def test_a_run_follows_scikit_learn():
    neural_network = pytest.importorskip("sklearn.neural_network")
    with jax.enable_x64(True):
        X, Y = data(Network((3, 5, 1)), m=40)
        theirs = neural_network.MLPClassifier(
            (5,),
            activation="tanh",
            solver="sgd",
            alpha=0.3,
            batch_size=40,
            learning_rate_init=0.2,
            momentum=0.0,
            max_iter=1,
            warm_start=True,
            shuffle=False,
            random_state=0,
        )
        rows, labels = np.asarray(X.T), np.asarray(Y[0])
        with pytest.warns(match="Maximum iterations"):
            theirs.fit(rows, labels)
        layers = zip(theirs.coefs_, theirs.intercepts_, strict=True)
        start = tuple(Layer(W.T.copy(), b[:, None].copy()) for W, b in layers)
        for _ in range(10):
            with pytest.warns(match="Maximum iterations"):
                theirs.fit(rows, labels)
        ours = fit(
            Network((3, 5, 1), "tanh"),
            X,
            Y,
            params=start,
            epochs=10,
            learning_rate=0.2,
            l2=0.3,
        )
        for layer, W, b in zip(
            ours.params, theirs.coefs_, theirs.intercepts_, strict=True
        ):
            np.testing.assert_allclose(layer.W, W.T, rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(np.ravel(layer.b), b, rtol=1e-10, atol=1e-12)


def test_chunks_change_no_bit_and_report_their_edges():
    X, Y = data(NETWORK)
    arguments = {"key": KEY, "epochs": 100, "learning_rate": 0.3, "keep_prob": 0.9}
    edges = []
    chunked = fit(NETWORK, X, Y, **arguments, report_every=30, on_progress=edges.append)
    whole = fit(NETWORK, X, Y, **arguments)
    chex.assert_trees_all_equal(chunked, whole)
    assert [edge.epoch for edge in edges] == [30, 60, 90, 100]
    assert {edge.epochs for edge in edges} == {100}
    assert edges[1].cost == whole.history.cost[59]
    chex.assert_trees_all_equal(edges[-1].params, whole.params)


def test_a_run_goes_on_from_its_parameters_bit_for_bit():
    X, Y = data(NETWORK)
    whole = fit(NETWORK, X, Y, key=KEY, epochs=80, learning_rate=0.3)
    half = fit(NETWORK, X, Y, key=KEY, epochs=40, learning_rate=0.3)
    rest = fit(NETWORK, X, Y, params=half.params, epochs=40, learning_rate=0.3)
    chex.assert_trees_all_equal(rest.params, whole.params)
    costs = np.concatenate([half.history.cost, rest.history.cost])
    np.testing.assert_array_equal(costs, whole.history.cost)


def test_one_program_serves_every_value_and_length(monkeypatch):
    traces = count_traces(monkeypatch, programs)
    # Sizes no other test has, so that no program of theirs is there already.
    network = Network((3, 6, 2), "tanh")
    X, Y = data(network, m=17)
    fit(network, X, Y, key=KEY, epochs=600, learning_rate=0.1, l2=0.1, keep_prob=0.9)
    first = len(traces)
    assert first > 0
    for epochs, learning_rate, l2, keep_prob in [
        (513, 0.2, 0.3, 0.8),
        (1000, 1.0, 0.7, 0.5),
        (1024, 0.01, 2, 0.99),
    ]:
        fit(
            network,
            X,
            Y,
            key=jax.random.key(5),
            epochs=epochs,
            learning_rate=learning_rate,
            l2=l2,
            keep_prob=keep_prob,
        )
    fit(network, X, Y, key=KEY, epochs=600, l2=0.1, keep_prob=0.9, on_progress=str)
    assert len(traces) == first
    fit(network, X[:, :10], Y[:, :10], key=KEY, epochs=600)
    assert len(traces) > first


def test_data_are_arguments_of_the_program_not_constants_in_it():
    X, Y = data(NETWORK, m=5000)
    given = Given(examples_of(NETWORK, X, Y), KEY, None, None)
    run, start, examples, _ = prepare(NETWORK, given, Config())
    text = programs.run_epochs.lower(run, start.state, examples, 4, 4).as_text()
    assert len(text) < 50_000


def test_runs_compose_under_jit_and_vmap():
    X, Y = data(NETWORK)
    run = lambda rate, key: fit(
        NETWORK, X, Y, key=key, learning_rate=rate, epochs=20, l2=0.1
    )
    rates, keys = np.float32([0.1, 0.5]), jax.random.split(KEY, 2)
    lanes = jax.device_get(jax.jit(jax.vmap(run))(rates, keys))
    for lane in range(2):
        alone = run(rates[lane], keys[lane])
        ours = jax.tree.map(lambda leaf, at=lane: leaf[at], lanes)
        chex.assert_trees_all_close(ours, alone, rtol=1e-5, atol=1e-6)


def test_masks_and_weights_may_be_all_that_is_traced():
    X, Y = data(NETWORK)
    params = initialize_parameters(KEY, NETWORK.layer_dims)
    run = lambda key, weight: fit(
        NETWORK,
        X,
        Y,
        params=params,
        key=key,
        keep_prob=0.8,
        sample_weight=weight,
        epochs=5,
    )
    keys = jax.random.split(KEY, 2)
    weights = np.stack([np.ones(20, np.float32), X[0] ** 2])
    lanes = jax.device_get(jax.jit(jax.vmap(run))(keys, weights))
    alone = run(keys[1], weights[1])
    for part in ("params", "history"):
        ours, single = getattr(lanes, part), getattr(alone, part)
        ours = jax.tree.map(lambda leaf: leaf[1], ours)
        chex.assert_trees_all_close(ours, single, rtol=1e-5, atol=1e-6)


def test_numpy_in_any_dtype_trains_in_float32():
    X, Y = data(NETWORK)
    result = fit(NETWORK, X.astype(np.float64), Y.astype(bool), key=KEY, epochs=5)
    chex.assert_type(jax.tree.leaves((result.params, result.history)), jnp.float32)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("output", "targets"),
    [
        ("softmax", lambda X: np.eye(3)[:, X.argmax(axis=0)]),
        ("identity", lambda X: 2 * X + 1),
        ("exp", lambda X: np.round(np.exp(X))),
    ],
)
def test_every_head_learns(output, targets):
    network = Network((3, 16, 3), "tanh", output)
    X, _ = data(network, m=200)
    Y = targets(X)
    result = fit(network, X, Y, key=KEY, epochs=2000, learning_rate=0.1)
    assert result.history.cost[-1] < result.history.cost[0] - 0.3
    if output == "softmax":
        said = np.asarray(predict(network, result.params, X))[0]
        assert (said == X.argmax(axis=0)).mean() > 0.97


def test_update_parameters():
    params = initialize_parameters(KEY, NETWORK.layer_dims)
    before = jax.tree.map(np.array, params)
    updated = update_parameters(params, params, learning_rate=0.25)
    wanted = jax.tree.map(lambda leaf: 0.75 * leaf, before)
    chex.assert_trees_all_close(updated, wanted, rtol=1e-6)
    chex.assert_trees_all_equal(params, before)
    with pytest.raises(ValueError, match=r"update_parameters: grads must have 2.*1"):
        update_parameters(params, params[:1], learning_rate=0.25)
    with pytest.raises(ValueError, match=r"learning_rate must be finite and >= 0"):
        update_parameters(params, params, learning_rate=-1.0)


X, Y = data(NETWORK)
WITH_NAN = X.copy()
WITH_NAN[1, 2] = np.nan


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"key": None}, "give a key to draw parameters from, or params"),
        ({"epochs": 0}, "epochs must be an int >= 1, got 0"),
        ({"epochs": 2.5}, r"epochs must be an int >= 1, got 2\.5"),
        ({"report_every": 0}, "report_every must be an int >= 1, got 0"),
        ({"learning_rate": 0.0}, "learning_rate must be finite and > 0, got 0"),
        ({"learning_rate": float("nan")}, "learning_rate must be finite and > 0"),
        ({"l2": -1}, "l2 must be finite and >= 0"),
        ({"X": WITH_NAN}, r"X must be finite, got nan at \[1, 2\]"),
        ({"Y": 3 * Y}, "Y for a sigmoid output must hold 0, 1 or.*from 0 to 3"),
        ({"Y": Y[0]}, r"Y must have shape \(2, 20\)"),
        ({"sample_weight": -np.ones(20)}, "sample_weight must be finite and >= 0"),
        ({"sample_weight": np.zeros(20)}, "not all 0"),
        ({"method": "hee"}, "method must be one of"),
        ({"record": ("norm",)}, "record must be one of 'gradient_norm', got 'norm'"),
    ],
)
def test_what_no_run_can_learn_from_is_refused(changed, says):
    arguments = {"X": X, "Y": Y, "key": KEY} | changed
    with pytest.raises(ValueError, match=says):
        fit(NETWORK, **arguments)


def test_dropout_needs_a_key():
    params = initialize_parameters(KEY, NETWORK.layer_dims)
    assert set(params_to_dict(params)) == {"W1", "b1", "W2", "b2"}
    with pytest.raises(ValueError, match=r"fit: keep_prob=0\.5 needs a key"):
        fit(NETWORK, X, Y, params=params, keep_prob=0.5)


@pytest.mark.parametrize("batch_size", [None, 20])
def test_large_whole_numbers_keep_all_their_digits(batch_size):
    X = np.arange(60).reshape(3, 20) + 3_000_000_000
    Y = np.full((2, 20), 4_000_000_000)
    network = Network((3, 2), output="identity")
    options = {"key": KEY, "epochs": 2, "learning_rate": 1e-30}
    options |= {"batch_size": batch_size, "validation": (X, Y)}
    whole = fit(network, X, Y, **options)
    floats = fit(network, np.float32(X), np.float32(Y), **options)
    chex.assert_trees_all_equal(whole.history, floats.history)


def test_what_the_caller_does_to_an_array_afterwards_is_not_seen():
    X, Y = (np.array(of, order="C") for of in data(NETWORK, m=4096))
    wanted = fit(NETWORK, X.copy(), Y, key=KEY, epochs=3).history.cost

    def spoil(_info):
        X[:] = 0

    found = fit(NETWORK, X, Y, key=KEY, epochs=3, report_every=1, on_progress=spoil)
    assert found.history.cost.tolist() == wanted.tolist()


def test_many_batches_are_recorded_in_more_than_half_precision():
    X, Y = data(NETWORK, m=4096)
    options = {"key": KEY, "epochs": 1, "learning_rate": 1e-30}
    params = initialize_parameters(KEY, NETWORK.layer_dims, dtype=jnp.bfloat16)
    whole, batches = (
        fit(NETWORK, X, Y, params=params, batch_size=size, **options).history.cost
        for size in (None, 4)
    )
    np.testing.assert_allclose(batches, whole, rtol=1e-2)


def test_validation_may_be_all_that_is_traced():
    X, Y = data(NETWORK)

    def watch(V):
        return fit(NETWORK, X, Y, key=KEY, epochs=4, validation=(V, Y)).history

    found = jax.jit(jax.vmap(watch))(np.stack([X, -X]))
    wanted = [watch(V).validation_cost for V in (X, -X)]
    np.testing.assert_allclose(found.validation_cost, wanted, rtol=1e-5)


def test_a_traced_run_goes_on_with_its_history():
    X, Y = data(NETWORK)
    options = {"key": KEY, "learning_rate": 0.1}
    half = fit(NETWORK, X, Y, epochs=2, **options)

    @jax.jit
    def go_on(X):
        return fit(
            NETWORK, X, Y, epochs=5, resume=half.snapshot, **options
        ).history.cost

    wanted = fit(NETWORK, X, Y, epochs=5, **options).history.cost
    np.testing.assert_allclose(go_on(X), wanted, rtol=1e-5)


def test_the_parameters_of_a_snapshot_go_on_as_they_are():
    network = Network((3, *9 * (4,), 2), "tanh")
    X, Y = data(network)
    state = fit(network, X, Y, key=KEY, epochs=2).snapshot.state
    assert [layer.W.ndim for layer in state.params] == 10 * [2]
    found = fit(network, X, Y, params=state.params, epochs=3)
    assert len(found.params) == 10


@pytest.mark.parametrize("dtype", [complex, object, str])
def test_what_are_no_real_numbers_are_refused(dtype):
    X, Y = data(NETWORK)
    with pytest.raises(TypeError, match="fit: X must be real numbers, got dtype"):
        fit(NETWORK, np.asarray(X).astype(dtype), Y, key=KEY)


@pytest.mark.parametrize("weight", [1e300, 1e-60])
def test_weights_that_leave_the_runs_precision_are_refused(weight):
    X, Y = data(NETWORK)
    with (
        pytest.raises(ValueError, match="sample_weight must be finite"),
        np.errstate(over="ignore"),
    ):
        fit(NETWORK, X, Y, key=KEY, sample_weight=np.full(20, weight))
