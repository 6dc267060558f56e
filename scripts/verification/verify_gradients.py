"""The checker judged: what it verifies, what it catches, what it costs.

    python -m scripts.verification.verify_gradients   correct gradients, the matrix
    python -m scripts.verification.verify_gradients --mutations   planted mistakes
    python -m scripts.verification.verify_gradients --wolf 1000   drawn at random
    python -m scripts.verification.verify_gradients --time   seconds and memory

The matrix: every activation x head x initialiser x {plain, L2, dropout, weights} x
{float32, float64 parameters} x {initial, after three steps of gradient descent}. A cell
counts verified/unresolved/wrong; why a gradient is unresolved is counted below.

Cases drawn at random: each that is unresolved is told why (see `_unresolved`).

The mutations: each that applies, in each of eight cases. A (mutation, case) pair counts
when it is live, which is decided in extended precision and not by the checker: it moves
some coordinate by more than 64 float64 eps times the sum of the magnitudes that this
coordinate adds up (see `_liveness`). Of the live pairs the table counts those caught by
stage 1 (autodiff) alone, by stage 3 (complex step) alone, those where only equations
were named that the mutation breaks, and those where a hint says what was planted.

Exit code 1 if a correct gradient is called wrong, or if a live mutation is not caught
by each stage or not named rightly, or if less than 80 % of the hints are right.
"""

import argparse
import re
import statistics
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, NamedTuple, get_args

import jax
import numpy as np

from jaxdnn import (
    ACTIVATIONS,
    HEADS,
    Layer,
    cost_and_gradients,
    forward,
    initialize_parameters,
    update_parameters,
)
from jaxdnn.parameters import Method
from jaxdnn.verification import Report, verify
from jaxdnn.verification.derivatives import autodiff
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.networks import mutations
from jaxdnn.verification.networks.evidence import gather
from jaxdnn.verification.networks.planting import plant
from scripts._table import print_table
from scripts.verification._liveness import live_mutations
from scripts.verification._unresolved import Why, why
from tests.gradient_cases import Case, case, catching_cases, dropout, random_case

# One shape for all, so that the matrix compiles as little as it can.
DIMS, EXAMPLES = (3, 4, 2), 7
STEPS, RATE = 3, 0.1
DTYPES = (np.float32, np.float64)
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "L2": {"l2": 0.7},
    "dropout": dropout(0.8),
    "weights": {"sample_weight": np.linspace(0.2, 2, EXAMPLES)},
}
VERDICTS = ("verified", "unresolved", "wrong")
SAID = "of them say what they did not exercise"
ENOUGH_HINTS = 0.8


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    if options.mutations:
        return print_mutations(options.cases)
    if options.wolf:
        return print_wolf(range(options.seed, options.seed + options.wolf))
    if options.time:
        return print_time()
    return print_matrix(options.activations, options.heads, options.initializers)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--mutations", action="store_true")
    what.add_argument("--wolf", type=int, metavar="N")
    what.add_argument("--time", action="store_true")
    for name, known in (
        ("activations", list(ACTIVATIONS)),
        ("heads", list(HEADS)),
        ("initializers", list(get_args(Method))),
        ("cases", [each.name for each in catching_cases()]),
    ):
        parser.add_argument(f"--{name}", nargs="+", choices=known, default=known)
    parser.add_argument("--seed", type=int, default=0, help="of the first random case")
    return parser.parse_args(arguments)


# ---- the matrix --------------------------------------------------------------------


def print_matrix(
    activations: list[str], heads: list[str], initializers: list[Method]
) -> int:
    cells = product(activations, heads)
    found = {cell: judge(*cell, initializers) for cell in cells}
    rows = [
        (g, *("/".join(str(found[g, head][v]) for v in VERDICTS) for head in heads))
        for g in activations
    ]
    print_table(("verified/unresolved/wrong", *heads), rows)
    return print_total(sum(found.values(), Counter()))


def judge(activation: str, head: str, initializers: list[Method]) -> Counter[str]:
    """What came of one cell of the matrix."""
    total: Counter[str] = Counter()
    for method, (name, options) in product(initializers, OPTIONS.items()):
        drawn = case(name, DIMS, activation, head, EXAMPLES, options=options)
        initial = start(drawn, method)
        for point, dtype in product((initial, train(initial)), DTYPES):
            params = tuple(
                Layer(np.asarray(W, dtype), np.asarray(b, dtype))
                for W, b in point.params
            )
            where = f"{activation} {head} {method} {name} {dtype.__name__}"
            total += count(point._replace(name=where, params=params))
    return total


def count(correct: Case) -> Counter[str]:
    """The verdict on a correct case, why, and whether it says what it did not see.

    What is called wrong is printed at once.
    """
    return counted(correct, verify(*correct.arguments, **correct.options))


def counted(correct: Case, report: Report) -> Counter[str]:
    """The same of a report that is there."""
    if report.verdict == "wrong":
        print(f"{correct.name}: {report.title}: {report.verdict_line}", flush=True)
    found = Counter({report.verdict: 1, SAID: int(bool(report.not_exercised))})
    if report.verdict == "unresolved":
        # The same reason, whatever the numbers and names in it.
        reason = re.sub(r"\w*[0-9]\S+|\w+[0-9]", "...", report.reason)
        found[f"unresolved: {reason}"] += 1
    return found


def print_total(total: Counter[str]) -> int:
    print(", ".join(f"{total[verdict]} {verdict}" for verdict in VERDICTS))
    for what in sorted(total.keys() - VERDICTS):
        print(f"{total[what]} {what}")
    return int(total["wrong"] > 0)


def start(drawn: Case, method: Method) -> Case:
    with jax.enable_x64(True):
        params = initialize_parameters(jax.random.key(0), DIMS, method=method)
    return drawn._replace(params=params)


def train(initial: Case) -> Case:
    """A few steps of gradient descent on."""
    network, params, X, Y = initial.arguments
    with exact_arithmetic():
        X, Y = jax.device_put((X, Y))
        for _ in range(STEPS):
            _, grads = cost_and_gradients(network, params, X, Y, **initial.options)
            params = update_parameters(params, grads, learning_rate=RATE)
    return initial._replace(params=params)


# ---- correct gradients at random ---------------------------------------------------


def print_wolf(seeds: range) -> int:
    print(f"random correct cases {seeds[0]} to {seeds[-1]}")
    total: Counter[str] = Counter()
    open_ones: list[tuple[str, Why]] = []
    for correct in map(random_case, seeds):
        report = verify(*correct.arguments, **correct.options)
        total += counted(correct, report)
        if report.verdict == "unresolved":
            open_ones.append((correct.name, why(correct, report)))
    print_table(
        ("unresolved", "apart", "moves", "why"),
        [
            (name, f"{each.apart:.0e}", f"{each.moves:.0e}", each.kind)
            for name, each in open_ones
        ],
    )
    for kind, times in Counter(each.kind for _, each in open_ones).most_common():
        print(f"{times} {kind}")
    return print_total(total)


# ---- planted mistakes --------------------------------------------------------------


class Catch(NamedTuple):
    """What was made of one live mutation."""

    mutation: str
    stage_1: bool
    stage_3: bool
    equation: bool
    hint: bool


def print_mutations(names: list[str]) -> int:
    chosen = [each for each in catching_cases() if each.name in names]
    found = {each.name: catch(each) for each in chosen}
    headings = ("live pairs of", "live", "stage 1", "stage 3", "equation", "hint")
    every = [each for catches in found.values() for each in catches]
    print_table(
        headings,
        [
            (name, str(len(catches)), *(str(n) for n in counts(catches)))
            for name, catches in [*found.items(), ("all", every)]
        ],
    )
    for name, catches in found.items():
        for each in catches:
            for what in Catch._fields[1:]:
                if not getattr(each, what):
                    print(f"not by {what}: {each.mutation}, in {name}")
    *exact, hints = counts(every)
    alive = {each.mutation for each in every}
    dead = [each.name for each in mutations.MUTATIONS if each.name not in alive]
    print(f"{len(alive)} mutations are live somewhere; nowhere: {dead or 'none'}")
    return int(min(exact) < len(every) or hints < ENOUGH_HINTS * len(every))


def counts(catches: list[Catch]) -> list[int]:
    return [sum(getattr(each, what) for each in catches) for what in Catch._fields[1:]]


def catch(chosen: Case) -> list[Catch]:
    """Every live mutation of this case, planted and judged."""
    with exact_arithmetic():
        trial = chosen.trial
        evidence, kind = gather(trial, 0), mutations.Case.of(trial)
        planted = [
            plant(evidence, kind, mutation, 0) for mutation in live_mutations(trial)
        ]
    return [
        Catch(each.name, each.exact, each.step, each.well_named, bool(each.recognised))
        for each in planted
    ]


# ---- what it costs -----------------------------------------------------------------


def print_time() -> int:
    large = case("large", (784, 512, 256, 10), "relu", "softmax", 128)
    options = {"l2": 0.1}
    began = time.perf_counter()
    report = verify(*large.arguments, **options)
    cold = time.perf_counter() - began
    warm = median_seconds(lambda: verify(*large.arguments, **options))
    tracemalloc.start()
    verify(*large.arguments, **options)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    with exact_arithmetic():
        trial = large._replace(options=options).trial
        X = jax.device_put(trial.problem.X)
        once = median_seconds(lambda: forward(large.network, trial.params, X))
        probes = [np.zeros((n, X.shape[1])) for n in large.network.layer_dims[1:]]
        compiled = autodiff._consult.lower(large.network, trial.problem, tuple(probes))
        memory = compiled.compile().memory_analysis()
    gradient = sum(leaf.nbytes for leaf in jax.tree.leaves(trial.params))
    print(report.title)
    print(f"cold {cold:.2f} s, warm {warm:.3f} s")
    print(f"warm is {warm / once:.1f} times a float64 forward ({1e3 * once:.2f} ms)")
    print(f"a gradient takes {gradient / 2**20:.2f} MiB; in gradients:")
    for name, size in (
        ("results", memory.output_size_in_bytes),
        ("temporary arrays", memory.temp_size_in_bytes),
    ):
        print(f"  {name} of the compiled oracle {size / gradient:.2f}")
    print(f"  peak of NumPy's memory in verify {peak / gradient:.2f}")
    print(report.verdict_line)
    return int(report.verdict == "wrong")


def median_seconds(call: Callable[[], Any], repeats: int = 7) -> float:
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        jax.block_until_ready(call())
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    sys.exit(main())
