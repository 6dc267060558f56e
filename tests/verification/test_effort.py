"""What a verification of somebody's function costs: programs, calls and time."""

import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification import verify_gradient, verify_vjp

RNG = np.random.default_rng(0)


def ruled(f, pull):
    g = jax.custom_vjp(f)
    g.defvjp(lambda x: (f(x), x), lambda x, dy: (pull(x, dy),))
    return g


def det_pull(a, dy):
    return dy * jnp.linalg.det(a) * jnp.linalg.inv(a).T


@pytest.fixture
def compiled():
    """The programs that were compiled, or looked up among those that were."""
    events = []

    def hear(event, _, **__):
        if event == "/jax/core/compile/backend_compile_duration":
            events.append(event)

    jax.monitoring.register_event_duration_secs_listener(hear)
    yield events
    jax.monitoring.unregister_event_duration_listener(hear)


def test_a_rule_compiles_a_program_for_each_question(compiled):
    f = ruled(jnp.linalg.det, det_pull)
    assert verify_vjp(f, (RNG.normal(size=(4, 4)),)).ok
    assert 0 < len(compiled) <= 8


def test_many_outputs_share_their_programs(compiled):
    f = ruled(
        lambda x: (jnp.sin(x), jnp.cos(x), x**2),
        lambda x, dy: dy[0] * jnp.cos(x) - dy[1] * jnp.sin(x) + 2 * x * dy[2],
    )
    assert verify_vjp(f, (RNG.normal(size=3),)).ok
    assert 0 < len(compiled) <= 8


class Counted:
    def __init__(self, size):
        self.calls, self.size = 0, size

    def loss(self, p):
        self.calls += 1
        return float(np.sum(np.sin(p) * np.arange(self.size)))

    def grad(self, p):
        return np.cos(p) * np.arange(self.size)


def test_calls_of_a_numpy_loss():
    right, wrong = Counted(50), Counted(50)
    p = RNG.normal(size=50)
    assert verify_gradient(right.loss, right.grad, p).ok
    assert right.calls <= 60
    one = np.where(np.arange(50) == 7, 1.01, 1.0)
    report = verify_gradient(wrong.loss, lambda p: one * wrong.grad(p), p)
    assert report.hints == {"dparams": "only entry [7], factor 1.01"}
    assert wrong.calls <= 1500


@pytest.mark.slow
def test_a_million_numpy_parameters():
    p = RNG.normal(size=1_000_000)
    loss = lambda p: float(np.sum(np.sin(p)))
    began = time.perf_counter()
    assert verify_gradient(loss, np.cos, p).ok
    assert time.perf_counter() - began < 10  # seconds; two on an idle core


def test_a_budget_ends_it_and_says_how_far_it_came():
    params = {"a": np.ones(3), "b": np.ones(3)}

    def loss(p):
        time.sleep(0.01)
        return float((p["a"] ** 2).sum() + (p["b"] ** 2).sum())

    def grad(p):
        return {"a": 2 * p["a"], "b": 2 * p["b"]}

    assert verify_gradient(loss, grad, params, budget=60).ok
    report = verify_gradient(loss, grad, params, budget=0.1)
    assert report.verdict == "unresolved"
    assert report.reason.startswith("the budget was over before ")
    began = time.perf_counter()
    f = ruled(jnp.sin, lambda x, dy: dy * jnp.cos(x))
    assert verify_vjp(f, (RNG.normal(size=3),), budget=0).verdict == "unresolved"
    assert time.perf_counter() - began < 10
