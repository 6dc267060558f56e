"""The benchmark counts what the compiler makes of a step of mini-batches."""

import re

import jax
import numpy as np
import pytest

from jaxdnn import Network
from scripts.benchmark import _counts as counts
from scripts.benchmark import _peers as peers
from scripts.benchmark import _targets as targets


@pytest.mark.slow
@pytest.mark.own_flags
def test_the_kernels_of_a_step_are_those_of_a_bare_loop_and_few_more():
    network = Network((64, 100, 10), output="softmax")
    problem = peers.make_problem(network, 448)
    problem = problem._replace(batch_size=200, key=jax.random.key(0))
    found = counts.count_batches(problem)
    ours, asked, bare = (counts.Counts(**found[name]) for name in found)
    assert ours.dots == asked.dots == bare.dots == 5
    # To pick inputs and targets, mask the last batch, sum up the cost. jax 0.10
    # copies a bias of the last layer as well.
    assert bare.kernels < ours.kernels <= bare.kernels + targets.MORE_KERNELS + 1
    # Two sums of squares a layer, each in two kernels.
    assert asked.kernels >= ours.kernels + 8
    labels = np.asarray(problem.Y).argmax(axis=0)
    text = counts.fit_loop(problem._replace(Y=labels)).as_text()
    rows = problem.X.shape[1]
    assert re.search(rf"s32\[{rows}\]", text)
    assert not re.search(rf"\[(10,{rows}|{rows},10)\]", text)
    text = counts.fit_loop(problem).as_text()
    assert re.search(rf"\[(10,{rows}|{rows},10)\]", text)
