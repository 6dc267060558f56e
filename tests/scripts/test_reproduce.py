"""The reproductions compare what they say, and a wrong number does not pass."""

import numpy as np
import pytest

from scripts.experiments import _reproduce as shared
from scripts.experiments import reproduce_cats as cats
from scripts.experiments import reproduce_initialization as initialization
from scripts.experiments import reproduce_planar as planar
from scripts.experiments import reproduce_regularization as regularization

pytestmark = pytest.mark.slow


@pytest.fixture
def call(tmp_path, capsys):
    """Run a script's main: its exit code, what it printed, what it drew."""

    def run(script, *arguments):
        code = script.main(["--out", str(tmp_path), *map(str, arguments)])
        out, err = capsys.readouterr()
        return code, out, err, {path.name for path in tmp_path.iterdir()}

    return run


@pytest.fixture
def undrawn(monkeypatch):
    """Figures are made and get their files, but are not drawn: others are."""
    monkeypatch.setattr(shared.plots, "save", lambda _, path: path.touch())


@pytest.fixture
def two_sizes(monkeypatch):
    monkeypatch.setattr(planar, "SWEEP", {1: 67.5, 20: 90.0})


def drawn(names, *kinds):
    return {f"{kind}_{name}.png" for name in names for kind in kinds}


# ---- short runs --------------------------------------------------------------------


def test_initialization(call):
    code, out, _, files = call(initialization, "--iterations", 1001)
    assert code == 0
    assert files == drawn(("zeros", "random", "he"), "cost", "boundary")
    assert "0.6879825919728063  0.68798259197" in out
    assert out.endswith("5 of 5 numbers agree\n")


@pytest.mark.usefixtures("undrawn")
def test_regularization(call, data_folder):
    arguments = "--iterations", 3001, "--data", data_folder
    code, out, _, files = call(regularization, *arguments)
    assert code == 0
    assert files == drawn(("none", "l2", "dropout"), "cost", "boundary")
    assert "0.0766129778735777  0.07661297787" in out
    assert out.endswith("5 of 5 numbers agree\n")


@pytest.mark.usefixtures("two_sizes", "undrawn")
def test_planar(call):
    code, out, _, files = call(planar, "--iterations", 1001)
    assert code == 0
    names = {"logistic_regression", "1_units", "20_units"}
    assert files == drawn(names, "boundary") | {"cost.png", "boundary.png"}
    assert "0.288083  0.28808329" in out
    assert out.endswith("3 of 3 numbers agree\n")


def test_cats(call, data_folder):
    code, out, _, files = call(cats, "--iterations", 1, "--data", data_folder)
    assert code == 0
    assert files == drawn(("two_layers", "four_layers"), "cost", "wrong")
    assert "0.7717493284237686  0.77174932842" in out
    assert out.endswith("2 of 2 numbers agree\n")


# ---- a wrong number ----------------------------------------------------------------


@pytest.mark.usefixtures("undrawn")
def test_a_wrong_cost_exits_1(call, monkeypatch):
    he = initialization.STARTS["he"]
    wrong = {"he": he._replace(costs={0: he.costs[0] + 2e-9})}
    monkeypatch.setattr(initialization, "STARTS", wrong)
    code, out, _, files = call(initialization, "--iterations", 1)
    assert code == 1
    assert "  OFF\n" in out
    assert "largest difference 2.0e-09" in out
    assert out.endswith("0 of 1 numbers agree\n")
    assert files == drawn(["he"], "cost", "boundary")


@pytest.mark.usefixtures("undrawn")
def test_a_wrong_accuracy_exits_1(call, monkeypatch, data_folder):
    monkeypatch.setattr(regularization, "ITERATIONS", 1)
    code, out, *_ = call(regularization, "--data", data_folder)
    assert code == 1
    assert out.count("OFF\n") == 6
    assert "train accuracy  0.9478672985781991" in out


@pytest.mark.usefixtures("two_sizes", "undrawn")
def test_a_wrong_hidden_size_exits_1(call, monkeypatch):
    monkeypatch.setattr(planar, "SWEEP_ITERATIONS", 1)
    code, out, *_ = call(planar, "--iterations", 1)
    assert code == 1
    assert out.count("OFF\n") == 2


@pytest.mark.parametrize(
    ("obtained", "agrees"),
    [(1.0, True), (1.001, True), (1.002, False), (np.nan, False), (np.inf, False)],
)
def test_a_number_agrees_within_its_tolerance(obtained, agrees):
    assert shared.Number("J", 1.0, obtained, 0.0015).agrees is agrees


def test_every_published_number_is_checked():
    published = [start.costs for start in initialization.STARTS.values()]
    published += [remedy.costs for remedy in regularization.REMEDIES.values()]
    published += [depth.costs for depth in cats.DEPTHS.values()]
    for costs in published:
        numbers = shared.cost_numbers(costs, np.zeros(30000), 1e-9)
        assert len(numbers) == len(costs) > 0
        assert not any(number.agrees for number in numbers)


def test_the_published_numbers_are_those_of_the_vectors(reference):
    he = reference["C2W1.init.train.he"]["expected"]["costs_every_1000"]
    assert list(initialization.STARTS["he"].costs.values()) == he
    dropout = reference["C2W1.reg.train.dropout"]["expected"]["costs_every_3000"]
    found = regularization.REMEDIES["dropout"].costs
    assert [found[iteration] for iteration in range(0, 30000, 3000)] == dropout
    sweep = reference["C1W3.planar.sweep"]["expected"]["accuracy_percent"]
    assert list(planar.SWEEP.values()) == sweep


# ---- what is missing ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "missing"),
    [
        (regularization, "data.mat is not in"),
        (cats, "train_catvnoncat.h5, test_catvnoncat.h5 are not in"),
    ],
    ids=["regularization", "cats"],
)
def test_missing_data_exit_2(script, missing, call, tmp_path, monkeypatch):
    code, out, err, files = call(script, "--data", tmp_path / "nowhere")
    assert (code, out, files) == (2, "", set())
    assert missing in err
    monkeypatch.setenv("JAXDNN_DATA", str(tmp_path))
    assert missing in call(script)[2]
    monkeypatch.delenv("JAXDNN_DATA")
    assert "JAXDNN_DATA" in call(script)[2]


@pytest.mark.usefixtures("undrawn")
def test_the_environment_says_where_the_data_are(call, data_folder, monkeypatch):
    monkeypatch.setenv("JAXDNN_DATA", str(data_folder))
    assert call(regularization, "--iterations", 1)[0] == 0


@pytest.mark.parametrize("iterations", ["0", "-3", "many"])
def test_iterations_are_at_least_one(iterations, call, capsys):
    with pytest.raises(SystemExit) as stopped:
        call(initialization, "--iterations", iterations)
    assert stopped.value.code == 2
    assert "--iterations" in capsys.readouterr().err
