"""Options that commands share, and the types of their words."""

import argparse
from collections.abc import Callable, Sequence
from math import inf, nan
from pathlib import Path
from typing import Any, get_args

from jaxdnn._names import (
    ACTIVATIONS,
    DATASET,
    DATASETS,
    HIDDEN,
    LEARNING_RATES,
    MISSING,
    MISSING_VALUES,
    SEED,
    TASKS,
    WATCHES,
    Method,
)

# What is verified, and swept over, where nothing is said.
PLAIN_LAYERS = (10, 5)


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --data, --target, what is said of the columns, and --hidden."""
    option = parser.add_argument
    option(
        "--data",
        dest="source",
        default=DATASET,
        metavar="NAME|FILE",
        help=f"a CSV, Parquet or NPZ file, or one of {', '.join(DATASETS)} "
        "(%(default)s)",
    )
    option(
        "--target",
        dest="targets",
        action="extend",
        nargs="+",
        metavar="COLUMN",
        help="the columns of the file to predict (its last; y in NPZ)",
    )
    _add_column_arguments(parser)
    option(
        "--hidden",
        choices=ACTIVATIONS,
        default=HIDDEN,
        metavar="ACTIVATION",
        help=f"one of {', '.join(ACTIVATIONS)} (%(default)s)",
    )


def _add_column_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said of the columns, and of how the file is written."""
    option = parser.add_argument
    for name, what in (
        ("drop", "leave these columns out"),
        ("only", "learn from these columns alone"),
        ("categorical", "take the cells of these columns as names of categories"),
        ("numeric", "take the cells of these columns as numbers"),
    ):
        option(
            f"--{name}",
            action="extend",
            nargs="+",
            metavar="COLUMN",
            help=what,
        )
    option(
        "--task",
        choices=TASKS,
        metavar="TASK",
        help=f"what the targets are: {', '.join(TASKS)} (guessed from the cells)",
    )
    option(
        "--missing",
        choices=MISSING,
        metavar="RULE",
        help="put the mean or the median of the training rows where numbers are "
        "missing, drop such rows, or error (mean)",
    )
    option(
        "--missing-values",
        nargs="*",
        metavar="WORD",
        help=f"the words that say that a cell is missing ({' '.join(MISSING_VALUES)})",
    )
    add_reading_arguments(parser, decimal=".")


def add_reading_arguments(
    parser: argparse.ArgumentParser, *, decimal: str | None
) -> None:
    """Add --delimiter, --decimal and --encoding; what a model remembers where None."""
    option = parser.add_argument
    remembered = "as in training"
    option(
        "--delimiter",
        metavar="SIGN",
        help="what parts the cells of a CSV file "
        f"({'found' if decimal else remembered})",
    )
    option(
        "--decimal",
        choices=(".", ","),
        default=decimal,
        help=f"the decimal point in a CSV file ({decimal or remembered})",
    )
    option(
        "--encoding",
        metavar="NAME",
        help="of a CSV file's text, such as latin-1 "
        f"({'UTF-8; UTF-16 is found' if decimal else remembered})",
    )


def add_run_arguments(parser: argparse.ArgumentParser, *, plain: bool) -> None:
    """Add --epochs, --batch-size, --optimizer and --watch.

    plain: whether gradient descent on all rows is meant where nothing is said.
    """
    option = parser.add_argument
    option(
        "--epochs",
        type=whole(1),
        metavar="N",
        help="how often all training rows are seen "
        f"({'1000' if plain else 'at most; chosen by their number'})",
    )
    option(
        "--batch-size",
        type=whole(1),
        metavar="N",
        help="training rows in each update "
        f"({'all' if plain else 'chosen by their number; all with sgd'})",
    )
    option(
        "--optimizer",
        choices=tuple(LEARNING_RATES),
        metavar="NAME",
        help=f"one of {', '.join(LEARNING_RATES)} ({'sgd' if plain else 'adam'})",
    )
    option(
        "--watch",
        choices=WATCHES,
        metavar="WHAT",
        help="the best parameters are those of the lowest cost or of the highest score "
        "of the rows to watch (cost)",
    )


def add_arguments(
    parser: argparse.ArgumentParser,
    *,
    plain: bool,
    layers: Sequence[int] = PLAIN_LAYERS,
    l2: float = 1.0,
) -> None:
    """Add the options of the data, then those of one network and its cost.

    plain: whether what plain descent trains, with these layers and this L2 strength, is
    meant where nothing is said.
    """
    add_data_arguments(parser)
    option = parser.add_argument
    option(
        "--layers",
        type=whole(1),
        nargs="*",
        default=layers if plain else None,
        metavar="UNITS",
        help="units of each hidden layer, none for no hidden layer "
        f"({' '.join(map(str, layers)) if plain else '100; 128 64 of many rows'})",
    )
    option(
        "--l2",
        type=float,
        default=l2 if plain else None,
        metavar="L",
        help="strength of the L2 penalty: L / (2 rows) times the squared weights "
        f"({l2:g})",
    )
    option(
        "--keep-prob",
        type=float,
        default=1.0 if plain else None,
        metavar="P",
        help="dropout keeps a hidden activation with this probability "
        f"({'1' if plain else '0.9; 1 with sgd'})",
    )
    option(
        "--seed",
        type=whole(0, 2**32 - 1),
        default=SEED,
        metavar="S",
        help="of everything that is drawn at random (1)",
    )


def add_model_arguments(
    parser: argparse.ArgumentParser, target: str, *, data: bool = True
) -> None:
    """Add --model and --data, the table to be put to it, and what is said of target.

    data: whether there must be one.
    """
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
        required=data,
        metavar="FILE",
        help="CSV, Parquet or NPZ with the columns the model was trained on, in any "
        f"order; {target}",
    )
    add_reading_arguments(parser, decimal=None)


def fraction(text: str) -> float:
    """A type of argument: part of the rows, in (0, 1)."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be in (0, 1), got {text!r}")
    return number


def add_initialization(
    parser: argparse.ArgumentParser, told: str, default: Any = None
) -> None:
    """--initialization; `told`: what is meant where nothing is said."""
    methods = get_args(Method)
    parser.add_argument(
        "--initialization",
        choices=methods,
        default=default,
        metavar="METHOD",
        help=f"of the weights, one of {', '.join(methods)} ({told})",
    )


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
