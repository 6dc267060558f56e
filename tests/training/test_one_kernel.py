"""Tiny steps become one kernel, with the same values; all others stay as they are."""

from contextlib import nullcontext
from dataclasses import replace

import chex
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jaxlib import version

from jaxdnn import Activation, Network, fit, initialize_parameters
from jaxdnn.activations import ACTIVATIONS
from jaxdnn.training.examples import examples_of
from jaxdnn.training.one_kernel import fits_one_kernel
from jaxdnn.training.prepare import Given, prepare
from jaxdnn.training.programs import run_epochs
from jaxdnn.training.types import Config
from tests.reference import data

NETWORK = Network((3, 5, 3), "tanh", "softmax")
X, Y = data(NETWORK, 20)
MESH = jax.sharding.Mesh(jax.devices()[:1], ("examples",))


def prepared(config, network=NETWORK, mesh=None):
    examples = examples_of(network, X, Y, batch_size=config.batch_size)
    key = jax.random.key(0)
    return prepare(network, Given(examples, key, None, None, mesh=mesh), config)


@pytest.fixture
def apart(monkeypatch):
    """What `fit` does with the same arguments, kernel by kernel."""

    def train(network, *given, **options):
        with monkeypatch.context() as off:
            off.setenv("JAXDNN_ONE_KERNEL", "0")
            return fit(network, *given, **options)

    return train


def tagged(program):
    """Its calls that become kernels, but for XLA's own."""
    lines = program.as_text().splitlines()
    calls = [line for line in lines if " call(" in line and "jit(kernel)" in line]
    return [line for line in calls if "xla_cpu_small_call" in line]


@pytest.mark.parametrize("batch_size", [8, None])
def test_the_updates_of_an_epoch_are_one_call(batch_size):
    run, start, examples, _ = prepared(Config(batch_size=batch_size))
    assert run.plan.one_kernel
    program = run_epochs.lower(run, start.state, examples, np.int32(1), 8).compile()
    assert len(tagged(program)) == 1
    run = replace(run, plan=replace(run.plan, one_kernel=False))
    program = run_epochs.lower(run, start.state, examples, np.int32(1), 8).compile()
    assert not tagged(program)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "x64", "options"),
    [
        ("softmax", False, {"batch_size": 6, "sample_weight": np.linspace(0, 1, 20)}),
        ("sigmoid", False, {"batch_size": 8, "optimizer": optax.adam(0.01)}),
        ("identity", True, {"l2": 0.1, "record": ("gradient_norm",)}),
    ],
)
def test_values_are_those_of_many_kernels(apart, head, x64, options):
    network = replace(NETWORK, output=head)
    with jax.enable_x64(True) if x64 else nullcontext():
        x, y = data(network, 20)
        x, y = (np.asarray(of, float) if x64 else of for of in (x, y))
        asked = options | {"key": jax.random.key(0), "epochs": 5}
        at_once, wanted = (train(network, x, y, **asked) for train in (fit, apart))
        close = {"rtol": 1e-12} if x64 else {"rtol": 1e-5, "atol": 1e-6}
        chex.assert_trees_all_close(at_once.params, wanted.params, **close)
        chex.assert_trees_all_close(at_once.history, wanted.history, **close)


def test_a_resumed_run_ends_in_the_same_bits():
    asked = {"key": jax.random.key(0), "batch_size": 6}
    halves = fit(NETWORK, X, Y, epochs=3, **asked)
    halves = fit(NETWORK, X, Y, epochs=6, resume=halves.snapshot, **asked)
    whole = fit(NETWORK, X, Y, epochs=6, **asked)
    chex.assert_trees_all_equal(halves.params, whole.params)
    chex.assert_trees_all_equal(halves.history, whole.history)


@pytest.mark.parametrize(
    "options",
    [{"keep_prob": 0.5}, {"clip_examples": 1.0}, {"compute_dtype": jnp.bfloat16}],
    ids=lambda options: next(iter(options)),
)
def test_what_draws_or_rounds_is_none(options):
    assert not prepared(Config(batch_size=6, **options)).run.plan.one_kernel


@pytest.mark.slow
def test_a_mesh_and_a_traced_run_are_none(apart):
    assert not prepared(Config(batch_size=6), mesh=MESH).run.plan.one_kernel
    params = initialize_parameters(jax.random.key(0), NETWORK.layer_dims)
    asked = {"params": params, "epochs": 3, "shuffle": False, "batch_size": 5}
    traced = jax.jit(lambda rate: fit(NETWORK, X, Y, learning_rate=rate, **asked))
    wanted = apart(NETWORK, X, Y, learning_rate=0.1, **asked)
    chex.assert_trees_all_close(traced(0.1).params, wanted.params, rtol=1e-5)


def test_who_fits(monkeypatch):
    float32 = np.dtype(np.float32)
    assert fits_one_kernel(NETWORK, 20, float32)
    relu = ACTIVATIONS["relu"]
    own = Activation("relu", relu.forward, lambda dA, Z, A: dA * (A > 0))
    for network in (
        Network((3, 5, 3), "gelu"),
        Network((3, 5, 3), own),
        Network((64, 100, 10)),
    ):
        assert not fits_one_kernel(network, 20, float32)
    assert not fits_one_kernel(NETWORK, 200, float32)
    assert not fits_one_kernel(NETWORK, 20, np.dtype(np.float16))
    with jax.disable_jit():
        assert not fits_one_kernel(NETWORK, 20, float32)
    monkeypatch.setattr(version, "__version__", "0.99.0")
    assert not fits_one_kernel(NETWORK, 20, float32)


@pytest.mark.slow
def test_what_was_never_tried_there_stays_apart(apart):
    def turned(grads, state, params):
        return jax.tree.map(lambda dP: -0.1 * dP / jnp.linalg.norm(dP, 2), grads), state

    optimizer = optax.GradientTransformation(lambda params: (), turned)
    asked = {"key": jax.random.key(0), "epochs": 2, "batch_size": 5}
    at_once, wanted = (
        train(Network((3, 3, 3), "tanh", "softmax"), X, Y, optimizer=optimizer, **asked)
        for train in (fit, apart)
    )
    chex.assert_trees_all_close(at_once.params, wanted.params, rtol=1e-5, atol=1e-6)
