"""What the commands print and write, taken apart."""

import csv
import io

from jaxdnn.cli import main
from jaxdnn.verification import Report
from jaxdnn.verification.report import Row

WRITTEN = [  # of classes
    "confusion_matrix.png",
    "history.csv",
    "learning_curve.png",
    "manifest.json",
    "model.safetensors",
]
QUICK = ("--layers", "--epochs", "40", "--optimizer", "sgd")  # little to compile

REPORTS = {
    "verified": Report("", (Row("dW1", "dW1", 2.06, step=0.5),), "verified"),
    "wrong": Report("", (Row("dW1", "dW1", 9e9, status="WRONG"),), "wrong"),
    "unresolved": Report("", (), "unresolved", "every gradient is exactly 0"),
}


def results(folder):
    return sorted(path.name for path in folder.iterdir())


def read_csv(text):
    header, *rows = csv.reader(io.StringIO(text))
    return header, list(zip(*rows, strict=True))


def labelled(printed):
    """The words of every line behind its label."""
    return {line[:16].strip(): line[16:].split() for line in printed.splitlines()}


def refused(capsys, args):
    """The one line a command complains in."""
    assert main([str(word) for word in args]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("jaxdnn: ")
    assert errors.count("\n") == 1
    assert errors.endswith("\n")
    return errors.removeprefix("jaxdnn: ").rstrip("\n")
