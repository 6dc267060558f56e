"""Three ways to start, on the circles: zeros, large random numbers, He's.

    python -m scripts.experiments.reproduce_initialization --out runs/initialization

A network [2, 10, 5, 1] of ReLU units learns 300 points for 15,000 iterations at rate
0.01 and is tested on 100. The large random start is rounding chaos: its costs are
portable to about three digits, and the first, published as inf, is finite here because
it comes from the logits.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from jaxdnn import course, plots
from jaxdnn.course.training import train
from jaxdnn.data import datasets
from scripts.experiments._reproduce import (
    Experiment,
    Parameters,
    accuracy_numbers,
    boundary,
    cost_numbers,
    run,
)

LAYER_DIMS, RATE, ITERATIONS = (2, 10, 5, 1), 0.01, 15000


class Start(NamedTuple):
    """An initialisation and what was published of it."""

    initialize: Callable[[Sequence[int]], Parameters]
    costs: Mapping[int, float]
    tolerance: float
    accuracies: tuple[float, float]


STARTS = {
    "zeros": Start(
        course.initialize_parameters_zeros,
        dict.fromkeys(range(0, 15000, 1000), 0.6931471805599453),
        1e-9,
        (0.5, 0.5),
    ),
    "random": Start(
        course.initialize_parameters_random,
        {
            1000: 0.6237287551108738,
            2000: 0.5981106708339466,
            3000: 0.5638353726276827,
            4000: 0.550152614449184,
            5000: 0.5444235275228304,
            6000: 0.5374184054630083,
            7000: 0.47357131493578297,
            8000: 0.39775634899580387,
            9000: 0.3934632865981078,
            10000: 0.39202525076484457,
            11000: 0.38921493051297673,
            12000: 0.38614221789840486,
            13000: 0.38497849983013926,
            14000: 0.38278397192120406,
        },
        5e-3,
        (0.83, 0.86),
    ),
    "he": Start(
        course.initialize_parameters_he,
        {
            0: 0.8830537463419761,
            1000: 0.6879825919728063,
            2000: 0.6751286264523371,
            3000: 0.6526117768893807,
            4000: 0.6082958970572938,
            5000: 0.5304944491717495,
            6000: 0.4138645817071794,
            7000: 0.3117803464844441,
            8000: 0.23696215330322562,
            9000: 0.18597287209206836,
            10000: 0.1501555628037182,
            11000: 0.12325079292273548,
            12000: 0.09917746546525937,
            13000: 0.0845705595402428,
            14000: 0.07357895962677366,
        },
        1e-9,
        (0.9933333333333333, 0.96),
    ),
}


def main(arguments: list[str] | None = None) -> int:
    return run(__doc__, experiments, arguments, out="runs/initialization")


def experiments(options: argparse.Namespace) -> Iterator[Experiment]:
    circles = datasets.circles()
    iterations = options.iterations or ITERATIONS
    for name, start in STARTS.items():
        parameters, costs = train(
            *(circles.X, circles.Y, start.initialize(LAYER_DIMS)),
            learning_rate=RATE,
            num_iterations=iterations,
        )
        numbers = cost_numbers(start.costs, costs, start.tolerance)
        if iterations == ITERATIONS:
            # Half an example of the 300: the counts must agree.
            numbers += accuracy_numbers(start.accuracies, parameters, circles, 1 / 600)
        title = f"circles, {name}, {iterations} iterations"
        figures = {
            f"cost_{name}.png": plots.plot_cost(costs, title=title),
            f"boundary_{name}.png": boundary(parameters, circles, title),
        }
        yield Experiment(title, numbers, figures)


if __name__ == "__main__":
    sys.exit(main())
