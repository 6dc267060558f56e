"""A recipe's rows, read and learned from, and the network for them."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jaxdnn import Network
from jaxdnn._checks import public
from jaxdnn.data.datasets import DATASETS, load
from jaxdnn.data.learning import Learned, learn
from jaxdnn.data.parts import (
    PARTS,
    TEST_FRACTION,
    TRAIN,
    VALIDATION,
    FileInParts,
    Piece,
    check_fraction,
    dataset_pieces,
    divide,
    rows_of,
)
from jaxdnn.data.preprocessing import Examples
from jaxdnn.data.tables import Table, read_table, scan
from jaxdnn.models.recipe import DataRecipe, Recipe


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a recipe is to be trained on.

    Attributes:
      recipe: with all that followed from the data filled in.
      pieces: the rows and their parts; they can be gone over again and again.
      learned: what they taught about each column, and how many there are of each part.
      network: between as many inputs and outputs as the columns make.
    """

    recipe: Recipe
    pieces: Iterable[Piece]
    learned: Learned
    network: Network

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
    pieces, target = _read(recipe.data)
    learned = learn(pieces, target)
    columns = learned.preprocessing
    dims = (columns.n_x, *recipe.network.layers, columns.n_L)
    network = Network(dims, hidden=recipe.network.hidden, output=columns.output)
    return Prepared(recipe, pieces, learned, network)


def _read(data: DataRecipe) -> tuple[Iterable[Piece], str]:
    """The rows and their parts, and the target's name."""
    fraction, watched = data.test_fraction, data.validation_fraction or 0.0
    options: dict[str, Any] = {
        "validation_fraction": watched,
        "seed": data.seed,
        "last": data.split == "last",
    }
    if data.source in DATASETS:
        if data.target is not None:
            raise ValueError(f"--target goes with a file; {data.source} has its own")
        return dataset_pieces(load(data.source), test_fraction=fraction, **options)
    if not Path(data.source).suffix:
        raise ValueError(
            f"--data {data.source}: no such data set; there are {', '.join(DATASETS)}, "
            "and files whose names end in .csv, .parquet or .npz"
        )
    test = TEST_FRACTION if fraction is None else fraction
    if data.stream:
        check_fraction("test_fraction", test)
        check_fraction("validation_fraction", watched)
        file = scan(data.source)
        target = data.target or list(next(iter(file)).columns)[-1]
        return FileInParts(file, test, test + (1 - test) * watched, data.seed), target
    table = read_table(data.source)
    target = data.target or list(table.columns)[-1]
    return [divide(table, target, test_fraction=test, **options)], target
