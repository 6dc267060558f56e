"""The data set and the network that a command works on: its words, and the reading."""

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from math import inf
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn import ACTIVATIONS, Network
from jaxdnn.data.datasets import DATASETS, load
from jaxdnn.data.preprocessing import Preprocessing, training_table
from jaxdnn.data.streams import Stream
from jaxdnn.data.tables import (
    Table,
    dataset_tables,
    is_text,
    number_in,
    read_table,
    split,
)
from jaxdnn.models.optimizers import LEARNING_RATES

TEST_FRACTION = 0.2

Rows = Table | Stream


class Task(NamedTuple):
    """What to learn: the rows, and the network for them.

    X (n_x, m) and Y (n_L, m) are the training rows; of a stream, X are its chunks and Y
    is None. parts: "train", "validation", "test" -> rows, those there are. found: the
    target's classes -> their rows, or its lowest and highest number.
    """

    network: Network
    X: Any
    Y: Array | None
    preprocessing: Preprocessing
    parts: dict[str, Rows]
    found: Mapping[str, int] | tuple[float, float]


def add_data_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that say what to learn, and by which kind of units."""
    option = parser.add_argument
    option(
        "--data",
        default="breast_cancer",
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
        default="relu",
        metavar="ACTIVATION",
        help=f"one of {', '.join(ACTIVATIONS)} (relu)",
    )


def add_run_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that say how long to train, and by which updates."""
    option = parser.add_argument
    option(
        "--epochs",
        type=whole(1),
        default=1000,
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
        default="sgd",
        metavar="NAME",
        help=f"one of {', '.join(LEARNING_RATES)} (sgd)",
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the data, then those of one network and its cost."""
    add_data_arguments(parser)
    option = parser.add_argument
    option(
        "--layers",
        type=whole(1),
        nargs="*",
        default=[10, 5],
        metavar="UNITS",
        help="units of each hidden layer, none for no hidden layer (10 5)",
    )
    option(
        "--l2",
        type=float,
        default=1.0,
        metavar="L",
        help="strength of the L2 penalty: L / (2 rows) times the squared weights (1)",
    )
    option(
        "--keep-prob",
        type=float,
        default=1.0,
        metavar="P",
        help="dropout keeps a hidden activation with this probability (1)",
    )
    option(
        "--seed",
        type=whole(0, 2**32 - 1),
        default=1,
        metavar="S",
        help="of everything that is drawn at random (1)",
    )


def read(
    args: argparse.Namespace,
    *,
    test_fraction: float | None = None,
    validation_fraction: float = 0.0,
    last: bool = False,
) -> Task:
    """Read, split and preprocess what the words name.

    test_fraction None: the data set's own test part, else TEST_FRACTION of the rows.
    validation_fraction is that of the training rows. last: test on the last rows.
    """
    train, test, target = _read_tables(args, test_fraction, last)
    train, validation = split(
        train, target, test_fraction=validation_fraction, seed=args.seed
    )
    preprocessing = Preprocessing.of(train, target)
    X = jnp.asarray(preprocessing.inputs(train))
    Y = jnp.asarray(preprocessing.targets(train))
    named = {"train": train, "validation": validation, "test": test}
    parts: dict[str, Rows] = {name: rows for name, rows in named.items() if len(rows)}
    cells = np.concatenate([rows.columns[target] for rows in named.values()])
    found = Counter(cells) if is_text(cells) else (cells.min(), cells.max())
    network = build(args, preprocessing, X.shape[0], Y.shape[0])
    return Task(network, X, Y, preprocessing, parts, found)


def tables(rows: Rows) -> Iterable[Table]:
    """The rows in one piece, or in a stream's."""
    return [rows] if isinstance(rows, Table) else rows


def validation(task: Task) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """X and Y of the rows to watch, if there are any."""
    if "validation" not in task.parts:
        return None
    pieces = list(tables(task.parts["validation"]))
    inputs, targets = task.preprocessing.inputs, task.preprocessing.targets
    return (
        np.concatenate([inputs(table) for table in pieces], axis=1),
        np.concatenate([targets(table) for table in pieces], axis=1),
    )


def build(
    args: argparse.Namespace, preprocessing: Preprocessing, n_x: int, n_L: int
) -> Network:
    """The network between that many inputs and outputs."""
    return Network(
        (n_x, *args.layers, n_L), hidden=args.hidden, output=preprocessing.output
    )


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


def _read_tables(
    args: argparse.Namespace, test_fraction: float | None, last: bool
) -> tuple[Table, Table, str]:
    """Training part, test part, and the target's name."""
    test = None
    if args.data in DATASETS:
        if args.target is not None:
            raise ValueError(f"--target goes with a file; {args.data} has its own")
        table, test, target = dataset_tables(load(args.data))
    elif Path(args.data).suffix:
        table = read_table(args.data)
        target = args.target or list(table.columns)[-1]
    else:
        raise ValueError(
            f"--data {args.data}: no such data set; there are {', '.join(DATASETS)}, "
            "and files whose names end in .csv, .parquet or .npz"
        )
    table = training_table(table, target)
    if test is None or test_fraction is not None:
        fraction = TEST_FRACTION if test_fraction is None else test_fraction
        table, test = split(
            table, target, test_fraction=fraction, seed=args.seed, last=last
        )
    return table, test, target
