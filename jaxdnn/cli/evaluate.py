"""Say how good a trained model is on the rows of a file."""

import argparse
import sys
from collections.abc import Iterator

from jaxdnn.cli.options import tables_of
from jaxdnn.cli.say import put_notes, say
from jaxdnn.cli.scoring import score_lines
from jaxdnn.data.columns.notes import Note, added_up
from jaxdnn.data.tables import Table
from jaxdnn.models import load_model


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    model = load_model(args.model)
    notes: list[Note] = []
    seen: list[int] = []

    def tables() -> Iterator[Table]:
        for table in tables_of(args, model):
            yield table
            seen.append(len(table))
            notes.extend(model.preprocessing.notes(table))

    scores = model.evaluate(tables())
    untold, names = sum(seen) - scores.rows, model.preprocessing.target_names
    without = f"without {', '.join(names)}"
    if model.preprocessing.missing == "drop":
        without = "with gaps"
    put_notes(args.data, added_up(notes))
    if untold:
        left_out = f"{args.data}: {untold} rows {without} are left out"
        print("jaxdnn: note:", left_out, file=sys.stderr)
    for label, line in score_lines({"": scores}):
        say(label, line)
    return 0
