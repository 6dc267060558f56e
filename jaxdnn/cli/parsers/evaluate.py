"""Say how good a trained model is on the rows of a file.

Prints the scores that jaxdnn train prints: of classes accuracy, recall and precision,
of numbers R2 and the error in the target's own units.
"""

import argparse

from jaxdnn.cli.parsers.shared import add_model_arguments


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn evaluate` takes."""
    add_model_arguments(parser, "the target must be there")
