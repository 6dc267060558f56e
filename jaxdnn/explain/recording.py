"""A run of `fit`, looked at after some of its epochs.

Plain gradient descent on all examples in float64: then every number on the page follows
from the parameters by equations that a reader can check by hand.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxdnn import (
    FitResult,
    Layer,
    Network,
    Parameters,
    Progress,
    Report,
    cost_and_gradients,
    fit,
    forward,
    initialize_parameters,
    verify,
)
from jaxdnn._checks import check_input_columns, check_shape, count
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadValueError, public
from jaxdnn._shown import block, by_field, never_raises, series
from jaxdnn.architecture import own_activations
from jaxdnn.arguments import check_network
from jaxdnn.arrays import ArrayLike, Scalar, admitted
from jaxdnn.dropout import Dropout
from jaxdnn.heads import HEADS
from jaxdnn.parameters import Method
from jaxdnn.training.prepare import split_run_key

MOST_LAYERS, MOST_UNITS, MOST_EXAMPLES = 4, 12, 600

# Epochs that are looked at one by one, and looks at those after them. The gradient is
# verified between them: at the end it may be nothing but rounding.
_FIRST, _LATER = 40, 100


class Look(NamedTuple):
    """What the run was at each of S epochs.

    params, gradients: Layers of (S, n_l, n_{l-1}) and (S, n_l, 1). cost: (S,). masks:
    of each hidden layer (S, n_l, m), those of the step that comes next; none without
    dropout.
    """

    params: Parameters
    cost: Array
    gradients: Parameters
    masks: tuple[Any, ...]

    def __repr__(self) -> str:
        return by_field(self)


@dataclass(frozen=True, eq=False)
class Recording:
    """A run, and what the page shows of it.

    Attributes:
      network: at most 4 layers of at most 12 units, a sigmoid or a softmax.
      X, Y: (n_x, m), (n_L, m) float64.
      learning_rate, l2, keep_prob: as for `fit`.
      epochs: (S,), how many were done at each look; the first is 0.
      look: what was seen.
      verified: the epoch after which the gradient was verified.
      report: of `verify`, there.
    """

    network: Network
    X: NDArray[np.float64]
    Y: NDArray[np.float64]
    learning_rate: float
    l2: float
    keep_prob: float
    epochs: NDArray[np.int64]
    look: Look
    verified: int
    report: Report

    @never_raises
    def __repr__(self) -> str:
        m, looks, last = self.X.shape[1], len(self.epochs), self.epochs[-1]
        return block(
            f"Recording: {self.network!r}",
            [
                f"{m} examples, looked at {looks} times in {last} epochs",
                series("cost", self.look.cost),
                f"{self.report.verdict_line}, after epoch {self.verified}",
            ],
        )


@public
def record(
    network: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    key: Array,
    params: Parameters | None = None,
    method: Method = "he",
    learning_rate: float = 1.0,
    epochs: int = 2000,
    l2: float = 0.0,
    keep_prob: float = 1.0,
) -> Recording:
    """Train by plain gradient descent on all examples, and look at the run.

    Args:
      network: at most 4 layers, 12 inputs and 12 units in each; built-in activations; a
        sigmoid of one output, or a softmax.
      X, Y: (n_x, m) and (n_L, m), at most 600 examples, each of one class.
      key, params, method, learning_rate, epochs, l2, keep_prob: as for `fit`.

    Raises:
      ValueError: the network or the examples are more than a page shows, the training
        diverged, or what `fit` refuses.

    Example:
      >>> X = np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
      >>> Y = np.array([[0.0, 1.0, 1.0, 0.0]])
      >>> run = record(Network((2, 3, 1)), X, Y, key=jax.random.key(0), epochs=60)
      >>> run.epochs[[0, 1, -1]].tolist(), run.look.cost.shape, run.report.ok
      ([0, 1, 60], (61,), True)
    """
    check_network(network)
    epochs = count("epochs", epochs)
    with jax.enable_x64(True):
        X, Y = (
            np.asarray(admitted(name, of, np.dtype(float)), np.float64)
            for name, of in (("X", X), ("Y", Y))
        )
        _check(network, X, Y)
        first, masks, _ = split_run_key(key)
        if params is None:
            params = initialize_parameters(
                first, network.layer_dims, method=method, dtype=jnp.float64
            )
        cost: dict[str, Any] = {"l2": l2, "keep_prob": keep_prob}
        seen = _run(
            partial(fit, network, X, Y, key=key, learning_rate=learning_rate, **cost),
            tuple(Layer(*(jnp.asarray(of, float) for of in each)) for each in params),
            epochs,
        )
        done = np.array([epoch for epoch, _ in seen])
        stacked: Any = jax.tree.map(lambda *of: np.stack(of), *(of for _, of in seen))
        dropout = None if keep_prob == 1 else Dropout(masks, keep_prob)
        look = jax.device_get(_look(network, stacked, done, X, Y, l2, dropout))
        verified, there = seen[min(_FIRST, epochs)]
        key_of_masks = None if dropout is None else masks
        report = verify(network, there, X, Y, key=key_of_masks, **cost)
    how = (learning_rate, l2, keep_prob)
    return Recording(network, X, Y, *how, done, look, verified, report)


def _check(network: Network, X: NDArray[np.float64], Y: NDArray[np.float64]) -> None:
    """Refuse what a page has no room or no words for."""
    dims, head = network.layer_dims, network.head
    if len(dims) - 1 > MOST_LAYERS:
        raise BadValueError(
            f"network must have at most {MOST_LAYERS} layers, got {len(dims) - 1}"
        )
    if max(dims) > MOST_UNITS or dims[0] < 2:
        raise BadValueError(
            f"network must have 2 to {MOST_UNITS} inputs and at most {MOST_UNITS} "
            f"units in a layer, got {'-'.join(map(str, dims))}"
        )
    one = head == HEADS["sigmoid"] and dims[-1] == 1
    if not one and head != HEADS["softmax"]:
        raise BadValueError(
            "network must tell classes apart, by a sigmoid of one output or a softmax, "
            f"got {head.name} of {dims[-1]}"
        )
    if own := own_activations(network):
        raise BadValueError(f"network must have built-in activations, got {own[0]}")
    check_input_columns(network, X)
    m = X.shape[1]
    check_shape("Y", Y, (dims[-1], m), "n_L from layer_dims, m from X")
    if not (np.isin(Y, (0, 1)).all() and (one or (Y.sum(axis=0) == 1).all())):
        raise BadValueError("Y must be one class of each example: nothing but 0 and 1")
    if m > MOST_EXAMPLES:
        raise BadValueError(f"X must have at most {MOST_EXAMPLES} examples, got {m}")


def _run(
    train: Callable[..., FitResult], start: Parameters, epochs: int
) -> list[tuple[int, Parameters]]:
    """Train; the parameters after no, every early, and then every so many epochs."""
    seen = [(0, start)]

    def keep(told: Progress) -> None:
        seen.append((told.epoch, told.params))

    later = max(1, -(-(epochs - _FIRST) // _LATER))
    snapshot = None
    for upto, every in ((min(_FIRST, epochs), 1), (epochs, later)):
        with warnings.catch_warnings():
            # Told below, as an error.
            warnings.filterwarnings("ignore", "fit: .* was not finite", RuntimeWarning)
            result = train(
                params=start,
                epochs=upto,
                report_every=every,
                on_progress=keep,
                resume=snapshot,
                # As they are: folded or rotated ones would differ in their last digits.
                layout="plain",
            )
        if result.divergence is not None:
            raise BadValueError(
                f"the training diverged: {result.divergence}; try a smaller learning "
                "rate"
            )
        snapshot = result.snapshot
    return seen


@compiled(static_argnums=0)
def _look(
    network: Network,
    params: Parameters,
    done: Array,
    X: Array,
    Y: Array,
    l2: Scalar,
    dropout: Dropout | None,
) -> Look:
    """All looks at once."""

    def at(params: Parameters, epoch: Array) -> Look:
        how: dict[str, Any] = {}
        masks: tuple[Array, ...] = ()
        if dropout is not None:
            # As fit draws them: step after step from the run's own key.
            key = jax.random.fold_in(dropout.key, epoch)
            how = {"key": key, "keep_prob": dropout.keep_prob}
            _, caches = forward(network, params, X, **how)
            masks = tuple(of.dropout.D for of in caches if of.dropout is not None)
        J, gradients = cost_and_gradients(network, params, X, Y, l2=l2, **how)
        return Look(params, J, gradients, masks)

    return jax.vmap(at)(params, done)
