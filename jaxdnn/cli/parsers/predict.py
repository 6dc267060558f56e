"""Say what a trained model makes of the rows of a file.

Prints CSV: label and the probability of each class, or value where the model was
trained on numbers. Of several targets, each one's own, and where they have two classes
the probability of the second. A label is written as it is: one that begins with = + -
or @ is a formula to a spreadsheet, so import such columns as text.
"""

import argparse
from pathlib import Path

from jaxdnn.cli.parsers.shared import add_model_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn predict` takes."""
    add_model_arguments(parser, "the target may be there or not")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="a file to write instead of printing"
    )
