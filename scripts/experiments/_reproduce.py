"""What the reproduction scripts share: published numbers beside the obtained ones."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from jaxdnn import course, plots
from jaxdnn.data.datasets import Dataset
from scripts._table import print_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Parameters = Mapping[str, np.ndarray]


class Number(NamedTuple):
    """A published number, what came out here, and how far it is portable."""

    quantity: str
    published: float
    obtained: float
    tolerance: float

    @property
    def difference(self) -> float:
        return abs(self.obtained - self.published)

    @property
    def agrees(self) -> bool:
        return self.difference <= self.tolerance


class Experiment(NamedTuple):
    """One experiment: what it was, its numbers, and its figures by file name."""

    title: str
    numbers: list[Number]
    figures: Mapping[str, "Figure"]


def run(
    description: str,
    experiments: Callable[[argparse.Namespace], Iterator[Experiment]],
    arguments: list[str] | None,
    *,
    out: str,
    reads_files: bool = False,
) -> int:
    """Print and draw every experiment; 0, 1 where a number is off, 2 for no data."""
    options = _parse(description, arguments, out, reads_files)
    numbers: list[Number] = []
    try:
        began = time.monotonic()
        for experiment in experiments(options):
            print(f"{experiment.title}: {time.monotonic() - began:.1f} s\n")
            _print_numbers(experiment.numbers)
            _write(experiment.figures, options.out)
            numbers += experiment.numbers
            began = time.monotonic()
    except (FileNotFoundError, ModuleNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    off = [number.quantity for number in numbers if not number.agrees]
    print(f"{len(numbers) - len(off)} of {len(numbers)} numbers agree")
    return 1 if off else 0


def cost_numbers(
    published: Mapping[int, float], costs: np.ndarray, tolerance: float
) -> list[Number]:
    """The costs published for iterations that were run."""
    return [
        Number(f"cost at {iteration}", cost, float(costs[iteration]), tolerance)
        for iteration, cost in published.items()
        if iteration < len(costs)
    ]


def accuracy_numbers(
    published: tuple[float, float],
    parameters: Parameters,
    data: Dataset,
    tolerance: float,
) -> list[Number]:
    """The accuracies of a ReLU network on the training and the test part."""
    parts = {"train": (data.X, data.Y), "test": (data.X_test, data.Y_test)}
    return [
        Number(
            f"{part} accuracy",
            accuracy,
            float(np.mean(course.predict(parameters, X, hidden="relu") == Y)),
            tolerance,
        )
        for accuracy, (part, (X, Y)) in zip(published, parts.items(), strict=True)
    ]


def boundary(parameters: Parameters, data: Dataset, title: str) -> "Figure":
    """The decision boundary of a planar network and its training examples."""
    return plots.plot_decision_boundary(
        lambda points: course.predict(parameters, points), data.X, data.Y, title=title
    )


def _parse(
    description: str, arguments: list[str] | None, out: str, reads_files: bool
) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(out),
        help="folder of the figures [%(default)s]",
    )
    parser.add_argument(
        "--iterations",
        type=_at_least_one,
        help="stop after so many, and compare the costs up to there only",
    )
    if reads_files:
        parser.add_argument(
            "--data", type=Path, help="folder of the data files [$JAXDNN_DATA]"
        )
    return parser.parse_args(arguments)


def _at_least_one(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def _print_numbers(numbers: list[Number]) -> None:
    headings = ("quantity", "published", "obtained", "difference", "portable to", "")
    rows = [
        (
            *(number.quantity, repr(number.published), repr(number.obtained)),
            *(f"{number.difference:.1e}", f"{number.tolerance:.1e}"),
            "ok" if number.agrees else "OFF",
        )
        for number in numbers
    ]
    print_table(headings, rows)
    if numbers:
        print(f"largest difference {max(n.difference for n in numbers):.1e}")


def _write(figures: Mapping[str, "Figure"], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name, figure in figures.items():
        print(f"wrote {plots.save(figure, out / name)}")
    print()
