"""Several processes on one run: whoever fails meets the others first, and says so."""

import numpy as np
import pytest

from jaxdnn.training.together import Together


def failing():
    yield "some"
    raise OSError("no disk")


def test_batches_that_fail_to_come_are_made_up_and_told_of():
    heard = []
    together = Together(lambda own: heard.append(own) or [own, own])
    given = together.epoch(failing(), 3, lambda: "empty")
    assert [next(given) for _ in range(3)] == ["some", "empty", "empty"]
    with pytest.raises(OSError, match="no disk"):
        next(given)
    assert heard[-1].endswith(b"no disk")
    together.agree()


def test_the_first_process_decides_unless_one_failed():
    first = b"\0" + np.array([3.0]).tobytes()
    assert Together(lambda own: [first, own]).agree(5) == 3
    together = Together(lambda own: [own, b"\1no disk"])
    with pytest.raises(ValueError, match="process 1 failed: no disk"):
        together.agree(5)


def test_what_fails_in_a_hook_is_told_at_the_next_meeting():
    together = Together(lambda own: [own, own])
    together.watched(lambda: 1 / 0)()
    with pytest.raises(ZeroDivisionError):
        together.agree()
