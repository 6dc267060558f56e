"""Training on clipped gradients: the steps of a loop in Python, in every layout."""

from itertools import product

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    Network,
    clipped_gradients,
    fit,
    initialize_parameters,
    per_example_norms,
    snapshot_to_dict,
    sweep,
    update_parameters,
)

NETWORK = Network((3, 5, 2), "tanh", "softmax")
X = np.random.default_rng(1).normal(size=(3, 20)).astype(np.float32)
Y = np.eye(2, dtype=np.float32)[:, np.arange(20) % 2]
PARAMS = initialize_parameters(jax.random.key(0), NETWORK.layer_dims)
CLIP = {"clip_examples": 0.8}
NOISY = CLIP | {"noise_multiplier": 0.5, "key": jax.random.key(4)}


WEIGHT = np.arange(20.0) / 3


@pytest.mark.parametrize(
    ("come_as", "weight"),
    [("columns", None), ("columns", WEIGHT), ("rows", WEIGHT), ("pieces", WEIGHT)],
)
def test_full_batches_are_the_steps_of_a_loop(come_as, weight):
    asked = {"l2": 0.5, "sample_weight": weight}
    given, how = (X, Y), asked | CLIP
    if come_as != "columns":
        how |= {"batch_size": 20, "shuffle": False}
    if come_as == "pieces":
        given = ([(X, Y, how.pop("sample_weight"))],)
    result = fit(NETWORK, *given, params=PARAMS, epochs=5, learning_rate=0.5, **how)
    params, shares = PARAMS, []
    for _ in range(5):
        grads, norms = clipped_gradients(NETWORK, params, X, Y, max_norm=0.8, **asked)
        shares.append(np.average(np.asarray(norms) > 0.8, weights=weight))
        params = update_parameters(params, grads, learning_rate=0.5)
    chex.assert_trees_all_close(result.params, params, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(result.history.clipped_share, shares, rtol=1e-5)
    assert 0 < shares[0] < 1


def test_without_clipping_there_is_no_share():
    result = fit(NETWORK, X, Y, params=PARAMS, epochs=2)
    assert result.history.clipped_share is None


def test_the_share_of_mini_batches_is_that_of_the_epoch():
    norms = per_example_norms(NETWORK, PARAMS, X, Y)
    result = fit(
        NETWORK,
        X,
        Y,
        params=PARAMS,
        epochs=1,
        batch_size=6,  # and a last batch of 2
        shuffle=False,
        learning_rate=1e-12,
        clip_examples=float(np.median(norms)),
    )
    np.testing.assert_allclose(result.history.clipped_share, [0.5])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dims", "epochs"), [((200, 4, 2), 60), ((3, *10 * (4,), 2), 4)]
)
def test_every_layout_takes_the_same_steps(dims, epochs):
    network = Network(dims, "tanh", "softmax")
    X = np.random.default_rng(2).normal(size=(dims[0], 20))
    asked = {"key": jax.random.key(0), "epochs": epochs, "learning_rate": 0.1}
    auto = fit(network, X, Y, **asked, **CLIP)
    plain = fit(network, X, Y, **asked, **CLIP, layout="plain")
    assert (auto.snapshot.constants.basis is not None) == (dims[0] == 200)
    chex.assert_trees_all_close(auto.params, plain.params, rtol=1e-3, atol=1e-5)
    assert (plain.history.clipped_share > 0).any()


@pytest.mark.slow
def test_noise_is_drawn_anew_at_each_step_and_again_when_resumed():
    asked = {"params": PARAMS, "batch_size": 5, "learning_rate": 0.1}
    whole = fit(NETWORK, X, Y, epochs=4, **asked, **NOISY)
    half = fit(NETWORK, X, Y, epochs=3, **asked, **NOISY)
    saved = snapshot_to_dict(half.snapshot)
    rest = fit(NETWORK, X, Y, epochs=4, resume=saved, **asked, **NOISY)
    chex.assert_trees_all_equal(rest.params, whole.params)
    other = fit(NETWORK, X, Y, epochs=4, **asked, **NOISY | {"key": jax.random.key(5)})
    quiet = fit(NETWORK, X, Y, epochs=4, **asked, **NOISY | {"noise_multiplier": 0})
    for found in (other, quiet):
        assert (np.asarray(found.params[0].W) != whole.params[0].W).all()


@pytest.mark.slow
def test_the_noise_of_a_step_has_the_deviation_it_should():
    network = Network((50, 40, 2), "tanh", "softmax")
    X = np.random.default_rng(2).normal(size=(50, 20))
    asked = {"key": jax.random.key(0), "epochs": 1, "learning_rate": 1.0, **CLIP}
    noisy = fit(network, X, Y, noise_multiplier=2.0, **asked).params[0].W
    added = np.asarray(noisy) - fit(network, X, Y, **asked).params[0].W
    assert added.std() == pytest.approx(2.0 * 0.8 / 20, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["vmap", "map"])
def test_every_lane_of_a_sweep_is_its_single_run(strategy):
    asked = {"params": PARAMS, "epochs": 3, "batch_size": 6, "learning_rate": 0.3}
    clips, noises = (0.4, 0.8), (0.0, 0.5)
    lanes = sweep(
        NETWORK,
        X,
        Y,
        seeds=(2, 3),
        clip_examples=clips,
        noise_multiplier=noises,
        strategy=strategy,
        **asked,
    )
    told = [(lane.seed, lane.clip_examples, lane.noise_multiplier) for lane in lanes]
    assert told == list(product((2, 3), clips, noises))
    for lane in lanes[::3]:  # one of each seed and of each clip, with noise and without
        single = fit(
            NETWORK,
            X,
            Y,
            key=jax.random.key(lane.seed),
            clip_examples=lane.clip_examples,
            noise_multiplier=lane.noise_multiplier,
            **asked,
        )
        for ours, its in (
            (lane.params, single.params),
            (lane.history.clipped_share, single.history.clipped_share),
        ):
            chex.assert_trees_all_close(ours, its, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (
            {"clip_examples": 1.0, "hidden_sizes": (3, 5)},
            "clip_examples needs hidden_sizes of one size",
        ),
        ({"clip_examples": (None, 1.0)}, "clip_examples must be None alone, or numb"),
        ({"clip_examples": (1.0, 0.0)}, "clip_examples must be finite and > 0, got 0"),
        (
            {"clip_examples": jnp.array([1.0, 0.0])},
            "clip_examples must be finite and > 0, got 0",
        ),
        ({"noise_multiplier": (0.0, 1.0)}, "noise_multiplier needs clip_examples"),
    ],
    ids=["sizes", "some", "zero", "zero in an array", "noise alone"],
)
def test_what_a_sweep_refuses(asked, says):
    with pytest.raises(ValueError, match=f"sweep: {says}"):
        sweep(NETWORK, X, Y, epochs=1, **asked)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"clip_examples": 0}, "clip_examples must be finite and > 0, got 0"),
        ({"noise_multiplier": 1.0}, "noise_multiplier needs clip_examples"),
        ({"noise_multiplier": -1.0, **CLIP}, "noise_multiplier must be finite and >="),
        ({"noise_multiplier": 1.0, **CLIP}, "give a key to draw noise from"),
    ],
)
def test_what_is_refused(asked, says):
    with pytest.raises(ValueError, match=f"fit: {says}"):
        fit(NETWORK, X, Y, params=PARAMS, epochs=1, **asked)
