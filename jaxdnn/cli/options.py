"""Options that commands share, and the recipe that they spell."""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import fields
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from jaxdnn import ACTIVATIONS, History
from jaxdnn.data.datasets import DATASETS
from jaxdnn.data.tables import number_in
from jaxdnn.models.optimizers import LEARNING_RATES
from jaxdnn.models.recipe import (
    WATCHES,
    DataRecipe,
    NetworkRecipe,
    Recipe,
    TrainingRecipe,
)

Record = TypeVar("Record", DataRecipe, NetworkRecipe, TrainingRecipe)


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --data, --target and --hidden."""
    option = parser.add_argument
    option(
        "--data",
        dest="source",
        default=DataRecipe.source,
        metavar="NAME|FILE",
        help=f"a CSV, Parquet or NPZ file, or one of {', '.join(DATASETS)} "
        "(breast_cancer)",
    )
    option(
        "--target",
        metavar="COLUMN",
        help="the column of the file to predict (its last; y in NPZ)",
    )
    option(
        "--hidden",
        choices=tuple(ACTIVATIONS),
        default=NetworkRecipe.hidden,
        metavar="ACTIVATION",
        help=f"one of {', '.join(ACTIVATIONS)} (relu)",
    )


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --epochs, --batch-size, --optimizer and --watch."""
    option = parser.add_argument
    option(
        "--epochs",
        type=whole(1),
        default=TrainingRecipe.epochs,
        metavar="N",
        help="how often all training rows are seen (1000)",
    )
    option(
        "--batch-size",
        type=whole(1),
        metavar="N",
        help="training rows in each update (all)",
    )
    option(
        "--optimizer",
        choices=tuple(LEARNING_RATES),
        default=TrainingRecipe.optimizer,
        metavar="NAME",
        help=f"one of {', '.join(LEARNING_RATES)} (sgd)",
    )
    option(
        "--watch",
        choices=WATCHES,
        metavar="WHAT",
        help="the best parameters are those of the lowest cost or of the highest score "
        "of the rows to watch (cost)",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the data, then those of one network and its cost."""
    add_data_arguments(parser)
    option = parser.add_argument
    option(
        "--layers",
        type=whole(1),
        nargs="*",
        default=NetworkRecipe.layers,
        metavar="UNITS",
        help="units of each hidden layer, none for no hidden layer (10 5)",
    )
    option(
        "--l2",
        type=float,
        default=TrainingRecipe.l2,
        metavar="L",
        help="strength of the L2 penalty: L / (2 rows) times the squared weights (1)",
    )
    option(
        "--keep-prob",
        type=float,
        default=TrainingRecipe.keep_prob,
        metavar="P",
        help="dropout keeps a hidden activation with this probability (1)",
    )
    option(
        "--seed",
        type=whole(0, 2**32 - 1),
        default=DataRecipe.seed,
        metavar="S",
        help="of everything that is drawn at random (1)",
    )


def add_model_arguments(parser: argparse.ArgumentParser, target: str) -> None:
    """Add --model and --data, the table to be put to it, and what is said of target."""
    option = parser.add_argument
    option(
        "--model",
        type=Path,
        required=True,
        metavar="FILE",
        help="a model.safetensors that jaxdnn train wrote",
    )
    option(
        "--data",
        required=True,
        metavar="FILE",
        help="CSV, Parquet or NPZ with the columns the model was trained on, in any "
        f"order; {target}",
    )


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that the options spell."""
    return Recipe(
        picked(DataRecipe, args),
        picked(NetworkRecipe, args),
        picked(TrainingRecipe, args),
    )


def check_watched(histories: Sequence[History], watch: str | None) -> None:
    """Refuse runs of which none has a best epoch.

    Raises:
      ValueError: what was watched was never finite.
    """
    if all(history.best_epoch is None for history in histories):
        raise ValueError(
            f"the validation {watch or 'cost'} was never finite: look for values far "
            "from the others in the validation rows, or try a smaller --learning-rate"
        )


def picked(record: type[Record], args: argparse.Namespace) -> Record:
    """The record whose fields are the options of the same names.

    Example:
      >>> picked(NetworkRecipe, argparse.Namespace(layers=[3], epochs=5))
      NetworkRecipe(layers=(3,), hidden='relu')
    """
    given: dict[str, Any] = {}
    for field in fields(record):
        if hasattr(args, field.name):
            value = getattr(args, field.name)
            given[field.name] = tuple(value) if field.name == "layers" else value
    return record(**given)


def fraction(text: str) -> float:
    """A type of argument: part of the rows, in (0, 1)."""
    number = number_in(text)
    if number is None or not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be in (0, 1), got {text!r}")
    return number


def whole(low: int, high: float = inf) -> Callable[[str], int]:
    """A type of argument: whole numbers from low to high."""

    def parse(text: str) -> int:
        if text.strip("+-").isdecimal() and low <= int(text) <= high:
            return int(text)
        upto = "" if high == inf else f" and <= {high}"
        raise argparse.ArgumentTypeError(
            f"must be a whole number >= {low}{upto}, got {text!r}"
        )

    return parse
