"""Per-example gradients and curvature inside the caller's own jit, vmap and scan."""

from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    Network,
    clipped_gradients,
    fisher_diagonal,
    gauss_newton_vector_product,
    gradient_diversity,
    gradient_noise_scale,
    hessian_diagonal,
    hessian_vector_product,
    initialize_parameters,
    kfac_factors,
    per_example_gradients,
    per_example_gram,
    per_example_norms,
)
from tests.conftest import one_quick
from tests.second_order import close, flat

NETWORK = Network((2, 3, 1), "tanh")
PARAMS = initialize_parameters(jax.random.key(0), NETWORK.layer_dims)
X = np.random.default_rng(1).normal(size=(2, 2, 4)).astype(np.float32)
Y = np.array([[0.0, 1.0, 1.0, 0.0]])
MASKS = {"key": jax.random.key(3), "keep_prob": 0.9}


CALLS = {
    function.__name__: function
    for function in (
        per_example_norms,
        per_example_gradients,
        per_example_gram,
        gradient_noise_scale,
        gradient_diversity,
        fisher_diagonal,
        kfac_factors,
        hessian_diagonal,
    )
} | {
    "hessian_vector_product": partial(hessian_vector_product, vector=PARAMS),
    "gauss_newton_vector_product": partial(gauss_newton_vector_product, vector=PARAMS),
    "clipped_gradients": partial(
        clipped_gradients, max_norm=0.1, noise=1.0, noise_key=jax.random.key(2)
    ),
}
each_call = pytest.mark.parametrize("name", one_quick(CALLS))


@each_call
def test_jit_vmap_and_scan_say_the_same(name):
    def once(X):
        return CALLS[name](NETWORK, PARAMS, X, Y, **MASKS)

    def all_of(Xs):
        return jax.lax.scan(lambda carry, X: (carry, jax.vmap(once)(X)), 0, Xs)[1]

    one_by_one = [once(each) for each in X]
    due = jax.tree.map(lambda *of: np.stack(of)[None], *map(jax.device_get, one_by_one))
    found = jax.device_get(jax.jit(all_of)(X[None]))
    chex.assert_trees_all_close(found, due, rtol=2e-4, atol=1e-6)


@each_call
def test_float32_is_float64_to_ten_roundoffs_of_the_largest(name):
    # Noise of another dtype is other noise.
    quiet = MASKS | ({"noise": 0.0} if name == "clipped_gradients" else {})
    found = jax.device_get(CALLS[name](NETWORK, PARAMS, X[0], Y, **quiet))
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: np.asarray(leaf, float), (PARAMS, X[0], Y))
        due = jax.device_get(CALLS[name](NETWORK, *wide, **quiet))
    assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {np.dtype(np.float32)}
    found, due = flat(found), flat(due)
    # The noise scale of these examples is inf.
    same = np.array_equal(found, due)
    assert same or close(found, due, 10 * np.finfo(np.float32).eps)


@each_call
def test_examples_and_units_may_lie_on_a_mesh_with_explicit_axes(name):
    explicit = (jax.sharding.AxisType.Explicit,) * 2
    mesh = jax.make_mesh((1, 1), ("x", "y"), axis_types=explicit)
    columns, rows = (
        jax.NamedSharding(mesh, jax.P(*of)) for of in ((None, "x"), ("y",))
    )
    straight = [Network((2, 3, 1), "relu")] if name.startswith("hessian") else []
    for network in (NETWORK, *straight):
        due = jax.device_get(CALLS[name](network, PARAMS, X[0], Y, **MASKS))
        with jax.set_mesh(mesh):
            placed = jax.device_put((X[0], jnp.asarray(Y)), columns)
            for params in (PARAMS, jax.device_put(PARAMS, rows)):
                found = CALLS[name](network, params, *placed, **MASKS)
                chex.assert_trees_all_close(
                    jax.device_get(found), due, rtol=2e-4, atol=1e-6
                )
