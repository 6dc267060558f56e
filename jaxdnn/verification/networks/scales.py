"""Stage 1's ruler: S, each coordinate's own rounding scale, by root-sum-square.

Write e(q)² for the mean square of q's rounding error in units of the unit roundoff u.
Errors of different operations are taken as independent, so squares add, and every
result rounds once more. With c(n), `sum_growth`, for a sum of n
terms, n as long as n <= 2 K:

    e(Z)²  = W² (e(A_prev)² + c(n) A_prev²) + Z² + b²
    e(A)²  = g'(Z)² e(Z)² + A²
    e(dA)² = W²ᵀ (e(dZ)² + c(n) dZ²) + dA²
    e(dZ)² = g'(Z)² e(dA)² + dA² (e(g')² + (|g'(Z)| + |g'(0)|)²)
    S(dW)² = [(e(dZ)² + dZ²) A_prev²ᵀ + dZ² e(A_prev)²ᵀ] c(m) / m² + (λ W / m)²
    S(db)² = Σ (e(dZ)² + dZ²) c(m) / m²
    S(‖g‖)² = Σ_l (Σ (e(dZ)² + dZ²)) (Σ A_prev² + 1) + (Σ dZ²) (Σ e(A_prev)²)

the last of each column alone: a norm is off by the norm of what its entries are off by.
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

For H v, the gradient's own derivative along v, every q has a rate q̇ beside it, and its
rounding error a rate too. A product's is q̇ r + q ṙ, so squares again add by the product
rule, (q² + ε q̇²)(r² + ε ṙ²) with ε² = 0: the recursion is the same one on `Pair`s.

References:
  Higham & Mary (2019), SIAM J. Sci. Comput. 41 (probabilistic rounding analysis).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxdnn.network import Network
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.verification.derivatives.autodiff import Slope, autodiff_slope, slope_of
from jaxdnn.verification.elementwise import change_of, elementwise
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.problem import Oracle, Problem
from jaxdnn.verification.units import (
    RESOLUTION,
    TINY,
    UNIT_ROUNDOFF,
    Values,
    sum_growth,
)


class Scales(NamedTuple):
    """S of every layer's (dW, db), of each ‖g_j‖ (m,), of J (); every hidden g'."""

    S: tuple[Layer, ...]
    norms: Values
    J: Values
    slopes: tuple[Slope, ...]


def rounding_scales(network: Network, problem: Problem, oracle: Oracle) -> Scales:
    """S for every coordinate of the gradient, with the slopes it went through."""
    Y, m, w2 = problem.Y, problem.m, problem.weights**2
    ZL, AL, last = oracle.Z[-1], oracle.A[-1], oracle.cotangents[-1]
    slopes: list[Slope] = []
    terms = 0.0
    # The recursion is linear in the cotangents: in their own unit no square overflows.
    unit = _power_of_two(max(abs(a).max() for a in (last, AL, Y)))

    def slope(l: int, eZ2: Values) -> Blurred:
        g = autodiff_slope(network.activations[l].forward, oracle.Z[l], np.sqrt(eZ2))
        slopes.append(g)
        blur2 = g.error**2 + g.formula**2
        return Blurred(g.steepest**2, blur2, oracle.A[l] ** 2)

    def output(eZ2: Values) -> Values:
        nonlocal terms
        # J as a sum of terms: the losses and their parts Y ZL that may cancel.
        terms = ((((abs(Y * ZL) + AL) / unit) ** 2).sum(axis=0) * w2).sum()
        terms += ((last / unit) ** 2 * eZ2).sum()
        error = _output_error(network, ZL, AL, np.sqrt(eZ2))
        return w2 * sum((a / unit) ** 2 for a in (error, AL, Y))

    def read(name: str, l: int) -> Values:
        value = _read(problem, oracle, name, l)
        return (value / unit if name in BACKWARD_ONLY else value) ** 2

    with np.errstate(all="ignore"):
        S, norms2 = _recursion(problem, read, slope, output)
        penalty = problem.decay * sum((W**2).sum() for W, _ in problem.params)
        J2 = sum_growth(m) * terms / m**2
        J2 += sum((a / unit) ** 2 for a in (oracle.J, penalty))
        return Scales(
            tuple(Layer(*(unit * _root(S2) for S2 in layer)) for layer in S),
            unit * _root(norms2),
            unit * _root(J2),
            tuple(slopes),
        )


def product_scales(
    network: Network,
    problem: Problem,
    oracle: Oracle,
    slopes: Sequence[Slope],
    v: Parameters,
    rates: Oracle,
) -> tuple[Layer, ...]:
    """S for every coordinate of H v; rates: how fast the oracle's answer moves."""
    w2, (ZL, AL, rate) = problem.weights**2, (oracle.Z[-1], oracle.A[-1], rates.Z[-1])

    def read(name: str, l: int) -> Pair:
        moved = _read_rate(problem, oracle, v, rates, name, l)
        return Pair(_read(problem, oracle, name, l) ** 2, moved**2)

    def slope(l: int, eZ2: Pair) -> Blurred:
        g, Z, Z2 = network.activations[l].forward, oracle.Z[l], rates.Z[l] ** 2
        first, second = slopes[l], autodiff_slope(slope_of(g), Z, np.sqrt(eZ2.value))
        # A formula for g'' cancels from terms as large as those of g'.
        formula = abs(second.value) + second.at_zero + 2 * first.at_zero
        first2 = first.error**2 + first.formula**2
        second2 = second.value**2 * eZ2.rate + Z2 * (second.error**2 + formula**2)
        return Blurred(
            Pair(first.steepest**2, second.steepest**2 * Z2),
            Pair(first2, second2),
            Pair(oracle.A[l] ** 2, rates.A[l] ** 2 + first2 * Z2),
        )

    def output(eZ2: Pair) -> Pair:
        e = np.sqrt(eZ2.value)
        e2 = _output_error(network, ZL, AL, e) ** 2
        if not network.head.elementwise:
            centred = rate - (AL * rate).sum(axis=0)
            mean2 = AL**2 * (eZ2.rate + sum_growth(len(AL)) * rate**2) + rate**2 * e2
            spread2 = eZ2.rate + rate**2 + mean2.sum(axis=0)
            moved2 = e2 * centred**2 + AL**2 * (spread2 + centred**2)
        else:
            g = autodiff_slope(network.head.output, ZL, e)
            moved2 = g.value**2 * eZ2.rate + rate**2 * (g.error**2 + g.formula**2)
        first = w2 * (e2 + AL**2 + problem.Y**2)
        return Pair(first, w2 * (moved2 + rates.A[-1] ** 2))

    with np.errstate(all="ignore"):
        S, _ = _recursion(problem, read, slope, output)
        return tuple(Layer(*(_root(S2.rate) for S2 in layer)) for layer in S)


class Pair:
    """q² and q̇²: a square, and that of its rate."""

    __array_ufunc__ = None

    def __init__(self, value: Values, rate: Values):
        self.value, self.rate = value, rate

    @classmethod
    def of(cls, other: Any) -> "Pair":
        """Itself, or a constant beside a rate of 0."""
        return other if isinstance(other, Pair) else cls(other, 0.0 * other)

    @property
    def T(self) -> "Pair":
        """Both transposed."""
        return Pair(self.value.T, self.rate.T)

    def sum(self, **options: Any) -> "Pair":
        """Both sums."""
        return Pair(self.value.sum(**options), self.rate.sum(**options))

    def __len__(self) -> int:
        return len(self.value)

    def __add__(self, other: Any) -> "Pair":
        other = Pair.of(other)
        return Pair(self.value + other.value, self.rate + other.rate)

    def __mul__(self, other: Any) -> "Pair":
        other = Pair.of(other)
        rate = self.value * other.rate + self.rate * other.value
        return Pair(self.value * other.value, rate)

    __rmul__ = __mul__

    def __matmul__(self, other: "Pair") -> "Pair":
        rate = self.value @ other.rate + self.rate @ other.value
        return Pair(self.value @ other.value, rate)


# What `_read` reads that the cotangents are a factor of.
BACKWARD_ONLY = frozenset({"dZ", "dA", "decay"})


class Blurred(NamedTuple):
    """Squared: how steep g may be, the errors of g' and of g; arrays or Pairs."""

    steepest2: Any
    error2: Any
    rounded2: Any


def _read(problem: Problem, oracle: Oracle, name: str, l: int) -> Any:
    """W, b, Z, dZ of layer l; A, what it is fed; dA after the mask; the L2 term."""
    params, keep, dZ = problem.params, problem.keep, oracle.cotangents
    if name == "A":
        return keep[l - 1] * oracle.A[l - 1] if l else problem.X
    if name == "dA":
        return keep[l] * (params[l + 1].W.T @ dZ[l + 1])
    if name == "decay":
        return problem.decay * params[l].W if problem.decay else problem.decay
    return {"W": params[l].W, "b": params[l].b, "Z": oracle.Z[l], "dZ": dZ[l]}[name]


def _read_rate(
    problem: Problem, oracle: Oracle, v: Parameters, rates: Oracle, name: str, l: int
) -> Values:
    """The rate along v of what `_read` reads."""
    moved = problem._replace(params=v, X=np.zeros_like(problem.X))
    if name == "dA":
        return _read(moved, oracle, name, l) + _read(problem, rates, name, l)
    return _read(moved, rates, name, l)


def _recursion(
    problem: Problem,
    read: Callable[[str, int], Any],
    slope: Callable[[int, Any], Blurred],
    output: Callable[[Any], Any],
) -> tuple[list[tuple[Any, Any]], Any]:
    """S(dW)² and S(db)² of each layer, S(‖g‖)², from squares or from Pairs of them.

    Args:
      read: name, layer -> the square of that array.
      slope: layer, e(Z)² -> g there.
      output: e(ZL)² -> e(dZL)².
    """
    L, m = len(problem.params), problem.m
    spend(FORWARD + BACKWARD)
    keep2 = [keep**2 for keep in problem.keep]
    slopes: list[Blurred] = []
    entering: list[Any] = [0 * read("A", 0)]
    eZ2: Any = 0.0
    for l in range(L):
        A2 = read("A", l)
        fed = entering[l] + sum_growth(len(problem.params[l].W[0])) * A2
        eZ2 = read("W", l) @ fed + read("Z", l) + read("b", l)
        if l < L - 1:
            slopes.append(slope(l, eZ2))
            g = slopes[l]
            entering.append(keep2[l] * (g.steepest2 * eZ2 + g.rounded2))
    e2, S, norms2 = output(eZ2), list[tuple[Any, Any]](), 0.0
    for l in reversed(range(L)):
        dZ2, A2 = read("dZ", l), read("A", l)
        known2 = e2 + dZ2
        norms2 = known2.sum(axis=0) * (A2.sum(axis=0) + 1.0) + norms2
        norms2 += dZ2.sum(axis=0) * entering[l].sum(axis=0)
        total = known2 * (sum_growth(m) / m**2)
        S_W2 = total @ A2.T
        # In place, where they are arrays: these are as large as W.
        S_W2 += (dZ2 * (sum_growth(m) / m**2)) @ entering[l].T
        S_W2 += read("decay", l)
        S.insert(0, (S_W2, total.sum(axis=1, keepdims=True)))
        if l > 0:
            dA2 = read("dA", l - 1)
            edA2 = read("W", l).T @ (e2 + sum_growth(len(dZ2)) * dZ2)
            g = slopes[l - 1]
            e2 = g.steepest2 * (keep2[l - 1] * edA2 + dA2) + dA2 * g.error2
    return S, norms2


def _output_error(network: Network, ZL: Values, AL: Values, e: Values) -> Values:
    """e(AL)."""
    if not network.head.elementwise:
        return _softmax_error(AL, e)
    change, _ = elementwise(change_of(network.head.output), ZL, RESOLUTION * e)
    return change / RESOLUTION


def _power_of_two(size: float) -> float:
    """The power of two below a size, so that a division by it rounds nothing."""
    return 2.0 ** np.floor(np.log2(size)) if 1 < size < np.inf else 1.0


def _root(S2: Any) -> Any:
    """S, never 0; infinite where its square overflowed: nothing can be told there.

    In place: it may be as large as W.
    """
    S = np.asarray(S2)
    S += TINY
    np.sqrt(S, out=S)
    S[np.isnan(S)] = np.inf
    return S


def _softmax_error(A: Values, e: Values) -> Values:
    """e(A) of A = softmax(Z): a_k moves as s(logit a_k + r), r up to 2 max K u e(Z)."""
    r = np.expm1(np.minimum(2 * RESOLUTION * e.max(axis=0, keepdims=True), 500))
    rest = np.maximum(1 - A, UNIT_ROUNDOFF)
    return np.maximum(A, TINY) * rest * r / (1 + A * r) / RESOLUTION
