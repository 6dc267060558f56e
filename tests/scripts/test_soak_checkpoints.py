"""The soak in short, and that it would see what it looks for."""

import shutil

import pytest

from jaxdnn.models.checkpoints import Checkpoints
from scripts.soak import checkpoints as script

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What a process that was left alone saves, and what it compiled."""
    folder = tmp_path_factory.mktemp("soak")
    script.run(folder / "whole")
    return folder


@pytest.fixture
def run_before(monkeypatch, whole):
    """No process is left alone once more."""
    monkeypatch.setattr(
        script,
        "run",
        lambda folder: shutil.copytree(whole, folder.parent, dirs_exist_ok=True),
    )


@pytest.fixture
def call(capsys):
    """Run the script's main: its exit code and what it printed, by first words."""

    def run(*arguments):
        code = script.main(list(map(str, arguments)))
        lines = capsys.readouterr().out.splitlines()[1:]
        return code, {what: int(n) for what, n in (x.rsplit(None, 1) for x in lines)}

    return run


@pytest.mark.usefixtures("run_before")
def test_a_few_kills_and_damages(call):
    code, found = call("--kills", 1, "--damages", 10)
    assert code == 0
    assert found["killed"] == 1
    assert found["resumed to the same bits"] == 1
    assert sum(n for what, n in found.items() if what.startswith("refused")) == 10


@pytest.mark.usefixtures("run_before")
def test_other_bits_are_seen(call, monkeypatch, whole):
    def end_an_epoch_early(folder, after):
        shutil.copytree(whole / "whole", folder, dirs_exist_ok=True)
        sorted(folder.iterdir())[-1].unlink()
        return after is not None

    monkeypatch.setattr(script, "interrupted", end_an_epoch_early)
    code, found = call("--kills", 1, "--damages", 0)
    assert code == 1
    assert found["WRONG: other bits"] == 1


@pytest.mark.usefixtures("run_before")
def test_an_accepted_damage_is_seen(call, monkeypatch):
    latest = Checkpoints.latest
    monkeypatch.setattr(
        Checkpoints, "latest", lambda self, **_: latest(self, fall_back=True)
    )
    code, found = call("--kills", 0, "--damages", 5)
    assert code == 1
    assert found["WRONG: accepted: cut"] == 1
