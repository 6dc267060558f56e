"""jaxdnn train and bad input: one line, and nothing is written."""

import os
import re
import sys
import tempfile
from pathlib import Path

import pytest

from jaxdnn.cli import main, train
from jaxdnn.models import DataRecipe, Recipe, TrainingRecipe, training
from jaxdnn.models.prepared import prepare
from tests.cli.screen import QUICK, WRITTEN, refused, results

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
    "missing": (
        "a,b,y\n1,,1\n,NA,2\n3,4,\n",
        ["--missing", "error"],
        r"in 'a' \(1, in row 2\), 'b' \(2, the first in row 1\), 'y' \(1, in row 3\)",
    ),
    "all dropped": ("a,y\n,1\n2,\n", ["--missing", "drop"], "no rows to train on"),
    "no target left": ("a,y\n1,\n2,\n", [], "no rows to train on"),
    "both": (GOOD, ["--drop", "y", "--target", "y"], "both predicted and dropped"),
    "drop what": (GOOD, ["--drop", "z"], "no column 'z'; it has 'a', 'b', 'y'"),
    "numeric what": (GOOD, ["--numeric", "z"], "no column 'z' to be numeric"),
    "two things": (
        GOOD,
        ["--numeric", "a", "--categorical", "a"],
        "'a' cannot be both",
    ),
    "one label": (GOOD, ["--task", "multilabel"], "multilabel needs two targets"),
    "no count": ("a,y\n1,1\n2,-1\n", ["--task", "counts"], "'y', row 2: -1 is no c"),
    "two kinds": (
        "a,b,y\n1,0,0.5\n2,1,1\n3,0,2\n",
        ["--target", "b", "--target", "y"],
        "several targets must all be numbers",
    ),
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


def test_a_folder_that_cannot_be_written_is_told_before_training(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(training, "fit", None)
    (tmp_path / "file").write_text("")
    said = refused(capsys, ["train", "--out", tmp_path / "file" / "out"])
    assert said.endswith(f"{tmp_path / 'file'} is a file")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    said = refused(capsys, ["train", "--out", tmp_path / "link"])
    assert said.endswith("link is a link to nothing")
    (tmp_path / "link").unlink()
    assert "NUL" in refused(capsys, ["train", "--out", "a\0b"])
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
    monkeypatch.setattr(training, "fit", None)
    said = refused(capsys, ["train", "--out", tmp_path / "out"])
    name = library.partition(".")[0]
    assert said == f"this needs {name}; install it with: pip install 'jaxdnn[app]'"


def test_results_that_their_folder_cannot_hold_are_put_elsewhere(
    trained, tmp_path, monkeypatch, capsys
):
    write = train.write_results

    def full(out, *results, **options):
        if out == tmp_path / "out":
            raise OSError(28, "No space left")
        return write(out, *results, **options)

    monkeypatch.setattr(train, "write_results", full)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    data = trained / "pets.csv"
    args = ["train", "--data", data, "--out", tmp_path / "out", "--quiet", *QUICK]
    said = refused(capsys, args)
    assert "No space left; the results are in " in said
    assert results(Path(said.split()[-1])) == WRITTEN


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
    said = {130: "jaxdnn: interrupted\n", 2: f"jaxdnn: {tmp_path}: No space left\n"}
    assert capsys.readouterr().err == said[code]
    assert results(tmp_path) == ["model.safetensors"]
    assert (tmp_path / "model.safetensors").read_text() == "earlier"


@pytest.mark.parametrize("words", [["--watch", "cost"], ["--patience", "3"]])
def test_validation_that_is_never_finite_is_one_line(words, tmp_path, capsys):
    file = tmp_path / "t.csv"

    def write(far=None):
        rows = [f"{1e30 if i == far else i},{i % 7}.5" for i in range(100)]
        file.write_text("\n".join(["x,y", *rows, ""]))

    write()
    recipe = Recipe(DataRecipe(str(file)), training=TrainingRecipe(patience=3))
    watched = next(prepare(recipe).tables("validation")).columns["x"]
    write(far=int(watched[0]))
    args = ["train", "--data", file, "--out", tmp_path / "out", *QUICK]
    told = refused(capsys, [*args, *words])
    assert "the validation cost was never finite" in told
    assert results(tmp_path) == ["t.csv"]
    sweep = ["sweep", "--data", file, "--out", tmp_path / "out", "--epochs", "3"]
    assert "the validation cost was never finite" in refused(capsys, sweep)
    assert results(tmp_path) == ["t.csv"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--rank", "1"], "--rank goes with --distributed"),
        (
            ["--distributed", "--rank", "1", "--processes", "2"],
            "--processes needs --coordinator, too",
        ),
    ],
)
def test_half_of_what_processes_must_know_is_refused(capsys, words, says):
    assert refused(capsys, ["train", "--data", "iris", *words]) == says
