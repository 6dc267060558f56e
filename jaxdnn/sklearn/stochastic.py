"""Training by SGD, Adam or an Optax transformation, from an estimator and back."""

import time
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple
from warnings import warn

import jax
import numpy as np
from scipy.sparse import issparse
from sklearn.exceptions import ConvergenceWarning

from jaxdnn.architecture import Network
from jaxdnn.sklearn.coefficients import as_coefficients, as_layers
from jaxdnn.sklearn.draws import Orders, dropout_seed
from jaxdnn.sklearn.ending import Ending, Record, Rules
from jaxdnn.sklearn.epochs import ByTheBatch, InMemory
from jaxdnn.sklearn.listeners import Listeners
from jaxdnn.sklearn.programs import Numbers, Plan, State
from jaxdnn.sklearn.rows import Data
from jaxdnn.sklearn.solvers import begin, comparable
from jaxdnn.training.buckets import padded_size, room_for

# Most examples of a batch that is not said.
_BATCH = 200

# How long a chunk of epochs takes, in seconds: Ctrl-C waits for its end.
_SECONDS = 0.5

_SOLVER_NUMBERS = ("momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon")
_OPTIMIZER = (
    *("solver", "learning_rate", "learning_rate_init", "power_t"),
    *_SOLVER_NUMBERS,
)


class Task(NamedTuple):
    """What an estimator is to be trained on.

    network: has one of `heads.HEADS`; data: the examples to train on; watched: the
    validation part; threshold: the probability above which an output is a yes; random:
    what is shuffled with; incremental: one epoch, which goes on where the last one was.
    """

    network: Network
    data: Data
    watched: Data | None
    threshold: float
    random: np.random.RandomState
    incremental: bool


def train(estimator: Any, task: Task, listeners: Listeners | None) -> None:
    """Train an estimator that has parameters, and leave in it what came of it.

    Args:
      estimator: its parameters say how; its attributes are what the run starts from.
      task: what to train on.
      listeners: told of each epoch, if listened to.
    """
    optimizer = _optimizer(estimator, task.incremental)
    run = _prepare(estimator, task, optimizer)
    estimator.n_iter_ = 0
    if task.watched is not None and estimator.validation_loss_curve_ is None:
        estimator.validation_loss_curve_ = []
    try:
        _advance(estimator, run, task, listeners, optimizer)
    except KeyboardInterrupt:
        warn("Training interrupted by user.", stacklevel=2)
    _leave(estimator, run.state, task, optimizer)


def _prepare(
    estimator: Any, task: Task, optimizer: SimpleNamespace
) -> InMemory | ByTheBatch:
    data, count = task.data, len(task.data.Y)
    asked = _BATCH if estimator.batch_size == "auto" else int(estimator.batch_size)
    if asked > count and estimator.batch_size != "auto":
        warn(
            "Got `batch_size` less than 1 or larger than sample size. It is going to "
            "be clipped",
            stacklevel=2,
        )
    schedule = optimizer.learning_rate
    plan = Plan(
        network=task.network,
        solver=comparable(optimizer.solver),
        schedule=comparable(schedule) if callable(schedule) else None,
        drops_out=estimator.dropout > 0,
        width=min(room_for(count), padded_size(asked)),
    )
    numbers = Numbers(
        rows=count,
        batch=min(asked, count),
        alpha=float(estimator.alpha),
        keep_prob=1 - float(estimator.dropout),
        seed=dropout_seed(task.random) if plan.drops_out else 0,
        threshold=task.threshold,
        solver={name: _number(getattr(optimizer, name)) for name in _SOLVER_NUMBERS},
        rules=_rules(estimator, optimizer),
    )
    state = _state(estimator, plan, task)
    orders = Orders(task.random if estimator.shuffle else None, count)
    parts = [data] if task.watched is None else [data, task.watched]
    kind = ByTheBatch if any(issparse(part.X) for part in parts) else InMemory
    return kind((plan, numbers), state, data, task.watched, orders)


def _number(value: Any) -> Any:
    return bool(value) if isinstance(value, bool | np.bool_) else float(value)


def _kept(estimator: Any, incremental: bool) -> dict[str, Any] | None:
    """What the run before left to go on from, if this one goes on."""
    return getattr(estimator, "_solver_state", None) if incremental else None


def _optimizer(estimator: Any, incremental: bool) -> SimpleNamespace:
    """The parameters that make the optimizer: it goes on as it was begun."""
    if (kept := _kept(estimator, incremental)) is not None:
        return SimpleNamespace(**kept["optimizer"])
    return SimpleNamespace(**{name: getattr(estimator, name) for name in _OPTIMIZER})


def _rules(estimator: Any, optimizer: SimpleNamespace) -> Rules:
    adam = optimizer.solver == "adam"  # whose rate has no schedule by name
    return Rules(
        learning_rate_init=float(optimizer.learning_rate_init),
        power_t=float(optimizer.power_t),
        invscaling=optimizer.learning_rate == "invscaling" and not adam,
        adaptive=optimizer.learning_rate == "adaptive" and not adam,
        tol=float(estimator.tol),
        n_iter_no_change=float(estimator.n_iter_no_change),
        by_score=bool(estimator.early_stopping),
    )


def _state(estimator: Any, plan: Plan, task: Task) -> State:
    """What the run starts from: the estimator's attributes."""
    dtype = task.data.X.dtype
    params = as_layers(estimator.coefs_, estimator.intercepts_, dtype)
    rate, updates = float(estimator.learning_rate_init), 0
    solver = jax.device_get(begin(plan.solver, rate, params))
    if (kept := _kept(estimator, task.incremental)) is not None:
        solver = jax.tree.unflatten(jax.tree.structure(solver), kept["arrays"])
        rate, updates = kept["learning_rate"], kept["updates"]
    best = estimator.best_loss_, np.inf
    if estimator.early_stopping:
        best = estimator.best_validation_score_, -np.inf
    best_params = None if task.watched is None else params
    if task.watched is not None and hasattr(estimator, "_best"):
        coefs, intercepts = estimator._best
        best_params = as_layers(coefs, intercepts, dtype)
    ending = Ending(
        rate=np.float64(rate),
        seen=np.int64(estimator.t_),
        best=np.float64(best[1] if best[0] is None else best[0]),
        best_params=best_params,
        misses=np.int64(estimator._no_improvement_count),
        stopped=np.bool_(False),
    )
    return State(params, solver, np.int64(updates), ending)


def _advance(
    estimator: Any,
    run: InMemory | ByTheBatch,
    task: Task,
    listeners: Listeners | None,
    optimizer: SimpleNamespace,
) -> None:
    epochs = 1 if task.incremental else estimator.max_iter
    watched = task.watched is not None
    looks = bool(estimator.verbose) or (listeners is not None and listeners.listened_to)
    chunk = 1
    while estimator.n_iter_ < epochs and not run.state.ending.stopped:
        if listeners is not None:
            listeners.begin()
        started = time.perf_counter()
        records = run.advance(min(chunk, run.room, epochs - estimator.n_iter_))
        for record in records:
            _record(estimator, record, watched)
        estimator.t_ = int(run.state.ending.seen)
        if estimator.verbose:
            _say(estimator, records[-1], run.state.ending, optimizer)
        if listeners is not None and listeners.end(partial(_attributes, run)):
            return
        if not looks:
            each = (time.perf_counter() - started) / len(records)
            chunk = max(1, min(16 * chunk, int(_SECONDS / max(each, 1e-9))))


def _attributes(run: InMemory | ByTheBatch) -> dict[str, Any]:
    coefs, intercepts = as_coefficients(run.state.params)
    return {"coefs_": coefs, "intercepts_": intercepts}


def _record(estimator: Any, record: Record, watched: bool) -> None:
    estimator.n_iter_ += 1
    estimator.loss_ = record.loss
    estimator.loss_curve_.append(record.loss)
    if watched:
        estimator.validation_loss_curve_.append(record.validation_loss)
    if estimator.early_stopping:
        estimator.validation_scores_.append(record.score)


def _say(
    estimator: Any, record: Record, ending: Ending, optimizer: SimpleNamespace
) -> None:
    print(f"Iteration {estimator.n_iter_}, loss = {record.loss:.8f}")
    if estimator.early_stopping:
        print(f"Validation score: {record.score:f}")
    if record.tripped:
        what = "Validation score" if estimator.early_stopping else "Training loss"
        then = "Stopping."
        if not ending.stopped:
            then = f"Setting learning rate to {float(ending.rate):f}"
        elif optimizer.learning_rate == "adaptive" and optimizer.solver != "adam":
            then = "Learning rate too small. Stopping."
        print(
            f"{what} did not improve more than tol={estimator.tol:f} for "
            f"{estimator.n_iter_no_change} consecutive epochs. {then}"
        )


def _leave(
    estimator: Any, state: State, task: Task, optimizer: SimpleNamespace
) -> None:
    ending = jax.device_get(state.ending)
    stopped = bool(ending.stopped)
    found = as_coefficients(state.params)
    if estimator.early_stopping:
        estimator.best_loss_ = None
        estimator.best_validation_score_ = float(ending.best)
        estimator._best = as_coefficients(ending.best_params)
        # What comes batch by batch goes on from the latest, until it has stopped.
        if stopped or not task.incremental:
            found = as_coefficients(ending.best_params)
    else:
        estimator.best_loss_ = float(ending.best)
    estimator.coefs_, estimator.intercepts_ = found
    estimator._no_improvement_count = int(ending.misses)
    estimator._solver_state = {
        "arrays": list(map(np.asarray, jax.tree.leaves(jax.device_get(state.solver)))),
        "learning_rate": float(ending.rate),
        "updates": int(state.updates),
        "optimizer": vars(optimizer),
    }
    if estimator.n_iter_ == estimator.max_iter and not (task.incremental or stopped):
        warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) "
            "reached and the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=2,
        )
