"""A step whose gradient no example moves by more than it may: `clip_examples`.

    (Σⱼ min(1, C / ||g_j||) g_j  +  σ C ξ) / Σⱼ wⱼ  +  δ W_l

g_j is the gradient of w_j ℓ_j, ξ standard normal, drawn anew at every step. The cost is
recorded as it is, and beside it the share of the examples that were clipped.
"""

from typing import Any, NamedTuple

from jax import Array

from jaxdnn.architecture import Network
from jaxdnn.arrays import Scalar
from jaxdnn.blocks import Blocks
from jaxdnn.dropout import Dropout
from jaxdnn.objective import Mean, mean_loss
from jaxdnn.per_example.clipping import clipped, noisy
from jaxdnn.per_example.columns import columns
from jaxdnn.propagation import cost, decayed, forward


class Clipping(NamedTuple):
    """max_norm: C; noise: σ, or None for none at all."""

    max_norm: Scalar
    noise: Any = None  # Scalar | None


def cost_and_clipped_gradients(
    network: Network,
    blocks: Blocks,
    X: Array,
    Y: Array,
    mean: Mean,
    dropout: Dropout | None,
    clipping: Clipping,
    noise_key: Array | None,
) -> tuple[Array, Blocks, Array]:
    """J, the clipped mean gradient, and the share of examples that were clipped."""
    ZL, caches = forward(network, blocks, X, dropout)
    J = cost(network, blocks, ZL, Y, mean)
    pairs = columns(network, blocks, caches, Y, mean)
    grads, norms = clipped(blocks, pairs, mean, clipping.max_norm)
    if noise_key is not None:
        deviation = clipping.noise * clipping.max_norm / mean.total
        grads = noisy(grads, noise_key, deviation)
    share = mean_loss((norms > clipping.max_norm).astype(norms.dtype), mean)
    return J, decayed(blocks, grads, mean.decay), share
