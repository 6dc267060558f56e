"""The lanes of a sweep: what may be several, and what each of them ends as."""

from dataclasses import dataclass, field, replace
from math import nan
from typing import Any

import jax
import numpy as np
from jax import Array

from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.architecture import Network
from jaxdnn.arrays import admitted
from jaxdnn.parameters import Parameters
from jaxdnn.training.types import History


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Lane:
    """One run of a sweep: the arguments of `fit` that were its own, and its end.

    The parameters are the best where something is watched, and the score is theirs on
    the training examples. A lane that diverged has the cost NaN.
    """

    network: Network = field(metadata={"static": True})
    seed: int
    learning_rate: Any
    l2: float
    keep_prob: float
    params: Parameters
    history: History
    score: float

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

    def _at_best(self, values: Any) -> float | None:
        if values is None:
            return None
        best = self.history.best_epoch
        return nan if best is None else float(values[best])


def several(name: str, given: Any) -> tuple[Any, ...]:
    """One value or several, as a tuple.

    Example:
      >>> several("l2", 0.1), several("l2", [0.1, 1.0])
      ((0.1,), (0.1, 1.0))
    """
    if isinstance(given, (np.ndarray, Array)):
        given = admitted(name, given)
        values = tuple(given) if given.ndim else (given,)
    else:
        values = tuple(given) if isinstance(given, (tuple, list, range)) else (given,)
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
    several = isinstance(hidden_sizes, (tuple, list, range, np.ndarray))
    if not several or (isinstance(hidden_sizes, np.ndarray) and not hidden_sizes.ndim):
        raise BadTypeError(
            "hidden_sizes must be a sequence of sizes, or of one tuple of sizes a "
            f"lane, got {shown(hidden_sizes)}"
        )
    found: list[Network] = []
    for sizes in hidden_sizes:
        several = isinstance(sizes, (tuple, list, np.ndarray)) and np.shape(sizes)
        sizes = tuple(sizes) if several else (sizes,) * len(hidden)
        if len(sizes) != len(hidden):
            raise BadValueError(
                f"hidden_sizes must give {len(hidden)} sizes a lane (as "
                f"{network.layer_dims} has), got {sizes}"
            )
        found.append(replace(network, layer_dims=(n_x, *sizes, n_L)))
    if not found:
        raise BadValueError("hidden_sizes must hold one entry a lane, got none")
    return tuple(found)
