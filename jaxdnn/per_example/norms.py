"""How long each example's gradient is: ||u vᵀ|| = ||u|| ||v||, so nothing is outer.

    ||g_j||² = Σ_l ||dZ_l[:, j]||² (||A_{l-1}[:, j]||² + 1)

The 1 is b's.
"""

from functools import reduce

import jax.numpy as jnp
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.linear import contract
from jaxdnn.parameters import Parameters
from jaxdnn.per_example.columns import Columns, columns_of
from jaxdnn.sharding import record_dtype


@public
def per_example_norms(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Array:
    """The norm of every example's gradient, for one forward and one backward.

        ||g_j||² = Σ_l ||dZ_l[:, j]||² (||A_{l-1}[:, j]||² + 1)

    g_j is the gradient of w_j ℓ_j, example j's own loss: the mean over the examples and
    L2, which belongs to none of them, are left out.

    Args:
      network, params, X, Y, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      (m,), in float32 or wider, whose range must hold the squares.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    References:
      Goodfellow (2015), arXiv:1510.01799.

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 2)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[0.0, 2.0], [0.0, 2.0]]), jnp.ones((1, 2))
      >>> per_example_norms(Network((2, 1)), params, X, Y).tolist()
      [0.5, 1.5]
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight)
    return answer(_norms, network, problem)


@compiled(static_argnums=0)
def _norms(network: Network, problem: Problem) -> Array:
    return lengths(columns_of(network, problem))


def lengths(pairs: Columns) -> Array:
    """||g_j||, (m,), in the dtype of records; a length of 0 has the slope 0.

    Example:
      >>> dZ, A_prev = jnp.array([[3.0, 0.0]]), jnp.array([[0.0, 1.0]])
      >>> lengths(((dZ, A_prev),)).tolist()
      [3.0, 0.0]
    """
    squares = squared_norms(pairs)
    # The slope of sqrt at 0 is infinite: autodiff would make it NaN, whatever follows.
    none = squares == 0
    return jnp.where(none, 0, jnp.sqrt(jnp.where(none, 1, squares)))


def squared_norms(pairs: Columns) -> Array:
    """||g_j||², (m,), in the dtype of records.

    Example:
      >>> dZ, A_prev = jnp.array([[3.0, 1.0]]), jnp.array([[1.0, 0.0]])
      >>> squared_norms(((dZ, A_prev),)).tolist()
      [18.0, 1.0]
    """
    each = [_squares(dZ) * (_squares(A_prev) + 1) for dZ, A_prev in pairs]
    return reduce(jnp.add, [of.sum(axis=tuple(range(of.ndim - 1))) for of in each])


def squared_norm_of_sum(pairs: Columns, over: Scalar = 1) -> Array:
    """||Σⱼ g_j||² = Σ_l ||dZ_l A_{l-1}ᵀ||² + ||Σⱼ dZ_l[:, j]||², ().

    over: what the sum is divided by, before its square may leave the dtype's range.

    Example:
      >>> dZ, A_prev = jnp.array([[3.0, 1.0]]), jnp.array([[1.0, 0.0]])
      >>> float(squared_norm_of_sum(((dZ, A_prev),)))
      25.0
    """
    sums = [total / over for pair in pairs for total in contract(*pair)]
    return reduce(jnp.add, [jnp.square(total).sum() for total in sums])


def _squares(M: Array) -> Array:
    """||M[:, j]||² of each column."""
    return jnp.square(M.astype(record_dtype(M.dtype))).sum(axis=-2)
