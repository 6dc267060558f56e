"""How differently the examples pull."""

from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.parameters import Parameters
from jaxdnn.per_example.columns import columns_of, of_order_one
from jaxdnn.per_example.norms import squared_norm_of_sum, squared_norms


@public
def gradient_diversity(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Array:
    """Σⱼ ||g_j||² / ||Σⱼ g_j||²: 1/m where all are equal, 1 where all are orthogonal.

    m times it bounds the batch size up to which larger batches speed up descent as much
    as more steps would. g_j is the gradient of w_j ℓ_j, L2 left out.

    Args:
      network, params, X, Y, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      (), infinite where the gradients cancel, NaN where all are 0.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    References:
      Yin et al. (2018), AISTATS.

    Example:
      >>> import jax.numpy as jnp
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 1)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.ones((1, 4)), jnp.ones((1, 4))
      >>> float(gradient_diversity(Network((1, 1)), params, X, Y))
      0.25
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight)
    return answer(_diversity, network, problem)


@compiled(static_argnums=0)
def _diversity(network: Network, problem: Problem) -> Array:
    pairs = of_order_one(columns_of(network, problem))
    return squared_norms(pairs).sum() / squared_norm_of_sum(pairs)
