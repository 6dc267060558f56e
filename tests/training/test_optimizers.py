"""Gradient descent and Optax's transformations: the step is a loop's own."""

from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxdnn import Network, fit
from jaxdnn.training import programs
from tests.reference import count_traces, data, train

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 2), "tanh")


clipped = optax.chain(optax.clip_by_global_norm(0.1), optax.sgd(0.5, momentum=0.9))
scheduled = optax.adamw(optax.cosine_decay_schedule(0.1, 15), weight_decay=0.1)
masked = optax.masked(
    optax.sgd(0.3), lambda params: jax.tree.map(lambda p: p.shape[1] > 1, params)
)


def falling(step):
    return 0.1 * (1 - jnp.asarray(step, float) / 15)


@pytest.mark.parametrize(
    ("optimizer", "learning_rate", "same"),
    [
        (None, 0.3, optax.sgd(0.3)),
        (clipped, None, clipped),
        (scheduled, None, scheduled),
        (masked, None, masked),
        (optax.adam, 0.05, optax.adam(0.05)),
        (partial(optax.sgd, momentum=0.9), 0.1, optax.sgd(0.1, momentum=0.9)),
        (optax.adam, falling, optax.adam(falling)),
    ],
    ids=["descent", "clipped", "scheduled", "masked", "adam", "momentum", "schedule"],
)
def test_a_run_is_the_loop_with_optax(optimizer, learning_rate, same):
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
    X, Y = data(NETWORK)
    X, Y = X[:, :13], Y[:, :13]
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


@pytest.mark.parametrize("learning_rate", [0.05, falling], ids=["number", "schedule"])
def test_a_rate_kept_in_the_optimizers_state_is_the_one_given(learning_rate):
    X, Y = data(NETWORK)
    shared = {"key": KEY, "epochs": 1, "learning_rate": learning_rate}
    kept = fit(NETWORK, X, Y, optimizer=optax.inject_hyperparams(optax.adam), **shared)
    plain = fit(NETWORK, X, Y, optimizer=optax.adam, **shared)
    chex.assert_trees_all_close(kept.params, plain.params, atol=1e-5)


def test_an_update_that_reads_the_cost_is_given_it():
    with jax.enable_x64(True):
        X, Y = data(NETWORK)
        searched = fit(NETWORK, X, Y, key=KEY, epochs=12, optimizer=optax.lbfgs())
        plain = fit(NETWORK, X, Y, key=KEY, epochs=12, learning_rate=0.3)
        assert searched.history.cost[-1] < plain.history.cost[-1] / 2
