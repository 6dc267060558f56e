"""Parameters to and from Flax, linen and NNX, which then says what the network says."""

import flax.linen as nn
import jax
import numpy as np
import pytest
from flax import nnx

import jaxdnn as dnn
from jaxdnn.interop import (
    from_flax_linen,
    from_flax_nnx,
    to_flax_linen,
    to_flax_nnx,
)
from tests.interop.examples import X, parameters, same

NETWORK = dnn.Network((3, 7, 4, 2), ("relu", "tanh"), "softmax")
DEEP = dnn.Network((3, *[4] * 11, 2), "tanh", "identity")


class Linen(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Dense(7, name="begin")(x))
        x = nn.tanh(nn.Dense(4, name="amid")(x))
        return nn.softmax(nn.Dense(2, name="end")(x))


class Nnx(nnx.Module):
    def __init__(self, rngs):
        self.begin = nnx.Linear(3, 7, rngs=rngs)
        self.amid = nnx.Linear(7, 4, rngs=rngs)
        self.end = nnx.Linear(4, 2, rngs=rngs)

    def __call__(self, x):
        x = nnx.tanh(self.amid(nnx.relu(self.begin(x))))
        return nnx.softmax(self.end(x))


NAMES = ("begin", "amid", "end")


def agree(said, network, params):
    wanted = dnn.predict_proba(network, params, X)
    np.testing.assert_allclose(said.T, wanted, rtol=1e-5, atol=1e-6)


def test_linen_by_name():
    params, module = parameters(NETWORK), Linen()
    given = module.init(jax.random.key(9), X.T)
    variables = to_flax_linen(params, given, layers=NAMES)
    agree(module.apply(variables, X.T), NETWORK, params)
    same(from_flax_linen(variables, layers=NAMES), params)
    assert (given["params"]["end"]["kernel"] != params[2].W.T).all()


def test_linen_by_number():
    params = parameters(DEEP)
    layers = [part for _ in range(11) for part in (nn.Dense(4), nn.tanh)]
    module = nn.Sequential([*layers, nn.Dense(2)])
    variables = to_flax_linen(params, module.init(jax.random.key(9), X.T))
    agree(module.apply(variables, X.T), DEEP, params)
    same(from_flax_linen(variables), params)


def test_nnx_by_name():
    params, given = parameters(NETWORK), Nnx(nnx.Rngs(9))
    module = to_flax_nnx(params, given, layers=NAMES)
    agree(module(X.T), NETWORK, params)
    same(from_flax_nnx(module, layers=NAMES), params)
    assert (given.end.kernel[...] != params[2].W.T).all()


def test_nnx_by_number():
    params, rngs = parameters(DEEP), nnx.Rngs(9)
    dims = DEEP.layer_dims
    layers = [nnx.Linear(*dims[l : l + 2], rngs=rngs) for l in range(12)]
    parts = [part for layer in layers for part in (layer, nnx.tanh)][:-1]
    module = to_flax_nnx(params, nnx.Sequential(*parts))
    agree(module(X.T), DEEP, params)
    same(from_flax_nnx(module), params)


def test_what_is_refused():
    params = parameters(NETWORK)
    given = Linen().init(jax.random.key(9), X.T)
    with pytest.raises(
        ValueError, match=r"^to_flax_linen: variables must have layers o"
    ):
        to_flax_linen(params, given)  # amid comes before begin
    with pytest.raises(
        ValueError, match=r"^to_flax_linen: layers must name each of ami"
    ):
        to_flax_linen(params, given, layers=("begin", "end"))
    with pytest.raises(
        ValueError, match=r"^from_flax_linen: variables must have 'param"
    ):
        from_flax_linen(given["params"])
    with pytest.raises(
        TypeError, match=r"^from_flax_linen: variables must be what ini"
    ):
        from_flax_linen([])
    with pytest.raises(
        ValueError, match=r"^to_flax_nnx: module must have layers of wei"
    ):
        to_flax_nnx(params, Nnx(nnx.Rngs(0)))
    bare = nnx.Linear(3, 2, use_bias=False, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"^from_flax_nnx: layer 0 must have biases"):
        from_flax_nnx(nnx.List([bare]))
