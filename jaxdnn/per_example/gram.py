"""How the examples' gradients lie to each other, without any of them."""

from functools import reduce

import jax.numpy as jnp
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.parameters import Parameters
from jaxdnn.per_example.columns import columns_of
from jaxdnn.sharding import product, record_dtype


@public
def per_example_gram(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Array:
    """⟨g_i, g_j⟩ of all pairs of examples, g_j the gradient of w_j ℓ_j.

        ⟨g_i, g_j⟩ = Σ_l (dZ_lᵀ dZ_l)[i, j] ((A_{l-1}ᵀ A_{l-1})[i, j] + 1)

    Its diagonal holds the squares of `per_example_norms`; up to a head's own weights it
    is the tangent kernel of the network. L2 is left out.

    Args:
      network, params, X, Y, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      (m, m), in float32 or wider.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    References:
      Jacot, Gabriel & Hongler (2018), NeurIPS.

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 2)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[0.0, 2.0], [0.0, 2.0]]), jnp.array([[1.0, 0.0]])
      >>> per_example_gram(Network((2, 1)), params, X, Y).tolist()
      [[0.25, -0.25], [-0.25, 2.25]]
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight)
    return answer(_gram, network, problem)


@compiled(static_argnums=0)
def _gram(network: Network, problem: Problem) -> Array:
    pairs = columns_of(network, problem)
    return reduce(jnp.add, [_inner(dZ) * (_inner(A) + 1) for dZ, A in pairs])


def _inner(M: Array) -> Array:
    """MᵀM, in the dtype of records."""
    return product(M.T, M, record_dtype(M.dtype))
