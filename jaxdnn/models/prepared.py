"""A recipe's rows, read and learned from, and the network for them."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxdnn import Network
from jaxdnn._checks import public
from jaxdnn.data.datasets import DATASETS, load
from jaxdnn.data.learning import Learned, learn
from jaxdnn.data.parts import (
    PARTS,
    TEST,
    TEST_FRACTION,
    TRAIN,
    VALIDATION,
    FileInParts,
    Piece,
    check_fraction,
    dataset_tables,
    divide,
    rows_of,
)
from jaxdnn.data.preprocessing import Examples
from jaxdnn.data.selecting import Selected, Selection
from jaxdnn.data.tables import FORMATS, Table, read_table, scan
from jaxdnn.models.recipe import DataRecipe, Recipe


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a recipe is to be trained on.

    Attributes:
      recipe: with all that followed from the data filled in.
      pieces: the rows and their parts; they can be gone over again and again.
      learned: what they taught about each column, and how many there are of each part.
      network: between as many inputs and outputs as the columns make.
      untold: how many rows were left out because cells of theirs are missing.
    """

    recipe: Recipe
    pieces: Iterable[Piece]
    learned: Learned
    network: Network
    untold: int

    def examples(self, part: int = TRAIN) -> Examples:
        """X and Y of a part, piece by piece."""
        return Examples(self.pieces, part, self.learned.preprocessing)

    def tables(self, part: str) -> Iterator[Table]:
        """The rows of "train", "validation" or "test", piece by piece."""
        return rows_of(self.pieces, PARTS.index(part))

    def watched(self) -> tuple[NDArray[Any], NDArray[Any]] | None:
        """X and Y of the rows to watch, if there are any."""
        there = "validation" in self.learned.sizes
        return self.examples(VALIDATION).whole() if there else None

    @property
    def held_bytes(self) -> int:
        """How many bytes of a stream's examples are in memory at one time, at most.

        While the device trains on one piece the next is read.
        """
        dims = self.network.layer_dims
        return 2 * self.learned.largest * 4 * (dims[0] + dims[-1])

    def identity(self) -> dict[str, Any]:
        """What tells this run from others, see `Recipe.identity`."""
        digest = hashlib.sha256()
        arrays: list[Any] = []
        if not self.recipe.data.stream:
            arrays = [*self.examples().whole(), *(self.watched() or ())]
        for array in arrays:
            digest.update(np.ascontiguousarray(array).tobytes())
        # Of a stream, what its rows add up to.
        learned = self.learned
        said = [learned.preprocessing.to_json(), learned.found, learned.sizes]
        digest.update(json.dumps(said).encode())
        return self.recipe.identity(digest.hexdigest())


@public
def prepare(recipe: Recipe) -> Prepared:
    """Read a recipe's rows, share them out, and learn their columns.

    Raises:
      ValueError: no such data set, a bad file or table, fractions out of their range.
      FileNotFoundError: there is no such file.
      ModuleNotFoundError: a library is not installed.

    Example:
      >>> prepared = prepare(Recipe(DataRecipe("moons")))
      >>> prepared.network.layer_dims, prepared.learned.sizes
      ((2, 10, 5, 1), {'train': 160, 'test': 40})
    """
    recipe = recipe.settled()
    data = recipe.data
    rows = _read(data)
    learned = learn(rows.pieces, rows.selection.targets, data.asked)
    selected = (*rows.selection.inputs, *rows.selection.targets)
    columns = replace(
        learned.preprocessing,
        left_out=(
            *(name for name in rows.names if name not in selected),
            *learned.preprocessing.left_out,
        ),
        reading=data.reading,
    )
    learned = learned._replace(preprocessing=columns)
    dims = (columns.n_x, *recipe.network.layers, columns.n_L)
    network = Network(dims, hidden=recipe.network.hidden, output=columns.output)
    untold = rows.count - sum(learned.sizes.values())
    return Prepared(recipe, rows.pieces, learned, network, untold)


class _Rows(NamedTuple):
    """Rows with their parts; what is selected of which columns; how many there are."""

    pieces: Iterable[Piece]
    selection: Selection
    names: tuple[str, ...]
    count: int


def _read(data: DataRecipe) -> _Rows:
    """The rows that a recipe names, shared out."""
    if data.stream:
        return _streamed(data)
    whole, own, targets = _tables(data)
    selection = data.select(whole, targets)
    options: dict[str, Any] = {
        "validation_fraction": data.validation_fraction or 0.0,
        "seed": data.seed,
        "last": data.split == "last",
    }
    fraction = data.test_fraction
    if fraction is None:
        fraction = TEST_FRACTION if own is None else 0.0
    elif fraction:
        own = None
    rows = selection.of(whole)
    [first, *others] = selection.targets
    by = first if not others and data.asked.classifies(rows, first) else None
    pieces = [divide(rows, by, test_fraction=fraction, **options)]
    count = len(whole)
    if own is not None:
        count += len(own)
        test = selection.of(own)
        pieces.append((test, np.full(len(test), TEST, np.int8)))
    return _Rows(pieces, selection, tuple(whole.columns), count)


def _tables(data: DataRecipe) -> tuple[Table, Table | None, Sequence[str]]:
    """The whole table, its own test part if there is one, and what to predict."""
    if data.source in DATASETS:
        if data.targets:
            raise ValueError(f"--target goes with a file; {data.source} has its own")
        whole, own = dataset_tables(load(data.source))
        return whole, own, [list(whole.columns)[-1]]
    if not Path(data.source).suffix:
        raise ValueError(
            f"--data {data.source}: no such data set; there are {', '.join(DATASETS)}, "
            f"and files whose names end in {', '.join(FORMATS)}"
        )
    return read_table(data.source, reading=data.reading), None, data.targets


def _streamed(data: DataRecipe) -> _Rows:
    """A file's rows, read anew each time they are gone over."""
    test = TEST_FRACTION if data.test_fraction is None else data.test_fraction
    watched = data.validation_fraction or 0.0
    check_fraction("test_fraction", test)
    check_fraction("validation_fraction", watched)
    file = scan(data.source, reading=data.reading)
    first = next(iter(file))
    selection = data.select(first, data.targets)
    rows = Selected(file, selection)
    pieces = FileInParts(rows, test, test + (1 - test) * watched, data.seed)
    return _Rows(pieces, selection, tuple(first.columns), len(file))
