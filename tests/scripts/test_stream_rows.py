"""A small table is streamed within the bound, and what is beyond it is told."""

import pytest

from scripts.experiments import stream_rows as script

pytestmark = pytest.mark.slow


def test_a_small_table_is_streamed(capsys):
    assert script.main(["--rows", "8000", "--epochs", "4"]) == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("8000 rows took ")


@pytest.mark.parametrize(
    ("peak", "accuracy", "code"), [(1400, 0.95, 0), (1600, 0.95, 1), (1400, 0.5, 1)]
)
def test_what_is_too_much_or_taught_nothing_is_told(
    monkeypatch, capsys, peak, accuracy, code
):
    monkeypatch.setattr(script, "write", lambda *_: None)
    measured = {"baseline": (1.0, 500, 0.5), "streamed": (1.0, peak, accuracy)}
    monkeypatch.setattr(script, "train", lambda path, _: measured[path.stem])
    assert script.main([]) == code
    assert f"took {peak - 500} MiB more" in capsys.readouterr().out
