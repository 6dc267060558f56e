"""Train, write the page of a run, and say what it shows."""

import argparse
from pathlib import Path

import jax

from jaxdnn.cli import options
from jaxdnn.cli.aligned import number
from jaxdnn.cli.describing import describe_data
from jaxdnn.cli.say import say, tell_parts
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.explain import record, write_page
from jaxdnn.export.writing import check_free
from jaxdnn.models.prepared import prepare


def run(args: argparse.Namespace) -> int:
    """Train, write the page, and say what it shows."""
    check_free(args.out, force=args.force)
    prepared = prepare(options.recipe_of(args))
    name, network = Path(args.source).stem, prepared.network
    tell_parts(say, "data", describe_data(name, prepared))
    X, Y = prepared.examples().whole()
    recording = record(
        network,
        X,
        Y,
        key=jax.random.key(args.seed),
        method=args.initialization,
        learning_rate=args.learning_rate,
        epochs=args.epochs,
        l2=args.l2,
        keep_prob=args.keep_prob,
    )
    inputs, classes = _names(prepared.learned.preprocessing)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write_page(recording, args.out, title=name, inputs=inputs, classes=classes)
    first, last = map(float, recording.look.cost[[0, -1]])
    say("cost", f"{number(first)} to {number(last)} in {args.epochs} epochs")
    verdict = recording.report.verdict_line.removeprefix("verdict: ")
    say("gradient check", verdict)
    say("wrote", str(args.out))
    return 0 if recording.report.verdict != "wrong" else 1


def _names(columns: Preprocessing) -> tuple[list[str], tuple[str, ...]]:
    """Of every row of X, and of the classes."""
    inputs: list[str] = []
    for column in columns.columns:
        if isinstance(column, Categories):
            inputs += [f"{column.name} = {text}" for text in column.categories]
        elif column.width == 1:
            inputs.append(column.name)
        else:
            inputs += [f"{column.name} ({i + 1})" for i in range(column.width)]
    [target] = columns.targets
    return inputs, target.classes or ()
