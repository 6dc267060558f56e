"""Words are read, helped with and refused before JAX is imported."""

import json
import subprocess
import sys

import pytest

from jaxdnn.cli.parsers import COMMANDS, parse

# What takes long to import; a command that begins needs the first two.
SLOW = (
    "jax",
    "numpy",
    "jax.extend",
    "matplotlib",
    "optax",
    "pandas",
    "scipy",
    "sklearn",
)

# Says, for each line of words, what it ended with and what of those was there by then.
SCRIPT = """
import contextlib, io, json, sys
from jaxdnn.cli import main

for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        with contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                code = main(words)
            except SystemExit as ended:
                code = ended.code
    there = sorted({*sys.argv[2:]} & set(sys.modules))
    print(json.dumps([code, out.getvalue(), err.getvalue(), there]))
"""

REFUSED = {
    "": ([], 2),
    "no command": (["dance"], 2),
    "no such option": (["train", "--dance"], 2),
    "no whole number": (["train", "--epochs", "few"], 2),
    "no such activation": (["train", "--hidden", "relo"], 2),
    "no such optimizer": (["train", "--optimizer", "sdg"], 2),
    "no fraction": (["train", "--validation-fraction", "a"], 2),
    "no checkpoint": (["train", "--resume"], 2),
    "sizes": (["sweep", "--hidden-sizes", "4", "4,4"], 2),
    "no model": (["predict", "--data", "t.csv"], 2),
    "no file": (["export", "--model", "m"], 2),
    "no case": (["verify", "mine"], 3),
    "two cases": (["verify", "a:b", "--data", "moons"], 3),
    "no function": (["verify", "--function", "mine", "--shapes", "3"], 3),
    "no arguments": (["verify", "--function", "mine:rule"], 3),
}


def ended(lines):
    """What main made of each line of words, in one process that never had JAX."""
    command = [sys.executable, "-c", SCRIPT, json.dumps(lines), *SLOW]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_help_and_version_do_not_wait_for_jax():
    lines = [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)]
    for words, (code, out, err, there) in zip(lines, ended(lines), strict=True):
        assert (code, err, there) == (0, "", []), words
        assert out.startswith("jaxdnn " if "--version" in words else "usage: jaxdnn")


def test_what_is_refused_does_not_wait_for_jax():
    lines = [words for words, _ in REFUSED.values()]
    for (words, wanted), found in zip(REFUSED.values(), ended(lines), strict=True):
        code, out, err, there = found
        assert (code, out, there) == (wanted, "", []), words
        assert err.startswith("jaxdnn: ")
        assert err.count("\n") == 1


@pytest.mark.slow
def test_what_is_asked_for_brings_jax_and_no_more_than_it_needs():
    [[code, out, err, there]] = ended([["predict", "--model", "m", "--data", "d"]])
    # Here JAX is imported, to find no model.
    assert (code, out, there) == (2, "", ["jax", "numpy"])
    assert "m: " in err


@pytest.mark.parametrize(
    ("word", "said"),
    [("0.25", 0.25), ("1", None), ("0", None), ("nan", None), ("some", None)],
)
def test_a_fraction_lies_between_0_and_1(word, said):
    words = ["train", "--validation-fraction", word]
    if said is None:
        with pytest.raises(ValueError, match=r"must be in \(0, 1\), got"):
            parse(words)
    else:
        assert parse(words).validation_fraction == said
