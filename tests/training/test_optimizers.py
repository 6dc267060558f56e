"""Gradient descent and Optax's transformations: the step is a loop's own."""

from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from optax import contrib

from jaxdnn import (
    Network,
    cost,
    fit,
    initialize_parameters,
    snapshot_to_dict,
    sweep,
)
from jaxdnn.training import programs
from tests.conftest import one_quick
from tests.reference import count_traces, data, train

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 2), "tanh")


scheduled = optax.adamw(optax.cosine_decay_schedule(0.1, 15), weight_decay=0.1)
clipped = optax.chain(optax.clip_by_global_norm(0.1), scheduled)
masks = partial(jax.tree.map, lambda p: p.shape[1] > 1)
masked = optax.masked(optax.sgd(0.3), masks)


def falling(step):
    return 0.1 * (1 - jnp.asarray(step, float) / 15)


# What is given to `fit`, as optimizer and learning rate, and what the loop takes.
OPTIMIZERS = {
    "adam": (optax.adam, 0.05, optax.adam(0.05)),
    "clipped and scheduled": (clipped, None, clipped),
    "masked": (masked, None, masked),
    "momentum": (
        partial(optax.sgd, momentum=0.9),
        0.1,
        optax.sgd(0.1, momentum=0.9),
    ),
    "schedule": (optax.adam, falling, optax.adam(falling)),
}


@pytest.mark.parametrize("name", one_quick(OPTIMIZERS))
def test_a_run_is_the_loop_with_optax(name):
    optimizer, learning_rate, same = OPTIMIZERS[name]
    with jax.enable_x64(True):
        X, Y = data(NETWORK)
        result = fit(
            NETWORK,
            X,
            Y,
            key=KEY,
            epochs=12,
            optimizer=optimizer,
            learning_rate=learning_rate,
        )
        params, _, _ = train(12, NETWORK, X, Y, key=KEY, optimizer=same)
        chex.assert_trees_all_close(result.params, params, rtol=1e-10, atol=1e-12)


def test_a_learning_rate_of_the_optimizers_own_is_read_where_it_shows():
    X, Y = data(NETWORK)
    hidden = fit(NETWORK, X, Y, key=KEY, epochs=2, optimizer=optax.adam(0.1))
    assert np.isnan(hidden.history.learning_rate).all()
    shown = optax.inject_hyperparams(optax.adam)(learning_rate=0.1)
    result = fit(NETWORK, X, Y, key=KEY, epochs=2, optimizer=shown)
    np.testing.assert_allclose(result.history.learning_rate, 0.1, rtol=1e-6)


def test_learning_rates_share_one_program(monkeypatch):
    traces = count_traces(monkeypatch, programs)
    X, Y = data(NETWORK, 13)
    for rate in (0.1, 0.2):
        arguments = {"epochs": 3, "optimizer": optax.adam, "learning_rate": rate}
        fit(NETWORK, X, Y, key=KEY, batch_size=5, **arguments)
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"optimizer": "adam"}, TypeError, "must be a gradient transformation"),
        ({"optimizer": optax.adam}, ValueError, "give learning_rate"),
        (
            {"optimizer": optax.adam(0.1), "learning_rate": 0.1},
            ValueError,
            "has a learning rate of its own",
        ),
        (
            {"optimizer": optax.adam, "learning_rate": -1.0},
            ValueError,
            "learning_rate must be finite and > 0",
        ),
    ],
)
def test_what_is_no_optimizer_is_refused(options, error, says):
    X, Y = data(NETWORK)
    with pytest.raises(error, match=says):
        fit(NETWORK, X, Y, key=KEY, **options)


@pytest.mark.slow
@pytest.mark.parametrize("learning_rate", [0.05, falling], ids=["number", "schedule"])
def test_a_rate_kept_in_the_optimizers_state_is_the_one_given(learning_rate):
    X, Y = data(NETWORK)
    shared = {"key": KEY, "epochs": 1, "learning_rate": learning_rate}
    kept = fit(NETWORK, X, Y, optimizer=optax.inject_hyperparams(optax.adam), **shared)
    plain = fit(NETWORK, X, Y, optimizer=optax.adam, **shared)
    chex.assert_trees_all_close(kept.params, plain.params, atol=1e-5)


# ---- transformations that ask for the cost -----------------------------------------

# All that is asked for; the cost alone, to the step's size or to the plateau's end.
SEARCHING = {
    "lbfgs": optax.lbfgs(memory_size=4),
    "plateau": optax.chain(
        optax.adam(0.1), contrib.reduce_on_plateau(patience=2, cooldown=1)
    ),
    "polyak": optax.polyak_sgd(max_learning_rate=0.5),
}


@pytest.mark.parametrize("name", one_quick(["plateau", "lbfgs", "polyak"]))
def test_an_update_that_reads_the_cost_is_given_it(name):
    """The run is Optax's own loop, with its own value_and_grad."""
    optimizer = SEARCHING[name]
    with jax.enable_x64(True):
        X, Y = data(NETWORK)
        params = initialize_parameters(KEY, NETWORK.layer_dims)
        result = fit(NETWORK, X, Y, params=params, epochs=12, optimizer=optimizer)

        def value_fn(params):
            return cost(NETWORK, params, X, Y)

        @jax.jit
        def step(params, state):
            value, grad = jax.value_and_grad(value_fn)(params)
            updates, state = optimizer.update(
                grad, state, params, value=value, grad=grad, value_fn=value_fn
            )
            return value, optax.apply_updates(params, updates), state

        state = jax.jit(optimizer.init)(params)
        for J in result.history.cost:
            value, params, state = step(params, state)
            np.testing.assert_allclose(J, value, rtol=1e-9)
        chex.assert_trees_all_close(result.params, params, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
def test_searches_in_batches_resume_to_the_bit():
    X, Y = data(NETWORK)
    run = {"key": KEY, "batch_size": 7, "keep_prob": 0.8}
    run["optimizer"] = SEARCHING["lbfgs"]
    whole = fit(NETWORK, X, Y, epochs=4, **run)
    half = fit(NETWORK, X, Y, epochs=3, **run)
    saved = snapshot_to_dict(half.snapshot)
    rest = fit(NETWORK, X, Y, epochs=4, resume=saved, **run)
    chex.assert_trees_all_equal(rest.params, whole.params)
    chex.assert_trees_all_equal(
        rest.snapshot.state.optimizer, whole.snapshot.state.optimizer
    )
    streamed = fit(NETWORK, [(X, Y)], epochs=2, **run)
    assert np.isfinite(streamed.history.cost).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lbfgs", "polyak"])
def test_lanes_search_as_single_runs_do(name):
    X, Y = data(NETWORK)
    run = {"epochs": 4, "optimizer": SEARCHING[name]}
    # Padded units of a sigmoid layer are not 0 themselves, and still change nothing.
    network = Network((3, 5, 2), "sigmoid")
    lanes = sweep(network, X, Y, seeds=(0, 1), hidden_sizes=(2, 5), **run)
    padded = [lane for lane in lanes if lane.network.layer_dims == (3, 2, 2)]
    assert [lane.seed for lane in padded] == [0, 1]
    for lane in padded:
        key = jax.random.key(lane.seed)
        alone = fit(lane.network, X, Y, key=key, **run)
        np.testing.assert_allclose(lane.history.cost, alone.history.cost, rtol=1e-4)


def asks():
    """An optimizer whose state is how far its batch's cost is from value_fn's."""

    # It is asked for by its names: there is no **others.
    def update(grads, state, params, *, value, value_fn):
        gap = jnp.abs(value_fn(params) - value)
        return jax.tree.map(lambda g: -0.1 * g, grads), jnp.maximum(state, gap)

    return optax.GradientTransformationExtraArgs(lambda params: jnp.zeros(()), update)


@pytest.mark.parametrize("batch_size", [None, 7])
def test_the_cost_to_search_is_the_batchs_under_its_own_masks(batch_size):
    X, Y = data(NETWORK)
    run = {"batch_size": batch_size, "keep_prob": 0.5, "l2": 0.3, "epochs": 5}
    result = fit(NETWORK, X, Y, key=KEY, optimizer=asks(), **run)
    assert result.snapshot.state.optimizer < 1e-6


@pytest.mark.parametrize(
    ("optimizer", "says"),
    [
        (contrib.sophia(0.1), r"its update raised ValueError: obj_fn must be provided"),
        (
            optax.masked(optax.lbfgs(), masks),
            "its update raised ValueError: ",  # in the words of its version
        ),
        (
            optax.GradientTransformationExtraArgs(
                optax.sgd(0.1).init, lambda grads, state, params, *, rng: (grads, state)
            ),
            r"its update raised TypeError: .*'rng' \(it is given gradients, state, par",
        ),
        (
            optax.GradientTransformation(
                lambda params: params.W, optax.sgd(0.1).update
            ),
            "its init raised AttributeError: .* 'W' ",
        ),
    ],
    ids=["obj_fn", "masked", "rng", "init"],
)
def test_what_asks_for_more_is_refused(optimizer, says):
    X, Y = data(NETWORK)
    with pytest.raises(TypeError, match=f"^fit: optimizer: {says}") as caught:
        fit(NETWORK, X, Y, key=KEY, epochs=2, optimizer=optimizer)
    assert "\n" not in str(caught.value)
    with pytest.raises(TypeError, match=r"^sweep: optimizer: "):
        sweep(NETWORK, X, Y, epochs=2, optimizer=optimizer)
