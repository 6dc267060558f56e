"""Learning from a file larger than memory: rows and figures gathered piece by piece.

One pass over the file checks every cell, decides what each column is, and adds up the
training rows' figures; later passes read the rows of one part. Which part a row is in
is drawn from the seed and the row's place, so that every pass agrees.

References:
  Chan, Golub & LeVeque (1983), Amer. Statist. 37: means and variances of pieces.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.preprocessing import (
    MOST_CODES,
    Categories,
    Column,
    Numbers,
    Preprocessing,
    check_not_mixed,
    check_target,
    is_measured,
)
from jaxdnn.data.tables import Table, as_text, is_text, read_in_pieces

# Different texts of a column after which they are no categories, whatever the rows.
_MOST_TEXTS = 100_000


@dataclass(frozen=True)
class Stream:
    r"""A file's rows, or a part of them, as tables; they come anew each time.

    Attributes:
      path: a .csv or .parquet file.
      piece_bytes: about how large a piece is.
      text_columns: columns of a CSV file that are text in all pieces.
      classes: a column whose numbers are the names of classes, if any.
      sizes: how many rows each piece has.
      seed, low, high: a row is in the part if its random number from the seed is in
        [low, high).

    Example:
      >>> import tempfile
      >>> path = tempfile.mkdtemp() + "/t.csv"
      >>> with open(path, "w") as file:
      ...     _ = file.write("x\n" + "1\n" * 1000)
      >>> parts = Stream(path, high=0.2), Stream(path, low=0.2)
      >>> counts = [sum(map(len, part)) for part in parts]
      >>> sum(counts), 150 < counts[0] < 250
      (1000, True)
    """

    path: str
    piece_bytes: int = 16 << 20
    text_columns: frozenset[str] = frozenset()
    classes: str | None = None
    sizes: tuple[int, ...] = ()
    seed: int = 0
    low: float = 0.0
    high: float = 1.0

    def __iter__(self) -> Iterator[Table]:
        for table, chosen in self.marked():
            if chosen.any():
                yield table.take(chosen)

    def __len__(self) -> int:
        """How many rows there are: 0 until `gather` has recorded the sizes."""
        firsts = accumulate(self.sizes, initial=0)
        pieces = zip(firsts, self.sizes, strict=False)
        return sum(int(self._chosen(*piece).sum()) for piece in pieces)

    def part(self, low: float, high: float) -> "Stream":
        """The rows whose numbers are in [low, high)."""
        return replace(self, low=low, high=high)

    def marked(self) -> Iterator[tuple[Table, NDArray[np.bool_]]]:
        """Whole pieces, and which of their rows are in the part."""
        for table in read_in_pieces(
            self.path, text_columns=self.text_columns, piece_bytes=self.piece_bytes
        ):
            if self.classes is not None:
                cells = as_text(table.columns[self.classes])
                table = replace(table, columns={**table.columns, self.classes: cells})
            yield table, self._chosen(table.first_row, len(table))

    def _chosen(self, first_row: int, rows: int) -> NDArray[np.bool_]:
        place = np.random.default_rng((self.seed, first_row)).random(rows)
        return (place >= self.low) & (place < self.high)


@dataclass(frozen=True)
class Examples:
    """A stream's rows as `fit` reads them: chunks X (n_x, k), Y (n_L, k)."""

    rows: Stream
    preprocessing: Preprocessing

    def __iter__(self) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for table in self.rows:
            yield self.preprocessing.inputs(table), self.preprocessing.targets(table)


class Gathered(NamedTuple):
    """What one pass found.

    stream: the file as it is to be read from now on; counts: the target's classes and
    their rows, or None where it is numbers, from lowest to highest.
    """

    stream: Stream
    preprocessing: Preprocessing
    counts: Counter[str] | None
    lowest: float
    highest: float


def gather(stream: Stream, target: str | None) -> Gathered:
    r"""Look at every row, and learn the figures of those in the part.

    Args:
      stream: the training part.
      target: the column to predict; the file's last one when None.

    Raises:
      ValueError: as `training_table` and `Preprocessing.of`.

    Example:
      >>> import tempfile
      >>> path = tempfile.mkdtemp() + "/t.csv"
      >>> with open(path, "w") as file:
      ...     _ = file.write("x,kind\n1,cat\n3,dog\n")
      >>> gather(Stream(path), None).preprocessing.columns
      (Numbers(name='x', mean=2.0, deviation=1.0),)
    """
    while True:
        figures: dict[str, _Figures] = {}
        mixed: set[str] = set()
        sizes: list[int] = []
        for table, chosen in stream.marked():
            if not figures:
                target = target or list(table.columns)[-1]
                check_target(table, target)
                figures = {name: _Figures(name) for name in table.columns}
                # Only the target's numbers can be the names of classes.
                for name in figures.keys() - {target}:
                    figures[name].few_codes = False
            table.check_complete(table.columns)
            mixed = {
                name
                for name, cells in table.columns.items()
                if figures[name].is_text not in (None, is_text(cells))
            }
            if mixed:
                break
            for name, cells in table.columns.items():
                figures[name].add(cells, chosen)
                if len(figures[name].seen) > _MOST_TEXTS:
                    raise ValueError(
                        f"{stream.path}: column {name!r}: more than {_MOST_TEXTS} "
                        "different texts; leave such a column out"
                    )
            sizes.append(len(table))
        if not mixed:
            break
        # Numbers so far, and now text: read it all as text, from the beginning.
        stream = replace(stream, text_columns=stream.text_columns | mixed)
    stream = replace(stream, sizes=tuple(sizes))
    if target is None:
        raise ValueError(f"{stream.path}: no columns")
    whole = stream.part(0.0, 1.0)
    for name, found in figures.items():
        if found.is_text:
            check_not_mixed(whole, name, found.seen, is_target=name == target)
    aim = figures[target]
    if len(aim.seen) == 1 and (aim.is_text or aim.few_codes):
        raise ValueError(
            f"{stream.path}: column {target!r} is {next(iter(aim.seen))!r} in every "
            "row: with one class only there is nothing to learn"
        )
    classes = aim.is_text or aim.few_codes
    if classes and (unseen := aim.unseen()):
        raise ValueError(
            f"{stream.path}: no row to train on has {', '.join(unseen)} in column "
            f"{target!r}: leave such rows out, or choose another seed"
        )
    if classes and not aim.is_text:
        stream = replace(stream, classes=target)
    try:
        columns = tuple(
            found.column(classes=False)
            for name, found in figures.items()
            if name != target
        )
        preprocessing = Preprocessing(columns, aim.column(classes=classes))
    except ValueError as error:
        raise ValueError(f"{stream.path}: {error}") from None
    counts = aim.seen if classes else None
    return Gathered(stream, preprocessing, counts, aim.lowest, aim.highest)


class _Figures:
    """What is known of a column so far: of all cells, and of the training rows'."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_text: bool | None = None
        # Texts, or numbers as texts while there are few enough to be names of classes.
        self.seen: Counter[str] = Counter()
        self.few_codes = True
        self.lowest, self.highest = np.inf, -np.inf
        self._trained: set[str] = set()
        self._count = 0
        self._mean = self._squares = 0.0
        self._low, self._high = np.inf, -np.inf

    def add(self, cells: NDArray[Any], chosen: NDArray[np.bool_]) -> None:
        self.is_text = is_text(cells)
        if self.is_text:
            self._see(cells, chosen)
            self._count += int(chosen.sum())
            return
        self.lowest = min(self.lowest, float(cells.min()))
        self.highest = max(self.highest, float(cells.max()))
        if self.few_codes and not is_measured(cells):
            self._see(as_text(cells), chosen)
            self.few_codes = len(self.seen) <= MOST_CODES
        else:
            self.few_codes = False
        self._add_up(cells[chosen])

    def unseen(self) -> list[str]:
        """What cells outside the training rows hold, and none of those does."""
        return sorted(self.seen.keys() - self._trained)

    def column(self, *, classes: bool) -> Column:
        """The column as the training rows have it."""
        if self.is_text or classes:
            return Categories.among(self.name, self._trained, self._count)
        with np.errstate(over="ignore", invalid="ignore"):
            deviation = float(np.sqrt(self._squares / max(self._count, 1)))
        return Numbers.checked(
            self.name, self._mean, 0.0 if self._low == self._high else deviation
        )

    def _see(self, cells: NDArray[Any], chosen: NDArray[np.bool_]) -> None:
        self.seen.update(cells)
        self._trained.update(cells[chosen])

    def _add_up(self, cells: NDArray[Any]) -> None:
        n = len(cells)
        if n == 0:
            return
        with np.errstate(over="ignore", invalid="ignore"):
            total = self._count + n
            apart = float(cells.mean()) - self._mean
            self._squares += float(cells.var()) * n + apart**2 * self._count * n / total
            self._mean += apart * n / total
        self._count = total
        self._low = min(self._low, float(cells.min()))
        self._high = max(self._high, float(cells.max()))
