"""The empirical Fisher matrix's diagonal: the mean of the gradients' squares.

    Σⱼ wⱼ (∂ℓⱼ/∂W_l)² / Σⱼ wⱼ = (dZ_l² diag(w) (A_{l-1}²)ᵀ) / Σⱼ wⱼ

A square of an outer product is the outer product of the squares: the contractions that
the gradient takes, once more, on squared columns.
"""

import jax.numpy as jnp
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.linear import mean_contract
from jaxdnn.objective import weigh
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.per_example.columns import columns_of
from jaxdnn.sharding import record_dtype


@public
def fisher_diagonal(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Parameters:
    """The mean of the squares of the examples' gradients, parameter by parameter.

        Σⱼ wⱼ (∂ℓⱼ/∂W_l)² / Σⱼ wⱼ          Σⱼ wⱼ (∂ℓⱼ/∂b_l)² / Σⱼ wⱼ

    The diagonal of the empirical Fisher matrix: of the targets Y as they are. Fisher's
    own expects them as the network predicts them; where it fits, the two are close.
    L2 is left out.

    Args:
      network, params, X, Y, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      A Layer for each layer, shaped like params, in float32 or wider.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    References:
      Amari (1998), Neural Computation 10; Kunstner, Balles & Hennig (2019), NeurIPS.

    Example:
      >>> params = (Layer(jnp.zeros((1, 1)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[0.0, 2.0]]), jnp.ones((1, 2))
      >>> [layer] = fisher_diagonal(Network((1, 1)), params, X, Y)
      >>> layer.W.tolist(), layer.b.tolist()
      ([[0.5]], [[0.25]])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight)
    return answer(_fisher_diagonal, network, problem)


@compiled(static_argnums=0)
def _fisher_diagonal(network: Network, problem: Problem) -> Parameters:
    mean = problem.mean
    pairs = columns_of(network, problem._replace(sample_weight=None))
    squares = [(_squares(dZ), _squares(A_prev)) for dZ, A_prev in pairs]
    return tuple(
        Layer(*mean_contract(weigh(dZ2, mean), A2, mean.total)) for dZ2, A2 in squares
    )


def _squares(M: Array) -> Array:
    """In the dtype of records: half precision has no room for squares."""
    return jnp.square(M.astype(record_dtype(M.dtype)))
