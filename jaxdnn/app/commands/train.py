"""Train a network on a data set or a file, and write down what came of it.

Columns of numbers are standardised, columns of text one-hot. The target decides the
head: two classes sigmoid, more softmax, numbers identity. Whole numbers of which there
are at most 20 different ones are classes. Exit code 1: the hand-derived gradient is
wrong at the trained parameters.
"""

import argparse
import sys
from collections.abc import Iterable
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from jaxdnn import Network, Parameters, fit
from jaxdnn.app._extras import require
from jaxdnn.app.commands import _data
from jaxdnn.app.models import Model
from jaxdnn.app.preprocessing import Column, Numbers
from jaxdnn.app.progress import progress
from jaxdnn.app.results import check_writable, write_results
from jaxdnn.app.tables import Table, is_text
from jaxdnn.verification import Report, verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn train` takes."""
    _data.add_arguments(parser)
    option = parser.add_argument
    option(
        "--epochs",
        type=_data.whole(1),
        default=1000,
        metavar="N",
        help="steps of gradient descent, each over all training rows (1000)",
    )
    option(
        "--learning-rate",
        type=float,
        default=_data.LEARNING_RATE,
        metavar="R",
        help=f"length of a step over that of the gradient ({_data.LEARNING_RATE})",
    )
    option(
        "--test-fraction",
        type=float,
        metavar="F",
        help="rows put aside to test on (the data set's own test part, else "
        f"{_data.TEST_FRACTION})",
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

    task = _data.read(args, test_fraction=args.test_fraction)
    network, X, Y, preprocessing, train, test = task
    target = preprocessing.target
    parts = {"train": train} if test is None else {"train": train, "test": test}
    say("data", _describe_data(name, target, parts.values()))
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
    scores = [_scores(model, table, target.name) for table in parts.values()]
    for score in scores[0]:
        say(score, "".join(f"{of_part[score]:10.4f}" for of_part in scores))
    report = verify(
        network,
        result.params,
        X,
        Y,
        l2=args.l2,
        key=None if args.keep_prob == 1 else jax.random.key(args.seed),
        keep_prob=args.keep_prob,
        seed=args.seed,
    )
    say("gradient check", _describe_check(report))
    for line in () if test is None else preprocessing.unseen(test):
        print("jaxdnn: note: test part:", line, file=sys.stderr)
    for i, path in enumerate(write_results(out, model, costs, train)):
        say("" if i else "wrote", str(path))
    if report.verdict == "wrong":
        print("jaxdnn: gradient check:", _describe_check(report), file=sys.stderr)
        return 1
    return 0


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


def _describe_check(report: Report) -> str:
    """The verdict on the hand-derived gradient, in one line."""
    if not report.ok:
        return report.verdict_line.removeprefix("verdict: ")
    seen = [units for row in report.rows for units in (row.units, row.step)]
    worst = max(units for units in seen if units is not None)
    return (
        f"verified: {len(report.rows)} equations, worst {worst:.1f} of {report.limit} "
        "units of rounding"
    )
