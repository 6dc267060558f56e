"""Write a page that shows every number of a run: forward, backward, epoch by epoch.

The network is trained by gradient descent on all rows; columns of numbers are
standardised, columns of text one-hot. It has at most 4 layers, 12 inputs and 12 units a
layer, and tells classes apart; there are at most 600 rows. The page is whole in itself:
any browser shows it from its file.
"""

import argparse
from pathlib import Path

from jaxdnn.cli.parsers import shared

# What is meant where nothing is said.
_SOURCE, _LAYERS, _HIDDEN = "moons", (4,), "tanh"
_EPOCHS, _LEARNING_RATE, _INITIALIZATION = 2000, 1.0, "he"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn explain` takes."""
    shared.add_arguments(parser, plain=True, layers=_LAYERS, l2=0.0)
    # Plain gradient descent on all rows.
    parser.set_defaults(source=_SOURCE, hidden=_HIDDEN, test_fraction=0.0)
    parser.set_defaults(optimizer="sgd")
    option = parser.add_argument
    option(
        "--epochs",
        type=shared.whole(1),
        default=_EPOCHS,
        metavar="N",
        help="steps of gradient descent (%(default)s)",
    )
    option(
        "--learning-rate",
        type=float,
        default=_LEARNING_RATE,
        metavar="R",
        help="size of the steps (%(default)s)",
    )
    shared.add_initialization(parser, "%(default)s", _INITIALIZATION)
    option("--out", type=Path, required=True, metavar="FILE", help="the page to write")
    option("--force", action="store_true", help="replace the file if it is there")
