"""jaxdnn train: what it prints and writes, and how it refuses bad input."""

import hashlib
import io
import json
import os
import re
import sys

import numpy as np
import pandas as pd
import pytest

from jaxdnn._names import LEARNING_RATES
from jaxdnn.cli import main, train
from jaxdnn.data.tables import read_table
from jaxdnn.models import load_model, training
from jaxdnn.models.checkpoints import Checkpoints
from jaxdnn.verification import verify
from tests.cli.screen import (
    QUICK,
    REPORTS,
    WRITTEN,
    labelled,
    read_csv,
    refused,
    results,
)
from tests.tables import pets

# ---- train -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.usefixtures("drawn")
def test_the_main_job(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "verify", verify)
    assert main(["train"]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    lines = labelled(printed)
    assert "benign (357), malignant (212)" in printed
    assert lines["network"][0] == "30-100-1,"
    assert "adam at 0.002, falling to 0; batches of 64; 200 epochs" in printed
    assert lines["epoch"] == ["0", "50", "100", "150", "199"]
    costs = [float(cost) for cost in lines["cost"]]
    assert costs[-1] < 0.1 * costs[0]
    assert lines["rows"] == ["456", "113"]
    train_accuracy, test_accuracy = map(float, lines["accuracy"])
    assert train_accuracy >= 0.96
    assert test_accuracy >= 0.96
    assert re.fullmatch(
        r"verified: \d\d equations, worst \d+\.\d of 256 units of rounding",
        " ".join(lines["gradient check"]),
    )
    assert max(map(len, printed.splitlines())) <= 80

    out = tmp_path / "runs" / "breast_cancer"
    assert results(out) == WRITTEN
    said = json.loads((out / "manifest.json").read_text())["sha256"]
    for name in set(WRITTEN) - {"manifest.json"}:
        assert said[name] == hashlib.sha256((out / name).read_bytes()).hexdigest()
        assert f"runs/breast_cancer/{name}\n" in printed
    header, (epochs, history, rates, norms) = read_csv(
        (out / "history.csv").read_text()
    )
    assert header == ["epoch", "cost", "learning_rate", "gradient_norm"]
    assert max(map(float, rates)) <= 0.002
    assert min(map(float, norms)) > 0
    assert epochs == tuple(map(str, range(200)))
    assert f"{float(history[-1]):.4f}" == lines["cost"][-1]
    assert (out / "learning_curve.png").read_bytes().startswith(b"\x89PNG")


def test_the_plane_gets_a_boundary_and_other_data_takes_it_away(tmp_path):
    options = ["--out", str(tmp_path / "out"), "--quiet", "--epochs", "2", "--layers"]
    assert main(["train", "--data", "flower", *options]) == 0
    assert "boundary.png" in results(tmp_path / "out")
    assert main(["train", "--data", "iris", *options]) == 0
    assert results(tmp_path / "out") == WRITTEN


def test_who_reads_no_further_costs_no_result(tmp_path, monkeypatch):
    def gone(label, _):
        if label == "epoch":
            raise BrokenPipeError

    monkeypatch.setattr(train, "say", gone)
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    out = tmp_path / "out"
    assert main(["train", "--data", "moons", "--out", str(out), *QUICK]) == 141
    assert results(out) == sorted([*WRITTEN, "boundary.png"])


def test_what_a_killed_run_left_goes(tmp_path):
    (tmp_path / ".unfinished-abc").mkdir()
    (tmp_path / ".unfinished-abc" / "half").touch()
    args = ["train", "--data", "moons", "--out", str(tmp_path), "--quiet", *QUICK]
    assert main(args) == 0
    assert results(tmp_path) == sorted([*WRITTEN, "boundary.png"])


def test_numbers_are_predicted_in_their_own_units(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 200)
    frame = pd.DataFrame({"price": 1e6 + 1e5 * x, "x": x})
    frame.to_csv(tmp_path / "t.csv", index=False)
    args = ["--data", str(tmp_path / "t.csv"), "--out", str(tmp_path)]
    words = ["--target", "price", *QUICK, "--epochs", "1000", "--l2", "0"]
    assert main(["train", *args, *words]) == 0
    lines = labelled(capsys.readouterr().out)
    assert [float(r2) > 0.999 for r2 in lines["R2"]] == [True, True]
    assert [0 <= float(error) < 3000 for error in lines["RMSE"]] == [True, True]

    model = str(tmp_path / "model.safetensors")
    assert main(["predict", "--model", model, "--data", str(tmp_path / "t.csv")]) == 0
    header, (values,) = read_csv(capsys.readouterr().out)
    assert header == ["value"]
    np.testing.assert_allclose(np.float64(values), frame["price"], atol=5000)


@pytest.mark.slow
def test_the_seed_decides_everything(trained, tmp_path):
    def model(seed):
        data, out = str(trained / "pets.csv"), str(tmp_path / seed)
        args = ["--data", data, "--out", out, "--seed", seed, "--quiet"]
        dropout = ["--layers", "3", "--keep-prob", "0.8", "--epochs", "2"]
        assert main(["train", *args, *dropout]) == 0
        return (tmp_path / seed / "model.safetensors").read_bytes()

    assert model("3") == model("3") != model("4")


def test_every_row_can_be_trained_on(trained, tmp_path, capsys):
    data, out = str(trained / "pets.csv"), str(tmp_path)
    args = ["--data", data, "--out", out, "--test-fraction", "0", *QUICK]
    assert main(["train", *args]) == 0
    assert "rows                      60\n" in capsys.readouterr().out


def test_quiet_prints_nothing(trained, tmp_path, capsys):
    data, out = str(trained / "pets.csv"), str(tmp_path)
    assert main(["train", "--data", data, "--out", out, "--quiet", *QUICK]) == 0
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("quiet", [False, True])
def test_a_terminal_gets_a_bar(trained, tmp_path, monkeypatch, quiet):
    monkeypatch.setattr(sys, "stderr", Terminal())
    data, out = str(trained / "pets.csv"), str(tmp_path)
    options = ["--quiet"] if quiet else []
    assert main(["train", "--data", data, "--out", out, *options, *QUICK]) == 0
    shown = sys.stderr.getvalue()
    assert (shown == "") == quiet
    assert quiet or ("40/40" in shown and "100%" in shown and "cost 0." in shown)


CHECKS = {
    "verified": (0, "verified: 1 equations, worst 2.1 of 256 units of rounding"),
    "wrong": (1, "WRONG at dW1 (1 of 1 equations)"),
    "unresolved": (0, "UNRESOLVED: every gradient is exactly 0"),
}


@pytest.mark.parametrize("verdict", CHECKS)
def test_a_wrong_gradient_is_told_after_everything_was_written(
    trained, tmp_path, monkeypatch, capsys, verdict
):
    code, line = CHECKS[verdict]
    monkeypatch.setattr(training, "verify", lambda *_, **__: REPORTS[verdict])
    data, out = str(trained / "pets.csv"), str(tmp_path)
    assert main(["train", "--data", data, "--out", out, *QUICK]) == code
    printed, errors = capsys.readouterr()
    assert f"gradient check  {line}\n" in printed
    assert errors == (f"jaxdnn: gradient check: {line}\n" if code else "")
    assert "model.safetensors" in results(tmp_path)


def test_what_is_verified_is_what_was_trained(trained, tmp_path, monkeypatch):
    seen = {}

    def spy(network, params, X, Y, **options):
        seen.update(params=params, shapes=(X.shape, Y.shape), **options)
        return REPORTS["verified"]

    monkeypatch.setattr(training, "verify", spy)
    data, out = str(trained / "pets.csv"), str(tmp_path)
    args = ["--data", data, "--out", out, "--quiet", "--layers", "3", "--epochs", "2"]
    assert main(["train", *args, "--keep-prob", "0.8", "--l2", "0.5"]) == 0
    assert seen["shapes"] == ((4, 48), (1, 48))
    assert (seen["l2"], seen["keep_prob"], seen["seed"]) == (0.5, 0.8, 1)
    assert seen["key"] is not None
    saved = load_model(str(tmp_path / "model.safetensors")).params
    for layer, stored in zip(seen["params"], saved, strict=True):
        np.testing.assert_array_equal(layer.W, stored.W)


# ---- mini-batches, validation, checkpoints -----------------------------------------

STOPPING = ["--layers", "5", "--epochs", "60", "--batch-size", "8", "--patience", "3"]
STOPPING += ["--optimizer", "adam", "--learning-rate", "0.05", "--keep-prob", "0.8"]
STOPPING += ["--validation-fraction", "0.25"]


def history(folder):
    """The columns of history.csv."""
    header, columns = read_csv((folder / "history.csv").read_text())
    return {name: np.float64(c) for name, c in zip(header, columns, strict=True)}


def test_validation_stops_the_run_and_picks_the_parameters(trained, tmp_path, capsys):
    data = str(trained / "pets.csv")
    args = ["train", "--data", data, "--out", str(tmp_path), *STOPPING]
    assert main(args) == 0
    lines = labelled(capsys.readouterr().out)
    found = history(tmp_path)
    best = found["validation_cost"].argmin()
    assert len(found["cost"]) == best + 4 < 60
    assert lines["best"] == ["after", "epoch", str(best), "of", str(best + 4)]
    assert lines["rows"] == ["36", "12", "12"]
    assert float(lines["accuracy"][1]) == round(found["validation_score"][best], 4)
    assert len(lines["validation"]) == len(lines["epoch"])


def test_the_bar_shows_the_validation(trained, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    data = str(trained / "pets.csv")
    assert main(["train", "--data", data, "--out", str(tmp_path), *STOPPING]) == 0
    assert re.search(r"cost 0\.\d{4}, validation [01]\.\d{4}", sys.stderr.getvalue())


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNING_RATES)
def test_every_optimizer_learns_at_its_own_rate(trained, tmp_path, name):
    data = str(trained / "pets.csv")
    args = ["--data", data, "--out", str(tmp_path), "--optimizer", name, "--quiet"]
    assert main(["train", *args, "--layers", "--epochs", "60"]) == 0
    cost = history(tmp_path)["cost"]
    assert cost[-1] < cost[0] - 0.02


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_cosine_ends_at_nothing(trained, tmp_path, optimizer):
    data = str(trained / "pets.csv")
    args = ["--data", data, "--out", str(tmp_path), "--optimizer", optimizer, *QUICK]
    words = ["--schedule", "cosine", "--batch-size", "20", "--learning-rate", "0.5"]
    assert main(["train", *args, "--quiet", *words]) == 0
    updates = 40 * 3 - 1 - 3 * np.arange(39, -1, -1)  # done before each epoch's last
    wanted = 0.5 * 0.5 * (1 + np.cos(np.pi * updates / 120))
    np.testing.assert_allclose(history(tmp_path)["learning_rate"], wanted, rtol=1e-4)


def test_balanced_classes_count_alike(tmp_path):
    rng = np.random.default_rng(0)
    rare = np.arange(400) < 20
    x = rng.normal(size=400) + 1.5 * rare
    frame = pd.DataFrame({"x": x, "y": np.where(rare, "rare", "common")})
    frame.to_csv(tmp_path / "t.csv", index=False)
    said = {}
    for weight in ([], ["--class-weight", "balanced"]):
        args = ["--data", str(tmp_path / "t.csv"), "--out", str(tmp_path), "--quiet"]
        assert main(["train", *args, "--layers", "--learning-rate", "1", *weight]) == 0
        model = load_model(tmp_path / "model.safetensors")
        values = model.predict(read_table(tmp_path / "t.csv")).values
        said[bool(weight)] = np.mean(values[rare] == "rare")
    assert said[False] < 0.3 < 0.7 < said[True]


def test_a_killed_run_goes_on_to_the_same_bits(trained, tmp_path, capsys, monkeypatch):
    data, saved = str(trained / "pets.csv"), str(tmp_path / "saved")
    args = ["train", "--data", data, *STOPPING, "--quiet", "--out"]
    assert main([*args, str(tmp_path / "whole")]) == 0
    begin = [*args, str(tmp_path / "again"), "--checkpoint", saved]

    class Killed(BaseException):
        pass

    class Save(Checkpoints):
        def __call__(self, info):
            self.save(info.snapshot)
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(train, "Checkpoints", Save)
        with pytest.raises(Killed):
            main(begin)
    assert len(results(tmp_path / "saved")) == 1
    assert "holds checkpoints already; resume" in refused(capsys, begin)
    other = [*begin, "--resume", "--l2", "0.25"]
    assert "of another run: its l2 is 1.0, not 0.25" in refused(capsys, other)
    assert not (tmp_path / "again").exists()

    assert main([*begin, "--resume"]) == 0
    for name in ("model.safetensors", "history.csv"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "again" / name).read_bytes() == whole

    # The finished run's own checkpoint is there, and damaged it is refused.
    first, last = sorted((tmp_path / "saved").iterdir())
    last.write_bytes(last.read_bytes()[:-1])
    assert f"{last}: damaged" in refused(capsys, [*begin, "--resume"])
    third = [*args, str(tmp_path / "third"), "--checkpoint", saved]
    assert main([*third, "--resume", "previous"]) == 0
    again = (tmp_path / "third" / "model.safetensors").read_bytes()
    assert again == (tmp_path / "whole" / "model.safetensors").read_bytes()
    assert first.exists()


def test_a_diverged_run_leaves_no_checkpoint(trained, tmp_path, capsys):
    args = ["train", "--data", trained / "pets.csv", "--out", tmp_path / "out", *QUICK]
    rate = ["--learning-rate", "1e25", "--checkpoint", tmp_path / "saved"]
    assert "diverged" in refused(capsys, [*args, *rate])
    assert results(tmp_path) == []


@pytest.mark.slow
def test_the_ten_thousand_digits(data_folder, tmp_path, monkeypatch, capsys):
    """The command of the documentation, for one of its epochs."""
    monkeypatch.setenv("JAXDNN_DATA", str(data_folder))
    words = "train --data mnist --split last --layers 256 128 --batch-size 128"
    more = "--optimizer adam --schedule cosine --learning-rate 0.002 --keep-prob 0.7"
    args = [*words.split(), *more.split(), "--l2", "0", "--out", str(tmp_path)]
    args += ["--epochs", "1"]
    assert main(args) == 0
    lines = labelled(capsys.readouterr().out)
    assert lines["network"][0] == "784-256-128-10,"
    assert lines["rows"] == ["8000", "2000"]
    assert float(lines["accuracy"][1]) > 0.9


def test_a_category_only_in_the_test_part_is_told(tmp_path, capsys):
    frame = pets()
    for row in range(len(frame)):
        if row % 4 == 0:
            frame.loc[row, "coat"] = f"rare {row}"
    frame.to_csv(tmp_path / "t.csv", index=False)
    args = ["--data", str(tmp_path / "t.csv"), "--out", str(tmp_path), *QUICK]
    assert main(["train", *args, "--quiet"]) == 0
    assert "test part of " in capsys.readouterr().err
