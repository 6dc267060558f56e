"""Training data that are read piece by piece: when, and how the rows are shared out."""

import argparse
import os
import sys
from pathlib import Path

from jaxdnn._extras import require
from jaxdnn.cli import _data
from jaxdnn.data.datasets import DATASETS
from jaxdnn.data.streams import Examples, Stream, gather

# Rows in an update, where nobody said how many.
_BATCH_SIZE = 128


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words that `wanted` understands."""
    option = parser.add_argument
    option(
        "--stream",
        action="store_true",
        help="read the file piece by piece in every epoch; batches of "
        f"{_BATCH_SIZE} unless --batch-size says otherwise",
    )
    option(
        "--memory-limit",
        type=_data.whole(1),
        default=1024,
        metavar="MIB",
        help="stream a CSV or Parquet file whose table is larger (1024)",
    )


def wanted(args: argparse.Namespace) -> bool:
    """Whether the data are to be streamed."""
    path = Path(args.data)
    suffix = path.suffix.lower()
    is_table = suffix in (".csv", ".parquet") and path.is_file()
    if args.data in DATASETS or not is_table:
        if args.stream:
            raise ValueError(f"--stream goes with a .csv or .parquet file: {args.data}")
        return False
    size = path.stat().st_size
    if suffix == ".parquet" and not args.stream:
        # Compressed, it may be a small part of the table.
        metadata = require("pyarrow.parquet").read_metadata(path)
        size = 8 * metadata.num_rows * metadata.num_columns
    return args.stream or size > args.memory_limit << 20


def read(
    args: argparse.Namespace, *, test_fraction: float, validation_fraction: float
) -> _data.Task:
    """Look at the file once and say how to read it. Sets the batch size if none is."""
    if not 0 <= test_fraction < 1:
        raise ValueError(f"--test-fraction must be in [0, 1), got {test_fraction}")
    if args.split == "last":
        raise ValueError("--split last does not go with a file that is streamed")
    args.batch_size = args.batch_size or _BATCH_SIZE
    watched = test_fraction + (1 - test_fraction) * validation_fraction
    train = Stream(args.data, seed=args.seed, low=watched)
    found = gather(train, args.target)
    train, preprocessing = found.stream, found.preprocessing
    parts: dict[str, _data.Rows] = {
        "train": train,
        "validation": train.part(test_fraction, watched),
        "test": train.part(0.0, test_fraction),
    }
    if not len(train):
        raise ValueError(f"--test-fraction {test_fraction} leaves no rows to train on")
    examples = Examples(train, preprocessing)
    X, Y = next(iter(examples))
    return _data.Task(
        _data.build(args, preprocessing, X.shape[0], Y.shape[0]),
        examples,
        None,
        preprocessing,
        {name: rows for name, rows in parts.items() if len(rows)},
        found.counts or (found.lowest, found.highest),
    )


def peak_memory() -> float | None:
    """The most this process had in memory so far, in MiB, where systems say it.

    Example:
      >>> peak_memory() != 0
      True
    """
    if os.name != "posix":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
