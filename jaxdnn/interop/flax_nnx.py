"""Flax NNX: kernel = Wᵀ and bias = b[:, 0] of each nnx.Linear of a module."""

from collections.abc import Sequence
from typing import Any, TypeVar

from jaxdnn import Parameters
from jaxdnn._extras import require
from jaxdnn._refusals import public
from jaxdnn.interop.layers import (
    admitted_chain,
    chained,
    check_biases,
    check_fits,
    in_order,
)

_Module = TypeVar("_Module")


@public
def to_flax_nnx(
    params: Parameters, module: _Module, *, layers: Sequence[str] | None = None
) -> _Module:
    """A copy of the module with the parameters in its layers.

    Args:
      params: (W_l (n_l, n_{l-1}), b_l (n_l, 1)).
      module: with an nnx.Linear of each of these sizes.
      layers: their names, first to last, such as ("hidden", "out"), or "layers.0" in a
        list; by their numbers where None.

    Raises:
      ValueError: layers of other sizes, without biases, or named otherwise.
      ModuleNotFoundError: flax is not installed.

    Example:
      >>> import jax, jax.numpy as jnp, jaxdnn as dnn
      >>> from flax import nnx
      >>> network = dnn.Network((2, 4, 1), hidden="tanh", output="identity")
      >>> params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> rngs = nnx.Rngs(1)
      >>> hidden, out = nnx.Linear(2, 4, rngs=rngs), nnx.Linear(4, 1, rngs=rngs)
      >>> model = to_flax_nnx(params, nnx.Sequential(hidden, nnx.tanh, out))
      >>> X = jnp.ones((2, 3))
      >>> bool(jnp.allclose(model(X.T).T, dnn.predict(network, params, X)))
      True
    """
    params = admitted_chain(params)
    module = require("flax.nnx", extra=None).clone(module)
    linears = _linears(module, layers)
    check_fits("module", [layer.kernel.shape[::-1] for layer in linears], params)
    for layer, (W, b) in zip(linears, params, strict=True):
        layer.kernel[...] = W.T
        layer.bias[...] = b[:, 0]
    return module


@public
def from_flax_nnx(module: Any, *, layers: Sequence[str] | None = None) -> Parameters:
    """The parameters of a module's nnx.Linear layers.

    Args:
      module: with such layers.
      layers: as for `to_flax_nnx`.

    Raises:
      ValueError: no such layers, without biases, named otherwise, or of sizes that do
        not chain.
      ModuleNotFoundError: flax is not installed.

    Example:
      >>> from flax import nnx
      >>> from_flax_nnx(nnx.Sequential(nnx.Linear(2, 1, rngs=nnx.Rngs(0))))[0].W.shape
      (1, 2)
    """
    linears = _linears(module, layers)
    return chained((layer.kernel[...].T, layer.bias[...]) for layer in linears)


def _linears(module: Any, layers: Sequence[str] | None) -> list[Any]:
    """The layers in order."""
    nnx = require("flax.nnx", extra=None)
    found = {
        ".".join(map(str, path)): layer
        for path, layer in nnx.iter_modules(module)
        if isinstance(layer, nnx.Linear)
    }
    check_biases({name: layer.bias for name, layer in found.items()})
    return [found[name] for name in in_order(found, layers)]
