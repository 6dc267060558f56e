"""The speeds this library is meant to reach, and whether a report shows them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from _timing import Ratio

SMALL = ("2-4-1x400", "2-10-5-1x300", "2-20-3-1x211")
WELL_AHEAD_OF_AUTODIFF = ("2-50-1x400", "12288-20-7-5-1x209")
LARGEST = "1024-1024-1024-1024-10x1024"


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
    for size in report["sizes"]:
        yield from _as_fast(size, "fit", "value_and_grad", 1.0, within_noise=True)
        yield from _as_fast(
            size, "cost_and_gradients", "value_and_grad", 1.0, within_noise=True
        )
    for size in report["sizes"]:
        if size["name"] in WELL_AHEAD_OF_AUTODIFF:
            yield from _as_fast(size, "fit", "value_and_grad", 1.3)
    for size in report["sizes"]:
        if size["name"] in SMALL:
            yield from _as_fast(size, "fit", "numpy-float32", 6.0)
            yield from _as_fast(size, "fit", "numpy-float64", 6.0)
            yield from _as_fast(size, "fit", "equinox", 25.0)
            yield from _as_fast(size, "fit", "flax-nnx", 25.0)
    for size in report["sizes"]:
        fit = size["peers"].get("fit")
        if fit and size["name"] == LARGEST:
            share = fit["share_of_peak"]["median"]
            target = "fit: at least 85 % of the matmul peak"
            yield _verdict(target, size, f"{share:.0%}", share >= 0.85)
        if fit and len(size["layer_dims"]) == 4:
            seconds = fit["compile_s"]
            target = "fit: three layers compile in at most 1.0 s"
            yield _verdict(target, size, f"{seconds:.2f} s", seconds <= 1.0)
    for size in report["sizes"]:
        ours = size["temporary_bytes"]["cost_and_gradients"]
        theirs = size["temporary_bytes"]["value_and_grad"]
        target = "cost_and_gradients: no more temporary bytes than value_and_grad"
        yield _verdict(target, size, f"{ours} against {theirs}", ours <= theirs)


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
        f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})",
        ratio.median >= wanted,
    )
    if verdict.verdict == "missed" and within_noise and not ratio.is_below(wanted):
        verdict = verdict._replace(verdict="met within noise")
    yield verdict


def _verdict(target: str, size: dict[str, Any], found: str, met: bool) -> Verdict:
    return Verdict(target, size["name"], found, "met" if met else "missed")
