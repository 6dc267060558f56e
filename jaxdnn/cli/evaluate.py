"""Say how good a trained model is on the rows of a file.

Prints the scores that jaxdnn train prints: accuracy where the model predicts classes,
R2 and the error in the target's own units where it predicts numbers.
"""

import argparse
import sys

from jaxdnn.cli.options import add_model_arguments, table_of
from jaxdnn.cli.say import say
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
    left_out = f"{table.source}: {untold} rows without {', '.join(names)} are left out"
    for line in [*model.preprocessing.notes(table), *[left_out] * bool(untold)]:
        print("jaxdnn: note:", line, file=sys.stderr)
    say("rows", f"{scores.rows:12}")
    for name, value in scores.measures.items():
        say(name, f"{value:12.4f}")
    return 0
