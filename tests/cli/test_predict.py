"""jaxdnn predict: what it says of new rows, and how it refuses bad ones."""

import os
import re
import signal
import subprocess
import sys
import threading
from functools import partial

import numpy as np
import pytest

import jaxdnn as dnn
from jaxdnn.cli import main, options
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
from jaxdnn.models import Model, load_model
from tests.cli.screen import QUICK, read_csv, refused, results
from tests.tables import numeric, pets, save


@pytest.mark.parametrize(
    ("train_on", "ask"),
    [("t.csv", "new.npz"), ("t.parquet", "new.csv"), ("t.npz", "new.parquet")],
)
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


# ---- bad input ---------------------------------------------------------------------

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
    "infinite": ("weight,coat,legs\ninf,long,4\n", "'weight', row 1: an infinite"),
    "empty": ("", "Empty CSV file"),
    "no rows": ("weight,coat,legs\n", "no rows"),
    "ragged": ("weight,coat,legs\n4,long\n", "Row #2: Expected 3 columns, got 2"),
}


def test_gaps_that_training_never_had_are_told(trained, tmp_path, capsys):
    (tmp_path / "new.csv").write_text("weight,coat,legs\n,long,4\n4,,4\n")
    model, data = trained / "out" / "model.safetensors", tmp_path / "new.csv"
    assert main(["predict", "--model", str(model), "--data", str(data)]) == 0
    printed, errors = capsys.readouterr()
    assert len(printed.splitlines()) == 3
    assert "column 'weight': no cell was missing in training; the mean" in errors
    assert "column 'coat': no cell was missing in training" in errors


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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
def test_a_full_disk_is_an_error_though_nothing_is_buffered(trained):
    """As where PYTHONUNBUFFERED is set, in many containers."""
    model, data = trained / "out" / "model.safetensors", trained / "pets.csv"
    words = ["predict", "--model", str(model), "--data", str(data)]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-u", "-m", "jaxdnn", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"No space left" in done.stderr


def test_an_out_that_is_no_file_is_written_to(trained, tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    reader = threading.Thread(
        target=lambda: said.append((tmp_path / "pipe").read_text())
    )
    said = []
    reader.start()
    model, data = str(trained / "out" / "model.safetensors"), str(trained / "pets.csv")
    args = ["predict", "--model", model, "--data", data]
    assert main([*args, "--out", str(tmp_path / "pipe")]) == 0
    reader.join()
    assert main(args) == 0
    assert said == [capsys.readouterr().out]
    assert results(tmp_path) == ["pipe"]


def test_a_file_in_pieces_gets_the_same_lines_and_one_note(
    trained, tmp_path, capsys, monkeypatch
):
    frame = pets(seed=3)
    frame.loc[[1, 50], "coat"] = "striped"
    frame.to_csv(tmp_path / "new.csv", index=False)
    assert predict(trained, tmp_path / "new.csv") == 0
    whole = capsys.readouterr()
    read = options.read_in_pieces
    pieces = []

    def in_small_pieces(path, **how):
        for table in read(path, piece_bytes=200, **how):
            pieces.append(len(table))
            yield table

    monkeypatch.setattr(options, "read_in_pieces", in_small_pieces)
    assert predict(trained, tmp_path / "new.csv") == 0
    assert len(pieces) > 5
    assert capsys.readouterr() == whole
    assert "(2 here)" in whole.err
    out = tmp_path / "said.csv"
    assert predict(trained, tmp_path / "new.csv", "--out", str(out)) == 0
    assert out.read_text() == whole.out


def test_a_bad_row_in_a_later_piece_prints_nothing(
    trained, tmp_path, capsys, monkeypatch
):
    frame = pets(seed=3).astype({"weight": object})
    frame.loc[50, "weight"] = "heavy"
    frame.to_csv(tmp_path / "new.csv", index=False)
    read = options.read_in_pieces
    small = partial(read, piece_bytes=200)
    monkeypatch.setattr(options, "read_in_pieces", small)
    assert predict(trained, tmp_path / "new.csv") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "column 'weight', row 51: 'heavy' is not a number" in printed.err


def test_an_answer_that_is_not_finite_is_refused_with_its_row():
    columns = Preprocessing((Numbers("x", 0, 1),), (Categories("y", ("a", "b", "c")),))
    params = (
        dnn.Layer(np.full((3, 1), 3.0, np.float32), np.zeros((3, 1), np.float32)),
    )
    model = Model(dnn.Network((1, 3), output="softmax"), params, columns)
    table = Table("t.csv", {"x": np.array([1.0, 3e38])})
    with pytest.raises(ValueError, match=r"t\.csv: row 2: the network's answer"):
        model.predict(table)


INTERRUPTED = """
import os, sys, threading, time
from jaxdnn import cli

run = cli._run


def then_wait(*given):
    run(*given)
    time.sleep(60)


cli._run = then_wait
seconds, number = float(sys.argv[1]), int(sys.argv[2])
threading.Timer(seconds, os.kill, (os.getpid(), number)).start()
sys.exit(cli.main(sys.argv[3:]))
"""
# One handler minds both signals: what differs is when they come.
SIGNALS = {
    0.2: (signal.SIGINT, "interrupted", 130),
    0.6: (signal.SIGTERM, "terminated", 143),
    1.2: (signal.SIGINT, "interrupted", 130),
    4.0: (signal.SIGTERM, "terminated", 143),
}


@pytest.mark.slow
def test_a_signal_is_one_line_whenever_it_comes(trained):
    model = str(trained / "out" / "model.safetensors")
    words = ["predict", "--model", model, "--data", str(trained / "pets.csv")]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", INTERRUPTED, str(after), str(int(number)), *words],
            **pipes,
        )
        for after, (number, *_) in SIGNALS.items()
    ]
    ended = [(each.communicate()[1], each.returncode) for each in started]
    assert ended == [(f"jaxdnn: {says}\n", code) for _, says, code in SIGNALS.values()]


@pytest.mark.parametrize("name", ["pets.csv", "link.csv", "out/model.safetensors"])
@pytest.mark.parametrize("command", ["predict", "inspect"])
def test_what_is_read_is_not_written_over(trained, capsys, command, name):
    data, out = trained / "pets.csv", trained / name
    if name == "link.csv" and not out.exists():
        out.symlink_to(data)
    before = out.read_bytes()
    model = trained / "out" / "model.safetensors"
    said = refused(capsys, [command, "--model", model, "--data", data, "--out", out])
    assert said.endswith(f"{name}: is read, and would be written over")
    assert out.read_bytes() == before
