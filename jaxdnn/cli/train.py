"""Train a network on a data set or a file, and write down what came of it.

Columns of numbers are standardised, columns of text one-hot. The target decides the
head: two classes sigmoid, more softmax, numbers identity. Whole numbers of which there
are at most 20 different ones are classes. Exit code 1: the hand-derived gradient is
wrong at the trained parameters.
"""

import argparse
import hashlib
import json
import sys
import warnings
from collections.abc import Callable, Iterable
from itertools import pairwise
from math import sqrt
from pathlib import Path
from typing import Any

import jax
import numpy as np

from jaxdnn import ChunkInfo, FitResult, Network, fit
from jaxdnn._checks_where import check_scalar
from jaxdnn._extras import require
from jaxdnn.cli import _data, _streamed
from jaxdnn.cli.progress import progress
from jaxdnn.data.preprocessing import Categories, Column, Numbers
from jaxdnn.data.tables import Table
from jaxdnn.models.checkpoints import Checkpoints
from jaxdnn.models.model import Model
from jaxdnn.models.optimizers import LEARNING_RATES, optimizer
from jaxdnn.models.results import check_writable, write_results
from jaxdnn.verification import Report, verify

# Rows to watch where --patience asks for some.
_VALIDATION_FRACTION = 0.1

# Rows that the gradient is checked on: over more it is but a longer sum.
_MOST_CHECKED = 128

_Say = Callable[[str, str], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `jaxdnn train` takes."""
    _data.add_arguments(parser)
    _data.add_run_arguments(parser)
    _streamed.add_arguments(parser)
    option = parser.add_argument
    option(
        "--learning-rate",
        type=float,
        metavar="R",
        help="size of the updates ({}, {})".format(
            f"{LEARNING_RATES['sgd']} for sgd",
            f"{LEARNING_RATES['adam']} for adam",
        ),
    )
    option(
        "--schedule",
        choices=("constant", "cosine"),
        default="constant",
        metavar="NAME",
        help="constant, or cosine: the learning rate falls to 0 over the epochs "
        "(constant)",
    )
    option(
        "--class-weight",
        choices=("balanced",),
        metavar="balanced",
        help="have all classes count alike, however many rows each has",
    )
    option(
        "--test-fraction",
        type=float,
        metavar="F",
        help="rows put aside to test on (the data set's own test part, else "
        f"{_data.TEST_FRACTION})",
    )
    option(
        "--split",
        choices=("random", "last"),
        default="random",
        metavar="HOW",
        help="test on rows drawn at random, class by class, or on the last ones "
        "(random)",
    )
    option(
        "--validation-fraction",
        type=_data.fraction,
        metavar="F",
        help="training rows put aside to watch: the best parameters are kept (none, or "
        f"{_VALIDATION_FRACTION} with --patience)",
    )
    option(
        "--patience",
        type=_data.whole(1),
        metavar="N",
        help="stop after N epochs without a lower validation cost",
    )
    option(
        "--checkpoint",
        type=Path,
        metavar="DIR",
        help="save the run's state there every ten seconds or so",
    )
    option(
        "--resume",
        nargs="?",
        const="latest",
        choices=("latest", "previous"),
        metavar="previous",
        help="go on from --checkpoint; previous: from the one before, where the latest "
        "is damaged",
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

    fraction = args.validation_fraction
    if fraction is None:
        fraction = 0.0 if args.patience is None else _VALIDATION_FRACTION
    if streamed := _streamed.wanted(args):
        kept = args.test_fraction
        kept = _data.TEST_FRACTION if kept is None else kept
        task = _streamed.read(args, test_fraction=kept, validation_fraction=fraction)
    else:
        task = _data.read(
            args,
            test_fraction=args.test_fraction,
            validation_fraction=fraction,
            last=args.split == "last",
        )
    network, preprocessing, parts = task.network, task.preprocessing, task.parts
    target = preprocessing.target
    rows = {part: len(table) for part, table in parts.items()}
    say("data", _describe_data(name, target, task, sum(rows.values())))
    say("network", _describe_network(network))
    result = _train(args, task, rows["train"], say)
    history = result.history
    model = Model(network, result.params, preprocessing)

    epochs = len(history.cost)
    shown = np.unique(np.linspace(0, epochs, 5, dtype=int).clip(max=epochs - 1))
    say("epoch", "".join(f"{epoch:12}" for epoch in shown))
    for label, values in (
        ("cost", history.cost),
        ("validation", history.validation_cost),
        ("", history.validation_score),
    ):
        if values is not None:
            say(label, "".join(f"{value:12.4f}" for value in np.asarray(values)[shown]))
    if result.state.best is not None:
        say("best", f"after epoch {int(result.state.best.epoch) - 1} of {epochs}")
    say("", "".join(f"{part:>12}" for part in parts))
    say("rows", "".join(f"{count:12}" for count in rows.values()))
    scores = [_scores(model, _data.tables(part)) for part in parts.values()]
    for score in scores[0]:
        say(score, "".join(f"{of_part[score]:12.4f}" for of_part in scores))
    X, Y = next(iter(task.X)) if task.Y is None else (task.X, task.Y)
    report = verify(
        network,
        result.params,
        X[:, :_MOST_CHECKED],
        Y[:, :_MOST_CHECKED],
        l2=args.l2,
        key=None if args.keep_prob == 1 else jax.random.key(args.seed),
        keep_prob=args.keep_prob,
        seed=args.seed,
    )
    say("gradient check", _describe_check(report))
    if streamed and (peak := _streamed.peak_memory()) is not None:
        held = result.data_bytes / (1 << 20)
        say("memory", f"at most {peak:.0f} MiB, {held:.1f} of them examples")
    for part in list(parts)[1:]:
        notes = filter(None, map(preprocessing.unseen, _data.tables(parts[part])))
        for line in next(notes, []):
            print(f"jaxdnn: note: {part} part: {line}", file=sys.stderr)
    train = next(iter(_data.tables(parts["train"])))
    for i, path in enumerate(write_results(out, model, history, train)):
        say("" if i else "wrote", str(path))
    if report.verdict == "wrong":
        print("jaxdnn: gradient check:", _describe_check(report), file=sys.stderr)
        return 1
    return 0


# ---- the training ------------------------------------------------------------------


def _train(
    args: argparse.Namespace, task: _data.Task, rows: int, say: _Say
) -> FitResult:
    rate = args.learning_rate
    if rate is None:
        rate = LEARNING_RATES[args.optimizer]
    check_scalar("train", "learning_rate", rate, low=0, low_open=True)
    validation = _data.validation(task)
    schedule, updates = None, None
    if args.schedule == "cosine":
        updates = args.epochs * -(-rows // (args.batch_size or rows))
        schedule = require("optax").cosine_decay_schedule(rate, updates)
    options: dict[str, Any] = {
        "batch_size": args.batch_size,
        "l2": args.l2,
        "keep_prob": args.keep_prob,
        "class_weight": args.class_weight,
        "patience": args.patience,
    }
    saved, resume = None, None
    if args.checkpoint is not None:
        saved = Checkpoints(
            args.checkpoint,
            _configuration(args, task, validation, options)
            | {"learning_rate": rate, "falls_to_0_in": updates},
        )
        check_writable(args.checkpoint, option="--checkpoint")
        if args.resume is None:
            saved.check_new()
        else:
            resume = saved.latest(fall_back=args.resume == "previous")
            done = 0 if resume is None else int(resume[".epoch"])
            say("resumed", f"after {done} epochs")
    elif args.resume is not None:
        raise ValueError("--resume needs --checkpoint, the folder to go on from")

    with progress(args.epochs, quiet=args.quiet) as show, warnings.catch_warnings():
        # Told below, in the command line's own way.
        warnings.filterwarnings("ignore", "fit: .* was not finite", RuntimeWarning)

        def edge(info: ChunkInfo) -> None:
            show(info)
            if saved is not None:
                saved(info)

        result = fit(
            task.network,
            task.X,
            task.Y,
            key=jax.random.key(args.seed),
            optimizer=optimizer(args.optimizer),
            learning_rate=rate if schedule is None else schedule,
            epochs=args.epochs,
            validation=validation,
            on_chunk=edge,
            resume=resume,
            **options,
        )
    if result.divergence is not None:
        raise ValueError(
            f"the training diverged: {result.divergence}; try a --learning-rate below "
            f"{rate:g}"
        )
    if saved is not None:
        saved.save(result.state)
    return result


def _configuration(
    args: argparse.Namespace,
    task: _data.Task,
    validation: tuple[Any, Any] | None,
    options: dict[str, Any],
) -> dict[str, Any]:
    """All that decides the run, the number of its epochs aside."""
    digest = hashlib.sha256()
    arrays = () if task.Y is None else (task.X, task.Y)
    for array in (*arrays, *(validation or ())):
        digest.update(np.ascontiguousarray(array).tobytes())
    # Of a stream, what its rows add up to.
    digest.update(json.dumps([task.preprocessing.to_json(), task.found]).encode())
    return {
        "data": digest.hexdigest(),
        "layer_dims": task.network.layer_dims,
        "hidden": args.hidden,
        "output": task.network.output,
        "optimizer": args.optimizer,
        "seed": args.seed,
        **options,
    }


# ---- on the screen -----------------------------------------------------------------


def _say(label: str, text: str) -> None:
    print(f"{label:14}  {text}", flush=True)


def _say_nothing(_label: str, _text: str) -> None:
    pass


def _describe_data(name: str, target: Column, task: _data.Task, rows: int) -> str:
    if isinstance(task.found, tuple):
        low, high = task.found
        values = f"{low:g} to {high:g}"
    elif len(task.found) > 5:
        values = f"{len(task.found)} classes"
    else:
        classes = target.categories if isinstance(target, Categories) else ()
        values = ", ".join(f"{c} ({task.found[c]})" for c in classes)
    return f"{name}, {rows} rows; {target.name}: {values}"


def _describe_network(network: Network) -> str:
    dims = network.layer_dims
    count = sum(n * (n_prev + 1) for n_prev, n in pairwise(dims))
    functions = (*(g.name for g in network.activations), network.head.name)
    return f"{'-'.join(map(str, dims))}, {', '.join(functions)}; {count} parameters"


# ---- after -------------------------------------------------------------------------


def _scores(model: Model, tables: Iterable[Table]) -> dict[str, float]:
    """How good the predictions are: accuracy, or R2 and the error in target's units."""
    target = model.preprocessing.target
    count = right = 0
    error = total = square = 0.0
    for table in tables:
        truth, said = table.columns[target.name], model.predict(table).values
        count += len(table)
        if isinstance(target, Numbers):
            # About the training's mean, which is near: else digits would cancel.
            apart = truth - target.mean
            total, square = total + apart.sum(), square + np.square(apart).sum()
            error += np.square(said - truth).sum()
        else:
            right += int((said == truth).sum())
    if not isinstance(target, Numbers):
        return {"accuracy": right / count}
    spread = square - total**2 / count
    return {"R2": float(1 - error / spread), "RMSE": sqrt(error / count)}


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
