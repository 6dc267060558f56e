"""What is verified: one network, one batch, everything in float64 and held fixed.

Parameters and data are cast exactly (float32 is a subset of float64) and the dropout
masks are drawn once, so that every stage looks at the same differentiable function.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxdnn.network import Network
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.verification.units import Values

Arrays = tuple[Array, ...]


class Problem(NamedTuple):
    """The arrays that J is a function of; ones where nothing is dropped or weighted.

    params: (W, b) for each layer; X (n_x, m); Y (n_L, m); decay (): l2 over the total
    weight; keep: one (n_l, m) for each hidden layer, mask / keep_prob; weights (m,),
    mean one.
    """

    params: tuple[Layer, ...]
    X: Values
    Y: Values
    decay: Values
    keep: tuple[Values, ...]
    weights: Values

    @property
    def m(self) -> int:
        """The number of examples."""
        return self.X.shape[1]


class Oracle(NamedTuple):
    """J (); its gradient, as params; for each layer Z, A and its cotangent (n_l, m).

    A is g(Z) before dropout, AL in the last layer. Column j of a cotangent dZ is the
    gradient of example j's own weighted loss: m times J's.
    """

    J: Values
    grads: Parameters
    Z: tuple[Values, ...]
    A: tuple[Values, ...]
    cotangents: tuple[Values, ...]


def cost(
    network: Network, params: Parameters, probes: Arrays, problem: Problem
) -> tuple[Array, tuple[Arrays, Arrays]]:
    """J, every Z and every A, in JAX, with probes[l - 1] added to Z_l.

    J = Σⱼ wⱼ ℓⱼ / Σⱼ wⱼ + decay / 2 Σ ||W||²
    """
    A_prev: Any = problem.X
    Zs: list[Array] = []
    As: list[Array] = []
    functions = [g.forward for g in network.activations] + [network.head.output]
    for (W, b), probe, g, keep in zip(
        params, probes, functions, (*problem.keep, 1.0), strict=True
    ):
        Z = W @ A_prev + b + probe
        A = g(Z)
        A_prev = A * keep
        Zs.append(Z)
        As.append(A)
    losses = network.head.losses(Zs[-1], jnp.asarray(problem.Y))
    mean = (problem.weights * losses).sum() / problem.weights.sum()
    decay = problem.decay / 2 * sum(jnp.square(W).sum() for W, _ in params)
    return mean + decay, (tuple(Zs), tuple(As))
