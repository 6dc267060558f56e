"""Write a trained model for other programs, as ONNX or StableHLO.

The ending of --out says which: .onnx takes a table's cells and gives class names and
probabilities, .stablehlo is for jax. What was written is read back and compared with
the model, on the rows of --data where there are some, before the file has its name.
"""

import argparse
from pathlib import Path

from jaxdnn._names import EXPORTS
from jaxdnn.cli.parsers.shared import add_model_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn export` takes."""
    add_model_arguments(parser, "compared on; rows are drawn without it", data=False)
    option = parser.add_argument
    option(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help=f"the file to write; its name ends in {' or '.join(EXPORTS)}",
    )
    option("--force", action="store_true", help="replace the file if it is there")
