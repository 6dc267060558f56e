"""What a file's table takes in memory when it is read whole, told before it is."""

import gzip
import os
from pathlib import Path

from jaxdnn._extras import require
from jaxdnn.data.tables.parquet_files import files_of
from jaxdnn.data.tables.reading import suffix
from jaxdnn.data.within import within

# Bytes at the beginning of a file from which the rest is judged.
_SAMPLE = 1 << 16

# How much larger a text is than its compressed file, about.
_UNZIPPED = 5

# Bytes at the most for a cell on its way from the table to the batches: float64, what
# is left of it in each part, float32 inputs twice; measured at 48 with its text.
_CELL, _TEXTS = 36, 2


def held_whole(path: str | os.PathLike[str]) -> int:
    r"""About how many bytes training holds at most where it reads the table whole.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "t.csv"
      >>> _ = path.write_text("x,y\n" + "1,2\n" * 1000)
      >>> 70_000 < held_whole(path) < 100_000
      True
    """
    path = Path(path)
    if suffix(path) == ".parquet":
        with within(path):
            read = require("pyarrow.parquet").read_metadata
            files = [read(each) for each in files_of(path)]
        return sum(_CELL * file.num_rows * file.num_columns for file in files)
    zipped = path.suffix.lower() == ".gz"
    size = path.stat().st_size * (_UNZIPPED if zipped else 1)
    with within(path), gzip.open(path) if zipped else path.open("rb") as file:
        sample = file.read(_SAMPLE)
    # A cell for each sign that may part two, whichever the file's is.
    parted = max(sample.count(sign) for sign in (b",", b";", b"\t", b"|"))
    cells = parted + sample.count(b"\n")
    return _TEXTS * size + _CELL * cells * size // max(1, len(sample))
