"""Sweeps: many lanes in one program beside as many warm runs of `fit`.

Both strategies are timed, and the one `sweep` would choose is named: it should be the
faster, and faster than the single runs. Before anything is compared, the last lane's
costs must be those of its single run.
"""

from typing import Any, NamedTuple

import jax

from jaxdnn import Network, fit, sweep
from jaxdnn.sweeps import VMAP_ACTIVATIONS, Strategy, activations
from scripts.benchmark._peers import LONGEST_RUN, check_costs, make_problem
from scripts.benchmark._timing import Run, compare, measure


class SweepSize(NamedTuple):
    """What every lane trains, on how many examples, and for how many epochs."""

    network: Network
    m: int
    batch_size: int | None
    lanes: int
    epochs: int

    @property
    def name(self) -> str:
        return f"{self.lanes} lanes of {'-'.join(map(str, self.network.layer_dims))}"

    @property
    def activations(self) -> int:
        """In one step of one lane: what `sweep` chooses by."""
        return activations(self.network, self.batch_size or self.m)


SWEEP_SIZES = (
    SweepSize(Network((4, 16, 3), output="softmax"), 120, 16, 64, 200),
    SweepSize(Network((2, 50, 1), hidden="tanh"), 400, None, 64, 200),
    SweepSize(Network((64, 100, 10), output="softmax"), 1437, 200, 64, 5),
    SweepSize(Network((784, 128, 10), output="softmax"), 2000, 128, 8, 4),
)


def measure_sweep(size: SweepSize, options: Any) -> dict[str, Any]:
    """Everything about one size, as it goes into the report."""
    singles = f"{size.lanes} runs of fit"
    runs: dict[str, Run] = {singles: single_runs(size)}
    runs |= {name: lanes(size, name) for name in ("vmap", "map")}
    timings = measure(
        runs,
        repeats=options.repeats,
        seconds=options.seconds,
        longest=LONGEST_RUN,
        whole=dict.fromkeys(runs, size.epochs),
    )
    check_costs(size.name, {name: run(size.epochs) for name, run in runs.items()})
    peers = compare(timings, ours=("vmap", "map"))
    return {
        "name": size.name,
        "layer_dims": size.network.layer_dims,
        "m": size.m,
        "batch_size": size.batch_size,
        "lanes": size.lanes,
        "activations": size.activations,
        "threshold": VMAP_ACTIVATIONS,
        "chosen": "vmap" if size.activations <= VMAP_ACTIVATIONS else "map",
        "faster": min(("vmap", "map"), key=lambda name: peers[name]["step_s"]),
        "singles": singles,
        "peers": peers,
    }


def single_runs(size: SweepSize) -> Run:
    """One run of `fit` after the other; the costs of the last."""
    problem = make_problem(size.network, size.m)

    def run(epochs: int) -> jax.Array:
        costs = [
            fit(
                *(size.network, problem.X, problem.Y),
                key=jax.random.key(seed),
                learning_rate=problem.rate,
                batch_size=size.batch_size,
                epochs=epochs,
            ).history.cost
            for seed in range(size.lanes)
        ]
        return jax.block_until_ready(costs)[-1]

    return run


def lanes(size: SweepSize, strategy: Strategy) -> Run:
    """The same runs as the lanes of one `sweep`; the costs of the last."""
    problem = make_problem(size.network, size.m)

    def run(epochs: int) -> jax.Array:
        found = sweep(
            *(size.network, problem.X, problem.Y),
            seeds=range(size.lanes),
            learning_rate=problem.rate,
            batch_size=size.batch_size,
            epochs=epochs,
            strategy=strategy,
        )
        return found[-1].history.cost

    return run
