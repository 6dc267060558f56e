"""The cost of a verification, counted: bounded whatever the network."""

import numpy as np
import pytest

from jaxdnn import Layer, Network, backward
from jaxdnn.verification import verify
from jaxdnn.verification.passes import counted, spend


def test_what_is_spent_inside_is_counted_once():
    spend(5)
    with counted() as outer:
        spend(1)
        with counted() as inner:
            spend(2, part=0.5)
        spend(1)
    assert (outer.passes, inner.passes) == (2, 1)


def test_a_backward_counts_two_of_its_part_of_the_batch(small):
    calls = []

    def own(network, params, caches, Y, **options):
        calls.append(Y.shape[1])
        return backward(network, params, caches, Y, **options)

    with counted() as mine:
        verify(*small, backward=own)
    with counted() as twice:
        verify(*small, backward=own, order=2)
    assert calls.count(small.Y.shape[1]) >= 2
    assert mine.passes > 2 * sum(calls[: len(calls) // 2]) / small.Y.shape[1]
    assert twice.passes > mine.passes


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 10])
def test_at_most_40_passes_at_any_depth(depth):
    rng, dims = np.random.default_rng(0), (4,) * (depth + 1)
    params = tuple(
        Layer(rng.normal(size=(4, 4)), np.zeros((4, 1))) for _ in range(depth)
    )
    X, Y = rng.normal(size=(4, 256)), rng.integers(0, 2, (4, 256)).astype(float)
    with counted() as tally:
        report = verify(Network(dims, "tanh"), params, X, Y, backward=backward)
    assert report.ok
    assert 10 < tally.passes < 40
