"""Say which rows of a file pull hardest at a trained model.

Rows with the longest gradients come first: those are mislabelled, odd or hard. Beside
them, how noisy the rows' gradients are, which batch size that suggests, and what is
left of their mean in each layer.
"""

import argparse
from pathlib import Path

from jaxdnn.cli.parsers.shared import add_model_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn inspect` takes."""
    add_model_arguments(parser, "the target must be there")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="a CSV file, one line for each row"
    )
    parser.add_argument(
        "--figure", type=Path, metavar="FILE", help="a picture: .png, .svg or .pdf"
    )
