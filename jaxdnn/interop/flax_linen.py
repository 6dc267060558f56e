"""Flax linen: kernel = Wᵀ and bias = b[:, 0] of each Dense in a module's variables."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
from jax.tree_util import DictKey

from jaxdnn import Parameters
from jaxdnn._checks import check_kind
from jaxdnn._refusals import BadValueError, public
from jaxdnn.interop.layers import (
    admitted_chain,
    chained,
    check_biases,
    check_fits,
    in_order,
)


@public
def to_flax_linen(
    params: Parameters,
    variables: Mapping[str, Any],
    *,
    layers: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The variables with the parameters in; those given are left as they are.

    Args:
      params: (W_l (n_l, n_{l-1}), b_l (n_l, 1)).
      variables: what the module's init gave.
      layers: the names of the Dense layers, first to last, such as ("hidden", "out"),
        or "block.Dense_0" inside another module; by their numbers where None.

    Raises:
      ValueError: layers of other sizes, without biases, or named otherwise.

    Example:
      >>> import flax.linen as nn, jax.numpy as jnp, jaxdnn as dnn
      >>> network = dnn.Network((2, 4, 1), hidden="tanh", output="identity")
      >>> params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> model, X = (
      ...     nn.Sequential([nn.Dense(4), nn.tanh, nn.Dense(1)]),
      ...     jnp.ones((2, 3)),
      ... )
      >>> variables = to_flax_linen(params, model.init(jax.random.key(1), X.T))
      >>> Y = model.apply(variables, X.T).T
      >>> bool(jnp.allclose(Y, dnn.predict(network, params, X)))
      True
    """
    params = admitted_chain(params)
    found = _dense(variables)
    names = in_order(found, layers)
    shapes = [found[name]["kernel"].shape[::-1] for name in names]
    check_fits("variables", shapes, params)
    new = {
        name: {"kernel": W.T, "bias": b[:, 0]}
        for name, (W, b) in zip(names, params, strict=True)
    }

    def replaced(path: Any, leaf: Any) -> Any:
        *layer, last = _keys(path)
        return new.get(".".join(layer[1:]), {}).get(last, leaf)

    return jax.tree.map_with_path(replaced, dict(variables))


@public
def from_flax_linen(
    variables: Mapping[str, Any], *, layers: Sequence[str] | None = None
) -> Parameters:
    """The parameters of the Dense layers in a module's variables.

    Args:
      variables: {"params": {"Dense_0": {"kernel": ..., "bias": ...}, ...}}.
      layers: as for `to_flax_linen`.

    Raises:
      ValueError: no such layers, without biases, named otherwise, or of sizes that do
        not chain.

    Example:
      >>> import jax.numpy as jnp
      >>> dense = {"kernel": jnp.ones((2, 1)), "bias": jnp.zeros(1)}
      >>> from_flax_linen({"params": {"Dense_0": dense}})[0].W.shape
      (1, 2)
    """
    found = _dense(variables)
    names = in_order(found, layers)
    return chained((found[name]["kernel"].T, found[name]["bias"]) for name in names)


def _keys(path: Any) -> list[str]:
    return [str(key.key) for key in path if isinstance(key, DictKey)]


def _dense(variables: Any) -> dict[str, dict[str, Any]]:
    """Name -> kernel and bias."""
    check_kind("variables", variables, Mapping, "what init gave")
    if "params" not in variables:
        found = ", ".join(map(str, variables))
        raise BadValueError(f"variables must have 'params', got {found}")
    layers: dict[str, dict[str, Any]] = {}
    for path, leaf in jax.tree.leaves_with_path(dict(variables["params"])):
        *layer, last = _keys(path)
        layers.setdefault(".".join(layer), {})[last] = leaf
    dense = {name: arrays for name, arrays in layers.items() if "kernel" in arrays}
    check_biases({name: arrays.get("bias") for name, arrays in dense.items()})
    return dense
