"""What must hold of any gradient of a mean: each relation can hold, and can fail."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import backward
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.networks.evidence import bench, gather
from jaxdnn.verification.networks.relations import relations
from jaxdnn.verification.networks.trial import set_up

PERMUTED, HALVES, SINGLES = (
    "examples permuted",
    "mean of the halves",
    "mean of single examples",
)


def first_counts_twice(network, params, caches, Y, **options):
    last = caches[-1]._replace(activation=caches[-1].activation.at[:, 0].multiply(2))
    return backward(network, params, (*caches[:-1], last), Y, **options)


def shifted_labels(network, params, caches, Y, **options):
    return backward(network, params, caches, jnp.roll(Y, 1, axis=1), **options)


def ranked(network, params, caches, Y, **options):
    """Dividing by what the examples have in common is no mean of theirs."""
    grads = backward(network, params, caches, Y, **options)
    return tuple(layer._replace(b=layer.b * Y.mean()) for layer in grads)


@pytest.mark.parametrize(
    ("own", "broken"),
    [
        (backward, set()),
        (first_counts_twice, {PERMUTED, HALVES}),
        (shifted_labels, {PERMUTED, HALVES, SINGLES}),
        (ranked, {HALVES, SINGLES}),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_what_a_mistake_breaks(small, own, broken, weighted):
    weights = np.linspace(0.5, 2, 12) if weighted else None
    with exact_arithmetic():
        trial = set_up(*small, l2=0.3, sample_weight=weights)
        examples = bench(gather(trial, 0), 7)
        found = {
            name: max(abs(a - b).max() for a, b in zip(one, other, strict=True))
            for name, one, other in relations(examples, own, 0)
        }
    assert set(found) == {PERMUTED, HALVES, SINGLES}
    assert {name for name, error in found.items() if error > 1e-12} >= broken
    assert broken or max(found.values()) < 1e-14
