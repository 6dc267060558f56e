"""A recipe's rows, read and learned from, and the network for them."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jax.sharding import Mesh
from numpy.typing import NDArray

from jaxdnn import Network
from jaxdnn._names import TEST_FRACTION
from jaxdnn._refusals import public
from jaxdnn.data.datasets import DATASETS, load
from jaxdnn.data.learning import Learned, learn
from jaxdnn.data.parts import (
    PARTS,
    TEST,
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
from jaxdnn.data.readers import Readers
from jaxdnn.data.selecting import Selected, Selection, listed
from jaxdnn.data.tables import (
    ALONE,
    FORMATS,
    ScannedFile,
    Table,
    Turn,
    read_table,
    scan,
    suffix,
)
from jaxdnn.models.choosing import chosen
from jaxdnn.models.recipe import DataRecipe, Recipe
from jaxdnn.training.checks import check_mesh


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

    def examples(self, part: int = TRAIN, turn: Turn = ALONE) -> Examples:
        """X and Y of a part, piece by piece; of a stream, those whose turn it is."""
        pieces = self.pieces
        if isinstance(pieces, FileInParts):
            pieces = pieces.read_by(turn)
        return Examples(pieces, part, self.learned.preprocessing)

    def tables(self, part: str) -> Iterator[Table]:
        """The rows of "train", "validation" or "test", piece by piece."""
        return rows_of(self.pieces, PARTS.index(part))

    def watched(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """X and Y of the rows to watch, if there are any."""
        there = "validation" in self.learned.sizes
        return self.examples(VALIDATION).whole() if there else None

    @property
    def held_bytes(self) -> int:
        """How many bytes of a stream's examples are in memory at one time, at most.

        While the device trains on one piece the next is read, and rows are held back
        to be mixed with later ones.
        """
        dims = self.network.layer_dims
        held_back = self.recipe.training.shuffle_buffer or 0
        return (2 * self.learned.largest + held_back) * 4 * (dims[0] + dims[-1])

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
        # Whoever met a class first, it is the same run.
        digest.update(json.dumps(said, sort_keys=True).encode())
        return self.recipe.identity(digest.hexdigest())


@public
def prepare(recipe: Recipe, *, mesh: Mesh | None = None) -> Prepared:
    """Read a recipe's rows, share them out, and learn their columns.

    Args:
      recipe: the data, the network and the training.
      mesh: devices of the processes that do so together. Of a streamed file each reads
        row groups of its own, but for the rows to watch and to score, which all read.

    Raises:
      ValueError: no such data set, a bad file or table, fractions out of their range.
      FileNotFoundError: there is no such file.
      ModuleNotFoundError: a library is not installed.

    Example:
      >>> prepared = prepare(Recipe(DataRecipe("moons")))
      >>> prepared.network.layer_dims, prepared.learned.sizes
      ((2, 100, 1), {'train': 160, 'test': 40})
    """
    check_mesh(mesh)
    readers = Readers.of(mesh)
    recipe = readers.together(recipe.settled)
    if recipe.data.stream:
        found = _streamed(recipe.data, readers)
    else:
        found = readers.together(partial(_read, recipe.data))
    patient = recipe.training.patience is not None
    recipe = chosen(recipe, found.total)
    data, selection = recipe.data, found.selection
    pieces = found.shared_out(data)
    if isinstance(pieces, FileInParts):
        own = pieces.read_by(readers.turn)
        learned = learn(own, selection.targets, data.asked, readers)
    else:
        learned = learn(pieces, selection.targets, data.asked)
    selected = (*selection.inputs, *selection.targets)
    columns = replace(
        learned.preprocessing,
        left_out=(
            *(name for name in found.names if name not in selected),
            *learned.preprocessing.left_out,
        ),
        reading=data.reading,
    )
    learned = learned._replace(preprocessing=columns)
    if "validation" not in learned.sizes and not patient:
        # So many classes that none has a row to spare.
        recipe = replace(recipe, training=replace(recipe.training, patience=None))
    dims = (columns.n_x, *(recipe.network.layers or ()), columns.n_L)
    network = Network(dims, hidden=recipe.network.hidden, output=columns.output)
    untold = found.total - sum(learned.sizes.values())
    return Prepared(recipe, pieces, learned, network, untold)


class _Found(NamedTuple):
    """Rows before they are shared out.

    rows: all of them, or what is read anew; own: a test part that came with them;
    selection: of which columns; names: all columns; total: all rows.
    """

    rows: Table | Selected
    own: Table | None
    selection: Selection
    names: tuple[str, ...]
    total: int

    def shared_out(self, data: DataRecipe) -> Iterable[Piece]:
        """The rows with their parts."""
        test = TEST_FRACTION if data.test_fraction is None else data.test_fraction
        watched = data.validation_fraction or 0.0
        check_fraction("test_fraction", test)
        check_fraction("validation_fraction", watched)
        if isinstance(self.rows, Selected):
            return FileInParts(self.rows, test, test + (1 - test) * watched, data.seed)
        # What came with the data is tested on, unless a fraction is asked for.
        own = self.own if data.test_fraction is None else None
        [first, *others] = self.selection.targets
        classes = not others and data.asked.classifies(self.rows, first)
        first_piece = divide(
            self.rows,
            first if classes else None,
            test_fraction=test if own is None else 0.0,
            validation_fraction=watched,
            seed=data.seed,
            last=data.split == "last",
        )
        if own is None:
            return [first_piece]
        return [first_piece, (own, np.full(len(own), TEST, np.int8))]


def _read(data: DataRecipe) -> _Found:
    """A data set, or the table of a file."""
    targets: Sequence[str] = data.targets
    own = None
    if data.source in DATASETS:
        if targets:
            raise ValueError(f"--target goes with a file; {data.source} has its own")
        whole, own = dataset_tables(load(data.source))
        targets = [list(whole.columns)[-1]]
    elif not Path(data.source).suffix:
        raise ValueError(
            f"--data {data.source}: no such data set; there are {', '.join(DATASETS)}, "
            f"and files whose names end in {', '.join(FORMATS)}"
        )
    else:
        whole = read_table(data.source, reading=data.reading)
        if suffix(data.source) == ".npz" and not targets and "y" not in whole.columns:
            raise ValueError(
                f"{data.source}: no array y in it to predict; --target names one of "
                f"{listed(list(whole.columns))}"
            )
    selection = data.select(whole, targets)
    count = len(whole)
    if own is not None:
        count += len(own) if data.test_fraction is None else 0
        own = selection.of(own)
    return _Found(selection.of(whole), own, selection, tuple(whole.columns), count)


def _streamed(data: DataRecipe, readers: Readers) -> _Found:
    """A file's rows, read anew each time they are gone over."""
    look = partial(scan, data.source, reading=data.reading, turn=readers.turn)
    file = reduce(ScannedFile.plus, readers.everyones(look))
    first = next(iter(file))
    selection = data.select(first, data.targets)
    rows = Selected(file, selection)
    return _Found(rows, None, selection, tuple(first.columns), len(file))
