"""Equal hidden layers as one stack, so that fifty compile in the time of one.

A stack is a Layer with a leading axis: W (k, n, n), b (k, n, 1). Every function over
parameters takes it in place of its k layers; forward and backward then scan over it.
"""

from itertools import groupby

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn.network import Network
from jaxdnn.parameters import Layer, Parameters, depth

# Fewer are not worth it: in a scan, XLA cannot fuse one layer with the next.
_FEWEST = 8


def fold(network: Network, params: Parameters) -> Parameters:
    """Stack each run of at least 8 hidden layers of one size and activation.

    Args:
      network: the description.
      params: one Layer per layer.

    Returns:
      The same parameters, with a stack in place of each run.

    Example:
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network = Network((2, *10 * (4,), 1))
      >>> params = initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> [layer.W.shape for layer in fold(network, params)]
      [(4, 2), (9, 4, 4), (1, 4)]
    """
    dims = network.layer_dims
    kinds = [(dims[l], dims[l + 1], g) for l, g in enumerate(network.activations)]
    folded: list[Layer] = []
    l = 0
    for (n_prev, n, _), equal in groupby(kinds):
        k = len(list(equal))
        run = params[l : l + k]
        if n_prev == n and k >= _FEWEST:
            # On the host: many small operands would take long to compile.
            W, b = (np.stack(of) for of in zip(*jax.device_get(run), strict=True))
            run = (Layer(jnp.asarray(W), jnp.asarray(b)),)
        folded += run
        l += k
    return (*folded, params[-1])


def unfold(params: Parameters) -> Parameters:
    """One Layer per layer again.

    Example:
      >>> stack = Layer(jnp.ones((9, 4, 4)), jnp.ones((9, 4, 1)))
      >>> len(unfold((stack,)))
      9
    """
    layers: list[Layer] = []
    for layer in params:
        if layer.W.ndim == 2:
            layers.append(layer)
            continue
        W, b = jax.device_get(layer)
        layers += [
            Layer(jnp.asarray(W[i]), jnp.asarray(b[i])) for i in range(depth(layer))
        ]
    return tuple(layers)
