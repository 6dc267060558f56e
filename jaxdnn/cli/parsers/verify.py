"""Verify a hand-derived gradient: this library's, or your own.

Without MODULE:CASE it is the library's, for the network that jaxdnn train would begin
with, on the same rows. MODULE:CASE names an attribute of a module, which may lie in the
current folder: a mapping, or a callable without arguments that returns one, from the
arguments of jaxdnn.verification.verify to their values: network, params, X, Y and, as
needed, l2, key, keep_prob, sample_weight, backward, order, per_example, seed. With this
in mine.py,

    import jax, jax.numpy as jnp, jaxdnn as dnn

    def backward(network, params, caches, Y, *, l2=0.0, sample_weight=None):
        (layer,) = dnn.backward(network, params, caches, Y, l2=l2)
        return (layer._replace(b=4 * layer.b),)

    network = dnn.Network((2, 1))
    case = {
        "network": network,
        "params": dnn.initialize_parameters(jax.random.key(0), network.layer_dims),
        "X": jnp.array([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]),
        "Y": jnp.array([[0.0, 1.0, 1.0]]),
        "backward": backward,
    }

jaxdnn verify mine:case ends in "verdict: WRONG at db1 (1 of 3 equations)".

--function takes a function of somebody's package with a rule of its own, or a loss and
its gradient, and arguments from a file or drawn at random, as in
jaxdnn verify --function package.module:rule --shapes 3,4 5, or
jaxdnn verify --function package.module:loss,grad --args arguments.npz.

The table goes to stdout, its last line is the verdict. Exit code 0: verified; 1: wrong;
2: unresolved, or nothing was exercised; 3: it could not run.
"""

import argparse
from pathlib import Path

from jaxdnn._names import DATASET, HIDDEN
from jaxdnn.cli.parsers import functions, shared

ERROR_CODE = 3

# What a case brings itself, and what is meant where nothing is said.
_OWN = {
    "source": DATASET,
    **dict.fromkeys(("targets", "drop", "only", "categorical", "numeric", "task")),
    "missing": None,
    "layers": shared.PLAIN_LAYERS,
    "hidden": HIDDEN,
    "l2": 1.0,
    "keep_prob": 1.0,
    "initialization": "he",
    "epochs": 0,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn verify` takes."""
    option = parser.add_argument
    option(
        "case",
        nargs="?",
        metavar="MODULE:CASE",
        help="a network, a batch and perhaps a backward of your own",
    )
    shared.add_arguments(parser, plain=True)
    parser.set_defaults(optimizer="sgd")
    shared.add_initialization(parser, "%(default)s", _OWN["initialization"])
    option(
        "--epochs",
        type=shared.whole(0),
        default=_OWN["epochs"],
        metavar="N",
        help="steps of gradient descent before the gradient is verified (0)",
    )
    option(
        "--order",
        type=int,
        choices=(1, 2),
        default=1,
        help="2: the gradient's own derivative, H v, too (1)",
    )
    option(
        "--selftest",
        action="store_true",
        help="first plant every known mistake that applies here, and show which of "
        "them are caught",
    )
    option(
        "--json",
        type=Path,
        metavar="FILE",
        help="a file to write the report to as well",
    )
    option("--time", action="store_true", help="tell on stderr what it cost")
    functions.add_arguments(parser)


def check(args: argparse.Namespace) -> None:
    """Refuse words that have no meaning beside what is to be verified."""
    if args.function is None:
        for name, default in functions.OWN.items():
            if getattr(args, name) != default:
                raise ValueError(f"--{name.replace('_', '-')} goes with --function")
    if args.function is not None:
        if args.case is not None:
            raise ValueError(f"--function {args.function} or {args.case}, not both")
        for name, default in {"order": 1, "selftest": False, "time": False}.items():
            if getattr(args, name) != default:
                raise ValueError(f"--{name} does not go with --function")
    brings = args.case or args.function
    for name, default in _OWN.items() if brings else ():
        if getattr(args, name) != default:
            option = {"source": "--data", "targets": "--target"}.get(
                name, "--" + name.replace("_", "-")
            )
            raise ValueError(f"{option} goes with --data; {brings} brings its own")
    if args.function is not None:
        functions.check(args)
    elif args.case is not None and not all(args.case.partition(":")):
        raise ValueError(f"{args.case}: must be MODULE:CASE, as in mine:case")
