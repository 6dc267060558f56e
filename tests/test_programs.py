"""Programs are shared while they are few, and forgotten when they are many."""

import gc
import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import _programs
from jaxdnn._programs import compiled


@pytest.fixture
def scaled():
    traces = []

    @compiled(static_argnums=0)
    def scaled(by, x):
        traces.append(by)
        return by * x

    scaled.traces = traces
    return scaled


def executables():
    """How many programs are in memory, whoever made them."""
    return len(jax.devices()[0].client.live_executables())


def test_one_program_for_equal_arguments(scaled):
    for x in (1.0, 3.0):
        assert scaled(2.0, jnp.float32(x)) == 2 * x
    assert scaled.traces == [2.0]


def test_what_is_forgotten_is_freed(scaled, monkeypatch):
    monkeypatch.setattr(_programs, "MOST", 2)
    x, held = jnp.ones(3), []
    gc.collect()  # so that none of others' programs goes meanwhile
    for by in range(4):
        scaled(by, x)
        held.append(executables())
    assert np.diff(held).tolist() == [1, -2, 1]


def test_shapes_count_too(scaled, monkeypatch):
    monkeypatch.setattr(_programs, "MOST", 4)
    for n in (1, 2, 3, 4, 5, 1):
        np.testing.assert_array_equal(scaled(2.0, jnp.ones(n)), np.full(n, 2.0))
    assert len(scaled.traces) == 6


def test_threads_may_forget_what_others_run(scaled, monkeypatch):
    monkeypatch.setattr(_programs, "MOST", 1)
    wrong = []

    def work(by):
        for n in (1, 2, 3) * 3:
            if float(scaled(by, jnp.ones(n)).sum()) != by * n:
                wrong.append((by, n))

    threads = [threading.Thread(target=work, args=(float(by),)) for by in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
