"""Where every example's own gradient lies: in its columns of dZ_l and A_{l-1}.

The gradient g_j of w_j ℓ_j, with w_j in dZ_L already, is for each layer

    dW_l of g_j = dZ_l[:, j] A_{l-1}[:, j]ᵀ           db_l of g_j = dZ_l[:, j]

and J's is their sum over Σⱼ wⱼ, plus L2's share, which is no example's. So whatever is
asked of the g_j is asked of pairs of columns, after one forward and one backward, and
an array of examples times parameters is made only for who asks for all the g_j.
"""

from functools import reduce

import jax.numpy as jnp
from jax import Array

from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem
from jaxdnn.blocks import Blocks, Caches
from jaxdnn.objective import Mean, loss_backward
from jaxdnn.propagation import forward, sweep

# (dZ_l, A_{l-1}), l = 1, ..., L; a stack's have its layers on a leading axis.
Columns = tuple[tuple[Array, Array], ...]


def columns(
    network: Network, blocks: Blocks, caches: Caches, Y: Array, mean: Mean
) -> Columns:
    """dZ_l and A_{l-1} of every block; column j of dZ_l is that of w_j ℓ_j."""
    dZL = loss_backward(caches[-1].activation, Y, mean)
    return sweep(network, blocks, caches, dZL, lambda dZ, A_prev: (dZ, A_prev))


def columns_of(network: Network, problem: Problem) -> Columns:
    """Those of a problem: forward once, backward once."""
    params, X, Y, *_, dropout = problem
    _, caches = forward(network, params, X, dropout)
    return columns(network, params, caches, Y, problem.mean)


def of_order_one(pairs: Columns) -> Columns:
    """The same with dZ of order one, for ratios that no common factor changes.

    Squares of a gradient fit a dtype for half of the exponents that it fits itself. The
    factor is a power of two, so that nothing is rounded.

    Example:
      >>> [(dZ, _)] = of_order_one(((jnp.array([[3e-39, -2e33]]), jnp.ones((1, 2))),))
      >>> bool(jnp.abs(dZ).max() < 1)
      True
    """
    largest = reduce(jnp.maximum, [jnp.abs(dZ).max() for dZ, _ in pairs])
    exponent = jnp.frexp(largest)[1]
    return tuple((jnp.ldexp(dZ, -exponent), A_prev) for dZ, A_prev in pairs)
