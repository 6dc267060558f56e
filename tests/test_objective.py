"""The mean of the losses, L2, and the cost of probabilities: exact, additive."""

import jax
import numpy as np
import pytest

from jaxdnn import compute_cost, compute_cost_backward
from jaxdnn.objective import l2_backward, l2_cost, mean_loss, mean_over, weigh


def test_weights_count_examples():
    losses, w = np.array([1.0, 2.0, 6.0]), np.array([0.0, 1.0, 3.0])
    assert mean_loss(losses, mean_over(3, w)) == 5.0
    assert mean_loss(losses, mean_over(3)) == 3.0
    dZ = np.ones((2, 3))
    assert weigh(dZ, mean_over(3, w)).tolist() == [[0.0, 1.0, 3.0]] * 2
    assert weigh(dZ, mean_over(3)) is dZ


def test_costs_of_parts_that_are_given_the_whole_total_add_up():
    with jax.enable_x64(True):
        losses, w = np.arange(6.0), np.linspace(0.0, 2.0, 6)
        whole = mean_over(6, w)
        parts = [
            mean_loss(losses[at], whole._replace(weights=w[at]))
            for at in (slice(0, 2), slice(2, 6))
        ]
        np.testing.assert_allclose(sum(parts), mean_loss(losses, whole), rtol=1e-15)


def test_l2_and_its_gradient():
    with jax.enable_x64(True):
        W = np.random.default_rng(3).normal(size=(4, 5))
        oracle = jax.jit(jax.grad(lambda W: l2_cost([W, 2 * W], 0.07)))(W)
        hand = l2_backward(W, 0.07) + 2 * l2_backward(2 * W, 0.07)
        np.testing.assert_allclose(hand, oracle, rtol=1e-14)


def test_compute_cost_backward_is_the_derivative_of_compute_cost():
    with jax.enable_x64(True):
        rng = np.random.default_rng(1)
        AL = rng.uniform(0.01, 0.99, (2, 6))
        Y = rng.binomial(1, 0.4, (2, 6)).astype(float)
        oracle = 6 * np.asarray(jax.jit(jax.grad(compute_cost))(AL, Y))
        np.testing.assert_allclose(compute_cost_backward(AL, Y), oracle, rtol=1e-12)


def test_compute_cost_of_certain_predictions():
    AL = np.array([[1.0, 0.0]])
    assert compute_cost(AL, np.array([[1, 0]])) == 0.0
    assert np.isposinf(compute_cost(AL, np.array([[0, 0]])))


@pytest.mark.parametrize("function", [compute_cost, compute_cost_backward])
def test_row_vectors_are_not_broadcast(function):
    says = rf"{function.__name__}: Y must have shape \(1, 3\) \(of AL\), got \(3,\)"
    with pytest.raises(ValueError, match=says):
        function(np.full((1, 3), 0.5), np.zeros(3))


CERTAIN = np.array([[1.0, 0.0, 1.0, 0.0]])
SAID = np.array([[1, 0, 0, 1]])


def test_certain_predictions_have_the_slopes_of_their_losses():
    slopes = compute_cost_backward(CERTAIN, SAID)
    assert slopes.tolist() == [[-1.0, 1.0, np.inf, -np.inf]]
    autodiff = jax.jit(jax.grad(compute_cost))(CERTAIN, SAID)
    assert (4 * np.asarray(autodiff)).tolist() == slopes.tolist()


@pytest.mark.parametrize("dtype", [bool, np.int64, ">f8", np.float16])
def test_probabilities_are_admitted_as_all_arrays_are(dtype):
    AL, Y = np.array([[0.25, 0.75]]), np.array([[0, 1]])
    wanted = compute_cost_backward(AL, Y)
    assert compute_cost_backward(AL.astype(">f4"), Y.astype(dtype)).tolist() == (
        wanted.tolist()
    )
    assert compute_cost(AL.tolist(), Y.astype(dtype)) == compute_cost(AL, Y)
    with pytest.raises(TypeError, match="AL must be real numbers"):
        compute_cost(AL + 0j, Y)
