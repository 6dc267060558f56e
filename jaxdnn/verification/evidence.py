"""All that is known about a gradient before looking at it: stages 1 and 3 without hand.

The oracle's gradient, each coordinate's rounding scale, and derivatives along random
directions by complex step. None of it depends on the backward under test, so one
Evidence judges any number of backwards.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from jaxdnn.verification.complex_step import Measured, Step, complex_step, measure_slope
from jaxdnn.verification.equations import Bench, Layer, take_examples, units
from jaxdnn.verification.oracle import Oracle, consult
from jaxdnn.verification.problem import LIMIT, Setting
from jaxdnn.verification.scales import RESOLUTION, Scales, Slope, rounding_scales


@dataclass(frozen=True)
class Evidence:
    """The oracle, the scales and the complex steps of one Setting, in NumPy arrays.

    leaves: ("W1", "b1", "W2", ...). slopes: each hidden layer's, without autodiff.
    steps: one for each leaf.
    """

    setting: Setting
    leaves: tuple[str, ...]
    oracle: Oracle
    scales: Scales
    slopes: tuple[Measured, ...]
    steps: list[Step]

    @property
    def m(self) -> int:
        """The number of examples."""
        return self.setting.problem.X.shape[1]

    @property
    def gradient(self) -> list[Any]:
        """The oracle's gradient, one array for each leaf."""
        return [leaf for layer in self.oracle.grads for leaf in layer]

    @property
    def S(self) -> list[Any]:
        """The rounding scales, one array for each leaf."""
        return [leaf for layer in self.scales.S for leaf in layer]


def gather(setting: Setting, seed: int, *, nudge: float = 0.0) -> Evidence:
    """Stages 1 and 3 for this setting; nudge: as for `consult`."""
    network, problem = setting.network, setting.problem
    oracle = consult(network, problem, nudge=nudge)
    slopes = tuple(
        measure_slope(g, Z) for g, Z in zip(network.activations, oracle.Z, strict=False)
    )
    return Evidence(
        setting,
        tuple(f"{name}{l + 1}" for l in range(len(problem.params)) for name in "Wb"),
        oracle,
        rounding_scales(network, problem, oracle),
        slopes,
        complex_step(network, problem, oracle, slopes, seed),
    )


@dataclass(frozen=True)
class Comparison:
    """One leaf of a hand gradient against autodiff and against the complex step."""

    name: str
    units: float
    step: float
    where: tuple[int, ...]
    hand: float
    autodiff: float

    @property
    def wrong(self) -> bool:
        """Whether either disagrees by more than rounding."""
        return not (self.units <= LIMIT and self.step <= LIMIT)


def compare(evidence: Evidence, hand: list[Any]) -> list[Comparison]:
    """Every coordinate against autodiff, and every leaf against its complex step."""
    found: list[Comparison] = []
    for name, leaf, oracle, S, (v, derivative, bar) in zip(
        evidence.leaves,
        hand,
        evidence.gradient,
        evidence.S,
        evidence.steps,
        strict=True,
    ):
        error = units(leaf, oracle, S)
        place = np.unravel_index(int(error.argmax()), error.shape)
        worst = float(error[place])
        del error  # as large as W
        with np.errstate(all="ignore"):
            along = np.vdot(leaf, v)
            size = np.linalg.norm(S * v) + bar / (RESOLUTION)
        found.append(
            Comparison(
                name,
                worst,
                float(units(along, derivative, size)),
                tuple(int(i) for i in place),
                float(leaf[place]),
                float(oracle[place]),
            )
        )
    return found


def resolution(evidence: Evidence) -> dict[str, float]:
    """Stage 6: K u rms(S) / rms(g) of each leaf, the larger of stages 1 and 3.

    Leaves whose gradient is exactly zero resolve nothing and are left out.
    """
    found: dict[str, float] = {}
    with np.errstate(all="ignore"):
        for name, g, S, (_, _, bar) in zip(
            evidence.leaves, evidence.gradient, evidence.S, evidence.steps, strict=True
        ):
            size = float(np.linalg.norm(g))
            if size:
                smallest = RESOLUTION * float(np.linalg.norm(S)) / size
                coarse = max(smallest, bar / size)
                found[name] = coarse if coarse == coarse else np.inf
    return found


def autodiff_astray(evidence: Evidence) -> list[str]:
    """The activations whose autodiff derivative is not the measured one."""
    found: list[str] = []
    for g, (slope, bar), scale in zip(
        evidence.setting.network.activations,
        evidence.slopes,
        evidence.scales.slopes,
        strict=True,
    ):
        allowed = scale.formula + scale.error + bar / RESOLUTION
        if not (units(slope, scale.value, allowed) <= LIMIT).all():
            found.append(g.name)
    return list(dict.fromkeys(found))


def _slope(evidence: Evidence, l: int, columns: Any) -> Slope:
    """The measured slope of a hidden layer, on these examples."""
    (slope, bar), scale = evidence.slopes[l], evidence.scales.slopes[l]
    error = (scale.error + bar / RESOLUTION)[:, columns]
    return Slope(slope[:, columns], error, scale.at_zero)


def bench(evidence: Evidence, count: int) -> Bench:
    """The `count` examples that most gradient flows through, to read equations on."""
    setting, oracle, problem = (
        evidence.setting,
        evidence.oracle,
        evidence.setting.problem,
    )
    with np.errstate(all="ignore"):
        flow = sum((abs(dZ) / abs(dZ).max()).sum(axis=0) for dZ in oracle.cotangents)
    order = np.argsort(-np.nan_to_num(flow), kind="stable")
    columns = np.sort(order[problem.weights[order] > 0][:count])
    count = len(columns)
    weights, total, sample_weight = np.ones(count), float(count), None
    if setting.sample_weight is not None:
        sample_weight = setting.sample_weight[columns]
        total = float(sample_weight.sum())
        weights = sample_weight * (count / total)
    caches = take_examples(setting.caches, columns)
    hidden = len(problem.keep)
    layers = tuple(
        Layer(
            W,
            b,
            caches[l].A_prev,
            oracle.Z[l][:, columns],
            oracle.A[l][:, columns],
            _slope(evidence, l, columns) if l < hidden else None,
            problem.keep[l][:, columns] if l < hidden else None,
        )
        for l, (W, b) in enumerate(problem.params)
    )
    return Bench(
        setting,
        caches,
        problem.Y[:, columns],
        weights,
        setting.l2 / total,
        layers,
        sample_weight,
    )
