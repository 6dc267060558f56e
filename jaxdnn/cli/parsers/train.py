"""Train a network on a data set or a file, and write down what came of it.

Columns of numbers are standardised, columns of text one-hot. The target decides the
head: two classes sigmoid, more softmax, numbers identity. Whole numbers of which there
are at most 20 different ones are classes. Exit code 1: the hand-derived gradient is
wrong at the trained parameters.
"""

import argparse
from pathlib import Path

from jaxdnn._names import (
    LEARNING_RATES,
    SCHEDULES,
    SPLITS,
    STREAM_BATCH_SIZE,
    TEST_FRACTION,
    VALIDATION_FRACTION,
)
from jaxdnn.cli.parsers import shared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn train` takes."""
    shared.add_arguments(parser, plain=False)
    shared.add_run_arguments(parser, plain=False)
    _add_data_arguments(parser)
    _add_training_arguments(parser)
    option = parser.add_argument
    option(
        "--checkpoint",
        type=Path,
        metavar="DIR",
        help="save the run's state there every ten seconds or so",
    )
    option(
        "--resume",
        nargs="?",
        const="latest",
        choices=("latest", "previous"),
        metavar="previous",
        help="go on from --checkpoint; previous: from the one before, where the latest "
        "is damaged",
    )
    option(
        "--out", type=Path, metavar="DIR", help="where results go (runs/NAME of --data)"
    )
    option(
        "--report",
        action="store_true",
        help="write report.html too: scores, pictures and gradient check on one page",
    )
    option("--quiet", action="store_true", help="print nothing but complaints")
    parser.set_defaults(record=("gradient_norm",))
    _add_process_arguments(parser)


def _add_process_arguments(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option(
        "--distributed",
        action="store_true",
        help="train in several processes, started alike; each reads row groups of its "
        "own of a Parquet file that is streamed, process 0 writes. Slurm, Open MPI and "
        "Kubernetes say which they are; elsewhere, these three do",
    )
    option("--coordinator", metavar="HOST:PORT", help="where process 0 is found")
    option("--processes", type=shared.whole(1), metavar="N", help="how many there are")
    option("--rank", type=shared.whole(0), metavar="K", help="which one this is")


def _add_data_arguments(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option(
        "--stream",
        action="store_true",
        help="read the file piece by piece in every epoch; batches of "
        f"{STREAM_BATCH_SIZE} unless --batch-size says otherwise",
    )
    option(
        "--memory-limit",
        type=shared.whole(1),
        metavar="MIB",
        help="stream a CSV or Parquet file whose table is larger (1024)",
    )
    option(
        "--shuffle-buffer",
        type=shared.whole(1),
        metavar="ROWS",
        help="rows of a stream held back to be mixed with later ones, as where a file "
        "is sorted by class (none: rows are shuffled as they are read)",
    )
    option(
        "--test-fraction",
        type=float,
        metavar="F",
        help="rows put aside to test on (the data set's own test part, else "
        f"{TEST_FRACTION})",
    )
    option(
        "--split",
        choices=SPLITS,
        metavar="HOW",
        help="test on rows drawn at random, class by class, or on the last ones "
        "(random)",
    )
    option(
        "--validation-fraction",
        type=shared.fraction,
        metavar="F",
        help="training rows put aside to watch: the best parameters are kept (none of "
        f"few rows; {VALIDATION_FRACTION} of many, with --patience or --watch)",
    )


def _add_training_arguments(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option(
        "--learning-rate",
        type=float,
        metavar="R",
        help="size of the updates ({}, {})".format(
            f"{LEARNING_RATES['sgd']} for sgd",
            f"{LEARNING_RATES['adam']} for adam",
        ),
    )
    option(
        "--schedule",
        choices=SCHEDULES,
        metavar="NAME",
        help="constant, or cosine: the learning rate falls to 0 over the epochs "
        "(cosine where nothing is watched)",
    )
    shared.add_initialization(parser, "xavier; he with sgd")
    option(
        "--class-weight",
        choices=("balanced",),
        metavar="balanced",
        help="have all classes count alike, however many rows each has",
    )
    option(
        "--patience",
        type=shared.whole(1),
        metavar="N",
        help="stop after N epochs without a better one (see --watch)",
    )


def check(args: argparse.Namespace) -> None:
    """Refuse words that mean nothing without others."""
    if args.resume is not None and args.checkpoint is None:
        raise ValueError("--resume needs --checkpoint, the folder to go on from")
    said = {name: getattr(args, name) for name in ("coordinator", "processes", "rank")}
    given = [name for name, value in said.items() if value is not None]
    if given and not args.distributed:
        raise ValueError(f"--{given[0]} goes with --distributed")
    if given and len(given) < len(said):
        missing = next(name for name in said if name not in given)
        raise ValueError(f"--{given[0]} needs --{missing}, too")
