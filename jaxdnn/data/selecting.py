"""Which columns and rows of a table are learned from, and where cells are missing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jaxdnn.data.tables import ScannedFile, Table


class Gap(NamedTuple):
    """The missing cells of a column: how many, and the first one's row in the file."""

    cells: int
    row: int


class Gaps(dict[str, Gap]):
    """The columns with missing cells, added up over the pieces of a table.

    Example:
      >>> import numpy as np
      >>> gaps = Gaps()
      >>> gaps.add(Table("t", {"x": np.array([1.0, np.nan])}))
      >>> str(gaps)
      "'x' (1, in row 2)"
    """

    def add(self, table: Table) -> None:
        """Count those of a piece."""
        for name in table.columns:
            mask = table.gaps(name)
            if mask.any():
                cells, row = self.get(name, Gap(0, table.row(int(mask.argmax()))))
                self[name] = Gap(cells + int(mask.sum()), row)

    def merge(self, other: "Gaps") -> None:
        """Count those of other pieces, too."""
        for name, gap in other.items():
            own = self.get(name, Gap(0, gap.row))
            self[name] = Gap(own.cells + gap.cells, min(own.row, gap.row))

    def __str__(self) -> str:
        shown = list(self.items())[:20]
        said = [
            f"{name!r} ({gap.cells}, {'the first ' * (gap.cells > 1)}in row {gap.row})"
            for name, gap in shown
        ]
        more = [f"{len(self) - 20} more columns"] if len(self) > 20 else []
        return ", ".join([*said, *more])


def listed(names: Iterable[str]) -> str:
    """Names in a message; of many, the first ten."""
    names = list(names)
    return ", ".join([*map(repr, names[:10]), *["..."] * (len(names) > 10)])


@dataclass(frozen=True)
class Selection:
    """The columns to learn from and to predict, and what happens to rows with gaps.

    Attributes:
      inputs, targets: names of columns.
      missing: one of `_names.MISSING`.

    Example:
      >>> import numpy as np
      >>> y = np.array(["a", "", "b"], dtype=object)
      >>> table = Table("t", {"id": np.arange(3.0), "x": np.ones(3), "y": y})
      >>> kept = Selection(("x",), ("y",), "mean").of(table)
      >>> {name: cells.tolist() for name, cells in kept.columns.items()}
      {'x': [1.0, 1.0], 'y': ['a', 'b']}
    """

    inputs: tuple[str, ...]
    targets: tuple[str, ...]
    missing: str

    def of(self, table: Table) -> Table:
        """The columns selected, of the rows that have a target.

        Where missing is "drop", of those without any gap; where it is "error", of all.
        """
        table = table.select((*self.inputs, *self.targets))
        if self.missing == "error":
            return table
        must = table.columns if self.missing == "drop" else self.targets
        gaps = [table.gaps(name) for name in must]
        some = [mask for mask in gaps if mask.any()]
        return table.take(~sum(some[1:], some[0])) if some else table


@dataclass(frozen=True)
class Selected:
    """What is selected of a file's tables, anew each time; none without rows."""

    tables: ScannedFile
    selection: Selection

    def __iter__(self) -> Iterator[Table]:
        for table in self.tables:
            selected = self.selection.of(table)
            if len(selected):
                yield selected


def select(
    table: Table,
    *,
    targets: Sequence[str],
    drop: Sequence[str] = (),
    only: Sequence[str] = (),
    missing: str = "mean",
) -> Selection:
    """Which of a table's columns to learn from.

    Args:
      table: all of it, or a piece.
      targets: the columns to predict; the last that is kept where none is named.
      drop: columns to leave out.
      only: the inputs; all columns but the targets where none is named.
      missing: one of `_names.MISSING`.

    Raises:
      ValueError: a name that no column has, a target that is dropped, no input left.

    Example:
      >>> import numpy as np
      >>> table = Table("t", dict.fromkeys(["id", "x", "y"], np.zeros(2)))
      >>> select(table, targets=(), drop=["id"])
      Selection(inputs=('x',), targets=('y',), missing='mean')
      >>> select(table, targets=["z"])
      Traceback (most recent call last):
      ValueError: t: no column 'z'; it has 'id', 'x', 'y'
    """
    names = list(table.columns)
    for name in (*targets, *drop, *only):
        if name not in names:
            raise ValueError(
                f"{table.source}: no column {name!r}; it has {listed(names)}"
            )
    kept = [name for name in names if name not in drop]
    if not targets:
        targets = kept[-1:]
    if dropped := set(targets) & set(drop):
        raise ValueError(
            f"{table.source}: {listed(sorted(dropped))} cannot be both predicted and "
            "dropped"
        )
    inputs = [name for name in kept if name not in targets]
    if only:
        inputs = [name for name in inputs if name in only]
    if not inputs:
        raise ValueError(
            f"{table.source}: no column beside the target {listed(targets)}"
        )
    return Selection(tuple(inputs), tuple(dict.fromkeys(targets)), missing)
