"""Autodiff's answers: gradients, cotangents and slopes. Nothing else here asks it.

A zero probe is added to each Z; the derivative of J with respect to a probe is the
cotangent dZ there, whatever the hand-derived equations say.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn.network import Network
from jaxdnn.parameters import Parameters
from jaxdnn.verification.elementwise import change_of, elementwise
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.problem import Arrays, Oracle, Problem, cost
from jaxdnn.verification.units import RESOLUTION, Columns, Values

# It moves Z = 0 off a kink; no other Z feels it.
NUDGE = 1e-300


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


def lone_norms(network: Network, problem: Problem, columns: Columns) -> Values:
    """The norms of these examples' ∇ℓ_j, unweighted, each of a gradient of its own."""
    spend(FORWARD + BACKWARD, len(columns) / problem.m)
    arrays = problem.X, problem.Y, *problem.keep
    examples = tuple(array.T[columns] for array in arrays)
    return np.asarray(_lone_norms(network, problem.params, examples))


def _no_probes(network: Network, problem: Problem) -> tuple[Values, ...]:
    return tuple(np.zeros((n, problem.m)) for n in network.layer_dims[1:])


def _by_example(oracle: Oracle, problem: Problem) -> Oracle:
    oracle = jax.tree.map(np.asarray, oracle)
    return oracle._replace(cotangents=tuple(problem.m * dZ for dZ in oracle.cotangents))


def _answer(
    network: Network, params: Parameters, problem: Problem, probes: Arrays
) -> Oracle:
    differentiate = jax.value_and_grad(cost, argnums=(1, 2), has_aux=True)
    (J, (Z, A)), (grads, cotangents) = differentiate(network, params, probes, problem)
    return Oracle(J, grads, Z, A, cotangents)


@compiled(static_argnums=0)
def _consult(network: Network, problem: Problem, probes: Arrays) -> Oracle:
    return _answer(network, problem.params, problem, probes)


@compiled(static_argnums=0)
def _consult_along(
    network: Network, problem: Problem, probes: Arrays, v: Parameters
) -> Oracle:
    answer = partial(_answer, network, problem=problem, probes=probes)
    return jax.jvp(answer, (problem.params,), (v,))[1]


@compiled(static_argnums=0)
def _lone_norms(network: Network, params: Parameters, examples: Arrays) -> Array:
    probes = tuple(jnp.zeros((n, 1)) for n in network.layer_dims[1:])

    def norm(example: Arrays) -> Array:
        X, Y, *keep = (row[:, None] for row in example)
        arrays: Any = params, X, Y, 0.0, tuple(keep), np.ones(1)
        alone = Problem(*arrays)
        grads = _answer(network, params, alone, probes).grads
        return jnp.sqrt(sum(jnp.square(leaf).sum() for leaf in jax.tree.leaves(grads)))

    return jax.lax.map(norm, examples)


class Slope(NamedTuple):
    """g'(Z) and its error e(g') (n, m), and |g'(0)|."""

    value: Values
    error: Values
    at_zero: float

    @property
    def steepest(self) -> Values:
        """The largest |g'| that rounding leaves possible."""
        return abs(self.value) + RESOLUTION * (self.error + self.formula)

    @property
    def formula(self) -> Values:
        """The size of the terms that a formula for g' adds up."""
        return abs(self.value) + self.at_zero


def autodiff_slope(g: Callable[[Array], Array], Z: Values, eZ: Values) -> Slope:
    """g' over the intervals Z ± K u e(Z)."""
    value, error, at_zero, _ = elementwise(_slope_and_change(g), Z, RESOLUTION * eZ)
    return Slope(value, error / RESOLUTION, abs(float(at_zero)))


@cache
def slope_of(g: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """g', of a g that works element by element."""
    return lambda Z: jax.jvp(g, (Z,), (jnp.ones_like(Z),))[1]


@cache
def _slope_and_change(g: Callable[[Array], Array]) -> Callable[..., Any]:
    slope = slope_of(g)
    return lambda Z, spread: (slope(Z), change_of(slope)(Z, spread))


def gradient_of(values: Callable[[Any, Any], list[Any]]) -> Callable[[Any, Any], Any]:
    """The gradient of Σ ȳ y with respect to x, a list of arrays.

    values: (x, data) -> the outputs y; of the answer: (x, (data, the cotangents ȳ)).
    """

    def weighed(x: Any, rest: Any) -> Array:
        data, cotangents = rest
        pairs = zip(cotangents, values(x, data), strict=True)
        return sum(
            ((c * jnp.asarray(y, float)).sum() for c, y in pairs), jnp.zeros((), float)
        )

    return jax.grad(weighed)
