"""Parameters to and from Equinox, which then says what the network says."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxdnn as dnn
from jaxdnn.interop import from_equinox, to_equinox
from tests.interop.examples import X, parameters, same

KEY = jax.random.key(9)


def drawn(*sizes, **options):
    """An MLP, all of it by one program."""
    return eqx.filter_jit(lambda key: eqx.nn.MLP(*sizes, **options, key=key))(KEY)


def said(module):
    return eqx.filter_jit(lambda module, rows: jax.vmap(module)(rows))(module, X.T).T


def test_an_mlp():
    network = dnn.Network((3, 5, 5, 2), "tanh", "sigmoid")
    params = parameters(network)
    given = drawn(3, 2, 5, 2, jnp.tanh, final_activation=jax.nn.sigmoid)
    before = from_equinox(given)
    mlp = to_equinox(params, given)
    np.testing.assert_allclose(
        said(mlp), dnn.predict_proba(network, params, X), rtol=1e-5
    )
    same(from_equinox(mlp), params)
    same(from_equinox(given), before)


def test_a_sequential_of_unequal_widths():
    network = dnn.Network((3, 7, 4, 2), ("relu", "tanh"), "softmax")
    params = parameters(network)
    linear = lambda n_prev, n: drawn(n_prev, n, 0, 0).layers[0]
    module = eqx.nn.Sequential(
        [
            linear(3, 7),
            eqx.nn.Lambda(jax.nn.relu),
            linear(7, 4),
            eqx.nn.Lambda(jnp.tanh),
            linear(4, 2),
            eqx.nn.Lambda(jax.nn.softmax),
        ]
    )
    module = to_equinox(params, module)
    np.testing.assert_allclose(
        said(module), dnn.predict_proba(network, params, X), rtol=1e-5
    )
    same(from_equinox(module), params)


def test_what_is_refused():
    params = parameters(dnn.Network((3, 5, 2)))
    with pytest.raises(
        ValueError, match=r"^to_equinox: module must have layers of wei"
    ):
        to_equinox(params, drawn(3, 2, 6, 1))
    with pytest.raises(ValueError, match=r"^from_equinox: layer 1 must have biases"):
        from_equinox(drawn(3, 2, 6, 1, use_bias=False))
    with pytest.raises(ValueError, match=r"^from_equinox: keys must be W1, b1"):
        from_equinox(eqx.nn.Lambda(jnp.tanh))
