"""The command line as such: its words, and what it is as a process."""

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from tests.cli.screen import refused, results


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["predict", "--data", "t.csv"], "arguments are required: --model"),
        (["train", "--data", "moon"], "moon: no such data set; there are flower,"),
        (["train", "--data", "t.csv"], "t.csv: no such file"),
        (["train", "--data", "\x1b[2J.csv"], "\\x1b[2J.csv: no such file"),
        (["train", "--\x1b[2J"], "unrecognized arguments: --\\x1b[2J"),
        (
            ["train", "--data", "t.txt"],
            "t.txt: must be a .csv, .tsv, .csv.gz, .tsv.gz, .parq",
        ),
        (["train", "--data", "iris", "--target", "x"], "--target goes with a file"),
        (["train", "--data", "mnist"], "mnist: needs mnist-t10k-images-idx3-ubyte"),
    ],
)
def test_bad_words_get_one_line(tmp_path, monkeypatch, capsys, args, message):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JAXDNN_DATA", raising=False)
    assert message in refused(capsys, args)
    assert results(tmp_path) == []


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


@pytest.mark.slow
def test_ctrl_c_stops_the_training_and_leaves_nothing(trained, tmp_path):
    data, out = trained / "pets.csv", tmp_path / "out"
    with started("train", "--data", data, "--out", out, "--epochs", 10**9) as process:
        for line in ("data ", "columns ", "network "):
            assert process.stdout.readline().startswith(line)
        _, errors = interrupt(process)
    assert process.returncode == 130
    assert errors.endswith("jaxdnn: interrupted\n")
    assert "Traceback" not in errors
    assert results(tmp_path) == []


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(trained):
    model, data = trained / "out" / "model.safetensors", trained / "pets.csv"
    with started("predict", "--model", model, "--data", data) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=PATIENCE) == 141
