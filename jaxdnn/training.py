"""Gradient descent, one step and whole: `fit` is one compiled program.

The loop runs on the device from epoch `start` to epoch `stop`, both traced, so that the
same program serves the whole run, any part of it, and other lengths.

References:
  Rumelhart, Hinton & Williams (1986), Nature 323.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._checks import check_scalar, is_concrete
from jaxdnn.network import Network, check_cost_arguments, cost_and_gradients
from jaxdnn.parameters import (
    Layer,
    Method,
    Parameters,
    check_parameters,
    initialize_parameters,
)
from jaxdnn.rotation import rotate, rotate_back, rotation_pays


class History(NamedTuple):
    """What a run recorded: cost (epochs,), each before that epoch's update."""

    cost: Array


class FitResult(NamedTuple):
    """What `fit` returns: the trained parameters and the history of the run."""

    params: Parameters
    history: History


class ChunkInfo(NamedTuple):
    """The edge of a chunk: epochs done, epochs in all, the latest cost, parameters."""

    epoch: int
    epochs: int
    cost: float
    params: Parameters


def update_parameters(
    params: Parameters, grads: Parameters, *, learning_rate: Any
) -> Parameters:
    """One step of gradient descent: W - α dW, b - α db.

    Args:
      params: one Layer(W, b) per layer.
      grads: the same tree of gradients.
      learning_rate: α, (); may be traced.

    Returns:
      New parameters; the old ones are untouched.

    Raises:
      ValueError: a negative learning rate, or trees or shapes that disagree.

    Example:
      >>> params = (Layer(jnp.ones((1, 2)), jnp.ones((1, 1))),)
      >>> update_parameters(params, params, learning_rate=0.25)[0].W.tolist()
      [[0.75, 0.75]]
    """
    where = "update_parameters"
    check_scalar(where, "learning_rate", learning_rate, low=0)
    dims = (params[0].W.shape[1], *(layer.W.shape[0] for layer in params))
    check_parameters(where, grads, dims)
    return tuple(
        Layer(W - learning_rate * dW, b - learning_rate * db)
        for (W, b), (dW, db) in zip(params, grads, strict=True)
    )


def fit(
    network: Network,
    X: Array,
    Y: Array,
    *,
    key: Array | None = None,
    params: Parameters | None = None,
    method: Method = "he",
    learning_rate: Any = 0.0075,
    epochs: int = 1000,
    l2: Any = 0.0,
    keep_prob: Any = 1.0,
    sample_weight: Array | None = None,
    chunk: int | None = None,
    on_chunk: Callable[[ChunkInfo], None] | None = None,
) -> FitResult:
    """Train by full-batch gradient descent, the whole loop one compiled program.

    Compiled once per network and shape: other epochs, learning rates, l2 > 0 and keep
    probabilities < 1 reuse the program (the room for the history doubles as needed).
    Where inputs far outnumber examples, the run takes place in the span of the inputs:
    see `rotation`.

    Args:
      network: the description.
      X: (n_x, m); Y: (n_L, m), as for `cost`.
      key: a PRNG key, for the initial parameters and the dropout masks.
      params: where to start; drawn from key by `method` if None.
      method: as for `initialize_parameters`.
      learning_rate: α > 0.
      epochs: the number of updates, >= 1.
      l2, keep_prob, sample_weight: as for `cost`; every epoch draws new masks, from
        `fold_in(key, epoch)`.
      chunk: epochs between calls of on_chunk; about a hundredth of all if None.
      on_chunk: called on the host at the edge of each chunk. Chunks change no bit of
        the result.

    Returns:
      FitResult(params, history); history.cost is (epochs,).

    Raises:
      ValueError: shapes disagree, a value is out of its range, neither key nor params,
        dropout without a key.

    Example:
      >>> X = jnp.array([[0.0, 1.0, 2.0, 3.0]])
      >>> Y = jnp.array([[0.0, 0.0, 1.0, 1.0]])
      >>> result = fit(Network((1, 1)), X, Y, key=jax.random.key(0), learning_rate=1.0)
      >>> result.history.cost.shape, bool(result.history.cost[-1] < 0.1)
      ((1000,), True)
    """
    where = "fit"
    check_scalar(where, "learning_rate", learning_rate, low=0, low_open=True)
    for name, count in (("epochs", epochs), ("chunk", chunk)):
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ValueError(f"{where}: {name} must be an int >= 1, got {count!r}")
    X = jnp.asarray(X)
    dropout_key = None
    if key is not None:
        key, dropout_key = jax.random.split(key)
    if params is None:
        params = _draw_parameters(where, network, key, method, X)
    l2 = check_cost_arguments(
        where, network, params, X, Y, l2, dropout_key, keep_prob, sample_weight
    )
    _check_values(where, network, X, Y, sample_weight)
    if isinstance(keep_prob, (int, float)) and keep_prob == 1:
        dropout_key = None
    state: Parameters = tuple(Layer(jnp.asarray(W), jnp.asarray(b)) for W, b in params)
    dtype = state[0].W.dtype
    X, Y, learning_rate, l2, sample_weight = jax.tree.map(
        lambda value: jnp.asarray(value, dtype),
        (X, Y, learning_rate, l2, sample_weight),
    )
    Q = None
    n_x, n_1 = network.layer_dims[:2]
    if rotation_pays(n_x, n_1, X.shape[1], epochs):
        state, X, Q = rotate(state, X)
        network = replace(network, layer_dims=(X.shape[0], *network.layer_dims[1:]))
    # The next power of two: few lengths of history, so few programs.
    costs = jnp.zeros(1 << (epochs - 1).bit_length(), dtype)
    if on_chunk is None:
        chunk = epochs
    elif chunk is None:
        chunk = -(-epochs // 100)
    for start in range(0, epochs, chunk):
        stop = min(start + chunk, epochs)
        state, costs = _descend(
            network,
            *(state, costs, start, stop, X, Y, learning_rate),
            *(l2, dropout_key, keep_prob, sample_weight),
        )
        if on_chunk is not None:
            latest = state if Q is None else rotate_back(state, Q)
            on_chunk(ChunkInfo(stop, epochs, float(costs[stop - 1]), latest))
    trained = state if Q is None else rotate_back(state, Q)
    return FitResult(trained, History(costs[:epochs]))


def _draw_parameters(
    where: str, network: Network, key: Array | None, method: Method, X: Array
) -> Parameters:
    if key is None:
        raise ValueError(f"{where}: give a key to draw parameters from, or params")
    dtype = X.dtype if jnp.issubdtype(X.dtype, jnp.floating) else None
    return initialize_parameters(key, network.layer_dims, method=method, dtype=dtype)


def _check_values(
    where: str, network: Network, X: Array, Y: Any, sample_weight: Any
) -> None:
    """Refuse data no run can learn from, where they are concrete."""
    if is_concrete(X) and not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0].tolist()
        raise ValueError(
            f"{where}: X must be finite, got {X[row, column]} at [{row}, {column}]"
        )
    if is_concrete(Y) and not network.head.accepts(np.asarray(Y)):
        raise ValueError(
            f"{where}: Y for a {network.output} output must hold "
            f"{network.head.targets}, got values from {np.min(Y):g} to {np.max(Y):g}"
        )
    if sample_weight is not None and is_concrete(sample_weight):
        weights = np.asarray(sample_weight)
        if not (np.isfinite(weights).all() and weights.min() >= 0 < weights.sum()):
            raise ValueError(
                f"{where}: sample_weight must be finite and >= 0, not all 0, got "
                f"values from {weights.min():g} to {weights.max():g}"
            )


@partial(jax.jit, static_argnums=0)
def _descend(
    network: Network,
    params: Parameters,
    costs: Array,
    start: Any,
    stop: Any,
    X: Array,
    Y: Array,
    learning_rate: Array,
    l2: Any,
    key: Array | None,
    keep_prob: Any,
    sample_weight: Array | None,
) -> tuple[Parameters, Array]:
    """Epochs start, ..., stop - 1; costs[epoch] is set to each one's cost."""

    def step(epoch: Array, carry: tuple[Parameters, Array]) -> Any:
        params, costs = carry
        J, grads = cost_and_gradients(
            network,
            params,
            X,
            Y,
            l2=0.0 if l2 is None else l2,
            key=None if key is None else jax.random.fold_in(key, epoch),
            keep_prob=keep_prob,
            sample_weight=sample_weight,
        )
        params = update_parameters(params, grads, learning_rate=learning_rate)
        return params, costs.at[epoch].set(J)

    return jax.lax.fori_loop(start, stop, step, (params, costs))
