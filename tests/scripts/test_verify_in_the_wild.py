"""The script on the functions of what is installed: its table, and what fails it."""

import numpy as np
import pytest

from scripts import verify_in_the_wild as script
from scripts.verification._wild import Pair


@pytest.mark.slow
def test_the_table_of_a_package(capsys):
    assert script.main(["--only", "scipy.special"]) == 0
    headings, *rows, total, _ = capsys.readouterr().out.splitlines()
    assert headings.split()[:2] == ["function", "verdict"]
    assert all("verified" in row and "3 of 3" in row for row in rows)
    assert "0 wrong; 0 false alarms, 0 misses; of 30 planted mistakes 30" in total


@pytest.mark.parametrize(
    ("factor", "said", "verdict"), [(1.0, "wrong", "false"), (1.1, "verified", "miss")]
)
def test_a_verdict_that_is_not_true_fails_it(factor, said, verdict):
    line = script.Line(said, factor - 1, "", (), 0.0)
    assert (line.false_alarm, line.missed) == (verdict == "false", verdict == "miss")


def test_truth_is_measured_by_differences():
    x = np.array([0.3, -0.7])
    pair = Pair(lambda p: float(np.sin(p).sum()), np.cos, x)
    assert script.off_by(np.cos(x), pair.loss, x) < 1e-10
    assert script.off_by(1.01 * np.cos(x), pair.loss, x) == pytest.approx(0.01)


def test_what_is_not_installed_is_said(monkeypatch, capsys):
    def absent(_):
        raise ImportError("No module named 'absent'")

    monkeypatch.setitem(script.PACKAGES, "optax", absent)
    assert script.main(["--only", "optax"]) == 0
    said = capsys.readouterr().out
    assert "not installed: optax: No module named 'absent'" in said
