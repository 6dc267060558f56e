"""jaxdnn train, with more rows than memory holds."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from jaxdnn.cli import main
from scripts.benchmark._meshes import free_address
from tests.cli.screen import (
    QUICK,
    WRITTEN,
    labelled,
    read_csv,
    refused,
    results,
)
from tests.tables import pets, save


@pytest.mark.slow
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
    words = [
        "--stream",
        "--layers",
        "--l2",
        "0",
        "--epochs",
        "20",
        "--optimizer",
        "sgd",
    ]
    assert main(["train", *args, *words]) == 0
    lines = labelled(capsys.readouterr().out)
    assert min(map(float, lines["R2"])) > 0.999
    assert 0 <= max(map(float, lines["RMSE"])) < 3000


@pytest.mark.slow
def test_a_large_file_is_streamed_unasked(tmp_path, capsys):
    pd.DataFrame(np.random.default_rng(0).normal(size=(70_000, 2))).rename(
        columns=str
    ).to_parquet(tmp_path / "t.parquet")
    args = ["--data", str(tmp_path / "t.parquet"), "--out", str(tmp_path / "out")]
    for limit, streamed in (("1", True), ("8", False)):
        words = ["--layers", "--epochs", "1", "--memory-limit", limit]
        assert main(["train", *args, *words]) == 0
        assert ("\nmemory " in capsys.readouterr().out) == streamed


@pytest.mark.parametrize("data", ["iris", "t.npz", "nowhere.csv"])
def test_what_cannot_be_streamed_is_told(tmp_path, monkeypatch, capsys, data):
    monkeypatch.chdir(tmp_path)
    np.savez("t.npz", X=np.zeros((3, 2)))
    said = refused(capsys, ["train", "--data", data, "--stream"])
    assert said == f"--stream goes with a CSV or Parquet file: {data}"
    if data == "iris":
        said = refused(capsys, ["train", "--data", data, "--shuffle-buffer", "9"])
        assert said.startswith("--shuffle-buffer goes with a file that is streamed")


def test_a_stream_without_training_rows_is_told(tmp_path, capsys):
    data, said = tmp_path / "t.csv", set()
    data.write_text("a,kind\n1,yes\n2,yes\n3,no\n4,yes\n")
    options = ["--stream", "--test-fraction", "0.99", *QUICK]
    for seed in range(3):
        args = ["train", "--data", data, "--out", tmp_path / "out", "--seed", seed]
        said.add(refused(capsys, [*args, *options]))
    assert any("no row" in line for line in said)
    assert results(tmp_path) == ["t.csv"]


@pytest.mark.slow
def test_a_streamed_run_goes_on_from_a_checkpoint(tmp_path, capsys):
    save(pets(2000), tmp_path / "t.parquet")
    data, saved = str(tmp_path / "t.parquet"), str(tmp_path / "saved")
    args = ["train", "--data", data, "--stream", "--layers", "3", "--keep-prob", "0.8"]
    args += ["--optimizer", "adam", "--quiet", "--shuffle-buffer", "300"]
    assert main([*args, "--out", str(tmp_path / "whole"), "--epochs", "4"]) == 0
    part = [*args, "--out", str(tmp_path / "part"), "--checkpoint", saved]
    assert main([*part, "--epochs", "2"]) == 0
    assert main([*part, "--epochs", "4", "--resume"]) == 0
    for name in ("model.safetensors", "history.csv"):
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "part" / name).read_bytes() == whole


@pytest.mark.slow
def test_two_processes_train_on_row_groups_of_their_own(tmp_path):
    """And a third process goes on alone from what they saved."""
    pets(2000).to_parquet(tmp_path / "t.parquet", row_group_size=300)
    save_in = ["--checkpoint", str(tmp_path / "saved")]
    words = ["train", "--data", str(tmp_path / "t.parquet"), "--stream", *save_in]
    words += ["--layers", "--validation-fraction", "0.2", "--batch-size", "64"]
    words += ["--distributed", "--coordinator", free_address()]
    command = [sys.executable, "-m", "jaxdnn", *words, "--processes", "2", "--epochs"]
    outs = [tmp_path / "first", tmp_path / "second"]
    started = [
        subprocess.Popen([*command, "3", "--rank", str(i), "--out", str(out)])
        for i, out in enumerate(outs)
    ]
    try:
        assert [process.wait(timeout=240) for process in started] == [0, 0]
    finally:
        for process in started:
            process.kill()
    assert results(outs[0]) == WRITTEN
    assert not outs[1].exists()
    alone = [*words[: words.index("--distributed")], "--epochs", "5", "--resume"]
    assert main([*alone, "--out", str(outs[1])]) == 0
    _, (epochs, costs, *_) = read_csv((outs[1] / "history.csv").read_text())
    assert len(epochs) == 5
    assert float(costs[-1]) < float(costs[0])
