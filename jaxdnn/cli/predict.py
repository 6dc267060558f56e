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
from jaxdnn.data.preprocessing import Categories, Column
from jaxdnn.data.tables import read_table
from jaxdnn.models.files import load_model
from jaxdnn.models.model import Prediction


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn predict` takes."""
    parser.add_argument(
        "--model",
        type=Path,
        required=True,
        metavar="FILE",
        help="a model.safetensors that jaxdnn train wrote",
    )
    parser.add_argument(
        "--data",
        required=True,
        metavar="FILE",
        help="CSV, Parquet or NPZ with the columns the model was trained on, in any "
        "order; the target may be there or not",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="a file to write instead of printing"
    )


def run(args: argparse.Namespace) -> int:
    """Predict and print."""
    model = load_model(args.model)
    columns = model.preprocessing.columns
    texts = [column.name for column in columns if isinstance(column, Categories)]
    table = read_table(args.data, text_columns=texts)
    prediction = model.predict(table)
    for line in model.preprocessing.unseen(table):
        print("jaxdnn: note:", line, file=sys.stderr)
    text = _as_csv(prediction, model.preprocessing.target)
    if args.out is None:
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(args.out) as file:
            file.write(text.encode())
    return 0


def _as_csv(prediction: Prediction, target: Column) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if isinstance(target, Categories) and prediction.probabilities is not None:
        writer.writerow(["label", *(f"probability_{c}" for c in target.categories)])
        rows = zip(prediction.values, *prediction.probabilities, strict=True)
    else:
        writer.writerow(["value"])
        rows = zip(prediction.values, strict=True)
    writer.writerows(rows)
    return text.getvalue()
