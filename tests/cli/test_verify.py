"""jaxdnn verify: its verdicts, its exit codes, and how it refuses bad input."""

import json
import re
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

from jaxdnn.cli import main, verify
from jaxdnn.cli.parsers import COMMANDS
from jaxdnn.models import training
from jaxdnn.verification import SelfTest

# One network and batch for all cases: compiled once.
CASES = """
    import jax, jax.numpy as jnp, jaxdnn as dnn

    network = dnn.Network((2, 3, 1), hidden="tanh")
    params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
    X = jax.random.normal(jax.random.key(1), (2, 8))
    Y = (X[:1] > 0).astype(float)
    right = {"network": network, "params": params, "X": X, "Y": Y}

    def lazily():
        import beside  # while the command runs, not only while the module is imported
        return right | {"seed": 7}

    def planted(*arguments, **options):
        first, last = dnn.backward(*arguments, **options)
        return first._replace(b=4 * first.b), last

    def stale(network, _, caches, Y, **options):
        return dnn.backward(network, params, caches, Y, **options)

    wrong = right | {"backward": planted}
    frozen = right | {"backward": stale, "l2": 0.5}
    frozen_twice = frozen | {"order": 2}
    # sigmoid(0) = 0.5 = Y: there is no gradient at all.
    zeros = jax.tree.map(jnp.zeros_like, params)
    nothing = right | {"X": 0 * X, "params": zeros, "Y": 0 * Y + 0.5}

    def raising(*arguments, **options):
        raise RuntimeError("not written yet")

    refused = right | {"backward": raising}
    autodiff = right | {"backward": jax.grad(lambda p: 0.0)}
    misspelt = right | {"bacwkard": planted}
    lacking = {"network": network}
    infinite = right | {"X": X / 0}
    number = 3

    def needy(argument):
        return right

    def broken():
        return 1 / 0

    def leaving():
        raise SystemExit(1)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, with mine.py, beside.py and sorry.py in it."""
    (tmp_path / "mine.py").write_text(textwrap.dedent(CASES))
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "sorry.py").write_text("import no_such_library")
    monkeypatch.chdir(tmp_path)
    before = list(sys.path)
    yield tmp_path
    assert sys.path == before
    for name in ("mine", "beside", "sorry"):
        sys.modules.pop(name, None)


def last_line(capsys):
    printed, errors = capsys.readouterr()
    assert errors == ""
    return printed.splitlines()[-1]


@pytest.mark.parametrize(
    ("case", "code", "verdict"),
    [
        ("right", 0, "verdict: VERIFIED"),
        ("lazily", 0, "verdict: VERIFIED"),
        ("wrong", 1, r"verdict: WRONG at db1 \(1 of \d+ equations\)"),
        ("nothing", 2, "verdict: UNRESOLVED: every gradient is exactly 0"),
    ],
)
def test_the_exit_code_and_the_last_line_are_the_verdict(capsys, case, code, verdict):
    assert main(["verify", f"mine:{case}"]) == code
    assert re.fullmatch(verdict, last_line(capsys))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mine"], "mine: must be MODULE:CASE"),
        ([":right"], ":right: must be MODULE:CASE"),
        (["nowhere:case"], "nowhere:case: ModuleNotFoundError: No module named 'now"),
        (["sorry:case"], "sorry:case: ModuleNotFoundError: No module named 'no_such"),
        (["mine:case"], "mine:case: AttributeError: .* has no attribute 'case'"),
        (["mine:number"], "mine:number: must be, or return, a mapping .* got int"),
        (["mine:needy"], "mine:needy: TypeError: .* missing 1 required .*'argument'"),
        (["mine:broken"], "mine:broken: ZeroDivisionError: division by zero"),
        (["mine:leaving"], "mine:leaving: SystemExit: 1"),
        (["mine:refused"], "raising raised RuntimeError: not written yet"),
        (["mine:autodiff"], "TypeError: verify: the gradient is jax.grad"),
        (["mine:misspelt"], "unexpected keyword argument 'bacwkard'"),
        (["mine:lacking"], "missing 3 required positional arguments: 'params', 'X'"),
        (["mine:infinite"], "verify: X must be finite"),
        (["mine:right", "--l2", "0"], "--l2 goes with --data; mine:right brings its"),
        (["mine:right", "--keep-prob", "0.5"], "--keep-prob goes with --data"),
        (["--epochs", "-1"], "--epochs: must be a whole number >= 0, got '-1'"),
        (["--initialization", "she"], "--initialization: invalid choice: 'she'"),
        (["--order", "3"], "--order: invalid choice: '?3"),
        (["--momentum", "1"], "unrecognized arguments: --momentum"),
        (["--data", "moon"], "moon: no such data set"),
        (["--data", "t.csv"], "t.csv: no such file"),
        (["mine:right", "--json", "mine.py/r.json"], "mine.py"),
    ],
)
def test_what_could_not_run_is_told_in_one_line(folder, capsys, words, message):
    before = sorted(folder.rglob("*.json"))
    assert main(["verify", *words]) == 3
    printed, errors = capsys.readouterr()
    assert printed == ""
    assert re.match(f"jaxdnn: .*{message}", errors)
    assert errors.count("\n") == 1
    assert sorted(folder.rglob("*.json")) == before


def test_other_commands_keep_their_exit_code(capsys):
    assert main(["train", "--momentum", "1"]) == 2
    assert main([]) == 2
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize("missing", [ModuleNotFoundError, RuntimeError, SystemExit])
def test_no_failure_of_ours_passes_for_a_wrong_gradient(monkeypatch, capsys, missing):
    def fail(**_):
        raise missing("cannot")

    monkeypatch.setattr(verify, "verify", fail)
    assert main(["verify", "mine:right"]) == 3
    assert "cannot" in capsys.readouterr().err


def test_the_json_is_the_report(folder, capsys):
    path = folder / "new folder" / "report.json"
    assert main(["verify", "mine:wrong", "--json", str(path), "--seed", "5"]) == 1
    assert [file.name for file in path.parent.iterdir()] == ["report.json"]
    found = json.loads(path.read_text())
    assert (found["verdict"], found["wrong"], found["seed"]) == ("wrong", ["db1"], 5)
    (row,) = (row for row in found["rows"] if row["name"] == "db1")
    assert row["hand"] == pytest.approx(4 * row["autodiff"])
    table = capsys.readouterr().out
    assert all(row["equation"] in table for row in found["rows"])
    # A case that sets a seed keeps it.
    assert main(["verify", "mine:lazily", "--json", str(path)]) == 0
    assert json.loads(path.read_text())["seed"] == 7


def test_order_2_sees_a_gradient_that_does_not_follow_the_parameters(capsys):
    assert main(["verify", "mine:frozen"]) == 0
    assert main(["verify", "mine:frozen", "--order", "2"]) == 1
    assert "WRONG at HvW1" in last_line(capsys)
    # A case that sets an order keeps it.
    assert main(["verify", "mine:frozen_twice"]) == 1


def test_selftest_plants_mistakes(folder, capsys):
    words = ["verify", "mine:wrong", "--selftest", "--json", "r.json"]
    assert main(words) == 1
    printed = capsys.readouterr().out
    alive, caught = re.search(r"^(\d+) of (\d+) caught here$", printed, re.M).groups()
    assert alive == caught
    assert printed.splitlines()[-1].startswith("verdict: WRONG at db1")
    planted = json.loads((folder / "r.json").read_text())["selftest"]
    assert sum(each["alive"] for each in planted) == int(alive) >= 30
    assert all(each["caught"] for each in planted if each["alive"])


def test_a_checker_that_sees_too_little_verifies_nothing(monkeypatch, capsys):
    blind = SelfTest(())
    monkeypatch.setattr(type(blind), "ok", False)
    monkeypatch.setattr(verify, "selftest", lambda **_: blind)
    assert main(["verify", "mine:right", "--selftest"]) == 2
    said = "UNRESOLVED: some of the mistakes planted here went unseen"
    assert last_line(capsys) == f"verdict: {said}"


def test_time_goes_to_stderr(capsys):
    assert main(["verify", "mine:right", "--time"]) == 0
    printed, errors = capsys.readouterr()
    assert printed.splitlines()[-1] == "verdict: VERIFIED"
    assert re.fullmatch(
        r"jaxdnn: time: [\d.]+ s the first time, [\d.]+ s again: \d+ times a forward "
        r"pass in float64 \([\d.e-]+ ms\); ([\d.]+) forward passes counted: .*\n",
        errors,
    )
    assert 10 < float(re.search(r"([\d.]+) forward passes", errors)[1]) < 60


# ---- on data -----------------------------------------------------------------------


@pytest.fixture
def spied(monkeypatch):
    """What verify is called with, beside the report of mine:right."""
    seen = []
    real = verify.verify

    def spy(**case):
        seen.append(case)
        sys.path.insert(0, ".")
        import mine

        sys.path.remove(".")
        return real(**mine.right)

    monkeypatch.setattr(verify, "verify", spy)
    return seen


def test_without_words_it_is_what_train_begins_with(monkeypatch, spied):
    assert main(["verify"]) == 0
    (case,) = spied
    assert case["network"].layer_dims == (30, 10, 5, 1)
    assert (case["l2"], case["seed"], "key" in case) == (1, 1, False)

    class StopError(ValueError):
        pass

    def fit(network, X, Y, *, key, **_):
        assert network == case["network"]
        np.testing.assert_array_equal(X, case["X"])
        np.testing.assert_array_equal(Y, case["Y"])
        # A step of length almost nothing: float32 keeps the parameters.
        begun = verify.fit(network, X, Y, key=key, epochs=1, learning_rate=1e-30)
        for layer, other in zip(begun.params, case["params"], strict=True):
            np.testing.assert_array_equal(layer.W, other.W)
        raise StopError("compared")

    monkeypatch.setattr(training, "fit", fit)
    plain = ["--optimizer", "sgd", "--layers", "10", "5"]
    assert main(["train", "--quiet", *plain]) == 2


def test_words_make_the_case(folder, spied):
    rows = np.random.default_rng(0).normal(size=(20, 3))
    pd.DataFrame(rows, columns=["a", "b", "c"]).to_csv("t.csv", index=False)
    words = "--data t.csv --target a --layers 4 --hidden tanh --l2 0.5 --seed 3"
    options = "--keep-prob 0.8 --initialization xavier"
    assert main(["verify", *words.split(), *options.split()]) == 0
    assert main(["verify", *words.split(), *options.split(), "--epochs", "2"]) == 0
    begun, trained = spied
    assert begun["network"].layer_dims == (2, 4, 1)
    assert begun["network"].hidden == ("tanh",)
    assert begun["network"].output == "identity"
    assert begun["X"].shape == (2, 16)
    assert (begun["l2"], begun["keep_prob"], begun["seed"]) == (0.5, 0.8, 3)
    moved = [
        float(abs(a.W - b.W).max())
        for a, b in zip(begun["params"], trained["params"], strict=True)
    ]
    assert 0 < min(moved) <= max(moved) < 1


def test_a_file_is_verified(capsys):
    rows = np.random.default_rng(0).normal(size=(10, 3))
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    frame.assign(c=rows[:, 0] > 0).to_csv("t.csv", index=False)
    assert main(["verify", "--data", "t.csv", "--layers"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("verify  2-1 sigmoid l2=1   batch 8")
    assert printed.endswith("verdict: VERIFIED\n")


def test_the_example_of_the_help_does_what_it_says(folder, capsys):
    help_text = COMMANDS["verify"].__doc__
    (folder / "mine.py").write_text(
        "\n".join(
            line[4:] for line in help_text.splitlines() if line.startswith("    ")
        )
    )
    assert main(["verify", "mine:case"]) == 1
    assert f'"{last_line(capsys)}"' in help_text
