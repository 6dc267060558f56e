"""Tables from files, whole or some rows at a time; a format is a module beside this."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from jaxdnn.data.tables import csv_files, npz_files, parquet_files
from jaxdnn.data.tables.options import USUAL, Reading
from jaxdnn.data.tables.table import ALONE, Pieces, Table, Turn, is_text
from jaxdnn.data.within import within

# Of each file of a table: its name, when it was written, in ns, and its bytes.
State = tuple[tuple[str, int, int], ...]


class Format(NamedTuple):
    """How files of a format are read: whole, and piece by piece where they can be."""

    read: Callable[[Path, Collection[str], Reading], Pieces]
    pieces: (
        Callable[[Path, set[str], Reading, int, Turn], Iterator[Pieces | int]] | None
    ) = None


_CSV = Format(csv_files.read, csv_files.pieces)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        **dict.fromkeys((".csv", ".tsv", ".csv.gz", ".tsv.gz"), _CSV),
        ".parquet": Format(parquet_files.read, parquet_files.pieces),
        ".npz": Format(npz_files.read),
    }
)


def suffix(path: str | os.PathLike[str]) -> str:
    """What a file's name ends in, as FORMATS has it.

    Example:
      >>> suffix("T.CSV.gz"), suffix("v1.2.parquet"), suffix("moons")
      ('.csv.gz', '.parquet', '')
    """
    ends = [end.lower() for end in Path(path).suffixes]
    return "".join(ends[-2:] if ends[-1:] == [".gz"] else ends[-1:])


def is_streamable(path: str | os.PathLike[str]) -> bool:
    """Whether it is a file that can be read piece by piece.

    Example:
      >>> is_streamable("nowhere.csv")
      False
    """
    found = FORMATS.get(suffix(path))
    return found is not None and found.pieces is not None and _is_there(Path(path))


def read_table(
    path: str | os.PathLike[str],
    *,
    text_columns: Collection[str] = (),
    reading: Reading = USUAL,
) -> Table:
    r"""The table in a file of one of FORMATS.

    Args:
      path: a file whose name says its format.
      text_columns: columns of a CSV file that are text even where all cells look like
        numbers.
      reading: what says that a cell is missing, and how CSV is written.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: another format, a damaged, ragged or empty file, one that ends inside
        quotes, columns without a name or with the same one, cells that are neither
        numbers nor text.
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
        columns, spelled = read(path, text_columns, reading)
    table = Table(str(path), columns, spelled=spelled)
    if len(table) == 0:
        raise ValueError(f"{path}: no rows")
    return table


def read_in_pieces(
    path: str | os.PathLike[str],
    *,
    text_columns: Collection[str] = (),
    reading: Reading = USUAL,
    piece_bytes: int = 8 << 20,
    turn: Turn = ALONE,
) -> Iterator[Table]:
    r"""The table in a CSV or Parquet file, some rows at a time.

    A column of a CSV file can look like numbers in its first pieces and like text in
    later ones: only text_columns are text from the beginning.

    Args:
      path, text_columns, reading: as for `read_table`.
      piece_bytes: about how large a piece is, as text or as float64.
      turn: of several readers, which row groups (of CSV, pieces) are this one's.

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
    pieces = read(path, set(text_columns), reading, piece_bytes, turn)
    row = 0
    while True:
        with within(path):
            piece = next(pieces, None)
        if piece is None:
            break
        if isinstance(piece, int):
            row += piece
            continue
        table = Table(str(path), piece[0], first_row=row, spelled=piece[1])
        row += len(table)
        yield table
    if row == 0:
        raise ValueError(f"{path}: no rows")


@dataclass(frozen=True)
class ScannedFile:
    """A CSV or Parquet file that was read once; its pieces come anew each time.

    Attributes:
      path, reading, piece_bytes: as for `read_in_pieces`.
      text_columns: the columns that are text in any piece, and so in all of them.
      sizes: how many rows each piece has.
      state: of the file when it was read, see `state_of`.
      turn: whose pieces are read.
    """

    path: str
    reading: Reading
    piece_bytes: int
    text_columns: frozenset[str]
    sizes: tuple[int, ...]
    state: State
    turn: Turn = ALONE

    def __iter__(self) -> Iterator[Table]:
        self._check_unchanged()
        yield from read_in_pieces(
            self.path,
            text_columns=self.text_columns,
            reading=self.reading,
            piece_bytes=self.piece_bytes,
            turn=self.turn,
        )
        self._check_unchanged()

    def _check_unchanged(self) -> None:
        """Refuse a file that is another than was learned from."""
        if state_of(self.path) != self.state:
            raise ValueError(f"{self.path}: it has changed since it was first read")

    def __len__(self) -> int:
        """How many rows there are in all."""
        return sum(self.sizes)

    def plus(self, other: "ScannedFile") -> "ScannedFile":
        """The pieces of both, for a reader of all."""
        return replace(
            self,
            text_columns=self.text_columns | other.text_columns,
            sizes=self.sizes + other.sizes,
            turn=ALONE,
        )


def scan(
    path: str | os.PathLike[str],
    *,
    reading: Reading = USUAL,
    piece_bytes: int = 8 << 20,
    turn: Turn = ALONE,
) -> ScannedFile:
    r"""Read a file once, to know how many rows there are and which columns are text.

    Args:
      path, reading, piece_bytes, turn: as for `read_in_pieces`.

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
    path = Path(path)
    _format(path)
    with within(path):
        state = state_of(path)
    sizes: list[int] = []
    texts: set[str] = set()
    for table in read_in_pieces(
        path, reading=reading, piece_bytes=piece_bytes, turn=turn
    ):
        sizes.append(len(table))
        texts |= {name for name, cells in table.columns.items() if is_text(cells)}
    return ScannedFile(
        str(path), reading, piece_bytes, frozenset(texts), tuple(sizes), state, turn
    )


def state_of(path: str | os.PathLike[str]) -> State:
    r"""When the file, or each of a folder's, was written last, and how large it is.

    Raises:
      OSError: there is none.

    Example:
      >>> import tempfile
      >>> path = Path(tempfile.mkdtemp()) / "t.csv"
      >>> _ = path.write_text("x\n")
      >>> [(name, size) for name, _, size in state_of(path)]
      [('t.csv', 2)]
    """
    states = [(each.name, each.stat()) for each in parquet_files.files_of(Path(path))]
    return tuple((name, of.st_mtime_ns, of.st_size) for name, of in states)


def _is_there(path: Path) -> bool:
    """Whether it is a file, or a folder of them that stands for one."""
    return path.is_file() or (path.is_dir() and suffix(path) == ".parquet")


def _format(path: Path) -> Format:
    """That of the file of that name, which is there."""
    found = FORMATS.get(suffix(path))
    if found is None:
        raise ValueError(f"{path}: must be a {', '.join(FORMATS)} file")
    if not _is_there(path):
        what = "is no file" if path.exists() else "no such file"
        raise FileNotFoundError(f"{path}: {what}")
    return found
