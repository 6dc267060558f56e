"""Both dtypes are trained on the same, and what is too far apart is told."""

import pytest

from scripts.experiments import mixed_precision as script


@pytest.mark.slow
def test_a_short_run_of_one_seed(capsys):
    pytest.importorskip("sklearn")
    assert script.main(["--seeds", "1", "--epochs", "2"]) == 0
    heading, row, said = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["seed", "float32", "bfloat16"]
    wide, short, first, last = (float(cell.rstrip("%")) for cell in row.split()[1:])
    assert said.startswith(f"bfloat16's accuracy is {short - wide:+.2f} points")
    assert 0 < first < 2
    assert last > 0


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ((0.9, 0.9, 0.01, 0.5), 0),
        ((0.9, 0.894, 0.01, 0.01), 1),
        ((0.9, 0.9, 0.021, 0.01), 1),
    ],
)
def test_what_is_too_far_apart_is_the_exit_code(monkeypatch, found, code):
    monkeypatch.setattr(script, "compare", lambda *_: found)
    assert script.main(["--seeds", "2"]) == code
