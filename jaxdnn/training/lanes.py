"""The lanes of a sweep: what may be several, and what each of them ends as."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import inf, isnan, nan
from typing import Any

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn._shown import block, never_raises, number, table
from jaxdnn.architecture import Network
from jaxdnn.arrays import admitted
from jaxdnn.parameters import Parameters
from jaxdnn.training.optimizers import Schedule
from jaxdnn.training.types import History


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Lane:
    """One run of a sweep: the arguments of `fit` that were its own, and its end.

    The parameters are the best where something is watched, and the score is theirs on
    the training examples. A lane that diverged has the cost NaN. Where nothing is
    clipped, clip_examples and noise_multiplier are None.
    """

    network: Network = field(metadata={"static": True})
    seed: int
    learning_rate: float | Schedule | None
    l2: float
    keep_prob: float
    params: Parameters
    history: History
    score: float
    clip_examples: float | None = None
    noise_multiplier: float | None = None

    @property
    def cost(self) -> float:
        """The last epoch's."""
        return float(self.history.cost[-1])

    @property
    def validation_cost(self) -> float | None:
        """The best epoch's, NaN if none is, None without validation data."""
        return self._at_best(self.history.validation_cost)

    @property
    def validation_score(self) -> float | None:
        """The best epoch's, NaN if none is, None without validation data."""
        return self._at_best(self.history.validation_score)

    def _at_best(self, values: Array | None) -> float | None:
        if values is None:
            return None
        best = self.history.best_epoch
        return nan if best is None else float(values[best])

    @never_raises
    def __repr__(self) -> str:
        told = zip(_HEADINGS, _cells(self), strict=True)
        return f"Lane({', '.join(f'{name} {cell}' for name, cell in told if cell)})"


_HEADINGS = (
    *("hidden", "seed", "learning_rate", "l2", "keep_prob"),
    *("clip_examples", "noise_multiplier"),
    *("cost", "score", "validation_cost", "validation_score"),
)


def _cells(lane: Lane) -> list[str]:
    hidden = "-".join(map(str, lane.network.layer_dims[1:-1]))
    return [hidden, *(number(getattr(lane, name)) for name in _HEADINGS[1:])]


# Lanes that a table shows.
_SHOWN = 8


@jax.tree_util.register_pytree_with_keys_class
class Lanes(tuple[Lane, ...]):
    """What `sweep` returns: a tuple of lanes, shown as a table.

    The order is that of the options; the table has the lowest cost first, that of the
    validation examples where there are any.

    Example:
      >>> history = History(np.array([0.7, 0.2]), np.ones(2))
      >>> lane = Lane(Network((2, 4, 1)), 0, 1.2, 0.0, 1.0, (), history, 0.9)
      >>> Lanes([lane])
      1 lane, lowest cost first
        hidden  seed  learning_rate  l2  keep_prob  cost  score
             4     0            1.2   0          1   0.2    0.9
    """

    @never_raises
    def __repr__(self) -> str:
        watched = {lane.validation_cost is not None for lane in self}
        cost = "validation_cost" if watched == {True} else "cost"
        count = f"{len(self)} lane{'s' * (len(self) != 1)}"
        best_first = sorted(self, key=lambda lane: _or_last(getattr(lane, cost)))
        lines = list(table(_HEADINGS, [_cells(lane) for lane in best_first[:_SHOWN]]))
        if (more := len(self) - _SHOWN) > 0:
            lines.append(f"... {more} more")
        return block(f"{count}, lowest {cost} first", lines)

    def tree_flatten_with_keys(self) -> tuple[Any, None]:
        """As a tuple's."""
        keys = map(jax.tree_util.SequenceKey, range(len(self)))
        return tuple(zip(keys, self, strict=True)), None

    @classmethod
    def tree_unflatten(cls, _: None, lanes: Any) -> "Lanes":
        """As a tuple's."""
        return cls(lanes)


def _or_last(cost: float) -> float:
    """What a lane is sorted by: one that diverged comes last."""
    return inf if isnan(cost) else cost


# One number, or one for each lane.
Several = float | Sequence[float] | NDArray[Any] | Array


def several(name: str, given: Any) -> tuple[Any, ...]:
    """One value or several, as a tuple.

    Example:
      >>> several("l2", 0.1), several("l2", [0.1, 1.0])
      ((0.1,), (0.1, 1.0))
    """
    if isinstance(given, (np.ndarray, Array)):
        given = admitted(name, given)
    values = tuple(given) if _is_sequence(given) else (given,)
    if not values:
        raise BadValueError(f"{name} must be one value or several, got none")
    return values


def networks(network: Network, hidden_sizes: Any) -> tuple[Network, ...]:
    """The network with each of the hidden sizes.

    Example:
      >>> [n.layer_dims for n in networks(Network((2, 4, 1)), (3, 5))]
      [(2, 3, 1), (2, 5, 1)]
    """
    if hidden_sizes is None:
        return (network,)
    n_x, *hidden, n_L = network.layer_dims
    if not hidden:
        raise BadValueError("hidden_sizes needs a network with hidden layers")
    if isinstance(hidden_sizes, Array):
        hidden_sizes = admitted("hidden_sizes", hidden_sizes)
    if not _is_sequence(hidden_sizes):
        raise BadTypeError(
            "hidden_sizes must be a sequence of sizes, or of one tuple of sizes a "
            f"lane, got {shown(hidden_sizes)}"
        )
    found: list[Network] = []
    for sizes in hidden_sizes:
        sizes = tuple(sizes) if _is_sequence(sizes) else (sizes,) * len(hidden)
        if len(sizes) != len(hidden):
            raise BadValueError(
                f"hidden_sizes must give {len(hidden)} sizes a lane (as "
                f"{network.layer_dims} has), got {sizes}"
            )
        found.append(replace(network, layer_dims=(n_x, *sizes, n_L)))
    if not found:
        raise BadValueError("hidden_sizes must hold one entry a lane, got none")
    return tuple(found)


def _is_sequence(value: Any) -> bool:
    """Whether it holds several, as an array without dimensions does not."""
    if isinstance(value, (np.ndarray, Array)):
        return value.ndim > 0
    return isinstance(value, (tuple, list, range))
