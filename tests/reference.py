"""What the tests of training compare with: data, the loop in Python, counted traces."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    Network,
    Parameters,
    cost_and_gradients,
    initialize_parameters,
    update_parameters,
)


def data(network: Network, m: int = 20, seed: int = 1) -> tuple[Any, Any]:
    """X (n_x, m); Y: labels (m,) for softmax, else signs (n_L, m) of the features."""
    n_x, *_, n_L = network.layer_dims
    X = np.random.default_rng(seed).normal(size=(n_x, m))
    X = X.astype(jnp.result_type(float))
    if network.output == "softmax":
        return X, X.argmax(axis=0)
    return X, (X[:n_L] > 0).astype(X.dtype)


def descent(
    network: Network,
    X: Any,
    Y: Any,
    *,
    key: Any,
    params: Parameters | None = None,
    learning_rate: float = 0.0,
    optimizer: Any = None,
    batch_size: int | None = None,
    l2: float = 0.0,
    keep_prob: float = 1.0,
    sample_weight: Any = None,
) -> Iterator[tuple[Parameters, Any, Any]]:
    """Training written out in Python: params, cost and gradient norm of each epoch.

    Y is in columns; the rows are drawn as `fit` draws them.
    """
    init_key, dropout_key, shuffle_key = jax.random.split(key, 3)
    if params is None:
        params = initialize_parameters(init_key, network.layer_dims)
    if optimizer is not None:
        state, update = jax.jit(optimizer.init)(params), jax.jit(optimizer.update)
    m = X.shape[1]
    weights = np.ones(m) if sample_weight is None else np.asarray(sample_weight)
    step = 0
    for batches in orders(shuffle_key, m, batch_size):
        mean_cost = mean_norm = 0.0
        for rows in batches:
            # Σ w ℓ (m / Σw) / count, and all of the L2 term, whatever the batch holds.
            scale = float(weights[rows].sum() / len(rows) / weights.mean())
            terms: dict[str, Any] = {"l2": l2 * len(rows) / m}
            if sample_weight is not None:
                terms["sample_weight"] = weights[rows]
            if keep_prob < 1:
                terms["key"] = jax.random.fold_in(dropout_key, step)
                terms["keep_prob"] = keep_prob
            J, grads = cost_and_gradients(
                network, params, X[:, rows], Y[:, rows], **terms
            )
            J, grads = jax.tree.map(
                lambda leaf, s=scale: np.asarray(leaf) * s, (J, grads)
            )
            if optimizer is None:
                params = update_parameters(params, grads, learning_rate=learning_rate)
            else:
                updates, state = update(grads, state, params)
                params = jax.tree.map(np.add, params, jax.device_get(updates))
            mean_cost += J * len(rows) / m
            squares = sum(np.square(leaf).sum() for leaf in jax.tree.leaves(grads))
            mean_norm += np.sqrt(squares) / len(batches)
            step += 1
        yield params, mean_cost, mean_norm


def orders(key: Any, m: int, batch_size: int | None) -> Iterator[list[Any]]:
    """For each epoch its batches: arrays of row numbers, in the order `fit` draws."""
    epoch = 0
    while True:
        if batch_size is None:
            yield [np.arange(m)]
        else:
            bits = jax.random.bits(jax.random.fold_in(key, epoch), (m,), np.uint32)
            order = np.argsort(bits >> 1, kind="stable")
            yield [order[at : at + batch_size] for at in range(0, m, batch_size)]
        epoch += 1


def train(epochs: int, *arguments: Any, **options: Any) -> tuple[Parameters, Any, Any]:
    """The last parameters of a `descent`, and each epoch's costs and norms."""
    run = descent(*arguments, **options)
    params, costs, norms = zip(*(next(run) for _ in range(epochs)), strict=True)
    return params[-1], np.stack(costs), np.stack(norms)


def count_traces(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str = "cost_and_gradients"
) -> list[int]:
    """A list that grows by one whenever a function of a module is called (traced)."""
    traces: list[int] = []
    own: Callable[..., Any] = getattr(module, name)

    def counted(*arguments: Any, **options: Any) -> Any:
        traces.append(1)
        return own(*arguments, **options)

    monkeypatch.setattr(module, name, counted)
    return traces
