"""Runs of nearly as many examples share their programs, and keep their digits."""

import chex
import jax
import numpy as np
import pytest

from jaxdnn import Network, fit, sweep
from jaxdnn.training import buckets, programs
from jaxdnn.training.buckets import bucket, padded_size
from jaxdnn.training.types import Config
from tests.reference import count_traces, data

KEY = jax.random.key(0)


def test_sizes_are_at_most_an_eighth_larger_a_few_rows_aside():
    sizes = [padded_size(m) for m in range(1, 5000)]
    assert all(m <= size <= max(m * 9 / 8, m + 7) for m, size in enumerate(sizes, 1))
    assert len(set(sizes)) < 120


def test_long_runs_and_masks_over_full_batches_are_not_padded():
    assert bucket(Network((784, 128, 10)), 59_999, Config(epochs=1000)) is None
    assert bucket(Network((3, 5, 4)), 23, Config(keep_prob=0.8)) is None
    assert bucket(Network((3, 5, 4)), 23, Config(keep_prob=0.8, batch_size=7)) == 24


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("weighted", [False, True])
def test_one_row_less_compiles_nothing(monkeypatch, batch_size, weighted):
    # Sizes no other test has, so that no program of theirs is there already.
    network = Network((3, 7 + weighted, 4), "tanh", "softmax")
    X, labels = data(network, 30)
    options = {"key": KEY, "epochs": 9, "batch_size": batch_size}
    traces = count_traces(monkeypatch, programs)
    for m in (30, 29, 28):
        if weighted:
            options["sample_weight"] = np.linspace(0, 1, m)
        fit(network, X[:, :m], labels[:m], **options)
    assert len(traces) == 1


@pytest.mark.parametrize("batch_size", [None, 7])
def test_padded_runs_keep_the_digits_of_plain_ones(monkeypatch, batch_size):
    with jax.enable_x64(True):
        network = Network((3, 5, 4), "tanh", "softmax")
        X, labels = data(network, 29)
        options = {"key": KEY, "epochs": 20, "learning_rate": 0.3, "l2": 0.3}
        options |= {"batch_size": batch_size, "class_weight": "balanced"}
        padded = fit(network, X, labels, **options)
        chex.assert_trees_all_equal(padded, fit(network, X, labels, **options))
        monkeypatch.setattr("jaxdnn.training.prepare.bucket", lambda *_: None)
        plain = fit(network, X, labels, **options)
        chex.assert_trees_all_close(padded.params, plain.params, rtol=1e-11)
        chex.assert_trees_all_close(padded.history, plain.history, rtol=1e-11)


def test_sweeps_share_programs_too(monkeypatch):
    network = Network((3, 9, 4), "tanh", "softmax")
    X, labels = data(network, 30)
    traces = count_traces(monkeypatch, programs)
    for m in (30, 29):
        sweep(network, X[:, :m], labels[:m], seeds=(0, 1), epochs=3)
    assert len(traces) == 1


def test_rows_are_parted_and_filled_up():
    for width in (1, 64, 60_000, 10**8):
        for m in range(0, 9000, 41):
            parts = list(buckets.parts(m, width))
            taken = [i for part, _ in parts for i in range(part.start, part.stop)]
            assert taken == list(range(m))
            assert all(part.stop - part.start <= room for part, room in parts)
            computed = sum(room for _, room in parts)
            assert computed <= (2 * m if m >= 512 else 512)
            assert max(room for _, room in parts) * width <= max(2**23, 8 * width)


def test_buckets_are_never_smaller_than_a_batch():
    for m in range(1, 3000):
        for asked in (1, 7, 200, 999):
            assert min(buckets.room_for(m), buckets.padded_size(asked)) >= min(asked, m)
