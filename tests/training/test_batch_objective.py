"""λ over all examples' weight, or over the batch's."""

import chex
import jax
import numpy as np

from jaxdnn import Network, cost_and_gradients, fit, initialize_parameters
from jaxdnn import update_parameters as update
from tests.reference import data

NETWORK = Network((3, 5, 2), "tanh")


def test_over_the_batch_each_is_a_cost_of_its_own():
    with jax.enable_x64(True):
        X, Y = data(NETWORK, 20)
        start = params = initialize_parameters(jax.random.key(0), NETWORK.layer_dims)
        run = {"learning_rate": 0.3, "epochs": 3, "batch_size": 8, "shuffle": False}
        found = fit(NETWORK, X, Y, params=start, l2=0.5, l2_over="batch", **run)
        for _ in range(3):
            for rows in (np.r_[0:8], np.r_[8:16], np.r_[16:20]):
                _, grads = cost_and_gradients(
                    NETWORK, params, X[:, rows], Y[:, rows], l2=0.5
                )
                params = update(params, grads, learning_rate=0.3)
        chex.assert_trees_all_close(found.params, params, rtol=1e-11)
        over_all = fit(NETWORK, X, Y, params=start, l2=0.5, **run)
        assert not np.allclose(over_all.params[0].W, found.params[0].W, rtol=1e-3)
