"""Cat or not: pictures of 64 x 64 pixels through two and through four layers.

    python -m scripts.experiments.reproduce_cats --data FOLDER --out runs/cats

Networks [12288, 7, 1] and [12288, 20, 7, 5, 1] of ReLU units learn 209 pictures for
2,500 iterations at rate 0.0075 and are tested on 50.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from jaxdnn import course, plots
from jaxdnn.course.training import train
from jaxdnn.data import datasets
from scripts.experiments._reproduce import (
    Experiment,
    Parameters,
    accuracy_numbers,
    cost_numbers,
    run,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RATE, ITERATIONS = 0.0075, 2500


class Depth(NamedTuple):
    """A network's sizes and start, and what was published of it."""

    layer_dims: tuple[int, ...]
    scale: float | None
    costs: Mapping[int, float]
    tolerance: float
    accuracies: tuple[float, float]


DEPTHS = {
    "two_layers": Depth(
        (12288, 7, 1),
        0.01,
        {0: 0.6930497356599888, 100: 0.6464320953428849},
        1e-12,
        (1.0, 0.72),
    ),
    "four_layers": Depth(
        (12288, 20, 7, 5, 1),
        None,
        {0: 0.7717493284237686, 100: 0.6720534400822914},
        1e-11,
        (0.9856459330143541, 0.8),
    ),
}


def main(arguments: list[str] | None = None) -> int:
    return run(*(__doc__, experiments, arguments), out="runs/cats", reads_files=True)


def experiments(options: argparse.Namespace) -> Iterator[Experiment]:
    cats = datasets.cats(options.data)
    iterations = options.iterations or ITERATIONS
    for name, depth in DEPTHS.items():
        start = course.initialize_parameters_deep(
            depth.layer_dims, seed=1, scale=depth.scale
        )
        parameters, costs = train(
            cats.X, cats.Y, start, learning_rate=RATE, num_iterations=iterations
        )
        numbers = cost_numbers(depth.costs, costs, depth.tolerance)
        if iterations == ITERATIONS:
            numbers += accuracy_numbers(depth.accuracies, parameters, cats, 1e-9)
        title = f"cats, {list(depth.layer_dims)}, {iterations} iterations"
        figures = {
            f"cost_{name}.png": plots.plot_cost(costs, title=title),
            f"wrong_{name}.png": wrongly_classified(parameters, cats, title),
        }
        yield Experiment(title, numbers, figures)


def wrongly_classified(
    parameters: Parameters, cats: datasets.Dataset, title: str
) -> "Figure":
    """The pictures of the test part whose class is not the predicted one."""
    predicted = course.predict(parameters, cats.X_test, hidden="relu")
    wrong = (predicted != cats.Y_test)[0]
    return plots.plot_images(
        *(cats.X_test[:, wrong], predicted[:, wrong], cats.Y_test[:, wrong]),
        image_shape=cats.image_shape,
        class_names=cats.class_names,
        title=title,
    )


if __name__ == "__main__":
    sys.exit(main())
