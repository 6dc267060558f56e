"""Per-example gradients in scripts: two ways to one number, the privacy spent."""

import math
from statistics import NormalDist
from types import SimpleNamespace

import chex
import numpy as np
import pytest

from jaxdnn import Network
from scripts.benchmark import _per_example as benchmark
from scripts.benchmark._peers import make_problem
from scripts.experiments import per_example as script


def test_both_ways_to_a_number_agree():
    network, params, X, Y, *_ = make_problem(Network((5, 6, 3), output="softmax"), 8)
    calls = benchmark.calls(network)

    def said(name):
        return calls[name](params, X, Y, *([params] if name in benchmark.ALONG else []))

    norms, by_autodiff = said("per_example_norms"), said("norms of vmap(grad)")
    np.testing.assert_allclose(norms, by_autodiff, rtol=1e-5)
    products = said("hessian_vector_product"), said("jvp of grad")
    chex.assert_trees_all_close(*products, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_the_report_counts_what_the_compiler_makes():
    network = Network((5, 4, 3, 3), output="softmax")
    size = benchmark.ExampleSize(network, 7, 2)
    report = benchmark.measure_examples(size, SimpleNamespace(repeats=2))
    apart, together = set(report["call_s"]), set(report["vmapped_call_s"])
    assert apart | together == set(benchmark.calls(network)) == set(report["programs"])
    assert apart & together == {"per_example_norms"}
    assert all(seconds > 0 for seconds in report["call_s"].values())
    products = {name: of["products"] for name, of in report["programs"].items()}
    # Z, dW and dA of three layers but the inputs' dA; a norm takes no dW, and what is
    # asked for together is computed once.
    assert products["cost_and_gradients"] == 3 + 3 + 2
    assert products["gradient and norms"] == products["cost_and_gradients"]
    assert products["per_example_norms"] == 3 + 2


def test_the_privacy_spent_is_that_of_a_gaussian_known_by_heart():
    pytest.importorskip("dp_accounting")
    # One step over all rows: delta(eps) of a Gaussian, Balle & Wang (2018), eq. 6.
    sigma, delta = 1.0, 1e-5
    eps = script.spent(1, 1.0, sigma, delta)
    below, above = (NormalDist().cdf(s / (2 * sigma) - eps * sigma) for s in (1, -1))
    assert below - math.exp(eps) * above == pytest.approx(delta, rel=1e-2)
