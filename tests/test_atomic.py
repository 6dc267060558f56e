"""A file is whole or not there."""

import os
import subprocess
import sys

import pytest

from jaxdnn._atomic import FolderLock, leftovers, replacing


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_it_takes_its_name_only_at_the_end(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"old"
        assert len(names(tmp_path)) == 2
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("before", [None, b"old"])
def test_a_failure_leaves_what_was_there(tmp_path, before, error):
    path = tmp_path / "a.bin"
    if before is not None:
        path.write_bytes(before)

    def write_half():
        with replacing(path) as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        write_half()
    assert names(tmp_path) == ([] if before is None else ["a.bin"])
    assert before is None or path.read_bytes() == before


def test_it_may_be_read_by_whom_any_new_file_may(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    with replacing(tmp_path / "a.bin"):
        pass
    wanted = os.stat(tmp_path / "plain").st_mode
    assert os.stat(tmp_path / "a.bin").st_mode == wanted


def test_a_missing_folder_is_named(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match="nowhere"),
        replacing(tmp_path / "nowhere" / "a.bin"),
    ):
        pass


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
def test_what_is_no_file_is_written_to_and_stays(tmp_path):
    link = tmp_path / "out"
    link.symlink_to("/dev/full")
    with (
        pytest.raises(OSError, match="No space left") as caught,
        replacing(link) as file,
    ):
        file.write(b"1")
    assert caught.value.filename == str(link)
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["x" * 250 + ".csv", "é" * 125 + ".csv"])
def test_names_may_be_as_long_as_the_system_takes(tmp_path, name):
    with replacing(tmp_path / name) as file:
        file.write(b"1")
    assert names(tmp_path) == [name]


def test_a_link_stays_one_and_what_it_points_to_is_replaced(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "a.bin")
    for content in (b"1", b"2"):
        with replacing(tmp_path / "link") as file:
            file.write(content)
        assert (tmp_path / "a.bin").read_bytes() == content
        assert (tmp_path / "link").is_symlink()


def test_what_dead_processes_left_is_found(tmp_path):
    token = "0123456789abcdef"
    ours = [f".a.{2**30}-{token}.unfinished", f".a.{os.getpid()}-{token}.unfinished"]
    for name in (*ours, ".b.unfinished", f".b.{token}"):
        (tmp_path / name).touch()
    assert leftovers(tmp_path) == [tmp_path / ours[0]]


HOLD = """
import sys, time
from pathlib import Path
from jaxdnn._atomic import FolderLock
held = FolderLock(Path(sys.argv[1]), "a run")
print("held", flush=True)
time.sleep(60)
"""


def test_a_folder_has_one_process_at_a_time(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="in use: a run of another process has it"):
            FolderLock(tmp_path, "a run")
        other.kill()
    once, twice = FolderLock(tmp_path, "a run"), FolderLock(tmp_path, "a run")
    once.close()
    once.close()
    twice.close()
    FolderLock(tmp_path).close()  # waits for nobody
