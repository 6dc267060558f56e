"""Equal hidden layers as one stack, so that fifty compile in the time of one.

A stack is a training layout's affair: the passes of `propagation` scan over it, and
whatever leaves the engine is one Layer per layer again.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._shown import by_field
from jaxdnn.architecture import Network
from jaxdnn.dropout import DropoutCache
from jaxdnn.parameters import Layer, Parameters

# Fewer are not worth it: in a scan, XLA cannot fuse one layer with the next.
_FEWEST = 8


class Stack(NamedTuple):
    """k equal hidden layers in succession: W (k, n, n) and b (k, n, 1)."""

    W: Array
    b: Array


Blocks = tuple[Layer | Stack, ...]


class LayerCache(NamedTuple):
    """What the backward of one layer reads, and nothing else.

    A_prev (n_{l-1}, m); activation (n_l, m): Z or A, whichever the activation reads,
    AL in the last layer, and None where it would be the next layer's A_prev again;
    dropout: its cache, or None where nothing was dropped.
    """

    A_prev: Array
    activation: Any  # Array | None; where it stands says which
    dropout: DropoutCache | None

    def __repr__(self) -> str:
        return by_field(self)


Caches = Sequence[LayerCache]


def depth(block: Layer | Stack) -> int:
    """How many layers it stands for.

    Example:
      >>> depth(Stack(jnp.ones((5, 2, 2)), jnp.ones((5, 2, 1))))
      5
    """
    return block.W.shape[0] if isinstance(block, Stack) else 1


def fold(network: Network, params: Parameters) -> Blocks:
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
      >>> [block.W.shape for block in fold(network, params)]
      [(4, 2), (9, 4, 4), (1, 4)]
    """
    dims = network.layer_dims
    kinds = [(dims[l], dims[l + 1], g) for l, g in enumerate(network.activations)]
    blocks: list[Layer | Stack] = []
    l = 0
    for (n_prev, n, _), equal in groupby(kinds):
        k = len(list(equal))
        run = params[l : l + k]
        if n_prev == n and k >= _FEWEST:
            # On the host: many small operands would take long to compile.
            W, b = (np.stack(of) for of in zip(*jax.device_get(run), strict=True))
            blocks.append(Stack(jnp.asarray(W), jnp.asarray(b)))
        else:
            blocks += run
        l += k
    return (*blocks, params[-1])


def unfold(blocks: Blocks) -> Parameters:
    """One Layer per layer again.

    Example:
      >>> stack = Stack(jnp.ones((9, 4, 4)), jnp.ones((9, 4, 1)))
      >>> len(unfold((stack,)))
      9
    """
    layers: list[Layer] = []
    for block in blocks:
        if isinstance(block, Layer):
            layers.append(block)
            continue
        W, b = jax.device_get(block)
        layers += [
            Layer(jnp.asarray(W[l]), jnp.asarray(b[l])) for l in range(depth(block))
        ]
    return tuple(layers)
