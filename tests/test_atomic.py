"""A file is whole or not there."""

import os

import pytest

from jaxdnn._atomic import replacing


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
