"""Per-example gradients in scripts: two ways to one number, the privacy spent."""

import math
from statistics import NormalDist

import chex
import numpy as np
import pytest

from jaxdnn import Network
from scripts.benchmark import _per_example as benchmark
from scripts.benchmark._peers import make_problem
from scripts.experiments import per_example as script


def test_both_ways_to_a_number_agree():
    network, params, X, Y, *_ = make_problem(Network((5, 6, 3), output="softmax"), 8)
    said = {
        name: function(params, X, Y, *([params] if name in benchmark.ALONG else []))
        for name, function in benchmark.calls(network).items()
    }
    norms = said["per_example_norms"]
    np.testing.assert_allclose(norms, said["norms of vmap(grad)"], rtol=1e-5)
    chex.assert_trees_all_close(
        said["hessian_vector_product"], said["jvp of grad"], rtol=1e-4, atol=1e-5
    )


def test_the_privacy_spent_is_that_of_a_gaussian_known_by_heart():
    pytest.importorskip("dp_accounting")
    # One step over all rows: delta(eps) of a Gaussian, Balle & Wang (2018), eq. 6.
    sigma, delta = 1.0, 1e-5
    eps = script.spent(1, 1.0, sigma, delta)
    below, above = (NormalDist().cdf(s / (2 * sigma) - eps * sigma) for s in (1, -1))
    assert below - math.exp(eps) * above == pytest.approx(delta, rel=1e-2)
