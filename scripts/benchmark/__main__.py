"""How fast gradient descent is, here and elsewhere, on this machine.

    python -m scripts.benchmark --json benchmark.json
    python -m scripts.benchmark --parts batches sweeps

The part "steps" is about one step over all examples; "batches" about epochs of
mini-batches and the kernels of their steps, "startup" about the first seconds of a
process, "sweeps" about many runs at once, "scaling" about rows, width and depth,
"meshes" about what devices send each other, "per_example" about every example's own
gradient and curvature: see `_batches`, `_counts`, `_cold`, `_startup`, `_sweeps`,
`_scaling`, `_meshes` and `_per_example`.

Every peer trains the same network from the same parameters on the same data at the
same rate, and the benchmark stops if its first costs differ from the others'. The peers
of a step are `fit`; its step `cost_and_gradients` and `jax.value_and_grad` of `cost`,
each in the same plain compiled loop; NumPy; a jitted step called from Python, by
Equinox with Optax and by Flax NNX; scikit-learn.

How it measures. A run of `fit`, which may do more at its start to make its steps
cheaper, is timed whole and divided by its epochs, those named below for each size. From
a run of any other peer, as long as fills a sample, is first taken off what happens once
a run: it is reported beside the step, as "start". All is warm and waited for, the
garbage collector off. The peers take turns, A B C A B C ..., and ratios are taken turn
by turn: their median, smallest and largest are shown. The product of two square float32
matrices in a compiled loop takes its turn too, in the faster of two sizes: it is the
machine's peak. "compile" is the first call less the second.

Operations are multiplications and additions, counted a step by the formula

    2 m (3 Σ_l n_l n_{l-1} - n_1 n_0)

Z, dW and dA of every layer, without the dA of the inputs, which nobody needs. A peer
that finds a way around some of them shows more GFLOP/s for it. Temporary bytes are the
compiler's count for one call.
"""

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

import jaxdnn
from jaxdnn import Network, cost_and_gradients
from scripts.benchmark._batches import BATCH_PEERS, BATCH_SIZES, measure_batches
from scripts.benchmark._cold import measure_cold
from scripts.benchmark._meshes import measure_meshes
from scripts.benchmark._peers import (
    LONGEST_RUN,
    PEERS,
    Problem,
    check_costs,
    make_problem,
    value_and_grad,
)
from scripts.benchmark._per_example import EXAMPLE_SIZES, measure_examples
from scripts.benchmark._scaling import measure_scaling
from scripts.benchmark._startup import measure_startup
from scripts.benchmark._sweeps import SWEEP_SIZES, measure_sweep
from scripts.benchmark._tables import (
    print_batches,
    print_cold,
    print_examples,
    print_matmul,
    print_meshes,
    print_run,
    print_scaling,
    print_size,
    print_startup,
    print_sweep,
    print_targets,
)
from scripts.benchmark._targets import judge
from scripts.benchmark._timing import Run, Timing, compare, measure, paired_ratio

OURS = ("fit", "cost_and_gradients")
LIBRARIES = ("jax", "jaxlib", "numpy", "equinox", "flax", "optax", "scikit-learn")
MATMUL_SIDES = (1024, 2048)


class Size(NamedTuple):
    """A network, the number of examples, and how many epochs `fit` trains on them."""

    network: Network
    m: int
    epochs: int

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.network.layer_dims))}x{self.m}"

    @property
    def operations(self) -> int:
        """Of one step, by the formula at the top of this file."""
        dims = self.network.layer_dims
        products = [n * n_prev for n_prev, n in pairwise(dims)]
        return 2 * self.m * (3 * sum(products) - products[0])


SIZES = {
    size.name: size
    for size in (
        Size(Network((2, 4, 1), hidden="tanh"), 400, 30_000),
        Size(Network((2, 50, 1), hidden="tanh"), 400, 20_000),
        Size(Network((2, 10, 5, 1)), 300, 30_000),
        Size(Network((2, 20, 3, 1)), 211, 30_000),
        Size(Network((12288, 20, 7, 5, 1)), 209, 2500),
        Size(Network((64, 100, 10), output="softmax"), 1437, 1000),
        Size(Network((784, 512, 512, 10), output="softmax"), 256, 100),
        Size(Network((1024, 1024, 1024, 1024, 10), output="softmax"), 1024, 5),
    )
}


def main(arguments: list[str] | None = None) -> int:
    options = parse_arguments(arguments)
    began = time.monotonic()
    missing = {
        name: library
        for name, peer in (PEERS | BATCH_PEERS).items()
        if name in options.peers and (library := peer.missing())
    }
    if set(missing) == set(options.peers):
        raise SystemExit(f"no peer to time: not installed are {missing}")
    report: dict[str, Any] = {
        "machine": describe_machine(),
        "versions": find_versions(),
        "repeats": options.repeats,
        "sample_seconds": options.seconds,
        "missing": missing,
    }
    print_run(report)
    present = [name for name in options.peers if name not in missing]
    for part in options.parts:
        PARTS[part](report, present, options)
    verdicts = list(judge(report))
    report["targets"] = [verdict._asdict() for verdict in verdicts]
    report["seconds"] = round(time.monotonic() - began, 1)
    print_targets(report)
    print(f"{report['seconds']} s, load average now {os.getloadavg()}")
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
        print(f"wrote {options.json}")
    missed = any(verdict.verdict == "missed" for verdict in verdicts)
    return 1 if options.check and missed else 0


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def add(option: str, text: str, **keywords: Any) -> None:
        parser.add_argument(option, help=text, **keywords)

    for option, names in (
        ("--parts", list(PARTS)),
        ("--sizes", list(SIZES)),
        ("--peers", list(PEERS | BATCH_PEERS)),
    ):
        text = f"which, of {', '.join(names)} (all)"
        add(option, text, nargs="+", choices=names, default=names, metavar="NAME")
    add("--repeats", "turns (%(default)s)", type=int, default=5)
    add("--seconds", "length of one sample (%(default)s)", type=float, default=0.15)
    add("--json", "write the report to this file", type=Path, metavar="FILE")
    add("--check", "exit 1 if a target is missed", action="store_true")
    options = parser.parse_args(arguments)
    if options.repeats < 1:
        parser.error(f"--repeats must be at least 1, got {options.repeats}")
    if not options.seconds > 0:
        parser.error(f"--seconds must be above 0, got {options.seconds}")
    if options.json is not None and not options.json.parent.is_dir():
        parser.error(f"--json: there is no folder {options.json.parent}")
    return options


def run_steps(
    report: dict[str, Any], present: list[str], options: argparse.Namespace
) -> None:
    peers = [name for name in PEERS if name in present]
    report["matmul_gflops"] = measure_matmul(options)
    print_matmul(report["matmul_gflops"])
    side = max(report["matmul_gflops"], key=report["matmul_gflops"].__getitem__)
    report["sizes"] = []
    for name in options.sizes if peers else ():
        report["sizes"].append(measure_size(SIZES[name], peers, side, options))
        print_size(report["sizes"][-1])


def run_batches(
    report: dict[str, Any], present: list[str], options: argparse.Namespace
) -> None:
    peers = [name for name in BATCH_PEERS if name in present]
    report["batches"] = []
    for size in BATCH_SIZES if peers else ():
        report["batches"].append(measure_batches(size, peers, options))
        print_batches(report["batches"][-1])


def run_startup(
    report: dict[str, Any], _: list[str], options: argparse.Namespace
) -> None:
    report["cold"] = measure_cold(options.repeats)
    print_cold(report["cold"])
    report["startup"] = measure_startup(options.repeats)
    print_startup(report["startup"])


def run_sweeps(
    report: dict[str, Any], _: list[str], options: argparse.Namespace
) -> None:
    report["sweeps"] = []
    for size in SWEEP_SIZES:
        report["sweeps"].append(measure_sweep(size, options))
        print_sweep(report["sweeps"][-1])


def run_scaling(
    report: dict[str, Any], _: list[str], options: argparse.Namespace
) -> None:
    report["scaling"] = measure_scaling(options)
    print_scaling(report["scaling"])


def run_meshes(report: dict[str, Any], _: list[str], __: argparse.Namespace) -> None:
    report["meshes"] = measure_meshes()
    print_meshes(report["meshes"])


def run_per_example(
    report: dict[str, Any], _: list[str], options: argparse.Namespace
) -> None:
    report["per_example"] = []
    for size in EXAMPLE_SIZES:
        report["per_example"].append(measure_examples(size, options))
        print_examples(report["per_example"][-1])


PARTS = {
    "steps": run_steps,
    "batches": run_batches,
    "startup": run_startup,
    "sweeps": run_sweeps,
    "scaling": run_scaling,
    "meshes": run_meshes,
    "per_example": run_per_example,
}


def measure_size(
    size: Size, peers: list[str], side: int, options: argparse.Namespace
) -> dict[str, Any]:
    """Everything about one size, as it goes into the report."""
    problem = make_problem(size.network, size.m)
    runs = {name: PEERS[name].build(problem) for name in peers}
    timings = measure_runs(
        {"matmul": matmul_loop(side), **runs}, options, fit=size.epochs
    )
    matmul = timings.pop("matmul")
    check_costs(
        size.name, {name: run(timings[name].epochs) for name, run in runs.items()}
    )
    steps_per_matmul = size.operations / (2 * side**3)
    found = compare(timings, ours=OURS)
    for name, timing in timings.items():
        share = paired_ratio(matmul, timing, steps_per_matmul)
        found[name]["gflops"] = 1e-9 * size.operations / timing.step
        found[name]["share_of_peak"] = share._asdict()
    return {
        "name": size.name,
        "layer_dims": size.network.layer_dims,
        "m": size.m,
        "hidden": size.network.hidden,
        "output": size.network.output,
        "operations": size.operations,
        "peak_gflops": 2e-9 * side**3 / matmul.step,
        "temporary_bytes": temporary_bytes(problem),
        "peers": found,
    }


def matmul_loop(side: int) -> Run:
    """run(n): n products of square float32 matrices, whose entries stay about 1."""
    start, factor = jax.random.normal(jax.random.key(0), (2, side, side), jnp.float32)
    factor = factor / side**0.5

    @jax.jit
    def multiply(start: jax.Array, factor: jax.Array, n: Any) -> jax.Array:
        return jax.lax.fori_loop(0, n, lambda _, product: product @ factor, start)

    return lambda n: jax.block_until_ready(multiply(start, factor, n))


def measure_matmul(options: argparse.Namespace) -> dict[int, float]:
    """GFLOP/s of square products, by the side of the square."""
    timings = measure_runs(
        {str(side): matmul_loop(side) for side in MATMUL_SIDES}, options
    )
    return {side: 2e-9 * side**3 / timings[str(side)].step for side in MATMUL_SIDES}


def measure_runs(
    runs: dict[str, Run], options: argparse.Namespace, **whole: int
) -> dict[str, Timing]:
    return measure(
        runs,
        repeats=options.repeats,
        seconds=options.seconds,
        longest=LONGEST_RUN,
        whole=whole,
    )


def temporary_bytes(problem: Problem) -> dict[str, int]:
    """What one call needs beside its arguments and results."""
    network, params, X, Y, *_ = problem
    found: dict[str, int] = {}
    for name, gradients in (
        ("cost_and_gradients", cost_and_gradients),
        ("value_and_grad", value_and_grad),
    ):
        step = jax.jit(gradients, static_argnums=0).lower(network, params, X, Y)
        memory: Any = step.compile().memory_analysis()
        found[name] = memory.temp_size_in_bytes
    return found


def describe_machine() -> dict[str, Any]:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(": ")[2] for line in lines if line[:10] == "model name"]
    return {
        "processor": (models or [platform.processor()])[0],
        "cores": os.cpu_count(),
        "device": jax.devices()[0].device_kind,
        "system": platform.platform(),
        "load_average": os.getloadavg(),
    }


def find_versions() -> dict[str, str]:
    """Of Python, this library and the peers' libraries that are installed."""
    versions = {"Python": platform.python_version(), "jaxdnn": jaxdnn.__version__}
    for library in LIBRARIES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[library] = importlib.metadata.version(library)
    return versions


if __name__ == "__main__":
    raise SystemExit(main())
