"""The arithmetic of the device check, its peers' equality, and that nothing ends it."""

import importlib
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
script = importlib.import_module("check_device")
runs = importlib.import_module("_device_runs")


def test_a_step_counts_no_gradient_of_the_inputs():
    # Z, dW of both layers, dA of the second: 2 m (2 * 12 + 3 * 8) in all
    assert runs.step_flops((3, 4, 2), 5) == 2 * 5 * (2 * 12 + 3 * 8)


def test_columns_are_as_wide_as_their_widest_cell():
    assert script.table([("a", "bc"), ("def", "g")]) == "a    bc\ndef  g"


def test_the_length_of_a_run_is_not_in_its_epochs(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(runs.time, "perf_counter", lambda: now[0])
    lengths = []

    def run(epochs):
        now[0] += 2.0 + 0.25 * epochs + (3.0 if not lengths else 0.0)
        lengths.append(epochs)
        return None, 0.5

    found = runs.measure_compiled(run, 1.0, 0.25)
    assert found == pytest.approx((0.25, 2.0, 3.0, 0.5))
    assert set(lengths) == {5, 8}


def test_noise_makes_no_epoch_of_less_than_nothing(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(runs.time, "perf_counter", lambda: now[0])

    def run(epochs):
        now[0] += 4.0 if epochs == 5 else 2.0
        return None, 0.5

    assert runs.measure_compiled(run, 1.0, 0.25)[:2] == (0.25, 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("builder", ["build_optax", "build_torch"])
def test_peers_walk_the_same_way(builder):
    pytest.importorskip(builder.removeprefix("build_"))
    mode = runs.MODES["float32"]
    problem = runs.make_problem((6, 5, 4, 3), 50, 16, mode)._replace(shuffle=False)
    extra = (mode,) if builder == "build_torch" else ()
    ours, J = runs.build_fit(problem)(2)
    theirs, other = getattr(runs, builder)(problem, *extra)(2)
    assert pytest.approx(other, rel=1e-6) == J
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        b = b.detach() if builder == "build_torch" else b
        np.testing.assert_allclose(np.squeeze(a), np.squeeze(b), rtol=1e-5, atol=1e-7)


def test_a_stage_that_fails_is_told_and_the_next_begins(capsys):
    stages = script.Stages(60)
    assert stages.run("first", lambda: 1 / 0) is None
    assert stages.run("second", lambda: 2) == 2
    stages.check("third", False, "as it is")
    assert stages.wrong == ["first", "third"]
    said = capsys.readouterr().out
    assert "first: FAILED, ZeroDivisionError: division by zero" in said
    assert "WRONG third: as it is" in said


def test_after_the_time_is_up_nothing_begins(capsys):
    assert script.main(["--quick", "--seconds", "-1"]) == 0
    said = capsys.readouterr().out
    assert "gradients float32: SKIPPED, the time is up" in said
    assert "took" not in said
