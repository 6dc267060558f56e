"""Say what a trained model makes of the rows of a file."""

import argparse
from collections.abc import Callable, Sequence
from tempfile import SpooledTemporaryFile

import numpy as np

from jaxdnn._atomic import replacing
from jaxdnn.cli.options import check_apart, tables_of
from jaxdnn.cli.say import csv_text, put, put_notes
from jaxdnn.data.columns.kinds import Target
from jaxdnn.data.columns.notes import Note, added_up
from jaxdnn.models import Model, load_model

# Signs that are held in memory before they go through a file on their way out.
_SPOOL = 1 << 22


def run(args: argparse.Namespace) -> int:
    """Predict and print."""
    check_apart(args.out, args.data, args.model)
    model = load_model(args.model)
    if args.out is not None:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(args.out) as file:
            notes = _write(args, model, lambda text: file.write(text.encode()))
    else:
        # Nothing is printed before every row has its answer.
        with SpooledTemporaryFile(_SPOOL, "w+", encoding="utf-8", newline="") as file:
            notes = _write(args, model, file.write)
            file.seek(0)
            put(iter(lambda: file.read(_SPOOL), ""))
    put_notes(args.data, notes)
    return 0


def _write(
    args: argparse.Namespace, model: Model, write: Callable[[str], object]
) -> list[Note]:
    """The lines of every row, piece by piece; what is to be noted of the columns."""
    targets = model.preprocessing.targets
    notes: list[Note] = []
    write(csv_text([_heading(targets)]))
    for table in tables_of(args, model):
        values, probabilities = model.predict(table)
        rows = [] if probabilities is None else probabilities
        write(csv_text(zip(*np.atleast_2d(values), *rows, strict=True)))
        notes += model.preprocessing.notes(table)
    return added_up(notes)


def _heading(targets: Sequence[Target]) -> list[str]:
    """One target: label and probabilities, or value; several go by their names."""
    [first, *others] = targets
    heading, classes = ["label" if first.classes else "value"], first.classes
    if others:
        heading = [target.name for target in targets]
        # Of two classes, the second is the one whose probability is told.
        classes = tuple(target.name for target in targets if target.classes)
    return [*heading, *map("probability_{}".format, classes)]
