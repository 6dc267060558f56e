"""Ridders' extrapolation: as good as its error bar says, and wide at a kink."""

import numpy as np
import pytest

from jaxdnn.verification.derivatives.complex_step import complex_derivative
from jaxdnn.verification.derivatives.ridders import extrapolated, ridders

X = np.array([-2.0, -0.3, 0.0, 0.7, 3.0])
SMOOTH = {
    "sin": (np.sin, np.cos),
    "exp": (np.exp, np.exp),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "cube": (lambda x: x**3, lambda x: 3 * x**2),
}


@pytest.mark.parametrize(("f", "slope"), SMOOTH.values(), ids=SMOOTH)
def test_the_error_bar_holds_and_is_small(f, slope):
    found, bar = ridders(f, X, 0.1 * (1 + abs(X)))
    assert (abs(found - slope(X)) <= 8 * bar + 1e-13).all()
    assert bar.max() < 1e-8


def test_a_number_and_many_functions_of_it():
    found, _ = ridders(lambda t: np.array([np.sin(t), t * t]), 0.5, 0.1)
    np.testing.assert_allclose(found, [np.cos(0.5), 1.0], rtol=1e-10)


def test_where_the_function_is_not_finite_nothing_is_claimed():
    assert not np.isfinite(ridders(lambda x: np.log(x - 5), X, 0.1 + 0 * X)[1]).any()


@pytest.mark.parametrize("distance", [0.0, 1e-8, 1e-4, 0.03])
def test_beside_a_kink_the_truth_is_within_the_bar(distance):
    """The slope of |x - kink| at 0 is -1, whatever is beyond the kink."""
    found = extrapolated(lambda x: abs(x[0] - distance), [0.0], [1.0], 1.0)
    assert abs(found.value + 1) <= found.bar
    assert found.method == "Ridders extrapolation"


def test_a_smooth_loss_is_extrapolated_closely():
    loss = lambda x: np.sum(np.sin(x[0])) * x[1]
    at, along = [np.array([0.3, -1.0]), 2.0], [np.array([1.0, 2.0]), -0.5]
    due = 2 * np.cos(0.3) + 4 * np.cos(-1.0) - 0.5 * (np.sin(0.3) + np.sin(-1.0))
    found = extrapolated(loss, at, along, 1.0)
    assert abs(found.value - due) <= found.bar < 1e-8
    assert complex_derivative(loss, at, along) == pytest.approx(due, rel=1e-15)


TAKES_NONE = {
    "float": lambda x: float(x[0]),
    "constant": lambda x: 1.0,
    "infinite": lambda x: x[0] / 0.0,
    "raises": lambda x: x[1],
}


@pytest.mark.parametrize("loss", TAKES_NONE.values(), ids=TAKES_NONE)
def test_a_loss_without_complex_numbers_has_no_complex_derivative(loss):
    assert complex_derivative(loss, [1.0], [1.0]) is None


@pytest.mark.parametrize("size", [1e-9, 1e-7, 1e-5])
@pytest.mark.parametrize("seed", range(5))
def test_noise_is_covered_by_the_bar(size, seed):
    """Of many doubts one is small by chance: the noise is measured."""
    rng = np.random.default_rng(seed)
    w = 10 ** rng.uniform(12, 14)
    loss = lambda x: float(np.sin(x[0]) + size * np.sin(w * x[0]))
    found = extrapolated(loss, [0.7], [1.0], 1.0)
    assert abs(found.value - np.cos(0.7)) <= found.bar
