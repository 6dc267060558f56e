"""The first seconds of a process, as the benchmark times them."""

import pytest

from scripts.benchmark import _cold as cold
from scripts.benchmark import _startup as startup
from scripts.benchmark import _targets as targets


@pytest.mark.slow
def test_a_first_call_is_timed_in_a_process_of_its_own(tmp_path):
    folder = tmp_path / "cache"
    call = cold.first_call(str(folder))
    assert call.seconds > call.training > 0
    # Its key is split, its parameters are drawn, and it trains.
    assert call.programs == targets.PROGRAMS
    assert any(folder.iterdir())


def test_every_process_is_timed_against_the_import_of_jax(monkeypatch):
    seconds = {words: float(k) for k, words in enumerate(startup.COMMANDS.values(), 1)}
    monkeypatch.setattr(startup, "taken", lambda words, _: seconds[words])
    found = {of["name"]: of for of in startup.measure_startup(2)}
    assert list(found) == list(startup.COMMANDS)
    assert found["train"]["seconds"] == len(seconds)
    assert found["train"]["times_import_jax"]["pairs"] == (len(seconds),) * 2
    assert set(targets.TIMES_IMPORT_JAX) < set(found)
