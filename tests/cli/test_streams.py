"""What is said can be written, whatever the standard streams are."""

import io
import os
import sys

import pytest

from jaxdnn.cli.say import put, say
from jaxdnn.cli.streams import standard_streams


def test_what_the_screen_has_no_sign_for_is_spelled_out(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", out)
    with standard_streams():
        say("data", "猫 ∂W")
    assert out.buffer.getvalue() == b"data            \\u732b \\u2202W\n"
    assert out.errors == "strict"


def test_answers_are_never_spelled_otherwise(tmp_path, monkeypatch):
    with (tmp_path / "out").open("w", encoding="ascii") as out:
        monkeypatch.setattr(sys, "stdout", out)
        with standard_streams(), pytest.raises(ValueError, match="ascii, which lacks"):
            put(["label\n", "猫\n"])
    monkeypatch.setattr(sys, "stdout", None)
    with standard_streams(), pytest.raises(ValueError, match="output is closed"):
        put(["label\n"])


def test_what_is_told_beside_the_output_never_gets_into_it(monkeypatch, capfd):
    monkeypatch.setattr(sys, "stderr", None)
    with standard_streams():
        print("a note", file=sys.stderr)
    assert sys.stderr is None
    assert capfd.readouterr() == ("", "a note\n")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
def test_a_full_disk_under_the_output_is_named(monkeypatch):
    raw = io.FileIO("/dev/full", "w")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, write_through=True))
    for write in (lambda: say("data", "moons"), lambda: put(["label\n"])):
        with pytest.raises(OSError, match=r"No space left .*: 'standard output'"):
            write()
