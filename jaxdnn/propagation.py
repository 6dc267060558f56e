"""The mathematics of a whole network, forward and backward, on one page.

    A_0 = X     Z_l = W_l A_{l-1} + b_l     A_l = g_l(Z_l)     AL = output(ZL)

Backwards, from the head's dZL = AL - Y, example by example:

    dA_l = W_{l+1}ᵀ dZ_{l+1}                dZ_l = dA_l * g_l'(Z_l)

and summed over the examples, with their weights w and the decay δ = λ / Σⱼ wⱼ:

    dW_l = dZ_l diag(w) A_{l-1}ᵀ / Σⱼ wⱼ + δ W_l         db_l = dZ_l w / Σⱼ wⱼ

Dropout acts on A_1, ..., A_{L-1}, never on X or AL. A block is a layer or a stack of
equal ones, which is scanned. No checks and no jit: `network` has both.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn.activations import Activation
from jaxdnn.architecture import Network
from jaxdnn.blocks import Blocks, Caches, Layer, LayerCache, Stack, depth
from jaxdnn.dropout import Dropout, drop, undrop
from jaxdnn.linear import mean_contract, pull, push
from jaxdnn.objective import Mean, l2_backward, l2_cost, loss_backward, mean_loss
from jaxdnn.sharding import lying_as

SomeBlocks = TypeVar("SomeBlocks", bound=Blocks)


def forward(
    network: Network, blocks: Blocks, X: Array, dropout: Dropout | None = None
) -> tuple[Array, tuple[LayerCache, ...]]:
    """ZL and the caches."""
    A, caches = X, ()
    for g, l, block in _hidden(network, blocks):
        step = partial(_layer_forward, g, dropout)
        if isinstance(block, Stack):
            numbered: Any = l + jnp.arange(depth(block)), block
            A, cache = jax.lax.scan(step, A, numbered)
        else:
            A, cache = step(A, (l, block))
        caches = (*caches, cache)
    W, b = blocks[-1]
    ZL = push(A, W, b)
    return ZL, (*caches, LayerCache(A, network.head.output(ZL), None))


def _hidden(network: Network, blocks: Blocks) -> list[tuple[Activation, int, Any]]:
    """Activation, number of layers below, and parameters of each hidden block."""
    below = [sum(map(depth, blocks[:i])) for i in range(len(blocks) - 1)]
    return [(network.activations[l], l, blocks[i]) for i, l in enumerate(below)]


def _layer_forward(
    g: Activation, dropout: Dropout | None, A_prev: Array, numbered: tuple[Any, Layer]
) -> tuple[Array, LayerCache]:
    l, (W, b) = numbered
    Z = push(A_prev, W, b)
    A = g.forward(Z)
    if dropout is None:
        return A, LayerCache(A_prev, None if g.reads == "A" else Z, None)
    kept, mask = drop(jax.random.fold_in(dropout.key, l), A, dropout.keep_prob)
    return kept, LayerCache(A_prev, A if g.reads == "A" else Z, mask)


def sweep(
    network: Network,
    blocks: Blocks,
    caches: Caches,
    dZL: Array,
    read: Callable[[Array, Array], Any],
) -> tuple[Any, ...]:
    """read(dZ_l, A_{l-1}) of every block, l = 1, ..., L, from the cotangent dZL."""
    A = caches[-1].A_prev
    found = [read(dZL, A)]
    above = pull(dZL, blocks[-1].W), A
    hidden = zip(_hidden(network, blocks), caches[:-1], strict=True)
    for (g, _, block), cache in reversed(list(hidden)):
        step = partial(_layer_backward, g, read)
        layer: Any = block, cache
        if isinstance(block, Stack):
            above, answer = jax.lax.scan(step, above, layer, reverse=True)
        else:
            above, answer = step(above, layer)
        found.insert(0, answer)
    return tuple(found)


def _layer_backward(
    g: Activation,
    read: Callable[[Array, Array], Any],
    above: tuple[Array, Array],
    layer: tuple[Layer, LayerCache],
) -> tuple[tuple[Array, Array], Any]:
    """From dA and A to dA_prev and A_prev; what is read of dZ on the way."""
    dA, A = above
    (W, _), (A_prev, activation, dropout) = layer
    dA = lying_as(dA, A)
    if dropout is not None:
        dA = undrop(dA, dropout)
    dZ = g.backward(dA, A if activation is None else activation)
    return (pull(dZ, W), A_prev), read(dZ, A_prev)


def gradients(
    network: Network, blocks: SomeBlocks, caches: Caches, Y: Array, mean: Mean
) -> SomeBlocks:
    """dJ/dW_l and dJ/db_l, in the blocks' shapes."""
    dZL = loss_backward(caches[-1].activation, Y, mean)
    read = partial(mean_contract, total=mean.total)
    grads = sweep(network, blocks, caches, dZL, read)
    return decayed(blocks, grads, mean.decay)


def decayed(blocks: SomeBlocks, grads: Iterable[Any], decay: Any) -> SomeBlocks:
    """The L2 term's share added to each (dW, db), in the blocks' shapes."""
    if decay is not None:
        grads = (
            (dW + l2_backward(block.W, decay), db)
            for block, (dW, db) in zip(blocks, grads, strict=True)
        )
    shaped: Any = (type(block)(*of) for block, of in zip(blocks, grads, strict=True))
    return tuple(shaped)  # pyright: ignore[reportReturnType]


def cost(network: Network, blocks: Blocks, ZL: Array, Y: Array, mean: Mean) -> Array:
    """J from the logits, in the dtype of records."""
    J = mean_loss(network.head.losses(ZL, jnp.asarray(Y, ZL.dtype)), mean)
    return J if mean.decay is None else J + l2_cost([W for W, _ in blocks], mean.decay)


def cost_and_gradients(
    network: Network,
    blocks: SomeBlocks,
    X: Array,
    Y: Array,
    mean: Mean,
    dropout: Dropout | None = None,
) -> tuple[Array, SomeBlocks]:
    """J and its gradient: forward once, backward once."""
    ZL, caches = forward(network, blocks, X, dropout)
    J = cost(network, blocks, ZL, Y, mean)
    return J, gradients(network, blocks, caches, Y, mean)
