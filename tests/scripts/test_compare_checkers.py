"""Every checker both catches and passes something, and `verify` failing is told."""

import numpy as np
import pytest

from jaxdnn.verification.networks.mutations import MUTATIONS
from scripts.verification import compare_checkers as script
from tests import gradient_cases as cases

pytestmark = pytest.mark.slow


FEW = [each for each in MUTATIONS if each.name in ("db: times 4", "dA: stopped")]
WRONG, RIGHT = "tanh softmax L2", "the same, right"


@pytest.fixture(autouse=True)
def little_to_do(monkeypatch):
    monkeypatch.setattr(script.mutations, "MUTATIONS", FEW)
    case = next(each for each in cases.catching_cases() if each.name == WRONG)
    monkeypatch.setattr(script, "named_cases", lambda: [case._replace(name=RIGHT)])


@pytest.fixture
def call(capsys):
    """Run the script's main: its exit code, and the cells and lines that it printed."""

    def run(*arguments):
        code = script.main(["--cases", WRONG, RIGHT, *arguments])
        _, *lines = capsys.readouterr().out.splitlines()
        width, count = max(map(len, script.CHECKERS)), len(script.CHECKERS)
        rows = {line[:width].strip(): line[width:].split() for line in lines[:count]}
        return code, rows, lines[count:]

    return run


def test_every_checker_catches_and_passes(call):
    code, rows, rest = call()
    assert code == 0
    assert rows.keys() == script.CHECKERS.keys()
    assert {tuple(cells[:2]) for cells in rows.values()} == {("2", "1")}
    assert rows[script.OURS][2:4] == ["equation", "2"]
    assert rest == [f"forwards and seconds: {WRONG}"]


@pytest.fixture
def instead(monkeypatch):
    """Put a judge in a checker's place."""

    def replace(name, judge):
        checker = script.CHECKERS[name]._replace(places=judge)
        monkeypatch.setitem(script.CHECKERS, name, checker)

    return replace


def blind(point, suspect):
    return None


def crying(point, suspect):
    return ["dW1"]


def test_what_verify_misses_is_told(call, instead):
    instead(script.OURS, blind)
    code, rows, rest = call()
    assert code == 1
    assert rows[script.OURS][:2] == ["0", "1"]
    assert f"{script.OURS}: missed: db: times 4, {WRONG}, tanh, softmax" in rest


def test_false_alarms_and_wrong_names_are_told(call, instead):
    instead(script.OURS, crying)
    instead("two norms", blind)
    code, rows, rest = call("--list")
    assert code == 1
    assert rows[script.OURS][:2] == ["2", "0"]
    assert f"{script.OURS}: false alarm dW1: {RIGHT}, tanh, softmax" in rest
    assert f"{script.OURS}: named dW1: db: times 4, {WRONG}, tanh, softmax" in rest
    assert f"two norms: missed: db: times 4, {WRONG}, tanh, softmax" in rest


def test_many_entries_are_sampled_and_what_a_mutation_moves_is_among_them(
    call, monkeypatch
):
    monkeypatch.setattr(script, "MOST_ENTRIES", 10)
    code, rows, rest = call()
    assert code == 0
    assert rows["two norms"][0] == "2"
    assert rows["two norms"][2].startswith("~")
    assert "11 of 59 entries: tanh softmax L2, softmax" in rest


def test_central_differences_are_the_gradient():
    with script.exact_arithmetic():
        point = script.Point(*script.named_cases())
        (right,) = point.suspects
        slopes = script.entry_slopes(point, 1e-5)
    np.testing.assert_allclose(slopes, right.gradient, rtol=1e-7, atol=1e-9)
