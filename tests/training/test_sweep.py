"""Every lane of a sweep is the run that `fit` would make of it."""

import chex
import jax
import numpy as np
import optax
import pytest

from jaxdnn import Network, fit, sweep
from jaxdnn.training import programs
from tests.reference import count_traces, data

NETWORK = Network((3, 6, 5, 4), "sigmoid", "softmax")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "strategies"),
    [
        (
            {"l2": (0.0, 0.3), "hidden_sizes": ((2, 5), (6, 3)), "watched": True},
            ["vmap"],
        ),
        (
            {
                "batch_size": 7,
                "optimizer": optax.adam,
                "keep_prob": (1.0, 0.7),
                "hidden_sizes": (2, 4),
            },
            # All that a lane may have of its own; the strategy sees nothing else.
            ["vmap", "map"],
        ),
    ],
    ids=["sizes, L2 and validation", "mini-batches and dropout"],
)
def test_every_lane_is_its_single_run(options, strategies):
    with jax.enable_x64(True):
        X, labels = data(NETWORK, 23)
        shared = {"epochs": 9} | options
        if shared.pop("watched", False):
            shared["validation"] = (X[:, :9], labels[:9])
        found = [
            sweep(
                NETWORK,
                X,
                labels,
                seeds=(0, 5),
                learning_rate=(0.05, 0.1),
                strategy=strategy,
                **shared,
            )
            for strategy in strategies
        ]
        shared.pop("hidden_sizes", None)
        count = 4 * len(options.get("l2", "1")) * len(options.get("keep_prob", "1"))
        count *= len(options.get("hidden_sizes", "1"))
        # The first, the last and one between; all would be the same test for longer.
        for at in (0, count // 2 + 1, count - 1):
            lane = found[0][at]
            result = fit(
                lane.network,
                X,
                labels,
                key=jax.random.key(lane.seed),
                learning_rate=lane.learning_rate,
                **(shared | {"l2": lane.l2, "keep_prob": lane.keep_prob}),
            )
            for lanes in found:
                assert len(lanes) == count
                for part in ("params", "history"):
                    ours, single = getattr(lanes[at], part), getattr(result, part)
                    chex.assert_trees_all_close(ours, single, rtol=1e-10, atol=1e-12)
                assert lanes[at].cost == lanes[at].history.cost[-1]


def test_padding_stays_zero_under_weight_decay_and_momentum():
    X, labels = data(NETWORK, 23)
    lanes = sweep(
        NETWORK,
        X,
        labels,
        hidden_sizes=((2, 5), (6, 3)),
        optimizer=optax.adamw,
        learning_rate=0.01,
        epochs=20,
    )
    single = fit(
        lanes[0].network,
        X,
        labels,
        key=jax.random.key(0),
        optimizer=optax.adamw,
        learning_rate=0.01,
        epochs=20,
    )
    chex.assert_trees_all_close(lanes[0].params, single.params, rtol=1e-4, atol=1e-6)


def test_hidden_sizes_are_one_program(monkeypatch):
    traces = count_traces(monkeypatch, programs)
    X = np.random.default_rng(2).normal(size=(2, 31))
    Y = (X[:1] * X[1:] > 0).astype(float)
    sizes = (1, 5, 50)
    lanes = sweep(Network((2, 4, 1), "tanh"), X, Y, hidden_sizes=sizes, epochs=40)
    assert [lane.network.layer_dims[1] for lane in lanes] == list(sizes)
    assert [lane.params[0].W.shape for lane in lanes] == [(n, 2) for n in sizes]
    assert len(traces) == 1


def test_a_lane_that_diverges_leaves_the_others_alone():
    X, labels = data(NETWORK, 23)
    lanes = sweep(
        Network((3, 6, 4), "relu", "softmax"),
        X,
        labels,
        learning_rate=(0.1, 1e30),
        epochs=5,
    )
    assert np.isfinite(lanes[0].cost)
    assert np.isnan(lanes[1].cost)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"seeds": ()}, "seeds must be one value or several, got none"),
        ({"seeds": (0, 1.5)}, r"seeds must be int >= 0 and < 2\*\*63, got 1.5"),
        ({"seeds": True}, r"seeds must be int >= 0 and < 2\*\*63, got True"),
        ({"learning_rate": (0.1, lambda _: 0.2)}, "a schedule cannot be one of"),
        ({"hidden_sizes": ((2, 3, 4),)}, "hidden_sizes must give 2 sizes a lane"),
        ({"hidden_sizes": ()}, "hidden_sizes must hold one entry a lane"),
        ({"l2": (0.1, -1.0)}, "l2 must be finite and >= 0, got -1"),
        ({"keep_prob": (0.5, 0.0)}, r"keep_prob must be in \(0, 1\]"),
        ({"learning_rate": (0.1, 0.0)}, "learning_rate must be finite and > 0"),
        ({"strategy": "pmap"}, "strategy must be one of None, 'vmap', 'map'"),
        ({"epochs": 0}, "sweep: epochs must be an int >= 1"),
        ({"X": np.ones((2, 23))}, r"sweep: X must have shape \(3, 23\)"),
    ],
)
def test_what_makes_no_lanes_is_refused(options, says):
    X, labels = data(NETWORK, 23)
    with pytest.raises(ValueError, match=says):
        sweep(**({"network": NETWORK, "X": X, "Y": labels} | options))


def test_hidden_sizes_need_hidden_layers():
    X, labels = data(NETWORK, 23)
    with pytest.raises(ValueError, match="needs a network with hidden layers"):
        sweep(Network((3, 4), output="softmax"), X, labels, hidden_sizes=(1, 2))


@pytest.mark.slow
def test_noise_does_not_wake_the_padding():
    X, labels = data(NETWORK, 23)
    options = {
        "hidden_sizes": ((2, 5), (6, 3)),
        "optimizer": optax.chain(optax.add_noise(0.1, 0.1, key=0), optax.sgd(0.1)),
    }
    lanes, later = (
        sweep(NETWORK, X, labels, epochs=epochs, **options) for epochs in (3, 4)
    )
    # The network of the lane alone costs what the padded one did.
    for lane, on in zip(lanes, later, strict=True):
        more = fit(lane.network, X, labels, params=lane.params, epochs=1)
        np.testing.assert_allclose(on.history.cost[3], more.history.cost[0], rtol=1e-5)
