"""Say what a trained model makes of the rows of a file.

Prints CSV: label and the probability of each class, or value where the model was
trained on numbers. Of several targets, each one's own, and where they have two classes
the probability of the second.
"""

import argparse
import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from jaxdnn._atomic import replacing
from jaxdnn.cli.options import add_model_arguments, table_of
from jaxdnn.cli.say import put
from jaxdnn.data.columns.kinds import Target
from jaxdnn.models import Prediction, load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn predict` takes."""
    add_model_arguments(parser, "the target may be there or not")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="a file to write instead of printing"
    )


def run(args: argparse.Namespace) -> int:
    """Predict and print."""
    model = load_model(args.model)
    table = table_of(args, model)
    prediction = model.predict(table)
    for line in model.preprocessing.notes(table):
        print("jaxdnn: note:", line, file=sys.stderr)
    text = _as_csv(prediction, model.preprocessing.targets)
    if args.out is None:
        put(text)
    else:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(args.out) as file:
            file.write(text.encode())
    return 0


def _as_csv(prediction: Prediction, targets: Sequence[Target]) -> str:
    """One target: label and probabilities, or value; several go by their names."""
    [first, *others] = targets
    values, heading = prediction.values, ["label" if first.classes else "value"]
    classes = first.classes
    if others:
        heading = [target.name for target in targets]
        # Of two classes, the second is the one whose probability is told.
        classes = tuple(target.name for target in targets if target.classes)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*heading, *map("probability_{}".format, classes)])
    rows = [] if prediction.probabilities is None else prediction.probabilities
    writer.writerows(zip(*np.atleast_2d(values), *rows, strict=True))
    return text.getvalue()
