"""Stage 1's ruler: S, each coordinate's own rounding scale, by root-sum-square.

Write e(q)² for the mean square of q's rounding error in units of the unit roundoff u.
Errors of different operations are taken as independent, so squares add, and every
result rounds once more. With c(n) for a sum of n terms, n as long as n <= 2 K:

    e(Z)²  = W² (e(A_prev)² + c(n) A_prev²) + Z² + b²
    e(A)²  = g'(Z)² e(Z)² + A²
    e(dA)² = W²ᵀ (e(dZ)² + c(n) dZ²) + dA²
    e(dZ)² = g'(Z)² e(dA)² + dA² (e(g')² + (|g'(Z)| + |g'(0)|)²)
    S(dW)² = [(e(dZ)² + dZ²) A_prev²ᵀ + dZ² e(A_prev)²ᵀ] c(m) / m² + (λ W / m)²
    S(db)² = Σ (e(dZ)² + dZ²) c(m) / m²

The same shape as the backward pass, in NumPy. Worst-case bounds would grow like the
product of |W| and resolve nothing ten layers deep. Three places need a word:

- c(n): adding n equal terms one by one is off by n u / 2 times their sum of absolute
  values, systematically. Within one sum that worst case is granted: K u √c(n) times
  the root sum square is never less. Only across operations do errors add as squares.
- |g'(0)| stands for the terms of a slope formula before they cancel: a(1 - a) is
  computed from numbers as large as g'(0) even where it is tiny itself.
- e(g') is not a second derivative but the change of g' over the whole interval
  Z ± K u e(Z), divided by K u. At a kink inside that interval no gate can be decided,
  and S says so; at a kink outside it, however near, the gate is exact.

References:
  Higham & Mary (2019), SIAM J. Sci. Comput. 41 (probabilistic rounding analysis).
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn.activations import Activation
from jaxdnn.network import Network
from jaxdnn.parameters import Layer
from jaxdnn.verification.elementwise import elementwise
from jaxdnn.verification.oracle import Oracle
from jaxdnn.verification.problem import LIMIT, TINY, UNIT_ROUNDOFF, Problem, Values

RESOLUTION = LIMIT * UNIT_ROUNDOFF


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


class Scales(NamedTuple):
    """S: a Layer(S(dW), S(db)) for each layer; J's own (); each hidden layer's g'."""

    S: tuple[Layer, ...]
    J: Values
    slopes: tuple[Slope, ...]


def c(n: int) -> float:
    """c(n) Σ t² bounds (what adding n terms t may lose, over K u) squared.

    At worst n u / 2 Σ |t| is lost, and (Σ |t|)² <= n Σ t².
    """
    return n * max(1.0, n / (2 * LIMIT)) ** 2


def rounding_scales(network: Network, problem: Problem, oracle: Oracle) -> Scales:
    """S for every coordinate of the gradient, with the slopes it went through."""
    with np.errstate(all="ignore"):
        return _recursion(network, problem, oracle)


def _recursion(network: Network, problem: Problem, oracle: Oracle) -> Scales:
    params, Y, m = problem.params, problem.Y, problem.X.shape[1]
    A, eA2, eZ = problem.X, np.zeros_like(problem.X), np.zeros(())
    entering: list[tuple[Values, Values]] = []
    slopes: list[Slope] = []
    for l, ((W, b), Z) in enumerate(zip(params, oracle.Z, strict=True)):
        entering.append((A, eA2))
        eZ = np.sqrt(W**2 @ (eA2 + c(len(A)) * A**2) + Z**2 + b**2)
        if l < len(params) - 1:
            slopes.append(measure_slope(network.activations[l], Z, eZ))
            A, keep = oracle.A[l], problem.keep[l]
            eA2 = keep**2 * ((slopes[l].steepest * eZ) ** 2 + A**2)
            A = keep * A
    AL, ZL, last = oracle.A[-1], oracle.Z[-1], oracle.cotangents[-1]
    eAL = _softmax_error(AL, eZ)
    if network.output != "softmax":
        change, _ = elementwise(_change_of(network.head.output), ZL, RESOLUTION * eZ)
        eAL = change / RESOLUTION

    # J as a sum of terms: the losses, their parts Y ZL that may cancel, and L2's.
    terms = ((abs(Y * ZL) + AL) ** 2).sum(axis=0) * problem.weights**2
    J2 = c(m) * (terms.sum() + (last**2 * eZ**2).sum()) / m**2 + oracle.J**2
    penalty = problem.decay * sum((W**2).sum() for W, _ in params)

    e2 = problem.weights**2 * (eAL**2 + AL**2 + Y**2)
    S: list[Layer] = []
    for l in reversed(range(len(params))):
        dZ, (A_prev, eA2), W = oracle.cotangents[l], entering[l], params[l].W
        e2_sum = (e2 + dZ**2) * c(m) / m**2
        S_W2 = e2_sum @ (A_prev**2).T + dZ**2 @ eA2.T * c(m) / m**2
        S_W2 += (problem.decay * W) ** 2
        S_b2 = e2_sum.sum(axis=1, keepdims=True)
        S.insert(0, Layer(*(_root(S2) for S2 in (S_W2, S_b2))))
        if l > 0:
            keep, slope = problem.keep[l - 1], slopes[l - 1]
            dA = keep * (W.T @ dZ)
            edA2 = keep**2 * ((W**2).T @ (e2 + c(len(W)) * dZ**2)) + dA**2
            e2 = slope.steepest**2 * edA2 + dA**2 * (slope.error**2 + slope.formula**2)
    return Scales(tuple(S), _root(J2 + penalty**2), tuple(slopes))


def _root(S2: Values) -> Values:
    """S, never 0; infinite where its square overflowed: nothing can be told there."""
    return np.where(np.isnan(S2), np.inf, np.sqrt(S2 + TINY))


def measure_slope(g: Activation, Z: Values, eZ: Values) -> Slope:
    """g' over the intervals Z ± K u e(Z), by autodiff."""
    value, error, at_zero, _ = elementwise(_slope_of(g.forward), Z, RESOLUTION * eZ)
    return Slope(value, error / RESOLUTION, abs(float(at_zero)))


@cache
def _slope_of(g: Callable[[Array], Array]) -> Callable[..., Any]:
    def slope(Z: Array) -> Array:
        return jax.jvp(g, (Z,), (jnp.ones_like(Z),))[1]

    return lambda Z, spread: (slope(Z), _change_of(slope)(Z, spread))


@cache
def _change_of(f: Callable[[Array], Array]) -> Callable[..., Any]:
    """The largest change of f over Z ± spread."""

    def change(Z: Array, spread: Array) -> Array:
        there = f(Z)
        return jnp.maximum(abs(f(Z + spread) - there), abs(f(Z - spread) - there))

    return change


def _softmax_error(A: Values, e: Values) -> Values:
    """e(A) of A = softmax(Z): a_k moves as s(logit a_k + r), r up to 2 max K u e(Z)."""
    r = np.expm1(np.minimum(2 * RESOLUTION * e.max(axis=0, keepdims=True), 500))
    rest = np.maximum(1 - A, UNIT_ROUNDOFF)
    return np.maximum(A, TINY) * rest * r / (1 + A * r) / RESOLUTION
