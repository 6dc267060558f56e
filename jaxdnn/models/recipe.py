"""A recipe: all that decides a run, as one value that can be written down."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from jaxdnn._checks import check_choice
from jaxdnn._extras import require
from jaxdnn.data.datasets import DATASETS
from jaxdnn.data.parts import TEST_FRACTION
from jaxdnn.models.optimizers import LEARNING_RATES

SPLITS = ("random", "last")
SCHEDULES = ("constant", "cosine")
WATCHES = ("cost", "score")

# Rows to watch where patience asks for some.
VALIDATION_FRACTION = 0.1

# Rows in an update of a stream, where nobody said how many.
STREAM_BATCH_SIZE = 128


@dataclass(frozen=True)
class DataRecipe:
    """Which rows to learn from.

    Attributes:
      source: a CSV, Parquet or NPZ file, or a name of DATASETS.
      target: the file's column to predict; its last when None.
      test_fraction: in [0, 1), rows put aside to test on; when None, the data set's own
        test part, else TEST_FRACTION.
      validation_fraction: in [0, 1), training rows put aside to watch; when None, none,
        or VALIDATION_FRACTION with patience or watch.
      split: one of SPLITS: the test's rows are drawn, or are the last ones.
      stream: whether the file is read piece by piece in every epoch.
      memory_limit: MiB; a larger CSV or Parquet table is streamed anyway.
      seed: of the draws.
    """

    source: str = "breast_cancer"
    target: str | None = None
    test_fraction: float | None = None
    validation_fraction: float | None = None
    split: str = "random"
    stream: bool = False
    memory_limit: int = 1024
    seed: int = 1

    def is_streamed(self) -> bool:
        """Whether the file is asked to be streamed, or too large not to be.

        Raises:
          ValueError: what is asked to be streamed cannot be.

        Example:
          >>> DataRecipe("iris").is_streamed()
          False
        """
        path = Path(self.source)
        suffix = path.suffix.lower()
        is_table = suffix in (".csv", ".parquet") and path.is_file()
        if self.source in DATASETS or not is_table:
            if self.stream:
                raise ValueError(
                    f"--stream goes with a .csv or .parquet file: {self.source}"
                )
            return False
        size = path.stat().st_size
        if suffix == ".parquet" and not self.stream:
            # Compressed, it may be a small part of the table.
            metadata = require("pyarrow.parquet").read_metadata(path)
            size = 8 * metadata.num_rows * metadata.num_columns
        return self.stream or size > self.memory_limit << 20


@dataclass(frozen=True)
class NetworkRecipe:
    """The hidden layers: their units, and the name of their activation.

    Inputs and outputs follow from the data.
    """

    layers: tuple[int, ...] = (10, 5)
    hidden: str = "relu"


@dataclass(frozen=True)
class TrainingRecipe:
    """How to train: as `fit` has it, but for names in place of functions.

    Attributes:
      optimizer: a name of LEARNING_RATES.
      learning_rate: > 0; the optimizer's own when None.
      schedule: one of SCHEDULES; "cosine" lets the rate fall to 0 over the epochs.
      watch: one of WATCHES, of the rows to watch: which parameters are the best, and
        what patience waits for; "cost" when None.
      seed: of the initial weights, the dropout masks and the shuffle.
    """

    epochs: int = 1000
    batch_size: int | None = None
    optimizer: str = "sgd"
    learning_rate: float | None = None
    schedule: str = "constant"
    l2: float = 1.0
    keep_prob: float = 1.0
    class_weight: Literal["balanced"] | None = None
    patience: int | None = None
    watch: Literal["cost", "score"] | None = None
    seed: int = 1


@dataclass(frozen=True)
class Recipe:
    """What `jaxdnn train` is told, and what `train` takes.

    Example:
      >>> recipe = Recipe(DataRecipe("moons"), training=TrainingRecipe(epochs=10))
      >>> Recipe.from_json(recipe.to_json()) == recipe
      True
    """

    data: DataRecipe = field(default_factory=DataRecipe)
    network: NetworkRecipe = field(default_factory=NetworkRecipe)
    training: TrainingRecipe = field(default_factory=TrainingRecipe)

    def to_json(self) -> dict[str, Any]:
        """Dictionaries of numbers, names and lists, one for each of the three."""
        said = asdict(self)
        said["network"]["layers"] = list(self.network.layers)
        return said

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Recipe":
        """What `to_json` said."""
        network: dict[str, Any] = {**said["network"]}
        network |= {"layers": tuple(said["network"]["layers"])}
        return cls(
            DataRecipe(**said["data"]),
            NetworkRecipe(**network),
            TrainingRecipe(**said["training"]),
        )

    def settled(self) -> "Recipe":
        """The recipe with whatever follows from the rest of it filled in.

        Raises:
          ValueError: no such optimizer, schedule, split or watch; data that cannot be
            streamed, or not split as asked.

        Example:
          >>> Recipe().settled().training.learning_rate
          0.1
        """
        data, training = self.data, self.training
        check_choice("optimizer", training.optimizer, LEARNING_RATES)
        check_choice("schedule", training.schedule, SCHEDULES)
        check_choice("split", data.split, SPLITS)
        check_choice("watch", training.watch, (None, *WATCHES))
        if data.validation_fraction is None:
            watches = training.patience is not None or training.watch is not None
            watched = VALIDATION_FRACTION if watches else 0.0
            data = replace(data, validation_fraction=watched)
        if training.learning_rate is None:
            rate = LEARNING_RATES[training.optimizer]
            training = replace(training, learning_rate=rate)
        if data.is_streamed():
            if data.split == "last":
                raise ValueError(
                    "--split last does not go with a file that is streamed"
                )
            if data.test_fraction is None:
                data = replace(data, test_fraction=TEST_FRACTION)
            data = replace(data, stream=True)
            size = training.batch_size or STREAM_BATCH_SIZE
            training = replace(training, batch_size=size)
        return replace(self, data=data, training=training)

    def identity(self, digest: str) -> dict[str, Any]:
        """What a checkpoint is of: a run that differs in any of it is another run.

        Args:
          digest: of the rows; where they come from makes no difference.
        """
        said = self.to_json()
        training = said["training"]
        # A run may go on for longer, unless its rates were made for its length.
        if self.training.schedule == "constant":
            del training["epochs"]
        return {"data": digest, **said["network"], **training}
