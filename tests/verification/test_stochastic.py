"""Random arithmetic: S is as large as the rounding that it stands for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.functions.function import function
from jaxdnn.verification.functions.stochastic import perturbed, spread
from jaxdnn.verification.units import LIMIT, UNIT_ROUNDOFF

X = np.array([0.3, -2.0, 5.0])


def scale(call, x, seed=0):
    with exact_arithmetic():
        rest = [np.float64(3)]
        tried = function("f", call, [x], rest)
        base = tried.run([x], rest)
        return spread(perturbed(tried, [x], rest, seed), base)[0]


# And what rounding does to them, in units of u.
FUNCTIONS = {
    "exact": (lambda x, _: [-x[0]], abs(X)),
    "product": (lambda x, _: [x[0] * x[0]], 3 * X**2),
    "cancellation": (lambda x, _: [(x[0] + 1e6) - 1e6], 1e6),
    "a whole exponent": (lambda x, rest: [x[0] ** (rest[0] - 1)], abs(X) ** 2),
    "inside jit": (lambda x, _: [jax.jit(lambda a: (a + 1e6) - 1e6)(x[0])], 1e6),
}


@pytest.mark.parametrize(("call", "size"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_s_is_the_condition_of_the_computation(call, size):
    S = scale(call, X)
    assert (0.3 * size < S).all()
    assert (10 * size > S).all()


def test_a_sum_of_many_terms_may_lose_more_than_one_rounding():
    ones = np.ones(1000)
    assert scale(lambda x, _: [x[0].sum(keepdims=True)], ones) > 1000


def test_a_gate_within_reach_flips_and_one_beyond_does_not():
    call = lambda x, _: [jnp.where(x[0] > 1, 1.0, 0.0) * x[0]]
    reach = LIMIT * UNIT_ROUNDOFF
    near, far = scale(call, np.array([1 + reach / 4, 1 + 1e3 * reach]))
    assert near > 0.1 / reach
    assert far < 10


def test_numpy_alone_has_its_arguments_moved():
    S = scale(lambda x, _: [np.asarray(x[0]) * 2], X)
    assert (abs(X) < S).all()
    assert (20 * abs(X) > S).all()


def test_a_seed_repeats_it():
    call = lambda x, _: [jnp.exp(jnp.sin(x[0] * x[0]) + 3) / x[0]]
    one, same, other = (scale(call, X, seed=seed) for seed in (4, 4, 5))
    assert (one == same).all()
    assert (one != other).any()
