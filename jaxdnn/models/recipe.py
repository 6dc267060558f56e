"""A recipe: all that decides a run, as one value that can be written down."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from jaxdnn._checks import check_choice
from jaxdnn._names import (
    DATASET,
    DATASETS,
    HIDDEN,
    LEARNING_RATES,
    MISSING,
    MISSING_VALUES,
    SCHEDULES,
    SEED,
    SPLITS,
    STREAM_BATCH_SIZE,
    TASKS,
    TEST_FRACTION,
    WATCHES,
    Method,
)
from jaxdnn._shown import as_said
from jaxdnn.data.columns.kinds import Asked
from jaxdnn.data.selecting import Selection, listed, select
from jaxdnn.data.tables import (
    Reading,
    Table,
    held_whole,
    is_streamable,
)


@dataclass(frozen=True)
class DataRecipe:
    """Which rows to learn from.

    Attributes:
      source: a CSV, Parquet or NPZ file, or a name of DATASETS.
      targets: the file's columns to predict; its last when there are none.
      drop: columns that count for nothing.
      only: the inputs; when there are none, all columns but the targets.
      categorical, numeric: columns that are so, whatever they look like.
      task: a key of TASKS: what the targets are; guessed when None.
      missing: one of MISSING: what happens to cells that hold nothing. Numbers become
        the training rows' mean (or median), with an input that says where; texts are a
        category of their own. Rows without a target are left out ("error" refuses
        them); "drop" leaves out every row with a gap.
      missing_values: the words that mean so, beside the empty cell.
      delimiter, decimal, encoding: of a CSV file, see `Reading`.
      test_fraction: in [0, 1), rows put aside to test on; when None, the data set's own
        test part, else TEST_FRACTION.
      validation_fraction: in [0, 1), training rows put aside to watch; when None,
        chosen, see `choosing`.
      split: one of SPLITS: the test's rows are drawn, or are the last ones.
      stream: whether the file is read piece by piece in every epoch.
      memory_limit: MiB; a CSV or Parquet table that would take more is streamed.
      seed: of the draws.
    """

    source: str = DATASET
    targets: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    numeric: tuple[str, ...] = ()
    task: str | None = None
    missing: str = "mean"
    missing_values: tuple[str, ...] = MISSING_VALUES
    delimiter: str | None = None
    decimal: str = "."
    encoding: str | None = None
    test_fraction: float | None = None
    validation_fraction: float | None = None
    split: str = "random"
    stream: bool = False
    memory_limit: int = 1024
    seed: int = SEED

    def __repr__(self) -> str:
        return as_said(self)

    @property
    def asked(self) -> Asked:
        """What is said of the columns."""
        return Asked(self.task, self.categorical, self.numeric, self.missing)

    @property
    def reading(self) -> Reading:
        """How the file is read."""
        return Reading(self.missing_values, self.delimiter, self.decimal, self.encoding)

    def select(self, table: Table, targets: Sequence[str]) -> Selection:
        """Which of a table's columns and rows to learn from.

        Raises:
          ValueError: a column that is named is not there, or is said to be two things.
        """
        selection = select(
            table,
            targets=targets,
            drop=self.drop,
            only=self.only,
            missing=self.missing,
        )
        names = list(table.columns)
        for said, columns in (
            ("categorical", self.categorical),
            ("numeric", self.numeric),
        ):
            for name in columns:
                if name not in names:
                    raise ValueError(
                        f"{table.source}: no column {name!r} to be {said}; it has "
                        f"{listed(names)}"
                    )
        if both := sorted({*self.categorical} & {*self.numeric}):
            raise ValueError(f"{listed(both)} cannot be both categorical and numeric")
        if self.task == "multilabel" and len(selection.targets) < 2:
            raise ValueError(
                "multilabel needs two targets or more, each of two classes; got "
                f"{listed(selection.targets)}"
            )
        return selection

    def is_streamed(self) -> bool:
        """Whether the file is asked to be streamed, or too large not to be.

        Raises:
          ValueError: what is asked to be streamed cannot be.

        Example:
          >>> DataRecipe("iris").is_streamed()
          False
        """
        path = Path(self.source)
        if self.source in DATASETS or not is_streamable(path):
            if self.stream:
                raise ValueError(
                    f"--stream goes with a CSV or Parquet file: {self.source}"
                )
            return False
        return self.stream or held_whole(path) > self.memory_limit << 20


@dataclass(frozen=True)
class NetworkRecipe:
    """The hidden layers: their units (chosen when None), their activation's name.

    Inputs and outputs follow from the data.
    """

    layers: tuple[int, ...] | None = None
    hidden: str = HIDDEN

    def __repr__(self) -> str:
        return as_said(self)


@dataclass(frozen=True)
class TrainingRecipe:
    """How to train: as `fit` has it, but for names in place of functions.

    What is None is chosen by the number of rows: see `choosing`.

    Attributes:
      optimizer: a name of LEARNING_RATES; "sgd" is plain descent.
      learning_rate: > 0; the optimizer's own when None.
      schedule: one of SCHEDULES; "cosine" lets the rate fall to 0 over the epochs.
      shuffle_buffer: rows of a stream held back to be mixed with later ones.
      watch: one of WATCHES, of the rows to watch: which parameters are the best, and
        what patience waits for; "cost" when None.
      seed: of the initial weights, the dropout masks and the shuffle.
      initialization: a method of `initialize_parameters`.
      record: what the history holds besides, as for `fit`.
    """

    epochs: int | None = None
    batch_size: int | None = None
    shuffle_buffer: int | None = None
    optimizer: str | None = None
    learning_rate: float | None = None
    schedule: str | None = None
    l2: float | None = None
    keep_prob: float | None = None
    class_weight: Literal["balanced"] | None = None
    patience: int | None = None
    watch: Literal["cost", "score"] | None = None
    seed: int = SEED
    initialization: Method | None = None
    record: tuple[Literal["gradient_norm"], ...] = ()

    def __repr__(self) -> str:
        return as_said(self)


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

    def __repr__(self) -> str:
        return as_said(self)

    def to_json(self) -> dict[str, Any]:
        """Dictionaries of numbers, names and lists, one for each of the three."""
        return {
            part: {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in record.items()
            }
            for part, record in asdict(self).items()
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> "Recipe":
        """What `to_json` said."""
        return cls(
            DataRecipe(**_with_tuples(said["data"])),
            NetworkRecipe(**_with_tuples(said["network"])),
            TrainingRecipe(**_with_tuples(said["training"])),
        )

    def settled(self) -> "Recipe":
        """The recipe with whatever follows from where its rows are filled in.

        Raises:
          ValueError: no such optimizer, schedule, split or watch; data that cannot be
            streamed, or not split as asked; a shuffle buffer without a stream.

        Example:
          >>> Recipe().settled().data.stream
          False
        """
        data, training = self.data, self.training
        for name, value, choices in (
            ("optimizer", training.optimizer, LEARNING_RATES),
            ("schedule", training.schedule, SCHEDULES),
            ("split", data.split, SPLITS),
            ("watch", training.watch, WATCHES),
            ("initialization", training.initialization, get_args(Method)),
            ("task", data.task, TASKS),
            ("missing", data.missing, MISSING),
        ):
            if value is not None:
                check_choice(name, value, choices)
        if data.is_streamed():
            if data.split == "last":
                raise ValueError(
                    "--split last does not go with a file that is streamed"
                )
            if data.missing == "median":
                raise ValueError(
                    "--missing median does not go with a file that is streamed: the "
                    "mean does"
                )
            if data.test_fraction is None:
                data = replace(data, test_fraction=TEST_FRACTION)
            data = replace(data, stream=True)
            size = training.batch_size or STREAM_BATCH_SIZE
            training = replace(training, batch_size=size)
        elif training.shuffle_buffer is not None:
            raise ValueError(
                "--shuffle-buffer goes with a file that is streamed (--stream): all "
                f"rows of {data.source} are shuffled"
            )
        return replace(self, data=data, training=training)

    def identity(self, digest: str) -> dict[str, Any]:
        """What a checkpoint is of: a run that differs in any of it is another run.

        Args:
          digest: of the rows; where they come from makes no difference.
        """
        said = self.to_json()
        training = said["training"]
        # What was recorded is in the checkpoint, and `fit` compares it.
        del training["record"]
        # A run may go on for longer, unless its rates were made for its length.
        if self.training.schedule != "cosine":
            del training["epochs"]
        return {"data": digest, **said["network"], **training}


def _with_tuples(said: Mapping[str, Any]) -> dict[str, Any]:
    """As it was before JSON made lists of tuples."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in said.items()
    }
