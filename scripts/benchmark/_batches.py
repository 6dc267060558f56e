"""Mini-batches: an epoch of `fit` beside other ways to train on the same examples.

The peers are `fit`; `jax.value_and_grad` of `cost` in the same compiled loop, with the
same shuffle and gather, and costs recorded as `fit` does; a jitted step with Optax,
called from Python on rows that NumPy shuffles and picks; scikit-learn.
The first two see the same batches, and nothing is compared before their costs agree.
"""

import os
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn import Network, Parameters
from jaxdnn.data.datasets import load
from jaxdnn.training.batches import batch_count, take_batch
from jaxdnn.training.examples import Rows, examples_of
from jaxdnn.training.order import epoch_order
from jaxdnn.training.prepare import Given, prepare
from jaxdnn.training.types import Config
from jaxdnn.training.types import Run as Prepared
from scripts.benchmark._counts import count_batches
from scripts.benchmark._peers import (
    JAX_HIDDEN,
    LONGEST_RUN,
    Peer,
    Problem,
    build_fit,
    build_scikit_learn,
    check_costs,
    make_problem,
    optax_cost,
    value_and_grad,
)
from scripts.benchmark._timing import Run, compare, measure

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


class BatchSize(NamedTuple):
    """A data set, its first m examples, what is trained on them and for how long."""

    name: str
    network: Network
    m: int
    batch_size: int
    epochs: int


BATCH_SIZES = (
    BatchSize("iris", Network((4, 16, 3), output="softmax"), 150, 16, 1000),
    BatchSize("digits", Network((64, 100, 10), output="softmax"), 1437, 200, 100),
    BatchSize("mnist", Network((784, 256, 128, 10), output="softmax"), 8000, 128, 5),
)


def measure_batches(size: BatchSize, peers: list[str], options: Any) -> dict[str, Any]:
    """Everything about one data set, as it goes into the report."""
    problem, data = make_batches(size)
    runs = {name: BATCH_PEERS[name].build(problem) for name in peers}
    timings = measure(
        runs,
        repeats=options.repeats,
        seconds=options.seconds,
        longest=LONGEST_RUN,
        whole={"fit": size.epochs},
    )
    same = [name for name in ("fit", "value_and_grad") if name in runs]
    if same:
        costs = {name: runs[name](timings[name].epochs) for name in same}
        check_costs(size.name, costs)
    return {
        "name": size.name,
        "layer_dims": size.network.layer_dims,
        "m": size.m,
        "batch_size": size.batch_size,
        "data": data,
        "peers": compare(timings, ours=("fit",)),
        "counts": count_batches(problem),
    }


def make_batches(size: BatchSize) -> tuple[Problem, str]:
    """The problem, and whether its data are real or random."""
    problem = make_problem(size.network, size.m, rate=0.1)._replace(
        batch_size=size.batch_size, key=jax.random.key(0)
    )
    try:
        found = load(size.name, data_folder=os.environ.get("JAXDNN_DATA", SHARED))
    except (FileNotFoundError, ModuleNotFoundError):
        return problem, "random"
    chosen = np.random.default_rng(0).permutation(found.X.shape[1])[: size.m]
    X = found.X[:, chosen] / abs(found.X).max()
    Y = found.Y[:, chosen] == np.arange(size.network.layer_dims[-1])[:, None]
    return problem._replace(X=jnp.float32(X), Y=jnp.float32(Y)), "real"


@jax.jit
def _descend(
    prepared: Prepared,
    rows: Rows,
    params: Parameters,
    record: jax.Array,
    epochs: Any,
    rate: Any,
) -> tuple[Parameters, jax.Array]:
    plan, key = prepared.plan, prepared.constants.shuffle_key

    def epoch(e: Any, carry: Any) -> Any:
        params, record = carry
        order = epoch_order(key, None, e, rows)

        def step(i: Any, carry: Any) -> Any:
            params, cost = carry
            batch = take_batch(prepared, rows, order, i)
            weights = batch.mean.weights
            J, grads = value_and_grad(
                plan.network, params, batch.X, batch.Y, sample_weight=weights
            )
            params = jax.tree.map(lambda P, dP: P - rate * dP, params, grads)
            count = jnp.minimum(plan.batch_size, rows.real - i * plan.batch_size)
            return params, cost + J * count

        batches = batch_count(rows, plan.batch_size)
        params, cost = jax.lax.fori_loop(0, batches, step, (params, jnp.zeros(())))
        return params, record.at[e].set(cost / rows.real)

    return jax.lax.fori_loop(0, epochs, epoch, (params, record))


def build_batch_loop(problem: Problem) -> Run:
    """`jax.value_and_grad` of `cost` in one compiled loop, on the batches of `fit`."""
    network, params, X, Y, rate, size, key = problem
    examples = examples_of(network, X, Y, batch_size=size)
    given = Given(examples, key, params, None)
    prepared, _, rows, _ = prepare(network, given, Config(batch_size=size))
    record = jnp.zeros(LONGEST_RUN)

    def run(epochs: int) -> np.ndarray:
        found = _descend(prepared, rows, params, record, epochs, rate)
        return np.asarray(jax.block_until_ready(found)[1])[:epochs]

    return run


def build_optax_loop(problem: Problem) -> Run:
    """A jitted step with Optax, called from Python on rows picked by NumPy."""
    import optax

    network, first, _, _, rate, size, _ = problem
    assert size is not None
    hidden = [JAX_HIDDEN[g.name] for g in network.activations]
    X, Y = (np.array(of.T, order="C") for of in (problem.X, problem.Y))
    optimizer = optax.sgd(rate)

    def mean_loss(params: Parameters, X: jax.Array, Y: jax.Array) -> jax.Array:
        *below, (W_last, b_last) = params
        for g, (W, b) in zip(hidden, below, strict=True):
            X = g(X @ W.T + b.T)
        return optax_cost(network.output, X @ W_last.T + b_last.T, Y)

    @jax.jit
    def step(params: Parameters, state: Any, X: Any, Y: Any) -> Any:
        J, grads = jax.value_and_grad(mean_loss)(params, X, Y)
        updates, state = optimizer.update(grads, state)
        return optax.apply_updates(params, updates), state, J

    def run(epochs: int) -> list[jax.Array]:
        params, state, rng = first, optimizer.init(first), np.random.default_rng(0)
        costs: list[jax.Array] = []
        for _ in range(epochs):
            order = rng.permutation(len(X))
            for start in range(0, len(X), size):
                rows = order[start : start + size]
                params, state, J = step(params, state, X[rows], Y[rows])
                costs.append(J)
        jax.block_until_ready((params, costs[-1]))
        return costs

    return run


# In this order: what computes with NumPy leaves its threads busy, and goes last.
BATCH_PEERS = {
    peer.name: peer
    for peer in (
        Peer("fit", (), build_fit),
        Peer("value_and_grad", (), build_batch_loop),
        Peer("optax-loop", ("optax",), build_optax_loop),
        Peer("scikit-learn", ("sklearn",), build_scikit_learn),
    )
}
