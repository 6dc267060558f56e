"""How a forward pass moves when the parameters move: Pearlmutter's R, forward.

R{f} is the derivative of f along the vector (V_1, v_1, ..., V_L, v_L), at the
parameters: it is linear, and obeys the product and the chain rule. Of each line of the
forward pass, with RA_0 = 0 because X does not move:

    Z_l = W_l A_{l-1} + b_l          RZ_l = V_l A_{l-1} + v_l + W_l RA_{l-1}
    A_l = g_l(Z_l)                   RA_l = g_l'(Z_l) * RZ_l
    AL = output(ZL)                  RAL  = (∂AL/∂ZL) RZL

Dropout's masks stay: R{A * D / keep_prob} = RA * D / keep_prob. And g' is diagonal, so
an activation's backward, dA -> dA * g'(Z), pushes a tangent as it pulls a cotangent.

References:
  Pearlmutter (1994), Neural Computation 6.
"""

from typing import Any, NamedTuple

import jax
from jax import Array

from jaxdnn._refusals import BadValueError, within
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem
from jaxdnn.arrays import on_device
from jaxdnn.blocks import Caches
from jaxdnn.dropout import undrop
from jaxdnn.linear import push
from jaxdnn.objective import loss_backward, weigh
from jaxdnn.parameters import Parameters, admitted_parameters
from jaxdnn.propagation import forward
from jaxdnn.sharding import lying_as, product


class Place(NamedTuple):
    """Where derivatives of second order are taken: a forward pass and dZL = AL - Y.

    dZL has the examples' weights.
    """

    ZL: Array
    caches: Caches
    dZL: Array


class Tangents(NamedTuple):
    """RA_{l-1} (None for RX = 0) and RZ_l, l = 1, ..., L; and weights times RAL."""

    RA: list[Array | None]
    RZ: list[Array]
    RdZL: Array


def place_of(network: Network, problem: Problem) -> Place:
    """The forward pass of a problem."""
    params, X, Y, *_, dropout = problem
    ZL, caches = forward(network, params, X, dropout)
    dZL = loss_backward(caches[-1].activation, Y, problem.mean)
    return Place(ZL, caches, dZL)


def push_vector(
    network: Network, problem: Problem, place: Place, vector: Parameters
) -> Tangents:
    """The tangents of every layer, along the vector."""
    caches = place.caches
    RA: list[Array | None] = [None]
    RZ: list[Array] = []
    for l, ((W, _), (V, v)) in enumerate(zip(problem.params, vector, strict=True)):
        below = RA[l]
        RZ_l = push(caches[l].A_prev, V, v)
        RZ.append(RZ_l if below is None else RZ_l + product(W, below))
        if l < len(caches) - 1:
            g, cache = network.activations[l], seen(caches, l)
            # The vector need not lie as the parameters do.
            RZ[l] = lying_as(RZ[l], cache)
            RA.append(masked(caches, l, g.backward(RZ[l], cache)))
    bend: Any = network.head.output_backward
    RAL = bend(RZ[-1], place.ZL, caches[-1].activation)
    return Tangents(RA, RZ, weigh(RAL, problem.mean))


def masked(caches: Caches, l: int, M: Array) -> Array:
    """A tangent or a cotangent of A_{l+1}, through its dropout."""
    M, dropout = lying_as(M, seen(caches, l)), caches[l].dropout
    return M if dropout is None else undrop(M, dropout)


def seen(caches: Caches, l: int) -> Array:
    """What the backward of A_{l+1} reads: Z_{l+1}, or A_{l+1} itself."""
    own = caches[l].activation
    return caches[l + 1].A_prev if own is None else own


def admitted_vector(
    network: Network, params: Parameters, vector: Parameters
) -> Parameters:
    """A vector of the parameters' shapes, in their dtypes."""
    with within("vector"):
        layers = admitted_parameters(vector, network.layer_dims)
    return jax.tree.map(_in_dtype_of, on_device(layers), params)


def _in_dtype_of(V: Array, W: Array) -> Array:
    return V if V.dtype == W.dtype else V.astype(W.dtype)


def check_activations_bend(network: Network) -> None:
    """Refuse an activation of one's own that does not say how its slope moves."""
    for g in network.activations:
        if g.second is None:
            raise BadValueError(
                f"activation {g.name!r} must have a second, (dA, cache) -> dA * g''(Z)"
            )
