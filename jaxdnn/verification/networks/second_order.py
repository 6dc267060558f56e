"""Stage 4: does the gradient follow the parameters? H v from the hand gradient itself.

A gradient can be right at one point by accident: an L2 term of a W that is kept from
before, a constant that should have been a function. Its own derivative along v is then
not H v, and not symmetric. So the backward under test is handed W + i h V and caches
that moved with it, gates and dropout masks frozen as in `complex_step`; the imaginary
part of what it returns, over h, is H v to machine precision:

    Im hand(θ + i h v) / h  =  H v  =  jvp(grad J)(θ; v)        <H v, w> = <v, H w>

An activation's own backward is asked for real numbers only, and carried on by its jvp;
all else, products, sums, masks, L2, meets the complex numbers. A backward that takes
none, or is not analytic (abs, real), is told apart from a wrong one by Ridders'
extrapolation of its real gradient, this side of the nearest kink: a complex step that
the oracle contradicts is believed only if the extrapolation does too.

The limit is K u S, S by the recursion of `scales` carried on along v.
"""

from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import pairwise
from math import prod
from typing import Any

import jax
import numpy as np
from jax import Array, lax

from jaxdnn.activations import Activation
from jaxdnn.arrays import complex_numbers
from jaxdnn.network import LayerCache
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.verification.derivatives.along import direction
from jaxdnn.verification.derivatives.autodiff import consult_along
from jaxdnn.verification.derivatives.complex_step import H
from jaxdnn.verification.derivatives.ridders import ridders
from jaxdnn.verification.names import Equation
from jaxdnn.verification.networks.evidence import Evidence
from jaxdnn.verification.networks.scales import product_scales
from jaxdnn.verification.networks.trial import Backward, Trial, forward_caches
from jaxdnn.verification.problem import Oracle
from jaxdnn.verification.report import Row
from jaxdnn.verification.units import MARGIN, RESOLUTION, Values, worst
from jaxdnn.verification.verdicts import Due, Findings, Judged, judge_leaf


@dataclass(frozen=True)
class Product:
    """H v as the hand gradient has it, and what it should be, leaf by leaf.

    why: the hand gradient's complex step was not used.
    """

    v: list[Values]
    found: list[Values]
    due: list[Due]
    why: str = ""

    @cached_property
    def judged(self) -> list[Judged]:
        """Each leaf against the oracle."""
        return list(map(judge_leaf, self.found, self.due))

    @property
    def agrees(self) -> bool:
        """Whether no entry is off by more than rounding."""
        return not any(leaf.wrong for leaf in self.judged)

    def against(self, expected: list[Values]) -> "Product":
        """The same, were these right."""
        pairs = zip(self.due, expected, strict=True)
        return replace(self, due=[due._replace(autodiff=e) for due, e in pairs])


@np.errstate(all="ignore")
def second_order(evidence: Evidence, backward: Backward, seed: int) -> Findings:
    """H v and H w, leaf by leaf, and whether H is symmetric."""
    params = evidence.problem.params
    name = getattr(backward, "__name__", "backward")
    rng = np.random.default_rng([seed, 2])
    one, other = (
        product(evidence, backward, direction_like(rng, params)) for _ in range(2)
    )
    rows: list[Row] = []
    resolution: dict[str, float] = {}
    for i, leaf in enumerate(evidence.due):
        worse = max(one, other, key=lambda each: each.judged[i].far)
        judged, named = worse.judged[i], leaf._replace(order=2)
        status = "WRONG" if judged.wrong else "ok"
        hint = _hint(evidence, leaf, i, worse) if judged.wrong else ""
        written = f"H v, {leaf}"
        rows.append(judged.row(str(named), written, status, hint))
        if judged.resolution is not None:
            resolution[str(named)] = judged.resolution
    whys = dict.fromkeys(each.why for each in (one, other) if each.why)
    return Findings(
        (*rows, _symmetry(one, other)),
        resolution,
        notes=tuple(f"H v of {name} is extrapolated: it {why}" for why in whys),
    )


def direction_like(rng: np.random.Generator, params: Parameters) -> Parameters:
    """A random direction in the parameters' shapes."""
    return tuple(Layer(*(direction(rng, a.shape) for a in layer)) for layer in params)  # pyright: ignore[reportArgumentType]


def _symmetry(one: Product, other: Product) -> Row:
    """<H v, w> = <v, H w>: of the hand gradient alone, with no oracle."""

    def along(product: Product, v: list[Values]) -> tuple[Any, Any]:
        parts = list(zip(product.found, product.due, v, strict=True))
        value = sum(np.vdot(leaf, u) for leaf, _, u in parts)
        squares = (np.linalg.norm(due.S * u) ** 2 for _, due, u in parts)
        return value, np.sqrt(sum(squares))

    (value, scale), (again, scale_again) = along(one, other.v), along(other, one.v)
    far = worst(value, again, np.hypot(scale, scale_again))
    status = "WRONG" if far.wrong else "ok"
    return Row("symmetry of H", "⟨H v, w⟩ = ⟨v, H w⟩", far.units, status=status)


def _hint(evidence: Evidence, leaf: Equation, i: int, product: Product) -> str:
    decay, due = float(evidence.problem.decay), product.due[i]
    if decay and leaf.kind == "W":
        followed = product.found[i] + decay * product.v[i]
        if not judge_leaf(followed, due).wrong:
            return "its L2 term does not follow W"
    return "right here; it does not follow the parameters"


def product(evidence: Evidence, backward: Backward, v: Parameters) -> Product:
    """H v by the complex step of a backward, or by extrapolation where that fails."""
    rates, due = due_along(evidence, v)
    directions = jax.tree.leaves(v)
    stepped, why = None, "is not analytic in complex numbers"
    try:
        found = _stepped(evidence, backward, v, rates)
    except Exception as error:
        # Whatever a backward does with numbers that it was not written for.
        first = str(error).strip().split("\n")[0]
        why = f"takes no complex numbers ({type(error).__name__}: {first})"
    else:
        stepped = Product(directions, found, due)
        if stepped.agrees:
            return stepped
    found, bars = _extrapolated(evidence, backward, v, rates)
    if np.inf in bars:
        why = "has a unit exactly on a kink"
    due = [
        g._replace(S=g.S + bar / RESOLUTION) for g, bar in zip(due, bars, strict=True)
    ]
    witness = Product(directions, found, due, why)
    if stepped is None or witness.agrees:
        return witness
    return stepped if witness.against(stepped.found).agrees else witness


def due_along(evidence: Evidence, v: Parameters) -> tuple[Oracle, list[Due]]:
    """How fast the oracle's answer moves along v; of that H v, leaf by leaf."""
    network, problem = evidence.trial.network, evidence.problem
    rates = consult_along(network, problem, v)
    slopes = evidence.scales.slopes
    S = product_scales(network, problem, evidence.oracle, slopes, v, rates)
    return rates, list(map(Due, *map(jax.tree.leaves, (rates.grads, S))))


@np.errstate(all="ignore")
def _stepped(
    evidence: Evidence, backward: Backward, v: Parameters, rates: Oracle
) -> list[Values]:
    """Im hand(θ + i h v) / h."""
    trial, network = evidence.trial, evidence.trial.network
    moved = trial._replace(
        network=replace(network, hidden=tuple(map(complex_safe, network.activations))),
        params=jax.device_put(jax.tree.map(_along, trial.problem.params, v)),
        caches=_moved_caches(trial, rates),
    )
    with complex_numbers():
        leaves = jax.tree.leaves(moved.gradient(backward))
    return [np.imag(np.asarray(leaf)) / H for leaf in leaves]


def _along(value: Any, rate: Values) -> Any:
    return value + 1j * H * rate


def _moved_caches(trial: Trial, rates: Oracle) -> tuple[LayerCache, ...]:
    """What forward would have kept at θ + i h v, under the same masks."""
    rate: Values = np.zeros_like(trial.problem.X)
    keep, moved = trial.problem.keep, list[LayerCache]()
    reads = [g.reads for g in trial.network.activations] + ["A"]
    for l, (A_prev, kept, dropout) in enumerate(trial.caches):
        if kept is not None:
            kept = _along(kept, (rates.A if reads[l] == "A" else rates.Z)[l])
        moved.append(LayerCache(_along(A_prev, rate), kept, dropout))
        rate = keep[l] * rates.A[l] if l < len(keep) else rate
    return tuple(moved)


@cache
def complex_safe(g: Activation) -> Activation:
    """The activation with a backward that carries imaginary parts to first order."""

    def backward(dA: Array, kept: Array) -> Array:
        real, imag = (dA.real, kept.real), (dA.imag, kept.imag)
        return lax.complex(*jax.jvp(g.backward, real, imag))

    return Activation(g.name, g.forward, backward, g.reads)


def _extrapolated(
    evidence: Evidence, backward: Backward, v: Parameters, rates: Oracle
) -> tuple[list[Values], list[float]]:
    """H v by Ridders' extrapolation of the real hand gradient; a bar for each leaf."""
    trial, problem = evidence.trial, evidence.problem
    shapes = [leaf.shape for leaf in jax.tree.leaves(v)]
    ends = np.cumsum([0, *map(prod, shapes)])

    def at(t: float) -> Values:
        moved = jax.tree.map(lambda a, u: a + float(t) * u, problem.params, v)
        params = jax.device_put(moved)
        caches = forward_caches(
            trial.network, params, problem.X, trial.key, trial.keep_prob
        )
        there = trial._replace(params=params, caches=caches)
        leaves = jax.tree.leaves(there.gradient(backward))
        return np.concatenate([np.asarray(leaf).ravel() for leaf in leaves])

    step = _first_step(evidence, rates)
    if not step:
        return [np.zeros(shape) for shape in shapes], [np.inf] * len(shapes)
    (one, bar), (other, other_bar) = (ridders(at, 0.0, step * k) for k in (1.0, 0.3))
    bar = MARGIN * (bar + other_bar + abs(one - other))
    places = [slice(*pair) for pair in pairwise(ends)]
    # Among many entries one bar or another is too small by chance: a leaf's largest.
    return (
        [one[k].reshape(shape) for k, shape in zip(places, shapes, strict=True)],
        [bar[k].max() for k in places],
    )


@np.errstate(all="ignore")
def _first_step(evidence: Evidence, rates: Oracle) -> float:
    """Half the way along v to the first kink that a hidden unit may have at Z = 0."""
    params = jax.tree.leaves(evidence.problem.params)
    flat = np.concatenate([leaf.ravel() for leaf in params])
    step = 0.1 * float(np.sqrt((flat**2).mean())) or 0.1
    for l, (Z, rate) in enumerate(zip(evidence.oracle.Z, rates.Z, strict=True)):
        step = min(step, 1 / float(abs(rate).max()))
        if l < len(rates.Z) - 1:
            step = min(step, float(np.nanmin(abs(Z / rate))) / 2)
    return step
