"""An order given from outside is the one the batches come in."""

import chex
import jax
import numpy as np
import pytest

from jaxdnn import Network, fit
from jaxdnn.training.order import shuffled
from tests.reference import data, orders

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 4), "tanh", "softmax")
X, LABELS = data(NETWORK, 23)
RUN = {"epochs": 5, "batch_size": 7, "learning_rate": 0.3}


def drawn(epochs):
    """The orders that fit draws from KEY, written down."""
    found = orders(jax.random.split(KEY, 3)[2], 23, 7)
    return np.stack([np.concatenate(next(found)) for _ in range(epochs)])


def test_the_orders_drawn_may_be_given():
    shuffled = fit(NETWORK, X, LABELS, key=KEY, **RUN)
    given = fit(NETWORK, X, LABELS, key=KEY, order=drawn(5), **RUN)
    chex.assert_trees_all_equal(given.params, shuffled.params)
    chex.assert_trees_all_equal(given.history, shuffled.history)


@pytest.mark.parametrize(
    ("size", "real", "x64"), [(1, 1, False), (24, 19, True), (1472, 1437, False)]
)
def test_a_shuffle_is_the_stable_order_of_its_random_bits(size, real, x64):
    def order_and_bits(key):
        return shuffled(key, size, real), jax.random.bits(key, (size,), np.uint32)

    with jax.enable_x64(x64):
        keys = jax.random.split(jax.random.key(7), 2)
        found, bits = jax.jit(jax.vmap(order_and_bits))(keys)
    assert found.dtype == np.uint32
    bits = np.where(np.arange(size) < real, np.asarray(bits) >> 1, 1 << 31)
    np.testing.assert_array_equal(found, np.argsort(bits, axis=1, kind="stable"))


def test_a_given_order_resumes_and_needs_no_key():
    params = fit(NETWORK, X, LABELS, key=KEY, epochs=1).params
    run = {"params": params, "order": drawn(5), **RUN}
    at = []
    whole = fit(NETWORK, X, LABELS, **run, report_every=2, on_progress=at.append)
    rest = fit(NETWORK, X, LABELS, **run, resume=at[0].snapshot)
    chex.assert_trees_all_equal(rest.params, whole.params)


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"order": drawn(4)}, ValueError, r"order must have shape \(5, 23\)"),
        ({"order": drawn(5) + 1}, ValueError, "order must be 0 to 22"),
        ({"order": drawn(5) / 2}, TypeError, "order must be whole numbers"),
        ({"batch_size": None}, ValueError, "order goes with mini-batches"),
    ],
)
def test_what_is_no_order_is_refused(changed, error, says):
    with pytest.raises(error, match=says):
        fit(NETWORK, X, LABELS, key=KEY, **({"order": drawn(5)} | RUN | changed))
