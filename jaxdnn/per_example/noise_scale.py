"""How many examples a step is worth: the noise of a gradient beside its length.

With G the gradient's expectation and Σ the covariance of one example's,

    B = tr Σ / ||G||²

is the batch size at which a mean gradient is noise and signal in equal parts. Neither
is known; with ĝ the mean over m examples and s the mean of their ||g_j||²,

    E s = ||G||² + tr Σ                   E ||ĝ||² = ||G||² + tr Σ / m

give both without bias, each over 1 - 1/m, which cancels in B. Where weights differ,
Σⱼ wⱼ² / (Σⱼ wⱼ)² stands for 1 / m.
"""

import jax.numpy as jnp
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import BadValueError, public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.objective import mean_loss, weigh
from jaxdnn.parameters import Parameters
from jaxdnn.per_example.columns import columns_of, of_order_one
from jaxdnn.per_example.norms import squared_norm_of_sum, squared_norms


@public
def gradient_noise_scale(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Array:
    """The simple noise scale B = tr Σ / ||G||²: batches far below it are mostly noise.

        B = (s - ||ĝ||²) / (||ĝ||² - s / m)

    s is the mean of the examples' ||g_j||², ĝ their mean gradient, L2 left out.

    Args:
      network, params, X, Y, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      (), inf where these examples do not tell G from 0: ||ĝ||² <= s / m, as where all
      but one weigh nothing.

    Raises:
      ValueError: a single example; shapes disagree, or a value that is not traced is
        out of its range.

    References:
      McCandlish et al. (2018), arXiv:1812.06162, appendix A.

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 1)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[0.0, 2.0]]), jnp.ones((1, 2))
      >>> float(gradient_noise_scale(Network((1, 1)), params, X, Y))
      2.0
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight)
    if problem.X.shape[1] < 2:
        raise BadValueError("X must have at least two examples, got 1")
    return answer(_noise_scale, network, problem)


@compiled(static_argnums=0)
def _noise_scale(network: Network, problem: Problem) -> Array:
    mean = problem.mean
    pairs = of_order_one(columns_of(network, problem._replace(sample_weight=None)))
    weighed = tuple((weigh(dZ, mean), A_prev) for dZ, A_prev in pairs)
    square = mean_loss(squared_norms(pairs), mean)
    square_of_mean = squared_norm_of_sum(weighed, mean.total)
    weights = weigh(jnp.ones_like(problem.Y[0], square.dtype), mean)
    share = jnp.square(weights / mean.total).sum()
    # Rounded, what is nothing may come out below it.
    spread = jnp.maximum(square - square_of_mean, 0)
    signal = square_of_mean - share * square
    # NaN is no answer to either question, and stays NaN.
    unknown = (signal <= 0) | (share >= 1)
    return jnp.where(unknown, jnp.inf, spread / jnp.where(unknown, 1, signal))
