"""Equinox: weight = W and bias = b[:, 0] of each eqx.nn.Linear, first to last."""

from typing import Any, TypeVar

import jax
from jax import Array

from jaxdnn import Parameters
from jaxdnn._extras import require
from jaxdnn._refusals import public
from jaxdnn.interop.layers import admitted_chain, chained, check_biases, check_fits

_Module = TypeVar("_Module")


@public
def to_equinox(params: Parameters, module: _Module) -> _Module:
    """The module with the parameters in its layers; the one given is left as it is.

    Args:
      params: (W_l (n_l, n_{l-1}), b_l (n_l, 1)).
      module: an eqx.nn.MLP, a Sequential, or any other that has as many eqx.nn.Linear
        of these sizes. Its activations stay its own; those of a head too: an MLP
        applies its final_activation element by element, so that softmax must follow it.

    Raises:
      ValueError: layers of other sizes, or without biases.
      ModuleNotFoundError: equinox is not installed.

    Example:
      >>> import equinox as eqx, jax.numpy as jnp, jaxdnn as dnn
      >>> network = dnn.Network((2, 4, 4, 1), hidden="tanh", output="identity")
      >>> params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> mlp = eqx.nn.MLP(2, 1, 4, 2, jnp.tanh, key=jax.random.key(1))
      >>> mlp = to_equinox(params, mlp)
      >>> X = jnp.ones((2, 3))
      >>> bool(jnp.allclose(jax.vmap(mlp)(X.T).T, dnn.predict(network, params, X)))
      True
    """
    params = admitted_chain(params)
    check_fits("module", [layer.weight.shape for layer in _linears(module)], params)
    flat = [array for W, b in params for array in (W, b[:, 0])]
    return require("equinox", extra=None).tree_at(_arrays, module, flat)


@public
def from_equinox(module: Any) -> Parameters:
    """The parameters of a module's eqx.nn.Linear layers.

    Args:
      module: an eqx.nn.MLP, a Sequential, or any other.

    Raises:
      ValueError: no such layers, without biases, or of sizes that do not chain.
      ModuleNotFoundError: equinox is not installed.

    Example:
      >>> import equinox as eqx
      >>> params = from_equinox(eqx.nn.MLP(2, 1, 4, 2, key=jax.random.key(0)))
      >>> [W.shape for W, _ in params]
      [(4, 2), (4, 4), (1, 4)]
    """
    return chained((layer.weight, layer.bias) for layer in _linears(module))


def _linears(module: Any) -> list[Any]:
    """The layers in the order of the module's fields."""
    kind = require("equinox", extra=None).nn.Linear
    leaves = jax.tree.leaves(module, is_leaf=lambda leaf: isinstance(leaf, kind))
    layers = [leaf for leaf in leaves if isinstance(leaf, kind)]
    check_biases({str(l): layer.bias for l, layer in enumerate(layers, start=1)})
    return layers


def _arrays(module: Any) -> list[Array]:
    return [array for l in _linears(module) for array in (l.weight, l.bias)]
