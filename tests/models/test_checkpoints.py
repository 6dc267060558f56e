"""A run goes on from its checkpoints to the same bits, or is told why it cannot."""

import os
import pickle
import re
from dataclasses import replace
from types import SimpleNamespace

import jax
import numpy as np
import optax
import pytest

from jaxdnn import Network, Progress, fit, snapshot_to_dict
from jaxdnn.models import checkpoints, files
from jaxdnn.models.checkpoints import Checkpoints

SEED = {"seed": 0, "layer_dims": (4, 5, 1)}
NETWORK = Network((4, 5, 1), hidden="tanh")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def train(**options):
    """Dropout, mini-batches, Adam and early stopping, all at once."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4, 60)).astype(np.float32)
    Y = (X[:1] * X[1:2] > 0).astype(np.float32)
    return fit(
        NETWORK,
        X[:, :45],
        Y[:, :45],
        key=jax.random.key(3),
        optimizer=optax.adam,
        learning_rate=0.05,
        batch_size=16,
        keep_prob=0.8,
        validation=(X[:, 45:], Y[:, 45:]),
        patience=4,
        epochs=40,
        **options,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Its result, and the folder of the checkpoints of all its epochs."""
    folder = tmp_path_factory.mktemp("run")
    saved = Checkpoints(folder, SEED, keep=100, seconds=0)
    return train(report_every=1, on_progress=saved), folder


@pytest.fixture
def three(run, tmp_path):
    """A folder with the first three checkpoints."""
    for path in sorted(run[1].iterdir())[:3]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def assert_same(found, wanted):
    found, wanted = snapshot_to_dict(found), snapshot_to_dict(wanted)
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        assert found[name].tobytes() == array.tobytes(), name


# ---- there and back ----------------------------------------------------------------


def test_every_checkpoint_leads_to_the_same_bits(run, tmp_path):
    result, folder = run
    stopped = len(result.history.cost)
    assert stopped < 40, "it was to stop early"
    assert len(names(folder)) == stopped
    assert_same(train().snapshot, result.snapshot)
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
        saved = Checkpoints(tmp_path, SEED).latest()
        assert_same(train(resume=saved).snapshot, result.snapshot)
        (tmp_path / path.name).unlink()


def test_they_are_safetensors(run):
    arrays, said = files.unpack(
        "checkpoint", (run[1] / "epoch-0000000002.safetensors").read_bytes()
    )
    assert arrays[".state.epoch"] == 2
    assert arrays[".history.cost"].shape == (2,)
    assert said["configuration"] == {"seed": 0, "layer_dims": [4, 5, 1]}


def test_nothing_to_go_on_from_is_none(tmp_path):
    assert Checkpoints(tmp_path / "new", SEED).latest() is None


# ---- which are kept, and when ------------------------------------------------------


@pytest.mark.parametrize("keep", [1, 3])
def test_the_last_are_kept(tmp_path, keep):
    result = train(
        report_every=1, on_progress=Checkpoints(tmp_path, SEED, keep=keep, seconds=0)
    )
    last = len(result.history.cost)
    wanted = range(last - keep + 1, last + 1)
    assert names(tmp_path) == [f"epoch-{epoch:010}.safetensors" for epoch in wanted]


def test_they_are_some_seconds_apart(run, tmp_path, monkeypatch):
    clock = iter([0.0])
    monkeypatch.setattr(
        checkpoints, "time", SimpleNamespace(monotonic=lambda: next(clock))
    )
    saved = Checkpoints(tmp_path, SEED, seconds=10)
    snapshot = run[0].snapshot
    for epoch, now in enumerate([9.9, 10.0, 19.9, 20.5, 30.4, 30.5], start=1):
        clock = iter([now, now])
        state = snapshot.state._replace(epoch=np.int32(epoch))
        saved(Progress(replace(snapshot, state=state), 40))
    assert [int(name[6:16]) for name in names(tmp_path)] == [2, 4, 6]


def test_the_old_go_only_after_the_new_is_safe(run, three, monkeypatch):
    saved = Checkpoints(three, SEED, keep=1)
    assert saved.latest()
    before = names(three)

    def fail(_):
        raise OSError(28, "No space left")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        saved.save(run[0].snapshot)
    assert names(three) == before
    monkeypatch.undo()
    saved.save(run[0].snapshot)
    assert len(names(three)) == 1


def test_what_a_killed_process_left_is_not_read_and_goes(run, three):
    # No process has the first number; the second is this one's.
    half = ".epoch-0000000009.safetensors.{}-0123456789abcdef.unfinished"
    (three / half.format(2**30)).write_bytes(b"half")
    (three / half.format(os.getpid())).write_bytes(b"half")
    (three / ".mine.unfinished").write_bytes(b"")
    saved = Checkpoints(three, SEED)
    assert saved.latest()[".state.epoch"] == 3
    saved.save(run[0].snapshot)
    left = [name for name in names(three) if name.endswith("unfinished")]
    assert left == [half.format(os.getpid()), ".mine.unfinished"]


def test_a_run_that_begins_does_not_remove_anothers(run, three):
    saved = Checkpoints(three, SEED)
    for begin in (saved.check_new, lambda: saved.save(run[0].snapshot)):
        with pytest.raises(ValueError, match=f"^{re.escape(str(three))}: holds check"):
            begin()
    assert len(names(three)) == 3


def test_another_process_keeps_out_and_this_one_does_not(three, monkeypatch):
    first, second = Checkpoints(three, SEED), Checkpoints(three, SEED)
    first.latest()
    assert second.latest() is not None
    first.close()
    second.close()

    def had(*_):
        raise ValueError("in use")

    monkeypatch.setattr(checkpoints, "FolderLock", had)
    for begin in (second.latest, second.check_new):
        with pytest.raises(ValueError, match="in use"):
            begin()


def test_a_disk_that_is_full_is_a_note_and_not_the_end(run, three, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    saved = Checkpoints(three, SEED, seconds=0)
    saved.latest()
    monkeypatch.setattr(checkpoints, "pack", full)
    progress = SimpleNamespace(snapshot=run[0].snapshot)
    with pytest.warns(
        RuntimeWarning, match=r"No space left.*-0*3\.safetensors is the la"
    ):
        saved(progress)
    saved(progress)  # said once
    monkeypatch.undo()
    saved(progress)
    assert saved.latest()[".state.epoch"] == run[0].snapshot.state.epoch


def test_the_same_state_is_written_once(run, tmp_path):
    saved = Checkpoints(tmp_path, SEED)
    path = saved.save(run[0].snapshot)
    path.unlink()
    assert saved.save(run[0].snapshot) == path
    assert not path.exists()


def test_others_files_stay(run, three):
    (three / "notes.txt").write_text("mine")
    saved = Checkpoints(three, SEED, keep=1)
    saved.latest()
    saved.save(run[0].snapshot)
    assert "notes.txt" in names(three)


def test_at_least_one_is_kept(tmp_path):
    with pytest.raises(ValueError, match="keep must be >= 1, got 0"):
        Checkpoints(tmp_path, SEED, keep=0)


# ---- what is refused ---------------------------------------------------------------

HARM = {
    "truncated": (lambda content: content[:-1], "damaged"),
    "cut in the header": (lambda content: content[:60], "not a jaxdnn file"),
    "empty": (lambda _: b"", "not a jaxdnn file"),
    "altered": (lambda c: c[:-9] + bytes([c[-9] ^ 4]) + c[-8:], "damaged"),
    "another configuration": (lambda c: c.replace(b"seed", b"deed"), "damaged"),
    "foreign": (lambda _: b"PK\3\4 something else", "not a jaxdnn file"),
    "pickle": (lambda _: pickle.dumps({".epoch": 3}), "not a jaxdnn file"),
    "model": (
        lambda _: files.pack("model", {"x": np.ones(2)}, {}),
        "a jaxdnn model file, not a",
    ),
    "no configuration": (
        lambda _: files.pack("checkpoint", {"x": np.ones(2)}, {}),
        "not a checkpoint that this library wrote",
    ),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_one_is_named_and_the_one_before_it_used_when_asked(three, harm):
    change, message = HARM[harm]
    last = three / names(three)[-1]
    last.write_bytes(change(last.read_bytes()))
    wanted = f"^{re.escape(str(last))}: {message}"
    saved = Checkpoints(three, SEED)
    with pytest.raises(ValueError, match=wanted):
        saved.latest()
    assert saved.latest(fall_back=True)[".state.epoch"] == 2
    for path in three.iterdir():
        path.write_bytes(b"gone")
    with pytest.raises(ValueError, match=f"^{re.escape(str(last))}: not a jaxdnn"):
        saved.latest(fall_back=True)


def test_after_a_fall_back_the_damaged_one_is_in_no_ones_way(run, three):
    (three / names(three)[-1]).write_bytes(b"")
    saved = Checkpoints(three, SEED, seconds=0)
    again = train(
        report_every=1, on_progress=saved, resume=saved.latest(fall_back=True)
    )
    assert_same(again.snapshot, run[0].snapshot)
    assert saved.latest()[".state.epoch"] == len(run[0].history.cost)


@pytest.mark.parametrize("fall_back", [False, True])
@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({**SEED, "seed": 1}, "of another run: its seed is 0, not 1"),
        ({"seed": 0}, r"its layer_dims is \[4, 5, 1\], not None"),
        ({**SEED, "l2": 0.5}, "its l2 is None, not 0.5"),
    ],
)
def test_another_configuration_is_refused(three, other, message, fall_back):
    with pytest.raises(
        ValueError, match=rf"epoch-0000000003\.safetensors: .*{message}"
    ):
        Checkpoints(three, other).latest(fall_back=fall_back)
