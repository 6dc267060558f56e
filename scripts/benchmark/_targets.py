"""The speeds this library is meant to reach, and whether a report shows them."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from scripts.benchmark._per_example import (
    EXAMPLE_SIZES,
    GRADIENTS,
    NORMS,
    PRODUCT,
    UNIT,
)
from scripts.benchmark._timing import Ratio

SMALL = ("2-4-1x400", "2-10-5-1x300", "2-20-3-1x211")
WELL_AHEAD_OF_AUTODIFF = ("2-50-1x400", "12288-20-7-5-1x209")
LARGEST = "1024-1024-1024-1024-10x1024"
TIMES_IMPORT_JAX = {
    "import jaxdnn": 1.15,
    "help": 0.25,
    "refused": 0.25,
    "train": 3.5,
}
# Of the first call of fit: to split its key, to draw, to train.
PROGRAMS = 3
# To pick a batch's inputs and targets, mask the last one's rest, and sum up its cost.
MORE_KERNELS = 6
TIMES_AS_FAST_IN_BATCHES = {
    "iris": {"scikit-learn": 35.0, "optax-loop": 10.0},
    "digits": {"scikit-learn": 3.0, "optax-loop": 1.0},
    "mnist": {"optax-loop": 1.15},
}


TIMES_AS_LONG = {
    (NORMS, UNIT): 0.9,
    ("gradient and norms", UNIT): 1.15,
    ("clipped_gradients", UNIT): 1.2,
    (PRODUCT, UNIT): 2.3,
    (PRODUCT, "jvp of grad"): 1.0,
}


class Verdict(NamedTuple):
    """What is wanted of whom at which size, what was found, and whether it is met."""

    target: str
    size: str
    found: str
    verdict: str


def judge(report: dict[str, Any]) -> Iterator[Verdict]:
    """Every target that the report measured something for.

    A ratio of 1.0 is met within noise unless a sign test over the pairs says otherwise;
    all other targets are held against the median itself.
    """
    yield from _judge_steps(report.get("sizes", ()))
    yield from _judge_batches(report.get("batches", ()))
    if "cold" in report:
        yield from _judge_cold(report["cold"])
    yield from _judge_startup(report.get("startup", ()))
    for size in report.get("sweeps", ()):
        yield from _as_fast(
            size, size["chosen"], size["singles"], 1.0, within_noise=True
        )
    yield from _judge_examples(report.get("per_example", ()))
    if "scaling" in report:
        yield _judge_depths(report["scaling"]["depths"])
    for mesh in report.get("meshes", ()):
        yield _judge_mesh(mesh)


def _judge_steps(sizes: Sequence[dict[str, Any]]) -> Iterator[Verdict]:
    for size in sizes:
        yield from _as_fast(size, "fit", "value_and_grad", 1.0, within_noise=True)
        yield from _as_fast(
            size, "cost_and_gradients", "value_and_grad", 1.0, within_noise=True
        )
    for size in sizes:
        if size["name"] in WELL_AHEAD_OF_AUTODIFF:
            yield from _as_fast(size, "fit", "value_and_grad", 1.3)
    for size in sizes:
        if size["name"] in SMALL:
            yield from _as_fast(size, "fit", "numpy-float32", 6.0)
            yield from _as_fast(size, "fit", "numpy-float64", 6.0)
            yield from _as_fast(size, "fit", "equinox", 25.0)
            yield from _as_fast(size, "fit", "flax-nnx", 25.0)
    for size in sizes:
        fit = size["peers"].get("fit")
        if fit and size["name"] == LARGEST:
            share = fit["share_of_peak"]["median"]
            target = "fit: at least 85 % of the matmul peak"
            yield _verdict(target, size, f"{share:.0%}", share >= 0.85)
        if fit and len(size["layer_dims"]) == 4:
            yield _at_most("fit: three layers compile", size, fit["compile_s"], 1.0)
    for size in sizes:
        ours = size["temporary_bytes"]["cost_and_gradients"]
        theirs = size["temporary_bytes"]["value_and_grad"]
        target = "cost_and_gradients: no more temporary bytes than value_and_grad"
        yield _verdict(target, size, f"{ours} against {theirs}", ours <= theirs)


def _judge_batches(sizes: Sequence[dict[str, Any]]) -> Iterator[Verdict]:
    for size in sizes:
        yield from _as_fast(size, "fit", "value_and_grad", 1.0, within_noise=True)
    for size in sizes:
        for other, wanted in TIMES_AS_FAST_IN_BATCHES.get(size["name"], {}).items():
            yield from _as_fast(size, "fit", other, wanted)
    for size in sizes:
        ours, bare = (size["counts"][of]["kernels"] for of in ("fit", "bare loop"))
        target = f"fit: at most {MORE_KERNELS} kernels a step more than a bare loop"
        yield _verdict(
            target, size, f"{ours} against {bare}", ours <= bare + MORE_KERNELS
        )


def _judge_cold(cold: dict[str, Any]) -> Iterator[Verdict]:
    yield _at_most("fit: first call in a process", cold, cold["first_s"], 1.0)
    yield _at_most("fit: first call, cached", cold, cold["cached_s"], 0.25)
    times, programs = cold["times_the_program"], cold["programs"]
    target = "fit: first call at most 1.5 times as long as the program that trains"
    yield _verdict(target, cold, f"{times:.2f}", times <= 1.5)
    target = f"fit: at most {PROGRAMS} programs"
    yield _verdict(target, cold, f"{programs}", programs <= PROGRAMS)


def _judge_startup(processes: Sequence[dict[str, Any]]) -> Iterator[Verdict]:
    for process in processes:
        if (wanted := TIMES_IMPORT_JAX.get(process["name"])) is not None:
            ratio = Ratio(**process["times_import_jax"])
            yield _verdict(
                f"at most {wanted} times import jax",
                process,
                str(ratio),
                ratio.median <= wanted,
            )


def _judge_examples(sizes: Sequence[dict[str, Any]]) -> Iterator[Verdict]:
    for size in sizes:
        for (name, other), wanted in TIMES_AS_LONG.items():
            found = size["call_s"][name] / size["call_s"][other]
            target = f"{name}: at most {wanted} times as long as {other}"
            yield _verdict(target, size, f"{found:.2f}", found <= wanted)
    for size in sizes:
        if size["name"] != EXAMPLE_SIZES[0].name:
            continue
        found = size["vmapped_call_s"][GRADIENTS] / size["vmapped_call_s"][NORMS]
        target = f"{NORMS}: at least 5 times as fast as {GRADIENTS}"
        yield _verdict(target, size, f"{found:.2f}", found >= 5)
        ours, theirs = (
            size["programs"][name]["temporary_bytes"]
            + size["programs"][name]["result_bytes"]
            for name in (NORMS, GRADIENTS)
        )
        # What autodiff materialises is its result: no temporary.
        target = f"{NORMS}: at most a twentieth of the bytes of {GRADIENTS}"
        yield _verdict(target, size, f"{ours} against {theirs}", 20 * ours <= theirs)


def _judge_depths(depths: dict[str, Any]) -> Verdict:
    ratio = Ratio(**depths["times_as_long"])
    return _verdict(
        "fit: compiles in at most 1.5 times the time of 4",
        depths,
        str(ratio),
        ratio.median <= 1.5,
    )


def _judge_mesh(mesh: dict[str, Any]) -> Verdict:
    most = max(of["sent"] for of in mesh["ways"].values()) / mesh["parameters"]
    target = "fit: a device sends at most twice the parameters' bytes a step"
    where = f"{mesh['devices']} devices, {mesh['processes']} processes"
    return _verdict(target, {"name": where}, f"{most:.2f}", most <= 2)


def _at_most(
    target: str, size: dict[str, Any], seconds: float, wanted: float
) -> Verdict:
    return _verdict(
        f"{target} in at most {wanted} s", size, f"{seconds:.2f} s", seconds <= wanted
    )


def _as_fast(
    size: dict[str, Any],
    peer: str,
    other: str,
    wanted: float,
    *,
    within_noise: bool = False,
) -> Iterator[Verdict]:
    found = size["peers"].get(peer, {"times_as_fast_as": {}})["times_as_fast_as"]
    if other not in found:
        return
    ratio = Ratio(**found[other])
    verdict = _verdict(
        f"{peer}: at least {wanted} times as fast as {other}",
        size,
        str(ratio),
        ratio.median >= wanted,
    )
    if verdict.verdict == "missed" and within_noise and not ratio.is_below(wanted):
        verdict = verdict._replace(verdict="met within noise")
    yield verdict


def _verdict(target: str, size: dict[str, Any], found: str, met: bool) -> Verdict:
    return Verdict(target, size["name"], found, "met" if met else "missed")
