"""Say how good a trained model is on the rows of a file.

Prints the scores that jaxdnn train prints: of classes accuracy, recall and precision,
of numbers R2 and the error in the target's own units.
"""

import argparse
import sys

from jaxdnn.cli.options import add_model_arguments, table_of
from jaxdnn.cli.say import say
from jaxdnn.cli.scoring import score_lines
from jaxdnn.models import load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn evaluate` takes."""
    add_model_arguments(parser, "the target must be there")


def run(args: argparse.Namespace) -> int:
    """Evaluate and print."""
    model = load_model(args.model)
    table = table_of(args, model)
    scores = model.evaluate(table)
    untold, names = len(table) - scores.rows, model.preprocessing.target_names
    without = f"without {', '.join(names)}"
    if model.preprocessing.missing == "drop":
        without = "with gaps"
    left_out = f"{table.source}: {untold} rows {without} are left out"
    for line in [*model.preprocessing.notes(table), *[left_out] * bool(untold)]:
        print("jaxdnn: note:", line, file=sys.stderr)
    for label, line in score_lines({"": scores}):
        say(label, line)
    return 0
