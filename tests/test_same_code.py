"""Functions made anew share a program only where nothing about them can differ."""

import gc
from functools import partial
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from jaxdnn import Activation, Head, Network, fit, predict, relu, relu_backward
from jaxdnn._same_code import SameCode
from jaxdnn.training import programs
from tests.reference import count_traces

SLOPE = 0.1
BOX = SimpleNamespace(slope=0.1)


def closing(over):
    return lambda x: over * x


def over_global():
    return lambda x: SLOPE * x


def over_object():
    return lambda x: BOX.slope * x


class Slopes:
    slope = 0.1


def over_class():
    return lambda x: Slopes.slope * x


def recursive():
    def f(n):
        return 1 if n == 0 else n * f(n - 1)

    return f


def with_default(a):
    def f(x, a=a):
        return a * x

    return f


MADE = {
    "adam": partial(optax.adam, 1e-3),
    "adamw": partial(optax.adamw, 1e-3, weight_decay=1e-4),
    "nesterov": partial(optax.sgd, 0.1, momentum=0.9, nesterov=True),
    "schedule": lambda: optax.adam(optax.cosine_decay_schedule(0.1, 100)),
    "chain": lambda: optax.chain(optax.clip(1.0), optax.sgd(0.1)),
    "number": lambda: closing(2.0),
    "array": lambda: closing(np.arange(3)),
    "dictionary": lambda: closing({"a": (1, "b", None)}),
    "function": lambda: closing(closing(2)),
    "of a library": lambda: closing(jnp.tanh),
    "partial": lambda: partial(closing(2), 3),
    "default": lambda: with_default(2),
    "global": over_global,
    "recursive": recursive,
}


@pytest.mark.parametrize("make", MADE.values(), ids=MADE)
def test_the_same_made_twice_is_the_same(make):
    one, other = make(), make()
    assert one is not other
    assert SameCode(one) == SameCode(other)
    assert hash(SameCode(one)) == hash(SameCode(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (optax.adam(1e-3), optax.adam(2e-3)),
        (optax.adam(1e-3), optax.adam(1e-3, b1=0.8)),
        (optax.sgd(0.1), optax.sgd(0.1, momentum=0.9)),
        (closing(2), closing(3)),
        (closing(2), closing(2.0)),
        (closing(0.0), closing(-0.0)),
        (closing(True), closing(1)),
        (closing(np.arange(3)), closing(np.arange(3.0))),
        (closing(jnp.tanh), closing(jnp.sin)),
        (with_default(2), with_default(3)),
        (lambda x: x + 1, lambda x: x + 2),
    ],
    ids=range(11),
)
def test_what_differs_is_not_the_same(one, other):
    assert SameCode(one) != SameCode(other)


def test_a_global_that_was_changed_makes_another(monkeypatch):
    before = SameCode(over_global())
    monkeypatch.setitem(globals(), "SLOPE", 0.2)
    assert SameCode(over_global()) != before


def test_what_can_change_unseen_is_the_same_only_as_itself():
    for make in (over_object, over_class):
        f = make()
        assert SameCode(f) != SameCode(make())
        assert SameCode(f) == SameCode(f)
    for held in (jnp.ones(2), SimpleNamespace(a=1), np.zeros(10**5)):
        assert SameCode(closing(held)) != SameCode(closing(held))


def own(slope=3):
    return Activation("own", lambda Z: Z**3, lambda dA, Z: dA * slope * Z**2)


def test_activations_and_heads_of_the_same_code_are_equal():
    assert own() == own()
    assert own() != own(4)
    assert len({Network((2, 3, 1), own()), Network((2, 3, 1), own())}) == 1

    def head():
        return Head("own", lambda ZL: ZL, lambda ZL, Y: ((ZL - Y) ** 2).sum(axis=0))

    assert head() == head()
    slopes = [lambda dA, Z: dA, lambda dA, Z: 2 * dA]
    one, other = (Activation("own", relu, relu_backward, second=s) for s in slopes)
    assert one != other
    assert head() != own()


# Of no other test, so that the first run of each kind is traced.
UNSEEN = (2, 11, 1)


@pytest.mark.parametrize(
    "made_anew",
    [
        lambda: {"optimizer": optax.adam(1e-3)},
        lambda: {"learning_rate": lambda step: 0.1 / (1 + step)},
        lambda: {"network": Network(UNSEEN, own())},
    ],
    ids=["optimizer", "schedule", "activation"],
)
def test_a_second_run_traces_nothing(made_anew, monkeypatch):
    X = np.linspace(-1, 1, 8).reshape(2, 4)
    given = {"network": Network(UNSEEN), "X": X, "Y": (X[:1] > 0) * 1.0, "epochs": 2}

    def run():
        fit(**(given | {"key": jax.random.key(0)} | made_anew()))

    traces = count_traces(monkeypatch, programs)
    run()
    assert traces
    del traces[:]
    run()
    assert traces == []


def test_a_thousand_activations_take_no_memory():
    X = np.ones((2, 4), np.float32)
    network = Network((2, 3, 1))
    params = fit(network, X, X[:1], key=jax.random.key(0), epochs=1).params

    def call():
        predict(Network((2, 3, 1), own()), params, X)

    call()
    gc.collect()
    before = memory()
    for _ in range(1000):
        call()
    assert memory() - before < 20


def memory():
    """MiB that this process has."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) / 256
