"""Training by a recipe: what `jaxdnn train` does, without a word on the screen."""

import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import jax
from jax.sharding import Mesh

from jaxdnn import Divergence, FitResult, History, Progress, fit
from jaxdnn._checks import check_scalar
from jaxdnn._extras import require
from jaxdnn._refusals import public
from jaxdnn._shown import block, never_raises, numbers, series, sizes
from jaxdnn.data.tables import ALONE, Turn
from jaxdnn.models.checkpoints import Checkpoints
from jaxdnn.models.convergence import still_falling
from jaxdnn.models.model import Model, told_columns
from jaxdnn.models.optimizers import optimizer
from jaxdnn.models.prepared import Prepared, prepare
from jaxdnn.models.recipe import Recipe
from jaxdnn.models.scores import Scores, told_scores
from jaxdnn.training.checks import check_mesh
from jaxdnn.training.placing import turn_of
from jaxdnn.verification import Report, verify

OnProgress = Callable[[Progress], None]

# Rows that the gradient is checked on: over more it is but a longer sum.
_MOST_CHECKED = 128


@dataclass(frozen=True, eq=False)
class Trained:
    """What came of a recipe.

    Attributes:
      model: the network with the last parameters, or the best where rows were watched.
      history: one entry per epoch.
      scores: of each part there is: "train", "validation", "test".
      check: the verdict on the hand-derived gradient at those parameters.
      divergence: where the run stopped being finite, or None. A run that diverged has
        the last finite parameters, neither scores nor check; and so has one that was
        watched and has no best epoch, because nothing watched was ever finite.
      still_falling: which share of its fall the cost fell in the last tenth of the
        epochs, if it had not come to rest: see `convergence`.
    """

    model: Model
    history: History
    scores: Mapping[str, Scores]
    check: Report | None
    divergence: Divergence | None
    still_falling: float | None = None

    @never_raises
    def __repr__(self) -> str:
        cost = numbers(self.history.cost)
        lines = [*told_columns(self.model.preprocessing), series("cost", cost)]
        for part, scores in self.scores.items():
            lines.append(f"{part:<17} {told_scores(scores)}")
        if self.check is not None:
            said = self.check.verdict_line.removeprefix("verdict: ")
            lines.append(f"{'gradient check':<17} {said}")
        if self.divergence is not None:
            lines.append(f"DIVERGED: {self.divergence}")
        lines.append("has: model, history, scores, check, divergence, still_falling")
        done = f"{sizes(self.model.params)}, {len(cost)} epochs"
        return block(f"Trained: {done}", lines)


@public
def train(
    recipe: Recipe | Prepared,
    *,
    on_progress: OnProgress | None = None,
    checkpoints: Checkpoints | str | os.PathLike[str] | None = None,
    resume: Mapping[str, Any] | None = None,
    mesh: Mesh | None = None,
) -> Trained:
    """Do what a recipe says: read, learn the columns, train, score, verify.

    Args:
      recipe: the data, the network and the training; or what `prepare` made of it.
      on_progress: called now and then, as by `fit`.
      checkpoints: a folder to save the run's state in. Where it holds states of this
        very run, the run goes on from the last one, to the same bits. Or `Checkpoints`.
      resume: with `Checkpoints`, the state to go on from.
      mesh: as for `fit`. Of a streamed file, each of several processes trains on row
        groups of its own, and learns their columns with the others; all of them read
        the rows to watch, and score.

    Raises:
      ValueError: bad data, a value out of its range, checkpoints of another run.
      FileNotFoundError: there is no such file.
      OSError: a checkpoint cannot be written.
      ModuleNotFoundError: a library is not installed.

    Example:
      >>> from jaxdnn.models import DataRecipe, NetworkRecipe, TrainingRecipe
      >>> recipe = Recipe(
      ...     DataRecipe("moons"), NetworkRecipe((4,)), TrainingRecipe(epochs=50)
      ... )
      >>> trained = train(recipe)
      >>> trained.check.ok, trained.scores["test"].rows, len(trained.history.cost)
      (True, 40, 50)
    """
    done = isinstance(recipe, Prepared)
    prepared = recipe if done else prepare(recipe, mesh=mesh)
    if checkpoints is not None and not isinstance(checkpoints, Checkpoints):
        with closing(Checkpoints(checkpoints, prepared.identity())) as saved:
            return train(
                prepared,
                on_progress=on_progress,
                checkpoints=saved,
                resume=saved.latest(),
                mesh=mesh,
            )
    result = _fit(prepared, on_progress, checkpoints, resume, mesh)
    params = result.params
    if mesh is not None:  # every process predicts and scores by itself
        params = jax.device_put(jax.device_get(params))
    model = Model(prepared.network, params, prepared.learned.preprocessing)
    scores: dict[str, Scores] = {}
    check = None
    watched = result.history.validation_cost is not None
    best_unknown = watched and result.history.best_epoch is None
    if result.divergence is None and not best_unknown:
        if checkpoints is not None:
            checkpoints.save(result.snapshot)
        scores = {
            part: model.evaluate(prepared.tables(part))
            for part in prepared.learned.sizes
        }
        check = _check(prepared, model)
    return Trained(
        model=model,
        history=result.history,
        scores=scores,
        check=check,
        divergence=result.divergence,
        still_falling=still_falling(
            result.history, prepared.recipe.training.epochs or 0
        ),
    )


def _fit(
    prepared: Prepared,
    on_progress: OnProgress | None,
    checkpoints: Checkpoints | None,
    resume: Mapping[str, Any] | None,
    mesh: Mesh | None,
) -> FitResult:
    training: Any = prepared.recipe.training  # chosen: nothing in it is open
    rate: Any = training.learning_rate
    check_scalar("learning_rate", rate, low=0, low_open=True)
    if training.schedule == "cosine":
        rows = prepared.learned.sizes["train"]
        updates = training.epochs * -(-rows // (training.batch_size or rows))
        rate = require("optax").cosine_decay_schedule(rate, updates)

    def edge(info: Progress) -> None:
        for tell in (on_progress, checkpoints):
            if tell is not None:
                tell(info)

    check_mesh(mesh)
    turn = ALONE if mesh is None else Turn(*turn_of(mesh))
    X, Y = prepared.examples(turn=turn), None
    if not prepared.recipe.data.stream:
        X, Y = X.whole()
    return fit(
        prepared.network,
        X,
        Y,
        key=jax.random.key(training.seed),
        method=training.initialization,
        optimizer=optimizer(training.optimizer),
        learning_rate=rate,
        epochs=training.epochs,
        batch_size=training.batch_size,
        shuffle_buffer=training.shuffle_buffer,
        l2=training.l2,
        keep_prob=training.keep_prob,
        class_weight=training.class_weight,
        validation=prepared.watched(),
        watch=training.watch,
        patience=training.patience,
        record=training.record,
        on_progress=edge,
        resume=resume,
        mesh=mesh,
    )


def _check(prepared: Prepared, model: Model) -> Report:
    """Verify the gradient at the trained parameters, on the first rows."""
    training: Any = prepared.recipe.training  # chosen: nothing in it is open
    X, Y = next(iter(prepared.examples()))
    return verify(
        model.network,
        model.params,
        X[:, :_MOST_CHECKED],
        Y[:, :_MOST_CHECKED],
        l2=training.l2,
        key=None if training.keep_prob == 1 else jax.random.key(training.seed),
        keep_prob=training.keep_prob,
        seed=training.seed,
    )
