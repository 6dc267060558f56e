"""Train every combination of options in one compiled program, and compare them.

Options that take several values span the sweep: every combination of them is trained on
the same rows. The table shows the best first, by the cost or the score (--watch) of the
validation rows; the figure shows each one's curve. Exit code 1: all of them diverged.
"""

import argparse
from pathlib import Path

from jaxdnn._names import SEED
from jaxdnn.cli.parsers import shared


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn sweep` takes."""
    shared.add_data_arguments(parser)
    shared.add_run_arguments(parser, plain=True)
    option = parser.add_argument
    option(
        "--hidden-sizes",
        type=_sizes,
        nargs="+",
        default=[shared.PLAIN_LAYERS],
        metavar="N[,N...]",
        help="units of the hidden layers: 4,4 is two layers of 4 (10,5)",
    )
    option(
        "--learning-rates",
        type=float,
        nargs="+",
        metavar="R",
        help="sizes of the updates (that of jaxdnn train)",
    )
    option(
        "--l2",
        type=float,
        nargs="+",
        default=[1.0],
        metavar="L",
        help="strengths of the L2 penalty (1)",
    )
    option(
        "--keep-prob",
        type=float,
        nargs="+",
        default=[1.0],
        metavar="P",
        help="probabilities that dropout keeps a hidden activation (1)",
    )
    option(
        "--seeds",
        type=shared.whole(0, 2**31 - 1),
        nargs="+",
        default=[SEED],
        metavar="S",
        help="of the initial weights, the masks and the shuffle (1)",
    )
    option(
        "--out",
        type=Path,
        metavar="DIR",
        help="where sweep.csv and sweep.png go (runs/NAME of --data)",
    )


def check(args: argparse.Namespace) -> None:
    """Refuse sizes that do not go together."""
    if len({len(sizes) for sizes in args.hidden_sizes}) > 1:
        raise ValueError("--hidden-sizes must all have the same number of layers")


def _sizes(text: str) -> tuple[int, ...]:
    """A type of argument: 10,5 or 10-5 are layers of 10 and 5 units."""
    parse = shared.whole(1)
    return tuple(parse(part) for part in text.replace("-", ",").split(","))
