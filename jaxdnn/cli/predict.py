"""Say what a trained model makes of the rows of a file.

Prints CSV: label and the probability of each class, or value where the model was
trained on numbers.
"""

import argparse
import csv
import io
import sys
from pathlib import Path

from jaxdnn._atomic import replacing
from jaxdnn.cli.options import add_model_arguments
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
    table = model.table(args.data)
    prediction = model.predict(table)
    for line in model.preprocessing.notes(table):
        print("jaxdnn: note:", line, file=sys.stderr)
    text = _as_csv(prediction, model.preprocessing.target.classes)
    if args.out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(args.out) as file:
            file.write(text.encode())
    return 0


def _as_csv(prediction: Prediction, classes: tuple[str, ...]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["label" if classes else "value", *map("probability_{}".format, classes)]
    )
    rows = [] if prediction.probabilities is None else prediction.probabilities
    writer.writerows(zip(prediction.values, *rows, strict=True))
    return text.getvalue()
