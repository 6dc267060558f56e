"""G v, the Gauss-Newton matrix of the cost times a vector.

The Hessian of ℓ(ZL(θ)) is Jᵀ H J, J = ∂ZL/∂θ and H the loss' Hessian in the logits,
plus what the network's own bends add. G leaves that out:

    G v = Σⱼ wⱼ Jⱼᵀ Hⱼ Jⱼ v / Σⱼ wⱼ + δ V

A canonical head's H is its output's Jacobian, so J v and H J v are RZL and RAL of
`tangents`, and Jᵀ is the ordinary backward from dZL = w RAL. G is positive
semidefinite, and of sigmoid, softmax and exp heads it is Fisher's information matrix.

References:
  Schraudolph (2002), Neural Computation 14; Martens (2020), JMLR 21.
"""

from functools import partial

from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer, check_head_bends
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.curvature.tangents import (
    admitted_vector,
    place_of,
    push_vector,
)
from jaxdnn.linear import mean_contract
from jaxdnn.parameters import Parameters
from jaxdnn.propagation import decayed, sweep


@public
def gauss_newton_vector_product(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    vector: Parameters,
    *,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Parameters:
    """The Gauss-Newton matrix of `cost` times a vector; Fisher's, for its heads.

        G v = Σⱼ wⱼ Jⱼᵀ Hⱼ Jⱼ v / Σⱼ wⱼ + δ V        J = ∂ZL/∂θ, H = ∂AL/∂ZL

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight: as for `cost`.
      vector: shaped like params.

    Returns:
      G v: a Layer for each layer, shaped like params.

    Raises:
      ValueError: shapes disagree, a value that is not traced is out of its range, a
        Head without `output_backward`.

    References:
      Schraudolph (2002), Neural Computation 14; Martens (2020), JMLR 21.

    Example:
      >>> import jax.numpy as jnp
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 1)), jnp.zeros((1, 1))),)
      >>> vector = (Layer(jnp.ones((1, 1)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[2.0]]), jnp.ones((1, 1))
      >>> [product] = gauss_newton_vector_product(Network((1, 1)), params, X, Y, vector)
      >>> product.W.tolist(), product.b.tolist()
      ([[1.0]], [[0.5]])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight, l2)
    vector = admitted_vector(network, problem.params, vector)
    check_head_bends(network)
    return answer(_gauss_newton_vector_product, network, problem, vector)


@compiled(static_argnums=0)
def _gauss_newton_vector_product(
    network: Network, problem: Problem, vector: Parameters
) -> Parameters:
    mean, place = problem.mean, place_of(network, problem)
    RdZL = push_vector(network, problem, place, vector).RdZL
    read = partial(mean_contract, total=mean.total)
    grads = sweep(network, problem.params, place.caches, RdZL, read)
    return decayed(vector, grads, mean.decay)
