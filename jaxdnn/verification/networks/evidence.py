"""All that is known about a gradient before looking at it: stages 1 and 3 without hand.

The oracle's gradient, each coordinate's rounding scale, and derivatives along random
directions by complex step. None of it depends on the backward under test, so one
Evidence judges any number of backwards.
"""

from dataclasses import dataclass

import numpy as np

from jaxdnn.verification.derivatives.autodiff import Slope, consult
from jaxdnn.verification.derivatives.complex_step import (
    Measured,
    complex_step,
    measured_slope,
)
from jaxdnn.verification.names import Equation, leaves
from jaxdnn.verification.networks.equations import Bench, BenchLayer, take_examples
from jaxdnn.verification.networks.scales import Scales, rounding_scales
from jaxdnn.verification.networks.trial import Trial
from jaxdnn.verification.problem import Oracle, Problem
from jaxdnn.verification.units import RESOLUTION, Values, norm, worst
from jaxdnn.verification.verdicts import Due, Judged, judge_leaf


@dataclass(frozen=True)
class Evidence:
    """The oracle, the scales and the complex steps of one Trial, in NumPy arrays.

    slopes: each hidden layer's, without autodiff. due: what each leaf should be.
    """

    trial: Trial
    oracle: Oracle
    scales: Scales
    slopes: tuple[Measured, ...]
    due: dict[Equation, Due]

    @property
    def problem(self) -> Problem:
        """What J is a function of."""
        return self.trial.problem

    def slope(self, l: int) -> tuple[Values, Values]:
        """g' of hidden layer l (from 0) without autodiff, and the error of that."""
        (slope, bar), scale = self.slopes[l], self.scales.slopes[l]
        return slope, scale.error + bar / RESOLUTION


def gather(trial: Trial, seed: int, *, nudge: float = 0.0) -> Evidence:
    """Stages 1 and 3 for this trial; nudge: as for `consult`."""
    network, problem = trial.network, trial.problem
    oracle = consult(network, problem, nudge=nudge)
    slopes = tuple(
        measured_slope(g, Z)
        for g, Z in zip(network.activations, oracle.Z, strict=False)
    )
    scales = rounding_scales(network, problem, oracle)
    steps = complex_step(network, problem, oracle, slopes, seed)
    flat = ([leaf for layer in of for leaf in layer] for of in (oracle.grads, scales.S))
    due: dict[Equation, Due] = {}
    with np.errstate(all="ignore"):
        for name, g, S, (v, along) in zip(
            leaves(len(problem.params)), *flat, steps, strict=True
        ):
            due[name] = Due(g, S, v, along, norm(S * v))
    return Evidence(trial, oracle, scales, slopes, due)


def compare(evidence: Evidence, hand: list[Values]) -> dict[Equation, Judged]:
    """Every coordinate against autodiff, and every leaf against its complex step."""
    return {
        name: judge_leaf(leaf, due)
        for (name, due), leaf in zip(evidence.due.items(), hand, strict=True)
    }


def autodiff_astray(evidence: Evidence) -> list[str]:
    """The activations whose autodiff derivative is not the measured one."""
    found: list[str] = []
    for l, g in enumerate(evidence.trial.network.activations):
        (slope, error), scale = evidence.slope(l), evidence.scales.slopes[l]
        if worst(slope, scale.value, scale.formula + error).wrong:
            found.append(g.name)
    return list(dict.fromkeys(found))


def bench(evidence: Evidence, count: int) -> Bench:
    """The `count` examples that most gradient flows through, to read equations on."""
    trial, oracle, problem = evidence.trial, evidence.oracle, evidence.problem
    with np.errstate(all="ignore"):
        flow = sum((abs(dZ) / abs(dZ).max()).sum(axis=0) for dZ in oracle.cotangents)
    order = np.argsort(-np.nan_to_num(flow), kind="stable")
    columns = np.sort(order[problem.weights[order] > 0][:count])
    count = len(columns)
    weights, total, sample_weight = np.ones(count), float(count), None
    if trial.sample_weight is not None:
        sample_weight = trial.sample_weight[columns]
        total = float(sample_weight.sum())
        weights = sample_weight * (count / total)
    caches = take_examples(trial.caches, columns)
    hidden = len(problem.keep)

    def slope_of(l: int) -> Slope:
        slope, error = (a[:, columns] for a in evidence.slope(l))
        return Slope(slope, error, evidence.scales.slopes[l].at_zero)

    layers = tuple(
        BenchLayer(
            W,
            b,
            caches[l].A_prev,
            oracle.Z[l][:, columns],
            oracle.A[l][:, columns],
            slope_of(l) if l < hidden else None,
            problem.keep[l][:, columns] if l < hidden else None,
        )
        for l, (W, b) in enumerate(problem.params)
    )
    return Bench(
        trial,
        caches,
        problem.Y[:, columns],
        weights,
        trial.l2 / total,
        layers,
        sample_weight,
    )
