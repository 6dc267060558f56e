"""The records of a run: what it is asked, compiled for, given, carries and leaves.

A configuration is asked for; a plan is what the program is compiled for, settings and
constants are its numbers. A state goes from step to step; a snapshot is all that a run
needs to go on; progress and a result are what the caller sees.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple

import jax
from jax import Array
from jax.sharding import NamedSharding
from jax.typing import DTypeLike

from jaxdnn._same_code import SameCode
from jaxdnn._shown import block, never_raises, number, numbers, series, sizes
from jaxdnn.architecture import Network
from jaxdnn.arrays import PyTree, Scalar
from jaxdnn.blocks import Blocks
from jaxdnn.parameters import Method, Parameters
from jaxdnn.rotation import rotate_back
from jaxdnn.training.batch_objective import L2Over, L2Term
from jaxdnn.training.clipping import Clipping
from jaxdnn.training.divergence import Divergence
from jaxdnn.training.optimizers import Optimizer, Schedule
from jaxdnn.training.stopping import Best, Watch

# What a history holds only where it is asked for: it costs time in every step.
Record = Literal["gradient_norm"]


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Config:
    """How to train: the keywords of `fit` but for its data and its host's affairs."""

    method: Method = "he"
    learning_rate: Scalar | Schedule | None = None
    optimizer: Optimizer = None
    epochs: int = 1000
    batch_size: int | None = None
    shuffle: bool = True
    l2: Scalar = 0.0
    l2_over: L2Over = "all"
    keep_prob: Scalar = 1.0
    watch: Watch | None = None
    patience: int | None = None
    min_delta: Scalar = 0.0
    layout: Literal["auto", "plain"] = "auto"
    clip_examples: Scalar | None = None
    noise_multiplier: Scalar = 0.0
    compute_dtype: DTypeLike | None = None
    record: tuple[Record, ...] = ()

    @property
    def adds_noise(self) -> bool:
        """Whether there is noise: a literal 0 is none at all."""
        noise = self.noise_multiplier
        return not (isinstance(noise, (int, float)) and noise == 0)

    @property
    def drops_out(self) -> bool:
        """Whether there is dropout: a literal 1 is none at all."""
        return not (isinstance(self.keep_prob, (int, float)) and self.keep_prob == 1)


@dataclass(frozen=True)
class Plan:
    """What a run's program is compiled for; everything else is traced.

    Optimizers and schedules of the same code share programs: see `_same_code`.

    schedule: updates done -> learning rate, or None for the settings' own. ragged:
    whether a batch may be partly empty. sentinel: whether a cost that is not finite
    ends the run. watched: the history's entry that decides which parameters are best.
    short: whether products of a step are taken in `sharding.SHORT`. record: what else
    the history holds. shared: how a mesh's devices share the rows of a batch.
    one_kernel: whether the batches of an epoch are: see `one_kernel`.
    """

    network: Network
    optimizer: SameCode[Optimizer]
    schedule: SameCode[Schedule | None]
    batch_size: int | None
    ragged: bool
    sentinel: bool
    watched: str | None
    short: bool = False
    record: tuple[Record, ...] = ()
    shared: NamedSharding | None = None
    one_kernel: bool = False


class Settings(NamedTuple):
    """The numbers of a run; None where there is no such term.

    examples: how many an epoch sees. order: (epochs, m) rows of the examples, where
    they were given. mask: shaped as the parameters, 0 where one must stay as it is.
    """

    learning_rate: Array | None
    l2: L2Term | None
    keep_prob: Any  # Array; None where nothing is dropped
    patience: Array | None
    min_delta: Array
    examples: Array
    order: Array | None = None
    mask: Blocks | None = None
    clipping: Clipping | None = None


class Constants(NamedTuple):
    """What a run drew once: keys, and the basis (n_x, r) of a rotated run's inputs."""

    dropout_key: Array | None
    shuffle_key: Array | None
    basis: Array | None
    noise_key: Array | None = None


class State(NamedTuple):
    """What a step changes. epoch and step count what is done.

    best is None where nothing is watched. Outside the engine params are layers; those
    of a rotated run have W_1 (n_1, r): see `rotation`.
    """

    params: Any  # Parameters, or Blocks
    optimizer: PyTree
    epoch: Array
    step: Array
    best: Best | None

    @never_raises
    def __repr__(self) -> str:
        done = f"epoch {int(self.epoch)}, step {int(self.step)}"
        return f"State: {done}; {sizes(self.params)}"


class Watched(NamedTuple):
    """X (n_x, m), Y (n_L, m), weight (m,) or None: the validation part's examples."""

    X: Array
    Y: Array
    weight: Array | None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Run:
    """What does not change while a run goes on, its examples aside."""

    plan: Plan = field(metadata={"static": True})
    settings: Settings
    constants: Constants
    watched: Watched | None


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class History:
    """What a run recorded, one entry per epoch: arrays (epochs,).

    Attributes:
      cost: the mean over the epoch's batches, each before its update, with L2.
      learning_rate: the last one used, NaN where an optimizer keeps it to itself.
      gradient_norm: the mean over the batches; None unless `record` asks for it.
      validation_cost: after the epoch, without L2 and dropout, weighed as the training
        is; None without validation.
      validation_score: accuracy, or R² for heads of numbers, weighed alike; None
        without validation.
      clipped_share: of the examples, those that `clip_examples` clipped; None where it
        was not given.
      best_epoch: (), which entry is that of the best parameters; None where nothing is
        watched or none was finite (which a traced run cannot tell: -1).
    """

    cost: Array
    learning_rate: Array
    gradient_norm: Array | None = None
    validation_cost: Array | None = None
    validation_score: Array | None = None
    best_epoch: Array | None = None
    clipped_share: Array | None = None

    @never_raises
    def __repr__(self) -> str:
        done = len(numbers(self.cost))
        every = (each.name for each in fields(History) if each.name != "best_epoch")
        lines = _recorded(self, every)
        if self.gradient_norm is None:
            lines.append("gradient_norm was not asked for: record=('gradient_norm',)")
        return block(f"History: {done} epochs", lines)


def _recorded(history: History, names: Iterable[str]) -> list[str]:
    """A line for each of the quantities that was recorded."""
    told = [(name, getattr(history, name)) for name in names]
    lines = [series(*each) for each in told if each[1] is not None]
    if history.best_epoch is not None:
        lines.append(f"{'best_epoch':<17} {int(history.best_epoch)}")
    return lines


# What is told of a result; its history tells all.
_OF_RESULT = ("cost", "validation_cost", "validation_score", "clipped_share")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Snapshot:
    """A run at the end of an epoch, with all that it needs to go on."""

    state: State
    constants: Constants
    history: History

    @property
    def params(self) -> Parameters:
        """The latest parameters."""
        return self._over_inputs(self.state.params)

    @property
    def best_params(self) -> Parameters:
        """The best parameters; the latest where nothing watched was finite."""
        best = self.state.best
        return self.params if best is None else self._over_inputs(best.params)

    @never_raises
    def __repr__(self) -> str:
        done = f"epoch {int(self.state.epoch)}, step {int(self.state.step)}"
        return f"Snapshot: {done}; {sizes(self.params)}; for fit(resume=...)"

    def _over_inputs(self, params: Parameters) -> Parameters:
        basis = self.constants.basis
        return params if basis is None else rotate_back(params, basis)


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Progress:
    """A run between two chunks of epochs.

    Attributes:
      snapshot: for `fit(resume=...)`.
      epochs: how many there are in all.
    """

    snapshot: Snapshot
    epochs: int

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return int(self.snapshot.state.epoch)

    @property
    def history(self) -> History:
        """What was recorded so far."""
        return self.snapshot.history

    @property
    def cost(self) -> float:
        """The latest epoch's."""
        return float(self.history.cost[-1])

    @property
    def params(self) -> Parameters:
        """The latest parameters."""
        return self.snapshot.params

    @property
    def best_params(self) -> Parameters:
        """The best parameters; the latest where nothing is watched."""
        return self.snapshot.best_params

    @never_raises
    def __repr__(self) -> str:
        done = f"epoch {self.epoch} of {self.epochs}"
        return f"Progress: {done}, cost {number(self.cost)}"


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class FitResult:
    """What `fit` returns.

    After a divergence among mini-batches the snapshot is that of a step inside an
    epoch: a run that goes on from it sees all of that epoch's batches again.

    Attributes:
      params: the last parameters, or the best ones where something is watched.
      snapshot: for `fit(resume=...)`.
      divergence: where the run stopped being finite, or None.
    """

    params: Parameters
    snapshot: Snapshot
    divergence: Divergence | None = None

    @property
    def history(self) -> History:
        """What was recorded, one entry per epoch."""
        return self.snapshot.history

    @never_raises
    def __repr__(self) -> str:
        done = len(numbers(self.history.cost))
        lines = _recorded(self.history, _OF_RESULT)
        if self.divergence is not None:
            lines.append(f"DIVERGED: {self.divergence}")
        lines.append("has: params, history, snapshot, divergence")
        return block(f"FitResult: {sizes(self.params)}, {done} epochs", lines)
