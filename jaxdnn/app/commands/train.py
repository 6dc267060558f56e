"""Train a network on a data set or a file, and write down what came of it.

Columns of numbers are standardised, columns of text one-hot. The target decides the
head: two classes sigmoid, more softmax, numbers identity. Whole numbers of which there
are at most 20 different ones are classes.
"""

import argparse
import sys
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn import ACTIVATIONS, Network, Parameters, cost, cost_and_gradients, fit
from jaxdnn.app._extras import require
from jaxdnn.app.datasets import DATASETS, load
from jaxdnn.app.models import Model
from jaxdnn.app.preprocessing import Column, Numbers, Preprocessing, training_table
from jaxdnn.app.progress import progress
from jaxdnn.app.results import check_writable, write_results
from jaxdnn.app.tables import Table, dataset_tables, is_text, read_table, split

_TEST_FRACTION = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn train` takes."""
    option = parser.add_argument
    option(
        "--data",
        default="breast_cancer",
        metavar="NAME|FILE",
        help=f"a CSV, Parquet or NPZ file, or one of {', '.join(DATASETS)} "
        "(breast_cancer)",
    )
    option(
        "--target",
        metavar="COLUMN",
        help="the column of the file to predict (its last; y in NPZ)",
    )
    option(
        "--layers",
        type=_whole(1),
        nargs="*",
        default=[10, 5],
        metavar="UNITS",
        help="units of each hidden layer, none for no hidden layer (10 5)",
    )
    option(
        "--hidden",
        choices=tuple(ACTIVATIONS),
        default="relu",
        metavar="ACTIVATION",
        help=f"one of {', '.join(ACTIVATIONS)} (relu)",
    )
    option(
        "--epochs",
        type=_whole(1),
        default=1000,
        metavar="N",
        help="steps of gradient descent, each over all training rows (1000)",
    )
    option(
        "--learning-rate",
        type=float,
        default=0.1,
        metavar="R",
        help="length of a step over that of the gradient (0.1)",
    )
    option(
        "--l2",
        type=float,
        default=1.0,
        metavar="L",
        help="strength of the L2 penalty: L / (2 rows) times the squared weights (1)",
    )
    option(
        "--keep-prob",
        type=float,
        default=1.0,
        metavar="P",
        help="dropout keeps a hidden activation with this probability (1)",
    )
    option(
        "--test-fraction",
        type=float,
        metavar="F",
        help="rows put aside to test on (the data set's own test part, else "
        f"{_TEST_FRACTION})",
    )
    option(
        "--seed",
        type=_whole(0, 2**32 - 1),
        default=1,
        metavar="S",
        help="of the split, the first parameters and dropout (1)",
    )
    option(
        "--out", type=Path, metavar="DIR", help="where results go (runs/NAME of --data)"
    )
    option("--quiet", action="store_true", help="print nothing but complaints")


def run(args: argparse.Namespace) -> int:
    """Train, print and write."""
    for library in ("tqdm", "safetensors.numpy", "matplotlib.figure"):
        require(library)
    say = _say_nothing if args.quiet else _say
    name = Path(args.data).stem
    out: Path = args.out or Path("runs", name)
    check_writable(out)

    train, test, target = _read(args)
    preprocessing = Preprocessing.of(train, target)
    X = jnp.asarray(preprocessing.inputs(train))
    Y = jnp.asarray(preprocessing.targets(train))
    network = Network(
        (X.shape[0], *args.layers, Y.shape[0]),
        hidden=args.hidden,
        output=preprocessing.output,
    )
    parts = {"train": train} if test is None else {"train": train, "test": test}
    say("data", _describe_data(name, preprocessing.target, parts.values()))
    say("network", _describe_network(network))
    with progress(args.epochs, quiet=args.quiet) as show:
        result = fit(
            network,
            X,
            Y,
            key=jax.random.key(args.seed),
            learning_rate=args.learning_rate,
            epochs=args.epochs,
            l2=args.l2,
            keep_prob=args.keep_prob,
            on_chunk=show,
        )
    costs = np.asarray(result.history.cost)
    _check_finite(result.params, costs, args.learning_rate)
    model = Model(network, result.params, preprocessing)

    shown = np.unique(np.linspace(0, costs.size, 5, dtype=int).clip(max=costs.size - 1))
    say("epoch", "".join(f"{epoch:10}" for epoch in shown))
    say("cost", "".join(f"{J:10.4f}" for J in costs[shown]))
    say("", "".join(f"{part:>10}" for part in parts))
    say("rows", "".join(f"{len(table):10}" for table in parts.values()))
    scores = [_scores(model, table, target) for table in parts.values()]
    for score in scores[0]:
        say(score, "".join(f"{of_part[score]:10.4f}" for of_part in scores))
    say("gradient check", check_gradients_line(network, result.params, X, Y, args.l2))
    for line in () if test is None else preprocessing.unseen(test):
        print("jaxdnn: note: test part:", line, file=sys.stderr)
    for i, path in enumerate(write_results(out, model, costs, train)):
        say("" if i else "wrote", str(path))
    return 0


# ---- before ------------------------------------------------------------------------


def _whole(low: int, high: float = np.inf) -> Callable[[str], int]:
    """A type of argument: whole numbers from low to high."""

    def whole(text: str) -> int:
        if text.strip("+-").isdecimal() and low <= int(text) <= high:
            return int(text)
        upto = "" if high == np.inf else f" and <= {high}"
        raise argparse.ArgumentTypeError(
            f"must be a whole number >= {low}{upto}, got {text!r}"
        )

    return whole


def _read(args: argparse.Namespace) -> tuple[Table, Table | None, str]:
    """Training part, test part if any, and the target's name."""
    test = None
    if args.data in DATASETS:
        if args.target is not None:
            raise ValueError(f"--target goes with a file; {args.data} has its own")
        table, test, target = dataset_tables(load(args.data))
    elif Path(args.data).suffix:
        table = read_table(args.data)
        target = args.target or list(table.columns)[-1]
    else:
        raise ValueError(
            f"--data {args.data}: no such data set; there are {', '.join(DATASETS)}, "
            "and files whose names end in .csv, .parquet or .npz"
        )
    table = training_table(table, target)
    if test is None or args.test_fraction is not None:
        fraction = args.test_fraction
        table, test = split(
            table,
            target,
            test_fraction=_TEST_FRACTION if fraction is None else fraction,
            seed=args.seed,
        )
    return table, test if len(test) else None, target


# ---- on the screen -----------------------------------------------------------------


def _say(label: str, text: str) -> None:
    print(f"{label:14}  {text}", flush=True)


def _say_nothing(_label: str, _text: str) -> None:
    pass


def _describe_data(name: str, target: Column, parts: Iterable[Table]) -> str:
    cells = np.concatenate([part.columns[target.name] for part in parts])
    if isinstance(target, Numbers):
        values = f"{cells.min():g} to {cells.max():g}"
    elif len(target.categories) > 5:
        values = f"{len(target.categories)} classes"
    else:
        counts = (f"{c} ({(cells == c).sum()})" for c in target.categories)
        values = ", ".join(counts)
    return f"{name}, {len(cells)} rows; {target.name}: {values}"


def _describe_network(network: Network) -> str:
    dims = network.layer_dims
    count = sum(n * (n_prev + 1) for n_prev, n in pairwise(dims))
    functions = (*(g.name for g in network.activations), network.output)
    return f"{'-'.join(map(str, dims))}, {', '.join(functions)}; {count} parameters"


# ---- after -------------------------------------------------------------------------


def _check_finite(
    params: Parameters, costs: NDArray[Any], learning_rate: float
) -> None:
    # The last update has no cost of its own to show what it did.
    finite = np.isfinite([*costs, sum(abs(a).sum() for a in jax.tree.leaves(params))])
    if not finite.all():
        raise ValueError(
            f"the training diverged: after {finite.argmin()} epochs the cost is not "
            f"finite; try a --learning-rate below {learning_rate:g}"
        )


def _scores(model: Model, table: Table, target: str) -> dict[str, float]:
    """How good the predictions are: accuracy, or R2 and the error in target's units."""
    truth, said = table.columns[target], model.predict(table).values
    if is_text(truth):
        return {"accuracy": float(np.mean(said == truth))}
    square = float(np.mean(np.square(said - truth)))
    return {"R2": 1 - square / float(np.var(truth)), "RMSE": sqrt(square)}


def check_gradients_line(
    network: Network, params: Parameters, X: Any, Y: Any, l2: float
) -> str:
    """How far the hand-derived gradient is from autodiff's, in float64."""

    # One program for both: compiling takes longer than running.
    @jax.jit
    def both(params: Parameters, X: Array, Y: Array) -> tuple[Parameters, Parameters]:
        _, by_hand = cost_and_gradients(network, params, X, Y, l2=l2)
        return by_hand, jax.grad(lambda p: cost(network, p, X, Y, l2=l2))(params)

    with jax.enable_x64(True):
        args = jax.tree.map(lambda a: np.asarray(a, np.float64), (params, X, Y))
        by_hand, by_autodiff = jax.tree.map(np.asarray, both(*args))
    difference = max(
        abs(a - b).max() / (abs(b).max() or 1)
        for a, b in zip(
            jax.tree.leaves(by_hand), jax.tree.leaves(by_autodiff), strict=True
        )
    )
    verdict = "ok" if difference <= 1e-10 else "WRONG"
    return f"hand-derived against autodiff, float64: off by {difference:.1e}, {verdict}"
