"""The command line: what it prints and writes, and how it refuses bad input."""

import csv
import io
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest

import jaxdnn as dnn
from jaxdnn.cli import main, train
from jaxdnn.data.tables import read_table
from jaxdnn.models.checkpoints import Checkpoints
from jaxdnn.models.files import load_model
from jaxdnn.models.optimizers import LEARNING_RATES
from jaxdnn.verification import Report, verify
from jaxdnn.verification.report import Row

WRITTEN = ["history.csv", "learning_curve.png", "model.safetensors"]
QUICK = ("--layers", "--epochs", "40")  # no hidden layer: little to compile


def pets(rows=60, seed=0):
    """Two kinds of columns, one of them constant, and a class that can be learnt."""
    rng = np.random.default_rng(seed)
    cat = rng.random(rows) < 0.5
    return pd.DataFrame(
        {
            "weight": np.where(cat, 4, 20) + rng.normal(size=rows),
            "coat": rng.choice(["long", "short"], rows),
            "legs": 4,
            "kind": np.where(cat, "cat", "dog"),
        }
    )


def results(folder):
    return sorted(path.name for path in folder.iterdir())


def read_csv(text):
    header, *rows = csv.reader(io.StringIO(text))
    return header, list(zip(*rows, strict=True))


def labelled(printed):
    """The words of every line behind its label."""
    return {line[:16].strip(): line[16:].split() for line in printed.splitlines()}


REPORTS = {
    "verified": Report("", (Row("dW1", "dW1", 2.06, step=0.5),), "verified"),
    "wrong": Report("", (Row("dW1", "dW1", 9e9, status="WRONG"),), "wrong"),
    "unresolved": Report("", (), "unresolved", "every gradient is exactly 0"),
}


@pytest.fixture(scope="module", autouse=True)
def no_check():
    """Most runs go without the gradient check, which is compiled anew in each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "verify", lambda *_, **__: REPORTS["verified"])
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with pets.csv and what training on it wrote, in out/."""
    folder = tmp_path_factory.mktemp("trained")
    pets().to_csv(folder / "pets.csv", index=False)
    data, out = str(folder / "pets.csv"), str(folder / "out")
    assert main(["train", "--data", data, "--out", out, "--quiet", *QUICK]) == 0
    return folder


# ---- train -------------------------------------------------------------------------


def test_the_main_job(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(train, "verify", verify)
    assert main(["train"]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    lines = labelled(printed)
    assert "benign (357), malignant (212)" in printed
    assert lines["network"][0] == "30-10-5-1,"
    assert lines["epoch"] == ["0", "250", "500", "750", "999"]
    costs = [float(cost) for cost in lines["cost"]]
    assert costs == sorted(costs, reverse=True)
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
    assert results(out) == ["history.csv", "learning_curve.png", "model.safetensors"]
    for name in results(out):
        assert f"runs/breast_cancer/{name}\n" in printed
    header, (epochs, history, rates, norms) = read_csv(
        (out / "history.csv").read_text()
    )
    assert header == ["epoch", "cost", "learning_rate", "gradient_norm"]
    assert set(rates) == {"0.1"}
    assert min(map(float, norms)) > 0
    assert epochs == tuple(map(str, range(1000)))
    assert f"{float(history[-1]):.4f}" == lines["cost"][-1]
    assert (out / "learning_curve.png").read_bytes().startswith(b"\x89PNG")


def test_the_plane_gets_a_boundary_and_other_data_takes_it_away(tmp_path):
    options = ["--out", str(tmp_path / "out"), "--quiet", "--epochs", "2", "--layers"]
    assert main(["train", "--data", "flower", *options]) == 0
    assert "boundary.png" in results(tmp_path / "out")
    assert main(["train", "--data", "iris", *options]) == 0
    assert results(tmp_path / "out") == WRITTEN


def test_numbers_are_predicted_in_their_own_units(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 200)
    frame = pd.DataFrame({"price": 1e6 + 1e5 * x, "x": x})
    frame.to_csv(tmp_path / "t.csv", index=False)
    args = ["--data", str(tmp_path / "t.csv"), "--out", str(tmp_path)]
    assert main(["train", *args, "--target", "price", "--layers", "--l2", "0"]) == 0
    lines = labelled(capsys.readouterr().out)
    assert [float(r2) > 0.999 for r2 in lines["R2"]] == [True, True]
    assert [0 <= float(error) < 3000 for error in lines["RMSE"]] == [True, True]

    model = str(tmp_path / "model.safetensors")
    assert main(["predict", "--model", model, "--data", str(tmp_path / "t.csv")]) == 0
    header, (values,) = read_csv(capsys.readouterr().out)
    assert header == ["value"]
    np.testing.assert_allclose(np.float64(values), frame["price"], atol=5000)


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
    monkeypatch.setattr(train, "verify", lambda *_, **__: REPORTS[verdict])
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

    monkeypatch.setattr(train, "verify", spy)
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


def history(folder):
    """The columns of history.csv."""
    header, columns = read_csv((folder / "history.csv").read_text())
    return {name: np.float64(c) for name, c in zip(header, columns, strict=True)}


def test_validation_stops_the_run_and_picks_the_parameters(trained, tmp_path, capsys):
    data = str(trained / "pets.csv")
    args = ["train", "--data", data, "--out", str(tmp_path), *STOPPING]
    assert main([*args, "--validation-fraction", "0.25", "--l2", "0"]) == 0
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


def test_the_ten_thousand_digits(data_folder, tmp_path, monkeypatch, capsys):
    """The command of the documentation, for two of its epochs."""
    monkeypatch.setenv("JAXDNN_DATA", str(data_folder))
    words = "train --data mnist --split last --layers 256 128 --batch-size 128"
    more = "--optimizer adam --schedule cosine --learning-rate 0.002 --keep-prob 0.7"
    args = [*words.split(), *more.split(), "--l2", "0", "--out", str(tmp_path)]
    args += ["--epochs", "2"]
    assert main(args) == 0
    lines = labelled(capsys.readouterr().out)
    assert lines["network"][0] == "784-256-128-10,"
    assert lines["rows"] == ["8000", "2000"]
    assert float(lines["accuracy"][1]) > 0.9


# ---- more rows than memory ---------------------------------------------------------


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_streamed_file_teaches_what_a_read_one_does(tmp_path, capsys, suffix):
    path, out = tmp_path / f"t{suffix}", str(tmp_path / "out")
    save(pets(2000), path)
    args = ["train", "--data", str(path), "--out", out, "--layers", "--epochs", "5"]
    args += ["--validation-fraction", "0.2", "--optimizer", "adam"]
    assert main([*args, "--learning-rate", "0.05", "--stream"]) == 0
    lines = labelled(capsys.readouterr().out)
    rows = list(map(int, lines["rows"]))
    assert sum(rows) == 2000
    np.testing.assert_allclose(rows, [1280, 320, 400], rtol=0.15)
    assert min(map(float, lines["accuracy"])) > 0.97
    assert lines["memory"][:2] == ["at", "most"]
    assert int(lines["memory"][2]) > 100
    assert results(tmp_path / "out") == WRITTEN
    model = str(tmp_path / "out" / "model.safetensors")
    assert main(["predict", "--model", model, "--data", str(path)]) == 0


def test_numbers_can_be_streamed(tmp_path, capsys):
    x = np.random.default_rng(0).uniform(-1, 1, 2000)
    frame = pd.DataFrame({"x": x, "price": 1e6 + 1e5 * x})
    frame.to_parquet(tmp_path / "t.parquet")
    args = ["--data", str(tmp_path / "t.parquet"), "--out", str(tmp_path / "out")]
    words = ["--stream", "--layers", "--l2", "0", "--epochs", "20"]
    assert main(["train", *args, *words]) == 0
    lines = labelled(capsys.readouterr().out)
    assert min(map(float, lines["R2"])) > 0.999
    assert 0 <= max(map(float, lines["RMSE"])) < 3000


def test_a_large_file_is_streamed_unasked(tmp_path, capsys):
    pd.DataFrame(np.random.default_rng(0).normal(size=(70_000, 2))).rename(
        columns=str
    ).to_parquet(tmp_path / "t.parquet")
    args = ["--data", str(tmp_path / "t.parquet"), "--out", str(tmp_path / "out")]
    for limit, streamed in (("1", True), ("2", False)):
        words = ["--layers", "--epochs", "1", "--memory-limit", limit]
        assert main(["train", *args, *words]) == 0
        assert ("\nmemory " in capsys.readouterr().out) == streamed


@pytest.mark.parametrize("data", ["iris", "t.npz", "nowhere.csv"])
def test_what_cannot_be_streamed_is_told(tmp_path, monkeypatch, capsys, data):
    monkeypatch.chdir(tmp_path)
    np.savez("t.npz", X=np.zeros((3, 2)))
    said = refused(capsys, ["train", "--data", data, "--stream"])
    assert said == f"--stream goes with a .csv or .parquet file: {data}"


def test_a_stream_without_training_rows_is_told(tmp_path, capsys):
    data, said = tmp_path / "t.csv", set()
    data.write_text("a,kind\n1,yes\n2,yes\n3,no\n4,yes\n")
    options = ["--stream", "--test-fraction", "0.99", *QUICK]
    for seed in range(3):
        args = ["train", "--data", data, "--out", tmp_path / "out", "--seed", seed]
        said.add(refused(capsys, [*args, *options]))
    assert any("no row" in line for line in said)
    assert results(tmp_path) == ["t.csv"]


def test_a_streamed_run_goes_on_from_a_checkpoint(tmp_path, capsys):
    save(pets(2000), tmp_path / "t.parquet")
    data, saved = str(tmp_path / "t.parquet"), str(tmp_path / "saved")
    args = ["train", "--data", data, "--stream", "--layers", "3", "--keep-prob", "0.8"]
    args += ["--optimizer", "adam", "--quiet"]
    assert main([*args, "--out", str(tmp_path / "whole"), "--epochs", "4"]) == 0
    part = [*args, "--out", str(tmp_path / "part"), "--checkpoint", saved]
    assert main([*part, "--epochs", "2"]) == 0
    assert main([*part, "--epochs", "4", "--resume"]) == 0
    for name in ("model.safetensors", "history.csv"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "part" / name).read_bytes() == whole


# ---- predict -----------------------------------------------------------------------


def save(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        X, y = frame.iloc[:, :-1].to_numpy(), frame.iloc[:, -1].to_numpy(dtype=str)
        np.savez(path, X=X, y=y)


def numeric(frame):
    """As an NPZ file names its columns: x1, x2, y."""
    return frame.drop(columns="coat").set_axis(["x1", "x2", "y"], axis=1)


@pytest.mark.parametrize("train_on", ["t.csv", "t.parquet", "t.npz"])
@pytest.mark.parametrize("ask", ["new.csv", "new.parquet", "new.npz"])
def test_predictions_are_those_of_the_training_process(tmp_path, capsys, train_on, ask):
    save(numeric(pets()), tmp_path / train_on)
    new = numeric(pets(seed=1))
    save(new, tmp_path / ask)
    args = ["--data", str(tmp_path / train_on), "--out", str(tmp_path), "--quiet"]
    assert main(["train", *args, *QUICK]) == 0
    model = str(tmp_path / "model.safetensors")
    assert main(["predict", "--model", model, "--data", str(tmp_path / ask)]) == 0
    header, (labels, *probabilities) = read_csv(capsys.readouterr().out)
    assert header == ["label", "probability_cat", "probability_dog"]

    # The same by hand: the training rows' figures, then the core.
    found = load_model(model)
    weight, legs = found.preprocessing.columns
    assert legs.deviation == 0
    X = np.zeros((2, len(new)), np.float32)
    X[0] = (new["x1"] - weight.mean) / weight.deviation
    AL = np.asarray(dnn.predict_proba(found.network, found.params, X))
    np.testing.assert_allclose(np.float64(probabilities), [1 - AL[0], AL[0]], rtol=1e-6)
    said = np.asarray(dnn.predict(found.network, found.params, X))[0]
    assert labels == tuple(np.array(["cat", "dog"])[said])
    assert np.mean(np.array(labels) == new["y"]) > 0.9


def predict(trained, data, *options):
    model = str(trained / "out" / "model.safetensors")
    return main(["predict", "--model", model, "--data", str(data), *options])


def test_columns_may_come_in_any_order_and_without_the_target(
    trained, tmp_path, capsys
):
    assert predict(trained, trained / "pets.csv") == 0
    wanted = capsys.readouterr().out
    frame = pets()[["legs", "coat", "weight"]]
    frame.to_csv(tmp_path / "new.csv", index=False)
    assert predict(trained, tmp_path / "new.csv") == 0
    assert capsys.readouterr().out == wanted


def test_predictions_go_to_a_file_whole(trained, tmp_path, capsys):
    assert predict(trained, trained / "pets.csv") == 0
    wanted = capsys.readouterr().out
    out = tmp_path / "new folder" / "said.csv"
    assert predict(trained, trained / "pets.csv", "--out", str(out)) == 0
    assert out.read_text() == wanted
    assert results(out.parent) == ["said.csv"]
    assert capsys.readouterr().out == ""


def test_a_category_never_seen_is_told_and_counts_as_none(trained, tmp_path, capsys):
    frame = pets(3).assign(coat=["none", "long", "none"])
    frame.to_csv(tmp_path / "new.csv", index=False)
    assert predict(trained, tmp_path / "new.csv") == 0
    printed, errors = capsys.readouterr()
    assert len(printed.splitlines()) == 4
    assert errors.startswith("jaxdnn: note: ")
    assert "column 'coat': 'none' was never seen in training" in errors


def test_a_category_only_in_the_test_part_is_told(tmp_path, capsys):
    frame = pets()
    for row in range(len(frame)):
        if row % 4 == 0:
            frame.loc[row, "coat"] = f"rare {row}"
    frame.to_csv(tmp_path / "t.csv", index=False)
    args = ["--data", str(tmp_path / "t.csv"), "--out", str(tmp_path), *QUICK]
    assert main(["train", *args, "--quiet"]) == 0
    assert "test part: " in capsys.readouterr().err


# ---- bad input ---------------------------------------------------------------------


def refused(capsys, args):
    """The one line a command complains in."""
    assert main([str(word) for word in args]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("jaxdnn: ")
    assert errors.count("\n") == 1
    assert errors.endswith("\n")
    return errors.removeprefix("jaxdnn: ").rstrip("\n")


GOOD = "a,b,y\n1,2,0\n3,4,1\n5,6,0\n"

BAD_DATA = {
    "empty": ("", [], r"t\.csv: Empty CSV file"),
    "no rows": ("a,b,y\n", [], r"t\.csv: no rows"),
    "no such column": (GOOD, ["--target", "z"], r"t\.csv: no column 'z'; it has 'a'"),
    "the target alone": ("y\n1\n2\n", [], "no column beside the target 'y'"),
    "ragged": ("a,y\n1,2\n3\n", [], r"t\.csv: .*Row #3: Expected 2 columns, got 1"),
    "twice": ("a,a,y\n1,2,3\n", [], "two columns are named 'a'"),
    "no name": (",a,y\n1,2,3\n", [], "column 1 has no name"),
    "text in numbers": ("a,y\n1,1.5\n2,x\n3,2.5\n", [], "'y', row 2: 'x' is text"),
    "missing": ("a,y\n1,1\n,2\n", [], "'a', row 2: a missing value"),
    "missing target": ("a,y\n1,1\n2,\n", [], "'y', row 2: a missing value"),
    "NaN": ("a,y\n1,1\nnan,2\n", [], "'a', row 2: a missing value"),
    "infinite": ("a,y\n1,1\n-inf,2\n", [], "'a', row 2: an infinite number"),
    "one class": ("a,y\n1,no\n2,no\n", [], "'y' is 'no' in every row: .* one class"),
    "activation": (
        GOOD,
        ["--hidden", "rleu"],
        "--hidden: invalid choice: 'rleu' .*relu",
    ),
    "epochs": (GOOD, ["--epochs", "0"], "--epochs: must be a whole number >= 1"),
    "fraction": (GOOD, ["--epochs", "1.5"], "--epochs: must be a whole .* got '1.5'"),
    "layers": (GOOD, ["--layers", "3", "0"], "--layers: must be a whole number >= 1"),
    "seed": (GOOD, ["--seed", "-1"], "--seed: must be a whole number >= 0"),
    "large seed": (GOOD, ["--seed", str(2**32)], "--seed: must .* and <= 4294967295"),
    "rate": (GOOD, ["--learning-rate", "0"], "learning_rate must be .* > 0, got 0"),
    "cosine of a rate below 0": (
        GOOD,
        ["--schedule", "cosine", "--learning-rate", "-0.1"],
        "learning_rate must be .* > 0, got -0.1",
    ),
    "NaN rate": (GOOD, ["--learning-rate", "nan"], "learning_rate must be .* got nan"),
    "l2": (GOOD, ["--l2", "-1"], "l2 must be .* >= 0, got -1"),
    "keep_prob": (GOOD, ["--keep-prob", "0"], r"keep_prob must be .*\(0, 1\], got 0"),
    "test": (GOOD, ["--test-fraction", "1"], r"test_fraction must be in \[0, 1\)"),
    "unknown option": (GOOD, ["--inertia", "1"], "unrecognized arguments: --inertia"),
    "optimizer": (GOOD, ["--optimizer", "adm"], "invalid choice: 'adm' .*adam"),
    "schedule": (GOOD, ["--schedule", "linear"], "invalid choice: 'linear' .*cosine"),
    "batch": (GOOD, ["--batch-size", "0"], "--batch-size: must be a whole number >= 1"),
    "part": (GOOD, ["--validation-fraction", "1"], r"must be in \(0, 1\), got '1'"),
    "resume": (GOOD, ["--resume"], "--resume needs --checkpoint"),
    "resume what": (GOOD, ["--resume", "last"], "invalid choice: 'last'"),
    "shortened option": (GOOD, ["--epoch", "3"], "unrecognized arguments: --epoch"),
}


@pytest.mark.parametrize("case", BAD_DATA)
def test_bad_training_input_gets_one_line_and_writes_nothing(tmp_path, capsys, case):
    content, options, message = BAD_DATA[case]
    (tmp_path / "t.csv").write_text(content)
    args = ["train", "--data", tmp_path / "t.csv", "--out", tmp_path / "out"]
    assert re.search(message, refused(capsys, [*args, *QUICK, *options]))
    assert results(tmp_path) == ["t.csv"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["predict", "--data", "t.csv"], "arguments are required: --model"),
        (["train", "--data", "moon"], "moon: no such data set; there are flower,"),
        (["train", "--data", "t.csv"], "t.csv: no such file"),
        (["train", "--data", "t.txt"], "t.txt: must be a .csv, .parquet, .npz file"),
        (["train", "--data", "iris", "--target", "x"], "--target goes with a file"),
        (["train", "--data", "mnist"], "mnist: needs mnist-t10k-images-idx3-ubyte"),
    ],
)
def test_bad_words_get_one_line(tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JAXDNN_DATA", raising=False)
    assert message in refused(capsys, args)
    assert results(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told_before_training(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(train, "fit", None)
    (tmp_path / "file").write_text("")
    said = refused(capsys, ["train", "--out", tmp_path / "file" / "out"])
    assert said.endswith(f"{tmp_path / 'file'} is a file")
    monkeypatch.setattr(os, "access", lambda *_: False)
    said = refused(capsys, ["train", "--out", tmp_path / "a" / "b"])
    assert said.endswith(f"{tmp_path} is not writable")
    assert results(tmp_path) == ["file"]


def test_a_diverged_run_says_when_and_what_to_do(trained, tmp_path, capsys):
    data, out = trained / "pets.csv", tmp_path / "out"
    rate = ["--learning-rate", "1e25"]
    said = refused(capsys, ["train", "--data", data, "--out", out, *QUICK, *rate])
    assert re.search(
        r"the training diverged: J of layer 2 was not finite in step \d+ "
        r"\(epoch \d+\); try a --learning-rate below 1e\+25",
        said,
    )
    assert results(tmp_path) == []


@pytest.mark.parametrize("library", ["tqdm", "safetensors.numpy", "matplotlib.figure"])
def test_a_missing_library_is_told_before_training(
    tmp_path, monkeypatch, capsys, library
):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr(train, "fit", None)
    said = refused(capsys, ["train", "--out", tmp_path / "out"])
    name = library.partition(".")[0]
    assert said == f"this needs {name}; install it with: pip install 'jaxdnn[app]'"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left")])
def test_an_interrupted_writing_leaves_the_earlier_results(
    trained, tmp_path, monkeypatch, capsys, error
):
    def fail(*_, **__):
        raise error

    (tmp_path / "model.safetensors").write_text("earlier")
    monkeypatch.setattr("jaxdnn.plots.save", fail)
    data = str(trained / "pets.csv")
    args = ["train", "--data", data, "--out", str(tmp_path), "--quiet", *QUICK]
    code = main(args)
    said = {130: "jaxdnn: interrupted\n", 2: "jaxdnn: No space left\n"}
    assert capsys.readouterr().err == said[code]
    assert results(tmp_path) == ["model.safetensors"]
    assert (tmp_path / "model.safetensors").read_text() == "earlier"


BAD_MODELS = {
    "missing": (lambda _: None, "No such file"),
    "truncated": (lambda content: content[:-7], "damaged"),
    "cut in the header": (lambda content: content[:100], "not a jaxdnn file"),
    "altered": (lambda c: c.replace(b"weight", b"height"), "damaged"),
    "foreign": (lambda _: b"PK\3\4 something else", "not a jaxdnn file"),
    "empty": (lambda _: b"", "not a jaxdnn file"),
}


@pytest.mark.parametrize("case", BAD_MODELS)
def test_bad_models_get_one_line_and_nothing_is_written(
    trained, tmp_path, capsys, case
):
    change, message = BAD_MODELS[case]
    content = change((trained / "out" / "model.safetensors").read_bytes())
    model, out = tmp_path / "m.safetensors", tmp_path / "out.csv"
    if content is not None:
        model.write_bytes(content)
    data = trained / "pets.csv"
    said = refused(capsys, ["predict", "--model", model, "--data", data, "--out", out])
    assert said.startswith(f"{model}: {message}")
    assert not out.exists()


BAD_ROWS = {
    "lacks one": ("weight,legs\n4,4\n", "lacks columns .* trained on: 'coat'"),
    "one more": ("weight,coat,legs,age\n4,long,4,1\n", "has columns .*: 'age'"),
    "renamed": ("mass,coat,legs\n4,long,4\n", "lacks columns .*: 'weight'"),
    "twice": ("weight,coat,legs,legs\n4,long,4,4\n", "two columns are named 'legs'"),
    "text": ("weight,coat,legs\n4,long,4\nx,long,4\n", "'weight', row 2: 'x' is not"),
    "missing": ("weight,coat,legs\n,long,4\n", "'weight', row 1: a missing value"),
    "no text": ("weight,coat,legs\n4,,4\n", "'coat', row 1: a missing value"),
    "infinite": ("weight,coat,legs\ninf,long,4\n", "'weight', row 1: an infinite"),
    "empty": ("", "Empty CSV file"),
    "no rows": ("weight,coat,legs\n", "no rows"),
    "ragged": ("weight,coat,legs\n4,long\n", "Row #2: Expected 3 columns, got 2"),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows_get_one_line_and_nothing_is_written(trained, tmp_path, capsys, case):
    content, message = BAD_ROWS[case]
    data, out = tmp_path / "new.csv", tmp_path / "out.csv"
    data.write_text(content)
    model = trained / "out" / "model.safetensors"
    said = refused(capsys, ["predict", "--model", model, "--data", data, "--out", out])
    assert re.search(rf"new\.csv: .*{message}", said)
    assert results(tmp_path) == ["new.csv"]


def test_predictions_that_cannot_be_written_are_told(trained, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    model, data = trained / "out" / "model.safetensors", trained / "pets.csv"
    out = tmp_path / "file" / "said.csv"
    said = refused(capsys, ["predict", "--model", model, "--data", data, "--out", out])
    assert str(tmp_path / "file") in said


# ---- as a process ------------------------------------------------------------------

PATIENCE = 120  # seconds after which whatever a test started is killed

# A job in the background inherits SIGINT ignored; people's shells do not.
JAXDNN = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("jaxdnn", run_name="__main__")
"""


@contextmanager
def started(*words):
    """The command line as a process that does not outlive the test."""
    with subprocess.Popen(
        [sys.executable, "-c", JAXDNN, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        killer = threading.Timer(PATIENCE, process.kill)
        killer.start()
        try:
            yield process
        finally:
            killer.cancel()
            process.kill()


def interrupt(process):
    """Ctrl-C, and again should one come while nobody can take it."""
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        try:
            return process.communicate(timeout=PATIENCE / 6)
        except subprocess.TimeoutExpired:
            continue
    pytest.fail("five interrupts did not stop it")


def test_help_names_the_commands():
    with started("--help") as process:
        printed, errors = process.communicate(timeout=PATIENCE)
    assert errors == ""
    assert "train " in printed
    assert "predict " in printed
    assert "verify " in printed


def test_ctrl_c_stops_the_training_and_leaves_nothing(trained, tmp_path):
    data, out = trained / "pets.csv", tmp_path / "out"
    with started("train", "--data", data, "--out", out, "--epochs", 10**9) as process:
        assert process.stdout.readline().startswith("data ")
        assert process.stdout.readline().startswith("network ")
        _, errors = interrupt(process)
    assert process.returncode == 130
    assert errors.endswith("jaxdnn: interrupted\n")
    assert "Traceback" not in errors
    assert results(tmp_path) == []


def test_a_reader_that_has_seen_enough_is_no_error(trained):
    model, data = trained / "out" / "model.safetensors", trained / "pets.csv"
    with started("predict", "--model", model, "--data", data) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=PATIENCE) == 141
