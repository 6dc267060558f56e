"""Three ways to keep from overfitting, on the football data: none, L2, dropout.

    python -m scripts.experiments.reproduce_regularization --data FOLDER

A network [2, 20, 3, 1] of ReLU units learns 211 points for 30,000 iterations at rate
0.3 and is tested on 200. Dropout is the course's: one mask, drawn once, at every
iteration.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from jaxdnn import course, plots
from jaxdnn.course.dropout import dropped_relus
from jaxdnn.course.training import train
from jaxdnn.data import datasets
from scripts.experiments._reproduce import (
    Experiment,
    accuracy_numbers,
    boundary,
    cost_numbers,
    run,
)

LAYER_DIMS, RATE, ITERATIONS, M = (2, 20, 3, 1), 0.3, 30000, 211
TOLERANCE = 1e-9


class Remedy(NamedTuple):
    """How `train` is called, and what was published of it."""

    options: Mapping[str, Any]
    costs: Mapping[int, float]
    accuracies: tuple[float, float]


REMEDIES = {
    "none": Remedy(
        {},
        {
            0: 0.6557412523481002,
            3000: 0.18251497924686957,
            6000: 0.1683273039211542,
            9000: 0.15942612253245106,
            10000: 0.16329987525724216,
            12000: 0.15764474148192972,
            15000: 0.14796400922574113,
            18000: 0.1433508853738045,
            20000: 0.13851642423255986,
            21000: 0.14118678351751043,
            24000: 0.13032326002050176,
            27000: 0.13263846518792496,
        },
        (0.9478672985781991, 0.915),
    ),
    "l2": Remedy(
        {"lambd": 0.7},
        {0: 0.6974484493131264, 10000: 0.2684918873282239, 20000: 0.2680916337127301},
        (0.9383886255924171, 0.93),
    ),
    "dropout": Remedy(
        {"hidden": dropped_relus(LAYER_DIMS[1:-1], M, 0.86)},
        {
            0: 0.6543912405149825,
            3000: 0.0766129778735777,
            6000: 0.06240987259698132,
            9000: 0.061192143757634855,
            10000: 0.06101698657490559,
            12000: 0.060826401965961126,
            15000: 0.060664572161287754,
            18000: 0.06065874505596672,
            20000: 0.060582435798513114,
            21000: 0.060559199380913135,
            24000: 0.06050359026993201,
            27000: 0.060473147392254074,
        },
        (0.9289099526066351, 0.95),
    ),
}


def main(arguments: list[str] | None = None) -> int:
    return run(
        *(__doc__, experiments, arguments),
        out="runs/regularization",
        reads_files=True,
    )


def experiments(options: argparse.Namespace) -> Iterator[Experiment]:
    football = datasets.football(options.data)
    iterations = options.iterations or ITERATIONS
    for name, remedy in REMEDIES.items():
        parameters, costs = train(
            *(football.X, football.Y, course.initialize_parameters(LAYER_DIMS)),
            learning_rate=RATE,
            num_iterations=iterations,
            **remedy.options,
        )
        numbers = cost_numbers(remedy.costs, costs, TOLERANCE)
        if iterations == ITERATIONS:
            numbers += accuracy_numbers(
                *(remedy.accuracies, parameters, football, TOLERANCE)
            )
        title = f"football, {name}, {iterations} iterations"
        figures = {
            f"cost_{name}.png": plots.plot_cost(costs, title=title),
            f"boundary_{name}.png": boundary(parameters, football, title),
        }
        yield Experiment(title, numbers, figures)


if __name__ == "__main__":
    sys.exit(main())
