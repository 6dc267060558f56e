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

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array, lax

from jaxdnn.activations import Activation
from jaxdnn.network import LayerCache, forward
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.verification.complex_step import H, direction
from jaxdnn.verification.equations import units
from jaxdnn.verification.evidence import Evidence
from jaxdnn.verification.oracle import Oracle, consult_along
from jaxdnn.verification.passes import FORWARD, spend
from jaxdnn.verification.problem import LIMIT, Backward, Setting, Values
from jaxdnn.verification.report import Row
from jaxdnn.verification.ridders import ridders
from jaxdnn.verification.scales import RESOLUTION, product_scales

# How many times its own bar an extrapolation may be off.
MARGIN = 8.0


@dataclass
class SecondOrder:
    """What goes into a report: rows, each leaf's resolution, and notes."""

    rows: list[Row] = field(default_factory=list[Row])
    resolution: dict[str, float] = field(default_factory=dict[str, float])
    notes: list[str] = field(default_factory=list[str])


class Product(NamedTuple):
    """H v as the hand gradient has it and as the oracle has it, leaf by leaf.

    scale: the rounding scale of their difference; why: the hand gradient's complex step
    was not used.
    """

    v: list[Values]
    found: list[Values]
    expected: list[Values]
    scale: list[Values]
    why: str = ""

    @property
    def units(self) -> list[Values]:
        """|found - expected| in units of u times the scale."""
        return [
            units(*leaf)
            for leaf in zip(self.found, self.expected, self.scale, strict=True)
        ]

    @property
    def agrees(self) -> bool:
        """Whether no entry is off by more than the limit."""
        return all(bool((leaf <= LIMIT).all()) for leaf in self.units)


@np.errstate(all="ignore")
def second_order(evidence: Evidence, backward: Backward, seed: int) -> SecondOrder:
    """H v and H w, leaf by leaf, and whether H is symmetric."""
    problem, found = evidence.setting.problem, SecondOrder()
    name = getattr(backward, "__name__", "backward")
    rng = np.random.default_rng([seed, 2])
    one, other = (
        product(
            evidence,
            backward,
            tuple(Layer(*(direction(rng, a.shape) for a in p)) for p in problem.params),
        )
        for _ in range(2)
    )
    for i, leaf in enumerate(evidence.leaves):
        worse = max(one, other, key=lambda each: float(each.units[i].max()))
        error, due = worse.units[i], worse.expected[i]
        place = tuple(int(k) for k in np.unravel_index(error.argmax(), error.shape))
        wrong = not error[place] <= LIMIT
        found.rows.append(
            Row(
                f"Hv{leaf}",
                f"H v, d{leaf}",
                float(error[place]),
                None,
                place,
                float(worse.found[i][place]),
                float(due[place]),
                "WRONG" if wrong else "ok",
                _hint(evidence, i, worse) if wrong else "",
            )
        )
        size = float(np.linalg.norm(due))
        if size:
            smallest = RESOLUTION * float(np.linalg.norm(worse.scale[i])) / size
            found.resolution[f"Hv{leaf}"] = smallest if smallest == smallest else np.inf
    found.rows.append(_symmetry(one, other))
    for why in dict.fromkeys(each.why for each in (one, other) if each.why):
        found.notes.append(f"H v of {name} is extrapolated: it {why}")
    return found


def _symmetry(one: Product, other: Product) -> Row:
    """<H v, w> = <v, H w>: of the hand gradient alone, with no oracle."""

    def along(product: Product, v: list[Values]) -> tuple[Any, Any]:
        parts = list(zip(product.found, product.scale, v, strict=True))
        value = sum(np.vdot(leaf, u) for leaf, _, u in parts)
        return value, np.sqrt(sum(np.linalg.norm(S * u) ** 2 for _, S, u in parts))

    (value, scale), (again, scale_again) = along(one, other.v), along(other, one.v)
    error = float(units(value, again, np.hypot(scale, scale_again)))
    status = "ok" if error <= LIMIT else "WRONG"
    return Row("symmetry of H", "⟨H v, w⟩ = ⟨v, H w⟩", error, status=status)


def _hint(evidence: Evidence, i: int, product: Product) -> str:
    decay, v = float(evidence.setting.problem.decay), product.v[i]
    if decay and i % 2 == 0:
        followed = units(product.found[i] + decay * v, *_due(product, i))
        if (followed <= LIMIT).all():
            return "its L2 term does not follow W"
    return "right here; it does not follow the parameters"


def _due(product: Product, i: int) -> tuple[Values, Values]:
    return product.expected[i], product.scale[i]


def product(evidence: Evidence, backward: Backward, v: Parameters) -> Product:
    """H v by the complex step of a backward, or by extrapolation where that fails."""
    setting, oracle = evidence.setting, evidence.oracle
    arguments = setting.network, setting.problem
    rates = consult_along(*arguments, v)
    S = product_scales(*arguments, oracle, evidence.scales.slopes, v, rates)
    directions, expected, scale = map(jax.tree.leaves, (v, rates.grads, S))
    stepped, why = None, "is not analytic in complex numbers"
    try:
        found = _complex_step(evidence, backward, v, rates)
    except Exception as error:
        # Whatever a backward does with numbers that it was not written for.
        first = str(error).strip().split("\n")[0]
        why = f"takes no complex numbers ({type(error).__name__}: {first})"
    else:
        stepped = Product(directions, found, expected, scale)
        if stepped.agrees:
            return stepped
    found, bars = _extrapolated(evidence, backward, v, rates)
    if np.inf in bars:
        why = "has a unit exactly on a kink"
    scale = [S + bar / RESOLUTION for S, bar in zip(scale, bars, strict=True)]
    witness = Product(directions, found, expected, scale, why)
    if stepped is None or witness.agrees:
        return witness
    confirmed = witness._replace(expected=stepped.found).agrees
    return stepped if confirmed else witness


@np.errstate(all="ignore")
def _complex_step(
    evidence: Evidence, backward: Backward, v: Parameters, rates: Oracle
) -> list[Values]:
    """Im hand(θ + i h v) / h."""
    setting, network = evidence.setting, evidence.setting.network
    moved = setting._replace(
        network=replace(network, hidden=tuple(map(complex_safe, network.activations))),
        params=jax.device_put(jax.tree.map(_along, setting.problem.params, v)),
        caches=_moved_caches(setting, rates),
    )
    leaves = jax.tree.leaves(moved.gradient(backward))
    return [np.imag(np.asarray(leaf)) / H for leaf in leaves]


def _along(value: Values, rate: Values) -> Values:
    return value + 1j * H * rate


def _moved_caches(setting: Setting, rates: Oracle) -> tuple[LayerCache, ...]:
    """What forward would have kept at θ + i h v, under the same masks."""
    rate, keep, moved = np.zeros_like(setting.problem.X), setting.problem.keep, []
    reads = [g.reads for g in setting.network.activations] + ["A"]
    for l, (A_prev, kept, dropout) in enumerate(setting.caches):
        A_prev = _along(A_prev, rate)
        if kept is not None:
            kept = _along(kept, (rates.A if reads[l] == "A" else rates.Z)[l])
        moved.append(LayerCache(A_prev, kept, dropout))
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
) -> tuple[list[Values], list[Any]]:
    """H v by Ridders' extrapolation of the real hand gradient; a bar for each leaf."""
    setting, problem = evidence.setting, evidence.setting.problem
    shapes = [leaf.shape for leaf in jax.tree.leaves(v)]
    ends = np.cumsum([0, *map(prod, shapes)])

    def at(t: Any) -> Values:
        moved = jax.tree.map(lambda a, u: a + float(t) * u, problem.params, v)
        params, X = jax.device_put((moved, problem.X))
        spend(FORWARD)
        _, caches = forward(
            setting.network, params, X, key=setting.key, keep_prob=setting.keep_prob
        )
        there = setting._replace(params=params, caches=caches)
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
    params = jax.tree.leaves(evidence.setting.problem.params)
    flat = np.concatenate([leaf.ravel() for leaf in params])
    step = 0.1 * float(np.sqrt((flat**2).mean())) or 0.1
    for l, (Z, rate) in enumerate(zip(evidence.oracle.Z, rates.Z, strict=True)):
        step = min(step, 1 / float(abs(rate).max()))
        if l < len(rates.Z) - 1:
            step = min(step, float(np.nanmin(abs(Z / rate))) / 2)
    return step
