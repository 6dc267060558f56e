"""Train from a Parquet file piece by piece, and say how much memory that took.

    python -m scripts.experiments.stream_rows   a million rows, two epochs
    python -m scripts.experiments.stream_rows --rows 20000

The table, 20 columns of numbers and a binary target, is made here and removed after.
What `jaxdnn train --stream` held at most is set against what a process holds that has
only imported and compiled: one that trains on a thousand rows. Exit code 1 if the
difference is more than 1 GiB, or if nothing was learnt.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts._table import print_table

COLUMNS, BLOCK = 20, 50_000
MOST_MIB = 1024
ENOUGH = 0.9  # accuracy; what can be learnt is right in about 97 of 100 rows


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = {}
        for name, rows in (("baseline", 1000), ("streamed", options.rows)):
            path = Path(folder, f"{name}.parquet")
            write(path, rows)
            found[name] = train(path, options.epochs)
    rows = [
        (name, f"{seconds:.1f}", f"{peak}", f"{accuracy:.4f}")
        for name, (seconds, peak, accuracy) in found.items()
    ]
    print_table(("", "seconds", "peak MiB", "test accuracy"), rows)
    _, peak, accuracy = found["streamed"]
    more = peak - found["baseline"][1]
    print(f"{options.rows} rows took {more} MiB more than 1000; at most {MOST_MIB}")
    return int(more > MOST_MIB or accuracy < ENOUGH)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--epochs", type=int, default=2)
    return parser.parse_args(arguments)


def write(path: Path, rows: int) -> None:
    """A table of that many rows, row group by row group."""
    rng = np.random.default_rng(0)
    direction = rng.normal(size=COLUMNS)
    names = [f"x{i}" for i in range(1, COLUMNS + 1)]
    schema = pa.schema([*((name, pa.float64()) for name in names), ("y", pa.int64())])
    with pq.ParquetWriter(path, schema) as file:
        for first in range(0, rows, BLOCK):
            X = rng.normal(size=(min(BLOCK, rows - first), COLUMNS))
            y = X @ direction + 0.5 * rng.normal(size=len(X)) > 0
            columns = [*X.T, y.astype(np.int64)]
            file.write_table(pa.table(dict(zip(schema.names, columns, strict=True))))


def train(path: Path, epochs: int) -> tuple[float, int, float]:
    """Seconds, most MiB, and accuracy on the test part, of a process of its own."""
    options = f"--stream --batch-size 256 --optimizer adam --l2 0 --epochs {epochs}"
    command = [sys.executable, "-m", "jaxdnn", "train", "--data", str(path)]
    began = time.perf_counter()
    said = subprocess.run(
        [*command, *options.split(), "--out", str(path.parent / "out")],
        check=True,
        capture_output=True,
        text=True,
        timeout=3600,
    ).stdout
    seconds = time.perf_counter() - began
    peak = re.search(r"^memory +at most (\d+) MiB", said, re.M)
    accuracy = re.search(r"^accuracy +\S+ +(\S+)", said, re.M)
    if peak is None or accuracy is None:
        raise ValueError(f"stream_rows: expected memory and accuracy in: {said}")
    return seconds, int(peak[1]), float(accuracy[1])


if __name__ == "__main__":
    sys.exit(main())
