"""Parameters to and from Flax, linen and NNX, which then says what the network says."""

from functools import partial

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

# What is given holds nothing yet.
Dense = partial(nn.Dense, kernel_init=nn.initializers.zeros)
Linear = partial(nnx.Linear, kernel_init=nnx.initializers.zeros)
NETWORK = dnn.Network((3, 7, 4, 2), ("relu", "tanh"), "softmax")
DEEP = dnn.Network((3, *[4] * 11, 2), "tanh", "identity")


class Linen(nn.Module):
    @nn.compact
    def __call__(self, x):
        x = nn.relu(Dense(7, name="begin")(x))
        x = nn.tanh(Dense(4, name="amid")(x))
        return nn.softmax(Dense(2, name="end")(x))


class Nnx(nnx.Module):
    def __init__(self, rngs):
        self.begin = Linear(3, 7, rngs=rngs)
        self.amid = Linear(7, 4, rngs=rngs)
        self.end = Linear(4, 2, rngs=rngs)

    def __call__(self, x):
        x = nnx.tanh(self.amid(nnx.relu(self.begin(x))))
        return nnx.softmax(self.end(x))


NAMES = ("begin", "amid", "end")


def begun(module):
    """Variables of a module, by one program."""
    return jax.jit(module.init)(jax.random.key(9), X.T)


@nnx.jit
def applied(module):
    return module(X.T)


@nnx.jit
def drawn():
    return Nnx(nnx.Rngs(9))


def agree(said, network, params):
    wanted = dnn.predict_proba(network, params, X)
    np.testing.assert_allclose(said.T, wanted, rtol=1e-5, atol=1e-6)


def test_linen_by_name():
    params, module = parameters(NETWORK), Linen()
    given = begun(module)
    variables = to_flax_linen(params, given, layers=NAMES)
    agree(jax.jit(module.apply)(variables, X.T), NETWORK, params)
    same(from_flax_linen(variables, layers=NAMES), params)
    assert (given["params"]["end"]["kernel"] != params[2].W.T).all()


def test_linen_by_number():
    params = parameters(DEEP)
    layers = [part for _ in range(11) for part in (Dense(4), nn.tanh)]
    module = nn.Sequential([*layers, Dense(2)])
    variables = to_flax_linen(params, begun(module))
    agree(jax.jit(module.apply)(variables, X.T), DEEP, params)
    same(from_flax_linen(variables), params)


def test_nnx_by_name():
    params, given = parameters(NETWORK), drawn()
    module = to_flax_nnx(params, given, layers=NAMES)
    agree(applied(module), NETWORK, params)
    same(from_flax_nnx(module, layers=NAMES), params)
    assert (given.end.kernel[...] != params[2].W.T).all()


def test_nnx_by_number():
    @nnx.jit
    def deep():
        rngs, dims = nnx.Rngs(9), DEEP.layer_dims
        layers = [Linear(*dims[l : l + 2], rngs=rngs) for l in range(12)]
        parts = [part for layer in layers for part in (layer, nnx.tanh)][:-1]
        return nnx.Sequential(*parts)

    params = parameters(DEEP)
    module = to_flax_nnx(params, deep())
    agree(applied(module), DEEP, params)
    same(from_flax_nnx(module), params)


def test_what_is_refused():
    params = parameters(NETWORK)
    given = begun(Linen())
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
        to_flax_nnx(params, drawn())
    bare = nnx.Linear(3, 2, use_bias=False, rngs=nnx.Rngs(0))
    with pytest.raises(ValueError, match=r"^from_flax_nnx: layer 0 must have biases"):
        from_flax_nnx(nnx.List([bare]))
