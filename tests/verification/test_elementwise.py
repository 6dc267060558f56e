"""One program for arrays of many shapes."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification.elementwise import elementwise
from jaxdnn.verification.exact import exact_arithmetic


@pytest.mark.parametrize("shape", [(), (1,), (3, 5), (2, 8), (0,)])
def test_the_values_are_the_functions_and_then_those_of_zero(shape):
    a, b = np.random.default_rng(0).normal(size=(2, *shape))
    with exact_arithmetic():
        total, product, at_zero, none = elementwise(
            lambda a, b: (jnp.cos(a) + b, a * b), a, b
        )
    np.testing.assert_allclose(total, np.cos(a) + b, rtol=1e-15)
    np.testing.assert_array_equal(product, a * b)
    assert (float(at_zero), float(none)) == (1.0, 0.0)


def test_sizes_up_to_a_power_of_two_share_a_program():
    traces = []

    def counting(a):
        traces.append(a.shape)
        return a

    for shape in ((5,), (2, 3), (7, 1)):
        elementwise(counting, np.ones(shape))
    assert traces == [(1, 8)]
