"""jaxdnn evaluate: the scores that train prints, of any rows."""

import numpy as np
import pandas as pd
import pytest

from jaxdnn.cli import main
from tests.cli.screen import QUICK, labelled, refused
from tests.tables import numeric, pets, save


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_the_scores_are_those_that_train_prints(tmp_path, capsys, suffix):
    path = save(numeric(pets()), tmp_path / f"t{suffix}")
    args = ["--data", path, "--out", str(tmp_path), "--test-fraction", "0", *QUICK]
    assert main(["train", *args]) == 0
    wanted = labelled(capsys.readouterr().out)
    model = str(tmp_path / "model.safetensors")
    assert main(["evaluate", "--model", model, "--data", path]) == 0
    found = labelled(capsys.readouterr().out)
    assert found["y"] == wanted["y of train"]
    del found["y"], found[""]
    assert {"accuracy", "ROC AUC", "cat", "dog"} < set(found)
    assert {**wanted, **found} == wanted


def test_numbers_have_an_error_in_their_own_units(tmp_path, capsys):
    x = np.random.default_rng(0).uniform(-1, 1, 100)
    path = save(pd.DataFrame({"x": x, "y": 1e6 + 1e5 * x}), tmp_path / "t.csv")
    args = ["--data", path, "--out", str(tmp_path), "--quiet", *QUICK, "--l2", "0"]
    assert main(["train", *args, "--epochs", "1000"]) == 0
    model = str(tmp_path / "model.safetensors")
    assert main(["evaluate", "--model", model, "--data", path]) == 0
    found = labelled(capsys.readouterr().out)
    assert list(found) == ["rows", "R2", "RMSE", "MAE"]
    assert float(found["R2"][0]) > 0.999
    assert 0 <= float(found["RMSE"][0]) < 3000


def test_unseen_texts_are_told_and_unknown_classes_are_wrong(trained, tmp_path, capsys):
    new = pets(20).assign(coat="none", kind="cow")
    model = str(trained / "out" / "model.safetensors")
    data = save(new, tmp_path / "new.csv")
    assert main(["evaluate", "--model", model, "--data", data]) == 0
    printed, errors = capsys.readouterr()
    assert labelled(printed)["accuracy"] == ["0.0000"]
    assert "'none' was never seen in training" in errors


def test_rows_without_a_target_are_left_out_and_told(trained, tmp_path, capsys):
    data = save(pets(20).assign(kind=["cat", ""] * 10), tmp_path / "new.csv")
    model = str(trained / "out" / "model.safetensors")
    assert main(["evaluate", "--model", model, "--data", data]) == 0
    printed, errors = capsys.readouterr()
    assert labelled(printed)["rows"] == ["10"]
    assert f"{data}: 10 rows without kind are left out" in errors


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kind": None}, "no column 'kind' to compare with"),
        ({"coat": None}, "lacks columns the model was trained on: 'coat'"),
    ],
)
def test_bad_rows_are_refused(trained, tmp_path, capsys, columns, message):
    frame = pets(20).assign(**columns)
    frame = frame.drop(columns=[name for name, cells in columns.items() if not cells])
    data = save(frame, tmp_path / "new.csv")
    model = trained / "out" / "model.safetensors"
    said = refused(capsys, ["evaluate", "--model", model, "--data", data])
    assert said.startswith(f"{data}: {message}")
