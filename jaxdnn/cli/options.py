"""What the options that commands share spell: a recipe, or the rows of a table."""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from jaxdnn import History
from jaxdnn.data.tables import (
    Table,
    is_streamable,
    read_in_pieces,
    read_table,
)
from jaxdnn.models import Model
from jaxdnn.models.recipe import (
    DataRecipe,
    NetworkRecipe,
    Recipe,
    TrainingRecipe,
)

Record = TypeVar("Record", DataRecipe, NetworkRecipe, TrainingRecipe)


def tables_of(args: argparse.Namespace, model: Model) -> Iterator[Table]:
    """The rows of --data, read as the model's were, or as the options say.

    Piece by piece where the file allows it: its size is then no matter.
    """
    names = ("delimiter", "decimal", "encoding")
    given = {n: said for n in names if (said := getattr(args, n)) is not None}
    reading = replace(model.preprocessing.reading, **given)
    if is_streamable(args.data):
        yield from read_in_pieces(args.data, reading=reading)
    else:
        yield read_table(args.data, reading=reading)


def check_apart(out: Path | None, *read: str | Path | None) -> None:
    """Refuse to write over a file that is read.

    Raises:
      ValueError: out is one of them, by whatever name.
    """
    if out is None or not out.is_file():
        return
    for path in read:
        if path is not None and os.path.exists(path) and out.samefile(path):
            raise ValueError(f"{out}: is read, and would be written over")


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that the options spell."""
    return Recipe(
        picked(DataRecipe, args),
        picked(NetworkRecipe, args),
        picked(TrainingRecipe, args),
    )


def check_watched(histories: Sequence[History], watch: str | None) -> None:
    """Refuse runs of which none has a best epoch.

    Raises:
      ValueError: what was watched was never finite.
    """
    if all(history.best_epoch is None for history in histories):
        raise ValueError(
            f"the validation {watch or 'cost'} was never finite: look for values far "
            "from the others in the validation rows, or try a smaller --learning-rate"
        )


def picked(record: type[Record], args: argparse.Namespace) -> Record:
    """The record whose fields are the options of the same names.

    Example:
      >>> picked(NetworkRecipe, argparse.Namespace(layers=[3], epochs=5))
      NetworkRecipe(layers=(3,))
    """
    given: dict[str, Any] = {}
    for field in fields(record):
        # What is not said is what the record says.
        if (value := getattr(args, field.name, None)) is not None:
            given[field.name] = tuple(value) if isinstance(value, list) else value
    return record(**given)
