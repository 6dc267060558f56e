"""Where a run stopped being finite.

The loop only notices that a cost is not finite. Because every epoch's batches and masks
follow from its number, the run is then repeated up to the step before, and that step is
taken apart here.
"""

from typing import NamedTuple

import jax
import numpy as np
from jax import Array

from jaxdnn.architecture import Network
from jaxdnn.arrays import Scalar
from jaxdnn.blocks import Blocks, unfold
from jaxdnn.dropout import Dropout
from jaxdnn.propagation import forward


class Divergence(NamedTuple):
    """The first quantity that was not finite.

    epoch and step count from 0, step through the whole run; layer counts from 1 (0 for
    X, L + 1 for the cost); quantity is its name in the equations: "Z2", "J", "dW1".
    """

    epoch: int
    step: int
    layer: int
    quantity: str

    def __str__(self) -> str:
        return (
            f"{self.quantity} of layer {self.layer} was not finite in step {self.step} "
            f"(epoch {self.epoch})"
        )


def first_not_finite(
    network: Network,
    blocks: Blocks,
    X: Array,
    dropout: Dropout | None,
    cost: Scalar,
    grads: Blocks,
    updated: Blocks,
) -> tuple[int, str]:
    """Layer and name of what a step computed first and is not finite.

    Example:
      >>> import jax.numpy as jnp
      >>> from jaxdnn.parameters import Layer
      >>> params = (Layer(jnp.full((1, 1), 1e30), jnp.zeros((1, 1))),)
      >>> X = jnp.full((1, 2), 1e30)
      >>> first_not_finite(Network((1, 1)), params, X, None, 0.0, params, params)
      (1, 'Z1')
    """
    params, grads, updated = map(unfold, (blocks, grads, updated))
    _, caches = forward(network, params, X, dropout)
    computed = []
    for l, (cache, (W, b)) in enumerate(zip(caches, params, strict=True), start=1):
        computed.append((l - 1, f"A{l - 1}" if l > 1 else "X", cache.A_prev))
        computed.append((l, f"Z{l}", W @ cache.A_prev + b))
    L = len(params)
    computed.append((L + 1, "J", cost))
    for l in range(L, 0, -1):
        computed.append((l, f"dW{l}", grads[l - 1].W))
        computed.append((l, f"db{l}", grads[l - 1].b))
    for l, (W, b) in enumerate(updated, start=1):
        computed.append((l, f"updated W{l}", W))
        computed.append((l, f"updated b{l}", b))
    for layer, name, value in computed:
        if not np.isfinite(jax.device_get(value)).all():
            return layer, name
    raise ValueError("first_not_finite: everything the step computed is finite")
