"""Train every combination of options, print a table and draw the best."""

import argparse
import sys
import warnings
from dataclasses import replace
from functools import partial
from math import inf, isfinite
from pathlib import Path
from typing import Any

import numpy as np

from jaxdnn import Lane, plots, sweep
from jaxdnn._atomic import write
from jaxdnn.cli import options
from jaxdnn.cli.aligned import number
from jaxdnn.cli.importing import needed
from jaxdnn.cli.say import say
from jaxdnn.models import DataRecipe, NetworkRecipe, Recipe, TrainingRecipe
from jaxdnn.models.optimizers import optimizer
from jaxdnn.models.prepared import prepare
from jaxdnn.models.results import check_writable

_VALIDATION_FRACTION = 0.2

# Lanes the figure has room for.
_DRAWN = 10


def run(args: argparse.Namespace) -> int:
    """Train, print, draw."""
    needed("matplotlib.figure")
    data = options.picked(DataRecipe, args)
    out: Path = args.out or Path("runs", Path(data.source).stem)
    check_writable(out)
    lanes = _lanes(args, data)
    if sound := [lane.history for lane in lanes if isfinite(lane.cost)]:
        options.check_watched(sound, args.watch)
    best_first = sorted(lanes, key=partial(_merit, args.watch))
    lines = [_HEADINGS, *map(_cells, best_first)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    out.mkdir(parents=True, exist_ok=True)
    write(out / "sweep.csv", "".join(",".join(line) + "\n" for line in lines).encode())
    figure = plots.plot_costs(
        {
            ", ".join(_cells(lane)[: len(_VARIED)]): np.asarray(
                lane.history.validation_cost
            )
            for lane in best_first[:_DRAWN]
        },
        label="validation cost",
        title=f"{', '.join(_VARIED)}: the best of {len(lanes)}",
    )
    plots.save(figure, out / "sweep.png")
    for line in lines:
        cells = zip(line, widths, strict=True)
        print("  ".join(f"{cell:>{width}}" for cell, width in cells))
    say("wrote", str(out / "sweep.csv"))
    say("", str(out / "sweep.png"))
    if all(not isfinite(lane.cost) for lane in lanes):
        print("jaxdnn: every run diverged: try smaller rates", file=sys.stderr)
        return 1
    return 0


def _lanes(args: argparse.Namespace, data: DataRecipe) -> tuple[Lane, ...]:
    """Every combination, trained on the rows that the words name."""
    sizes: list[tuple[int, ...]] = args.hidden_sizes
    prepared = prepare(
        Recipe(
            replace(data, validation_fraction=_VALIDATION_FRACTION),
            replace(options.picked(NetworkRecipe, args), layers=sizes[0]),
            replace(
                options.picked(TrainingRecipe, args),
                optimizer=args.optimizer or "sgd",
                l2=1.0,
                keep_prob=1.0,
            ),
        )
    )
    training = prepared.recipe.training
    X, Y = prepared.examples().whole()
    rates: list[Any] = args.learning_rates or [training.learning_rate]
    with warnings.catch_warnings():
        # The table has NaN there, and what follows says it of all.
        warnings.filterwarnings("ignore", "sweep: .* never finite", RuntimeWarning)
        return sweep(
            prepared.network,
            X,
            Y,
            seeds=args.seeds,
            learning_rate=rates,
            l2=args.l2,
            keep_prob=args.keep_prob,
            hidden_sizes=sizes,
            optimizer=optimizer(training.optimizer or "sgd"),
            epochs=training.epochs or 1000,
            batch_size=training.batch_size,
            validation=prepared.watched(),
            watch=args.watch,
        )


def _merit(watch: str | None, lane: Lane) -> tuple[float, float]:
    """What the table is sorted by; those that diverged come last."""
    cost, score = lane.validation_cost, lane.validation_score
    if cost is None or score is None or not isfinite(cost):
        return inf, inf
    return (-score, cost) if watch == "score" else (cost, -score)


_VARIED = ("hidden", "learning rate", "l2", "keep prob", "seed")
_HEADINGS = (*_VARIED, "cost", "score", "validation cost", "validation score")


def _cells(lane: Lane) -> tuple[str, ...]:
    # A score that does not exist leaves its cell empty, a cost that diverged is told.
    score, of_validation = (
        None if each is None or not isfinite(each) else each
        for each in (lane.score, lane.validation_score)
    )
    numbers = (lane.cost, score, lane.validation_cost, of_validation)
    return (
        "-".join(map(str, lane.network.layer_dims[1:-1])),
        f"{lane.learning_rate:g}",
        f"{lane.l2:g}",
        f"{lane.keep_prob:g}",
        str(lane.seed),
        *("" if each is None else number(each) for each in numbers),
    )
