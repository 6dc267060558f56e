"""The data set and the network that a command works on: its words, and the reading."""

import argparse
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from jaxdnn import ACTIVATIONS, Network
from jaxdnn.app.datasets import DATASETS, load
from jaxdnn.app.preprocessing import Preprocessing, training_table
from jaxdnn.app.tables import Table, dataset_tables, read_table, split

TEST_FRACTION = 0.2
LEARNING_RATE = 0.1


class Task(NamedTuple):
    """What to learn: the rows, and the network for them.

    X (n_x, m) and Y (n_L, m) are the training rows; test is None where there are none.
    """

    network: Network
    X: Array
    Y: Array
    preprocessing: Preprocessing
    train: Table
    test: Table | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that `read` understands, and those of the cost."""
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
        "--layers",
        type=whole(1),
        nargs="*",
        default=[10, 5],
        metavar="UNITS",
        help="units of each hidden layer, none for no hidden layer (10 5)",
    )
    option(
        "--hidden",
        choices=tuple(ACTIVATIONS),
        default="relu",
        metavar="ACTIVATION",
        help=f"one of {', '.join(ACTIVATIONS)} (relu)",
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


def read(args: argparse.Namespace, *, test_fraction: float | None = None) -> Task:
    """Read, split and preprocess what the words name.

    test_fraction None: the data set's own test part, else TEST_FRACTION of the rows.
    """
    train, test, target = _read_tables(args, test_fraction)
    preprocessing = Preprocessing.of(train, target)
    X = jnp.asarray(preprocessing.inputs(train))
    Y = jnp.asarray(preprocessing.targets(train))
    network = Network(
        (X.shape[0], *args.layers, Y.shape[0]),
        hidden=args.hidden,
        output=preprocessing.output,
    )
    return Task(network, X, Y, preprocessing, train, test)


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
    args: argparse.Namespace, test_fraction: float | None
) -> tuple[Table, Table | None, str]:
    """Training part, test part if any, and the target's name."""
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
        table, test = split(table, target, test_fraction=fraction, seed=args.seed)
    return table, test if len(test) else None, target
