"""Tables from files, whole or some rows at a time; a format is a module beside this."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from jaxdnn.data.tables import csv_files, npz_files, parquet_files
from jaxdnn.data.tables.table import Columns, Table, is_text
from jaxdnn.data.within import within


class Format(NamedTuple):
    """How files of a format are read: whole, and piece by piece where they can be."""

    read: Callable[[Path, Collection[str]], Columns]
    pieces: Callable[[Path, set[str], int], Iterator[Columns]] | None = None


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        ".csv": Format(csv_files.read, csv_files.pieces),
        ".parquet": Format(parquet_files.read, parquet_files.pieces),
        ".npz": Format(npz_files.read),
    }
)


def read_table(
    path: str | os.PathLike[str], *, text_columns: Collection[str] = (), reading=None
) -> Table:
    r"""The table in a .csv, .parquet or .npz file.

    Args:
      path: a file whose name says its format.
      text_columns: columns of a CSV file that are text even where all cells look like
        numbers.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: another format, a damaged, ragged or empty file, columns without a
        name or with the same one, cells that are neither numbers nor text.
      ModuleNotFoundError: pyarrow is not installed.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "pets.csv"
      >>> _ = path.write_text("kind,weight\ncat,4.5\ndog,20\n")
      >>> {name: cells.tolist() for name, cells in read_table(path).columns.items()}
      {'kind': ['cat', 'dog'], 'weight': [4.5, 20.0]}
    """
    path = Path(path)
    read = _format(path).read
    with within(path):
        columns = read(path, text_columns)
    table = Table(str(path), columns)
    if len(table) == 0:
        raise ValueError(f"{path}: no rows")
    return table


def read_in_pieces(
    path: str | os.PathLike[str],
    *,
    text_columns: Collection[str] = (),
    reading=None,
    piece_bytes: int = 16 << 20,
) -> Iterator[Table]:
    r"""The table in a .csv or .parquet file, some rows at a time.

    A column of a CSV file can look like numbers in its first pieces and like text in
    later ones: only text_columns are text from the beginning.

    Args:
      path, text_columns: as for `read_table`.
      piece_bytes: about how large a piece is, as text or as float64.

    Raises:
      FileNotFoundError, ValueError, ModuleNotFoundError: as `read_table`.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "numbers.csv"
      >>> _ = path.write_text("x\n" + "1\n2\n" * 500)
      >>> [len(table) for table in read_in_pieces(path, piece_bytes=1000)]
      [499, 500, 1]
    """
    path = Path(path)
    read = _format(path).pieces
    if read is None:
        raise ValueError(f"{path}: can only be read whole")
    pieces = read(path, set(text_columns), piece_bytes)
    row = 0
    while True:
        with within(path):
            columns = next(pieces, None)
        if columns is None:
            break
        table = Table(str(path), columns, first_row=row)
        row += len(table)
        yield table
    if row == 0:
        raise ValueError(f"{path}: no rows")


@dataclass(frozen=True)
class ScannedFile:
    """A .csv or .parquet file that was read once; its pieces come anew each time.

    Attributes:
      path, piece_bytes: as for `read_in_pieces`.
      text_columns: the columns that are text in any piece, and so in all of them.
      sizes: how many rows each piece has.
    """

    path: str
    piece_bytes: int
    text_columns: frozenset[str]
    sizes: tuple[int, ...]

    def __iter__(self) -> Iterator[Table]:
        return read_in_pieces(
            self.path, text_columns=self.text_columns, piece_bytes=self.piece_bytes
        )

    def __len__(self) -> int:
        """How many rows there are in all."""
        return sum(self.sizes)


def scan(
    path: str | os.PathLike[str], *, reading=None, piece_bytes: int = 16 << 20
) -> ScannedFile:
    r"""Read a file once, to know how many rows there are and which columns are text.

    Args:
      path, piece_bytes: as for `read_in_pieces`.

    Raises:
      FileNotFoundError, ValueError, ModuleNotFoundError: as `read_table`.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "codes.csv"
      >>> _ = path.write_text("code\n" + "1\n" * 500 + "2b\n")
      >>> file = scan(path, piece_bytes=100)
      >>> len(file), {is_text(table.columns["code"]) for table in file}
      (501, {True})
    """
    sizes: list[int] = []
    texts: set[str] = set()
    for table in read_in_pieces(path, piece_bytes=piece_bytes):
        sizes.append(len(table))
        texts |= {name for name, cells in table.columns.items() if is_text(cells)}
    return ScannedFile(str(path), piece_bytes, frozenset(texts), tuple(sizes))


def _format(path: Path) -> Format:
    """That of the file of that name, which is there."""
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise ValueError(f"{path}: must be a {', '.join(FORMATS)} file")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file")
    return found
