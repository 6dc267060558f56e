"""Train a network, tell how it went and write down what came of it."""

import argparse
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.sharding import Mesh

from jaxdnn import Network
from jaxdnn.cli import options
from jaxdnn.cli.aligned import aligned, number
from jaxdnn.cli.describing import (
    describe_columns,
    describe_data,
    describe_missing,
    headless,
)
from jaxdnn.cli.importing import needed
from jaxdnn.cli.progress import progress
from jaxdnn.cli.say import put_notes, say, silent, tell_parts
from jaxdnn.cli.scoring import score_lines
from jaxdnn.data.columns.notes import added_up
from jaxdnn.data.tables import Table
from jaxdnn.explain import report
from jaxdnn.models import Trained, TrainingRecipe, train
from jaxdnn.models.checkpoints import Checkpoints
from jaxdnn.models.prepared import Prepared, prepare
from jaxdnn.models.results import check_writable, write_results
from jaxdnn.verification import Report


def run(args: argparse.Namespace) -> int:
    """Train, print and write."""
    needed("tqdm", "safetensors.numpy", "matplotlib.figure")
    mesh = _mesh(args)
    tells = jax.process_index() == 0
    recipe = options.recipe_of(args)
    name = Path(recipe.data.source).stem
    out: Path = args.out or Path("runs", name)
    check_writable(out)
    quiet = args.quiet or not tells
    tell = silent if quiet else say

    prepared = prepare(recipe, mesh=mesh)
    _describe_prepared(name, prepared, tell)
    if (said := headless(prepared)) is not None:
        print(f"jaxdnn: note: {recipe.data.source}: {said}", file=sys.stderr)
    saved, resume = _checkpoints(args, prepared)
    if resume is not None:
        tell("resumed", f"after {(done := int(resume['.state.epoch']))} epochs")
        if done > (asked := prepared.recipe.training.epochs or 0):
            more = f"--epochs {asked} is less: nothing is trained, all of them count"
            print(f"jaxdnn: note: {done} epochs are done, {more}", file=sys.stderr)
    epochs = prepared.recipe.training.epochs or 0
    with progress(epochs, quiet=quiet) as show, warnings.catch_warnings():
        # Told below, in the command line's own way.
        told = "fit: .* was (not|never) finite"
        warnings.filterwarnings("ignore", told, RuntimeWarning)
        trained = train(
            prepared, on_progress=show, checkpoints=saved, resume=resume, mesh=mesh
        )
    if trained.divergence is not None:
        raise ValueError(
            f"the training diverged: {trained.divergence}; try a --learning-rate below "
            f"{prepared.recipe.training.learning_rate:g}"
        )
    if trained.history.validation_cost is not None:
        options.check_watched([trained.history], prepared.recipe.training.watch)
    if not tells:
        return 0
    some = next(prepared.tables("train"))
    # First, since whoever reads what is printed may be gone.
    page = partial(report, trained, title=name) if args.report else None
    written = _write(out, trained, some, page)
    _describe(trained, tell)
    if prepared.recipe.data.stream and (peak := _peak_memory()) is not None:
        held = prepared.held_bytes / (1 << 20)
        tell("memory", f"at most {peak:.0f} MiB, {held:.1f} of them examples")
    for part in ("validation", "test"):
        notes = map(trained.model.preprocessing.notes, prepared.tables(part))
        put_notes(f"{part} part of {name}", added_up(chain.from_iterable(notes)))
    for i, path in enumerate(written):
        tell("" if i else "wrote", str(path))
    if trained.check is not None and trained.check.verdict == "wrong":
        check = _describe_check(trained.check)
        print("jaxdnn: gradient check:", check, file=sys.stderr)
        return 1
    return 0


def _mesh(args: argparse.Namespace) -> Mesh | None:
    """All devices of all processes, where several train."""
    if not args.distributed:
        return None
    try:
        jax.distributed.initialize(args.coordinator, args.processes, args.rank)
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            f"--distributed: {error}; see --coordinator, --processes and --rank"
        ) from error
    return Mesh(np.array(jax.devices()), ("examples",))


def _write(
    out: Path,
    trained: Trained,
    some: Table,
    page: Callable[[Mapping[str, bytes]], str] | None,
) -> list[Path]:
    """Write the results; where that fails, somewhere else rather than nowhere."""
    results = (trained.model, trained.history, trained.scores, some)
    try:
        return write_results(out, *results, report=page)
    except OSError as error:
        elsewhere = Path(tempfile.mkdtemp(prefix="jaxdnn-"))
        try:
            write_results(elsewhere, *results, report=page)
        except OSError:
            shutil.rmtree(elsewhere, ignore_errors=True)
            raise error from None
        said = f"{error.strerror}; the results are in {elsewhere}"
        raise OSError(error.errno, said, error.filename) from None


def _checkpoints(
    args: argparse.Namespace, prepared: Prepared
) -> tuple[Checkpoints | None, Mapping[str, Any] | None]:
    """Where to save, and the state to go on from."""
    if args.checkpoint is None:
        return None, None
    saved = Checkpoints(args.checkpoint, prepared.identity())
    check_writable(args.checkpoint, option="--checkpoint")
    if args.resume is not None:
        return saved, saved.latest(fall_back=args.resume == "previous")
    saved.check_new()
    return saved, None


# ---- on the screen -----------------------------------------------------------------


def _describe_prepared(
    name: str, prepared: Prepared, tell: Callable[[str, str], None]
) -> None:
    for label, parts in (
        ("data", describe_data(name, prepared)),
        ("columns", describe_columns(prepared)),
        ("missing", describe_missing(prepared)),
    ):
        tell_parts(tell, label, parts)
    tell("network", _describe_network(prepared.network))
    tell("training", _describe_training(prepared.recipe.training))


def _describe_network(network: Network) -> str:
    dims = network.layer_dims
    count = sum(n * (n_prev + 1) for n_prev, n in pairwise(dims))
    functions = (*(g.name for g in network.activations), network.head.name)
    return f"{'-'.join(map(str, dims))}, {', '.join(functions)}; {count} parameters"


def _describe_training(training: TrainingRecipe) -> str:
    """How, in the words of the options."""
    rate = f"{training.optimizer} at {training.learning_rate:g}"
    rate += ", falling to 0" if training.schedule == "cosine" else ""
    batches = "all rows at once"
    if training.batch_size is not None:
        batches = f"batches of {training.batch_size}"
    length = f"{training.epochs} epochs"
    if training.patience is not None:
        length = f"at most {length}, patience {training.patience}"
    return f"{rate}; {batches}; {length}"


def _describe(trained: Trained, tell: Callable[[str, str], None]) -> None:
    history = trained.history
    epochs = len(history.cost)
    shown = np.unique(np.linspace(0, epochs, 5, dtype=int).clip(max=epochs - 1))
    rows = [("epoch", [f"{epoch}" for epoch in shown])]
    for label, values in (
        ("cost", history.cost),
        ("validation", history.validation_cost),
    ):
        if values is not None:
            rows.append((label, [number(each) for each in np.asarray(values)[shown]]))
    if history.validation_score is not None:
        curve = np.asarray(history.validation_score)[shown]
        there = [float(each) if np.isfinite(each) else None for each in curve]
        rows.append(("", [number(each) for each in there]))
    for label, line in aligned(rows):
        tell(label, line)
    if trained.history.best_epoch is not None:
        tell("best", f"after epoch {int(trained.history.best_epoch)} of {epochs}")
    if (share := trained.still_falling) is not None:
        more = 2 * epochs
        tell("still falling", f"{share:.0%} of the fall came in the last tenth of the")
        tell("", f"epochs: --epochs {more} would go on")
    for label, line in score_lines(trained.scores):
        tell(label, line)
    if trained.check is not None:
        tell("gradient check", _describe_check(trained.check))


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


def _peak_memory() -> float | None:
    """The most this process had in memory so far, in MiB, where systems say it."""
    if os.name != "posix":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
