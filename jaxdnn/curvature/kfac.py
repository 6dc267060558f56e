"""Two small matrices a layer, whose Kronecker product stands for its curvature.

With ā = (A_{l-1}[:, j]; 1) and dz = dZ_l[:, j], an example's gradient of (W_l b_l) is
dz āᵀ, and the mean of its outer product with itself is about the product of two means:

    E[āāᵀ ⊗ dz dzᵀ]  ≈  E[āāᵀ] ⊗ E[dz dzᵀ]

exact where there is one example, or where ā and dz are independent.

References:
  Martens & Grosse (2015), ICML.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn._shown import by_field
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.objective import Mean, weigh
from jaxdnn.parameters import Parameters
from jaxdnn.per_example.columns import columns_of
from jaxdnn.sharding import product, record_dtype, whole_along


class KroneckerFactors(NamedTuple):
    """A: E[āāᵀ] (n_{l-1} + 1, n_{l-1} + 1), b's row last; dZ: E[dz dzᵀ] (n_l, n_l)."""

    A: Array
    dZ: Array

    def __repr__(self) -> str:
        return by_field(self)


@public
def kfac_factors(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> tuple[KroneckerFactors, ...]:
    """The Kronecker factors of every layer's block of the empirical Fisher matrix.

        Σⱼ wⱼ āⱼāⱼᵀ / Σⱼ wⱼ,   ā = (A_{l-1}; 1)          Σⱼ wⱼ dz_j dz_jᵀ / Σⱼ wⱼ

    kron(A, dZ) is that block of the parameters stacked by columns: W_l's, then b_l. Of
    the targets Y as they are; L2 is left out.

    Args:
      network, params, X, Y, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      KroneckerFactors(A, dZ) for each layer, in float32 or wider.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    References:
      Martens & Grosse (2015), ICML.

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 1)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[2.0]]), jnp.ones((1, 1))
      >>> [factors] = kfac_factors(Network((1, 1)), params, X, Y)
      >>> factors.A.tolist(), factors.dZ.tolist()
      ([[4.0, 2.0], [2.0, 1.0]], [[0.25]])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight)
    return answer(_kfac_factors, network, problem)


@compiled(static_argnums=0)
def _kfac_factors(network: Network, problem: Problem) -> tuple[KroneckerFactors, ...]:
    mean = problem.mean
    pairs = columns_of(network, problem._replace(sample_weight=None))
    return tuple(
        KroneckerFactors(_second_moment(_with_ones(A), mean), _second_moment(dZ, mean))
        for dZ, A in pairs
    )


def _with_ones(A_prev: Array) -> Array:
    """Ā: a 1 below every column."""
    A_prev = whole_along(A_prev, 0)
    return jnp.concatenate([A_prev, jnp.ones_like(A_prev[:1])])


def _second_moment(M: Array, mean: Mean) -> Array:
    """Σⱼ wⱼ M[:, j] M[:, j]ᵀ / Σⱼ wⱼ."""
    return product(weigh(M, mean), M.T, record_dtype(M.dtype)) / mean.total
