"""The checker's own script counts rightly, and a wrong backward does not pass."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import jaxdnn
from jaxdnn.verification.networks.mutations import MUTATIONS, Mutation
from scripts.verification import _liveness as liveness
from scripts.verification import verify_gradients as script
from tests import gradient_cases as cases

pytestmark = pytest.mark.slow


ONE_CELL = ("--activations", "tanh", "--heads", "sigmoid", "--initializers", "he")


@pytest.fixture(autouse=True)
def few_options(monkeypatch):
    few = {name: script.OPTIONS[name] for name in ("plain", "weights")}
    monkeypatch.setattr(script, "OPTIONS", few)


@pytest.fixture
def call(capsys):
    """Run the script's main: its exit code and what it printed."""

    def run(*arguments):
        return script.main(list(map(str, arguments))), capsys.readouterr().out

    return run


def twice(*arguments, **options):
    *rest, last = jaxdnn.backward(*arguments, **options)
    return (*rest, last._replace(b=2 * last.b))


@pytest.fixture
def wrong_backward(monkeypatch):
    monkeypatch.setattr(script, "verify", partial(script.verify, backward=twice))


def test_one_cell_of_the_matrix(call):
    code, out = call(*ONE_CELL)
    assert code == 0
    assert out.splitlines()[1].split() == ["tanh", "8/0/0"]
    assert out.splitlines()[2:] == ["8 verified, 0 unresolved, 0 wrong"]


def test_what_was_not_exercised_is_counted(call):
    code, out = call(*ONE_CELL[:-1], "zeros")
    assert code == 0
    assert out.endswith(" of them say what they did not exercise\n")


def test_a_wrong_backward_is_counted_in_the_matrix(call, wrong_backward):
    code, out = call(*ONE_CELL)
    assert code == 1
    assert "tanh sigmoid he weights float32: verify" in out
    assert "verdict: WRONG at db2" in out
    assert "0 verified, 0 unresolved, 8 wrong\n" in out


def test_random_cases(call):
    code, out = call("--wolf", 2, "--seed", 544)
    assert code == 0
    assert out.startswith("random correct cases 544 to 545\n")
    assert ", 0 wrong\n" in out


def test_a_wrong_backward_is_counted_among_random_cases(call, wrong_backward):
    code, out = call("--wolf", 1, "--seed", 544)
    assert code == 1
    assert ", 1 wrong\n" in out


@pytest.fixture
def few_mutations(monkeypatch):
    few = tuple(each for each in MUTATIONS if each.name in ("db: times 4", "dW: twice"))
    monkeypatch.setattr(script.mutations, "MUTATIONS", few)


def test_mutations(call, few_mutations):
    code, out = call("--mutations", "--cases", "tanh softmax L2")
    assert code == 0
    assert out.splitlines()[1].split()[-5:] == ["2"] * 5


def test_a_mutation_that_is_missed_is_told(call, few_mutations, monkeypatch):
    plant = script.plant

    def missing(*arguments):
        return replace(plant(*arguments), step=False)

    monkeypatch.setattr(script, "plant", missing)
    code, out = call("--mutations", "--cases", "tanh softmax L2")
    assert code == 1
    assert "not by stage_3: dW: twice, in tanh softmax L2" in out


# ---- what is alive -----------------------------------------------------------------


@pytest.mark.parametrize("name", [each.name for each in cases.catching_cases()[:3]])
def test_the_extended_gradient_is_the_librarys(name):
    chosen = next(each for each in cases.catching_cases() if each.name == name)
    with script.exact_arithmetic():
        trial = chosen.trial
        live = liveness.Live(trial)
        library = [
            np.asarray(leaf)
            for layer in trial.gradient(jaxdnn.backward)
            for leaf in layer
        ]
    for found, wanted in zip(live.right, library, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-15)


def test_what_changes_nothing_is_not_alive():
    chosen = cases.catching_cases()[0]
    with script.exact_arithmetic():
        live = liveness.Live(chosen.trial)

    def alive(factor):
        return live(
            Mutation("db", "db", lambda box, db: factor * db, lambda case: [0], "")
        )

    assert not alive(1.0)
    assert not alive(1 + 1e-15)
    assert alive(1 + 1e-12)
