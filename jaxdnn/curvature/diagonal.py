"""The Hessian's diagonal, one H v for each parameter: e_iᵀ H e_i."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.flatten_util import ravel_pytree

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer, check_head_bends
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.curvature.hessian import hessian_times
from jaxdnn.curvature.tangents import (
    check_activations_bend,
    place_of,
)
from jaxdnn.parameters import Parameters
from jaxdnn.sharding import whole_along

# Products at a time: their tangents take memory.
_AT_ONCE = 32


@public
def hessian_diagonal(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Parameters:
    """The second derivative of `cost` with respect to each parameter alone.

    Exact, at the price of one `hessian_vector_product` for each parameter: for some
    thousands of them. One forward serves all.

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      A Layer for each layer, shaped like params.

    Raises:
      ValueError: as for `hessian_vector_product`.

    References:
      Pearlmutter (1994), Neural Computation 6.

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 1)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[2.0]]), jnp.ones((1, 1))
      >>> [layer] = hessian_diagonal(Network((1, 1)), params, X, Y)
      >>> layer.W.tolist(), layer.b.tolist()
      ([[1.0]], [[0.25]])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight, l2)
    check_activations_bend(network)
    check_head_bends(network)
    return answer(_hessian_diagonal, network, problem)


@compiled(static_argnums=0)
def _hessian_diagonal(network: Network, problem: Problem) -> Parameters:
    whole: Any = jax.tree.map(lambda of: whole_along(of, 0, 1), problem.params)
    problem = problem._replace(params=whole)
    place = place_of(network, problem)
    flat, shaped = ravel_pytree(problem.params)
    numbers = jnp.arange(flat.size)

    def entry(i: Array) -> Array:
        here = numbers == i
        unit = shaped(here.astype(flat.dtype))
        column, _ = ravel_pytree(hessian_times(network, problem, place, unit))
        return jnp.where(here, column, 0).sum()

    return shaped(jax.lax.map(entry, numbers, batch_size=_AT_ONCE))
