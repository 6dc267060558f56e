"""The complex step says what differences of the losses say, whatever a stop says."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import HEADS, Layer, Network, verify
from jaxdnn.verification.derivatives.complex_step import (
    H,
    measured_rates,
    standing_form,
)
from jaxdnn.verification.exact import exact_arithmetic

RNG = np.random.default_rng(2)
Z, V = RNG.normal(size=(3, 8)), RNG.normal(size=(3, 8))
# Of a head's own kind, and what no head means: counts, columns of any sum.
TARGETS = {
    "one-hot": np.eye(3)[:, np.arange(8) % 3],
    "ones": np.ones((3, 8)),
    "counts": np.arange(24.0).reshape(3, 8),
}


@pytest.mark.parametrize("Y", TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_the_losses_along_a_direction(head, Y):
    with exact_arithmetic():
        form = standing_form(head, Z, Y, seed=0)
        rates, bars = measured_rates(head, form, Z, H * V, Y)
        up, down = (
            np.asarray(head.losses(jnp.asarray(Z + h * V), jnp.asarray(Y)))
            for h in (1e-5, -1e-5)
        )
    np.testing.assert_allclose(rates / H, (up - down) / 2e-5, rtol=1e-6, atol=1e-6)
    assert (bars <= 1e-6 * H * (1 + abs(rates / H))).all()


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_form_of_the_right_targets_stands(head):
    with exact_arithmetic():
        for size in (1.0, 1e-9, 1e3):
            form = standing_form(head, size * Z, TARGETS["one-hot"], seed=0)
            assert form is not None


@pytest.mark.parametrize("size", [1e2, 1e3, 1e5])
def test_gradients_whose_squares_overflow_are_verified(size):
    params = (
        Layer(RNG.normal(size=(4, 3)), np.zeros((4, 1))),
        Layer(size * RNG.random((2, 4)) + size, np.zeros((2, 1))),
    )
    network = Network((3, 4, 2), "sigmoid", "exp")
    report = verify(network, params, Z, np.ones((2, 8)))
    assert report.ok, str(report)
