"""Autodiff's answer: the gradient, and the cotangent at every Z.

A zero probe is added to each Z; the derivative of J with respect to a probe is the
cotangent dZ there, whatever the hand-derived equations say.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array

from jaxdnn.linear import linear_forward
from jaxdnn.network import Network
from jaxdnn.objective import Mean, l2_cost, mean_loss
from jaxdnn.parameters import Parameters
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.problem import Problem, Values

Arrays = tuple[Array, ...]

# It moves Z = 0 off a kink; no other Z feels it.
NUDGE = 1e-300


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


def consult(network: Network, problem: Problem, *, nudge: float = 0.0) -> Oracle:
    """The oracle's answer, in NumPy arrays.

    nudge, NUDGE or -NUDGE, takes g' at exactly Z = 0 from that side of a kink.
    """
    probes = _no_probes(network, problem)
    spend(FORWARD + BACKWARD)
    oracle = _consult(network, problem, probes)
    if nudge:
        spend(FORWARD + BACKWARD)
        probes = tuple(np.where(np.asarray(Z) == 0, nudge, 0.0) for Z in oracle.Z)
        oracle = _consult(network, problem, probes)
    return _by_example(oracle, problem)


def consult_along(network: Network, problem: Problem, v: Parameters) -> Oracle:
    """How fast the answer moves along v: H v is its `grads`."""
    probes = _no_probes(network, problem)
    spend(2 * (FORWARD + BACKWARD))
    return _by_example(_consult_along(network, problem, probes, v), problem)


def _no_probes(network: Network, problem: Problem) -> tuple[Values, ...]:
    m = problem.X.shape[1]
    return tuple(np.zeros((n, m)) for n in network.layer_dims[1:])


def _by_example(oracle: Oracle, problem: Problem) -> Oracle:
    oracle, m = jax.tree.map(np.asarray, oracle), problem.X.shape[1]
    return oracle._replace(cotangents=tuple(m * dZ for dZ in oracle.cotangents))


def _cost(
    network: Network, params: Parameters, probes: Arrays, problem: Problem
) -> tuple[Array, tuple[Arrays, Arrays]]:
    """J, every Z and every A, with probes[l - 1] added to Z_l."""
    A_prev: Any = problem.X
    Zs: Arrays = ()
    As: Arrays = ()
    functions = [g.forward for g in network.activations] + [network.head.output]
    for (W, b), probe, g, keep in zip(
        params, probes, functions, (*problem.keep, 1.0), strict=True
    ):
        Z = linear_forward(A_prev, W, b)[0] + probe
        A = g(Z)
        A_prev = A * keep
        Zs, As = (*Zs, Z), (*As, A)
    losses = network.head.losses(Zs[-1], problem.Y)  # pyright: ignore[reportGeneralTypeIssues]
    J = mean_loss(losses, Mean(problem.weights, problem.weights.size))
    return J + l2_cost([W for W, _ in params], problem.decay), (Zs, As)


def _answer(
    network: Network, params: Parameters, problem: Problem, probes: Arrays
) -> Oracle:
    differentiate = jax.value_and_grad(_cost, argnums=(1, 2), has_aux=True)
    (J, (Z, A)), (grads, cotangents) = differentiate(network, params, probes, problem)
    return Oracle(J, grads, Z, A, cotangents)


@partial(jax.jit, static_argnums=0)
def _consult(network: Network, problem: Problem, probes: Arrays) -> Oracle:
    return _answer(network, problem.params, problem, probes)


@partial(jax.jit, static_argnums=0)
def _consult_along(
    network: Network, problem: Problem, probes: Arrays, v: Parameters
) -> Oracle:
    answer = partial(_answer, network, problem=problem, probes=probes)
    return jax.jvp(answer, (problem.params,), (v,))[1]
