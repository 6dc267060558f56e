"""H v, the Hessian of the cost times a vector: R, forward and backward.

R of each line of the backward pass, with what `tangents` pushed forward:

    dZL = w (AL - Y)              RdZL = w RAL
    dA_l = W_{l+1}ᵀ dZ_{l+1}      RdA_l = V_{l+1}ᵀ dZ_{l+1} + W_{l+1}ᵀ RdZ_{l+1}
    dZ_l = dA_l * g_l'(Z_l)       RdZ_l = RdA_l * g_l'(Z_l) + dA_l * g_l''(Z_l) * RZ_l

and of the gradient, Σ for Σⱼ wⱼ,

    dW_l = dZ_l A_{l-1}ᵀ / Σ + δ W_l
    RdW_l = (RdZ_l A_{l-1}ᵀ + dZ_l RA_{l-1}ᵀ) / Σ + δ V_l         Rdb_l = RdZ_l 1 / Σ

Since H v is R of the gradient, these are H v: for the price of two gradients, and
exact, where a difference of gradients would lose half the digits.

References:
  Pearlmutter (1994), Neural Computation 6.
"""

from typing import Any

from jax import Array

from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer, check_head_bends
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.curvature.tangents import (
    Place,
    admitted_vector,
    check_activations_bend,
    masked,
    place_of,
    push_vector,
    seen,
)
from jaxdnn.linear import mean_contract, pull
from jaxdnn.parameters import Parameters
from jaxdnn.propagation import decayed


@public
def hessian_vector_product(
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
    """The Hessian of `cost` times a vector, for the price of two gradients.

        H v = R{∇J},   R{f(θ)} = d/dε f(θ + ε v) at ε = 0

    The equations, line by line, are in `curvature.tangents` and `curvature.hessian`.

    A kink of relu, leaky_relu or elu adds nothing: H is that of the pieces beside it.

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight: as for `cost`.
      vector: shaped like params.

    Returns:
      H v: a Layer for each layer, shaped like params.

    Raises:
      ValueError: shapes disagree, a value that is not traced is out of its range, an
        Activation without `second` or a Head without `output_backward`.

    References:
      Pearlmutter (1994), Neural Computation 6.

    Example:
      >>> import jax.numpy as jnp
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 1)), jnp.zeros((1, 1))),)
      >>> vector = (Layer(jnp.ones((1, 1)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[2.0]]), jnp.ones((1, 1))
      >>> [product] = hessian_vector_product(Network((1, 1)), params, X, Y, vector)
      >>> product.W.tolist(), product.b.tolist()
      ([[1.0]], [[0.5]])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight, l2)
    vector = admitted_vector(network, problem.params, vector)
    check_activations_bend(network)
    check_head_bends(network)
    return answer(_hessian_vector_product, network, problem, vector)


@compiled(static_argnums=0)
def _hessian_vector_product(
    network: Network, problem: Problem, vector: Parameters
) -> Parameters:
    return hessian_times(network, problem, place_of(network, problem), vector)


def hessian_times(
    network: Network, problem: Problem, place: Place, vector: Parameters
) -> Parameters:
    """H v at a place whose forward pass is done."""
    caches, mean = place.caches, problem.mean
    RA, RZ, RdZ = push_vector(network, problem, place, vector)
    dZ = place.dZL
    grads: list[tuple[Array, Array]] = []
    for l in reversed(range(len(caches))):
        grads.insert(0, _moved(dZ, RdZ, caches[l].A_prev, RA[l], mean.total))
        if l == 0:
            break
        (W, _), (V, _) = problem.params[l], vector[l]
        dA = masked(caches, l - 1, pull(dZ, W))
        RdA = masked(caches, l - 1, pull(dZ, V) + pull(RdZ, W))
        g, cache = network.activations[l - 1], seen(caches, l - 1)
        second: Any = g.second
        dZ = g.backward(dA, cache)
        RdZ = g.backward(RdA, cache) + second(dA * RZ[l - 1], cache)
    return decayed(vector, grads, mean.decay)


def _moved(
    dZ: Array, RdZ: Array, A_prev: Array, RA_prev: Array | None, total: Scalar
) -> tuple[Array, Array]:
    """RdW_l and Rdb_l, without L2's share."""
    RdW, Rdb = mean_contract(RdZ, A_prev, total)
    if RA_prev is None:
        return RdW, Rdb
    return RdW + mean_contract(dZ, RA_prev, total)[0], Rdb
