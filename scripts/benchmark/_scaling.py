"""How an epoch of `fit` grows with rows and width, and its compilation with depth.

Runs are timed whole. Nothing here has a peer: a table's rows are compared with each
other, as the time of an epoch per row.
"""

import gc
import time
from statistics import median
from typing import Any

import jax

from jaxdnn import Network, fit
from scripts.benchmark._peers import LONGEST_RUN, build_fit, make_problem
from scripts.benchmark._timing import Ratio, measure

INPUTS, WIDTH, BATCH_SIZE = 20, 32, 1000
# What is timed -> epochs of one run, a few tenths of a second.
ROWS = {1_000: 1000, 10_000: 200, 100_000: 20, 1_000_000: 4}
WIDTHS = {32: 200, 64: 160, 128: 120, 256: 80, 512: 40, 1024: 20}
WIDTHS_ROWS = 10_000
DEPTHS = (4, 50)


def measure_scaling(options: Any) -> dict[str, Any]:
    """Against rows, width and depth, as it goes into the report."""
    rows = {(WIDTH, m): epochs for m, epochs in ROWS.items()}
    widths = {(width, WIDTHS_ROWS): epochs for width, epochs in WIDTHS.items()}
    return {
        "batch_size": BATCH_SIZE,
        "rows": measure_epochs(rows, options),
        "widths": measure_epochs(widths, options),
        "depths": measure_compilation(options.repeats),
    }


def measure_epochs(
    sizes: dict[tuple[int, int], int], options: Any
) -> list[dict[str, Any]]:
    """Of `fit` for each width and number of rows."""
    runs, whole = {}, {}
    for (width, m), epochs in sizes.items():
        problem = make_problem(Network((INPUTS, width, 1)), m)._replace(
            batch_size=BATCH_SIZE, key=jax.random.key(0)
        )
        name = f"{INPUTS}-{width}-1x{m}"
        runs[name], whole[name] = build_fit(problem), epochs
    timings = measure(
        runs,
        repeats=options.repeats,
        seconds=options.seconds,
        longest=LONGEST_RUN,
        whole=whole,
    )
    return [
        {
            "name": name,
            "epoch_s": timing.step,
            "epochs_s": timing.steps,
            "row_s": timing.step / m,
        }
        for (name, timing), (_, m) in zip(timings.items(), sizes, strict=True)
    ]


def measure_compilation(repeats: int) -> dict[str, Any]:
    """Seconds to compile `fit` with few and many equal hidden layers, in turns."""
    seconds: dict[int, list[float]] = {depth: [] for depth in DEPTHS}
    for _ in range(repeats):
        for depth, found in seconds.items():
            found.append(_compile_seconds(depth))
    few, many = (seconds[depth] for depth in DEPTHS)
    pairs = tuple(b / a for a, b in zip(few, many, strict=True))
    return {
        "name": f"{DEPTHS[1]} hidden layers",
        "compile_s": {depth: median(found) for depth, found in seconds.items()},
        "times_as_long": Ratio(median(pairs), min(pairs), max(pairs), pairs)._asdict(),
    }


def _compile_seconds(depth: int) -> float:
    """The first call of `fit` less the second, nothing compiled before."""
    problem = make_problem(Network((64, *depth * (32,), 1)), 200)

    def clock() -> float:
        began = time.perf_counter()
        result = fit(
            *(problem.network, problem.X, problem.Y),
            key=jax.random.key(0),
            batch_size=100,
            epochs=1,
        )
        jax.block_until_ready(result)
        return time.perf_counter() - began

    jax.clear_caches()
    gc.collect()
    first = clock()
    return first - clock()
