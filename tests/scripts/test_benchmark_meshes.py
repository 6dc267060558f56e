"""The benchmark counts what a step's collectives send, and nothing else."""

import pytest

from scripts.benchmark._meshes import array_bytes, count_on, step_bytes
from scripts.benchmark._targets import judge

PROGRAM = """HloModule jit_step

%once (p: f32[100]) -> f32[100] {
  ROOT %all-reduce.9 = f32[100]{0} all-reduce(%p), to_apply=%add
}

%step (p: (s32[], f32[4,2])) -> (s32[], f32[4,2]) {
  %all-reduce.1 = (f32[4,2]{1,0}, f32[]) all-reduce(%a, %b), to_apply=%add
  %all-gather.2 = pred[8]{0} all-gather(%c), dimensions={0}
  %dot = f32[4,2]{1,0} dot(%d, %e)
}

%epoch (p: (s32[], f32[4,2])) -> (s32[], f32[4,2]) {
  %all-reduce.3 = f32[1000]{0} all-reduce(%f), to_apply=%add
  %while.1 = (s32[], f32[4,2]) while(%p), condition=%less, body=%step
}

ENTRY %main (p: f32[4,2]) -> f32[4,2] {
  %while.2 = (s32[], f32[4,2]) while(%p), condition=%less, body=%epoch
}
"""


def test_the_innermost_loop_is_counted():
    # 36 bytes added up, 8 put together, among four.
    assert step_bytes(PROGRAM, 4) == {"taken": 44, "sent": (2 * 36 + 8) * 3 / 4}
    assert array_bytes("bf16[3]{0}") == 6


@pytest.mark.parametrize(("sent", "verdict"), [(16, "met"), (17, "missed")])
def test_twice_the_parameters_is_the_most(sent, verdict):
    ways = {"pieces": {"taken": 1, "sent": sent}}
    mesh = {"devices": 2, "processes": 1, "parameters": 8, "ways": ways}
    assert [found.verdict for found in judge({"meshes": [mesh]})] == [verdict]


@pytest.mark.slow
def test_a_step_sums_up_gradients_and_a_few_numbers():
    found = count_on(2, 1)
    assert set(found["ways"]) == {"all examples", "pieces", "rows in memory"}
    for of in found["ways"].values():
        assert 0 <= of["taken"] - found["parameters"] <= 16
