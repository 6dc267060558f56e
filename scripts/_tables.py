"""The report, for the eye."""

from collections.abc import Sequence
from typing import Any

HEADINGS = (
    "peer",
    "us/step",
    "GFLOP/s",
    "of peak",
    "fit: times as fast",
    "cost_and_gradients",
    "start ms",
    "compile s",
)


def print_run(report: dict[str, Any]) -> None:
    machine = report["machine"]
    print(f"{machine['processor']}, {machine['cores']} cores, {machine['system']}")
    print(", ".join(f"{name} {found}" for name, found in report["versions"].items()))
    print(f"load average {machine['load_average']}, {report['repeats']} repeats")
    for peer, library in report["missing"].items():
        print(f"left out: {peer} ({library} is not installed)")
    for side, speed in report["matmul_gflops"].items():
        print(f"matmul {side} x {side} x {side}: {speed:.1f} GFLOP/s")


def print_size(size: dict[str, Any]) -> None:
    hidden = ", ".join(dict.fromkeys(size["hidden"]))
    print(
        f"\n{size['layer_dims']} x {size['m']}, {hidden}, {size['output']}: "
        f"{size['operations'] / 1e6:.4g} Mflop a step, temporary bytes "
        + ", ".join(f"{name} {n}" for name, n in size["temporary_bytes"].items())
    )
    print_table(HEADINGS, [_row(name, size) for name in size["peers"]])


def print_targets(report: dict[str, Any]) -> None:
    print()
    headings = ("target", "size", "found", "verdict")
    print_table(headings, [tuple(target.values()) for target in report["targets"]])


def print_table(headings: Sequence[str], rows: list[tuple[str, ...]]) -> None:
    """Columns as wide as their widest cell; the first is flush left."""
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        first, *rest = (
            f"{cell:<{width}}" if column == 0 else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        print("  ".join((first, *rest)).rstrip(), flush=True)


def _row(name: str, size: dict[str, Any]) -> tuple[str, ...]:
    peer = size["peers"][name]
    return (
        name,
        f"{1e6 * peer['step_s']:.1f}",
        f"{peer['gflops']:.4g}",
        f"{peer['share_of_peak']['median']:.1%}",
        _times(size, "fit", name),
        _times(size, "cost_and_gradients", name),
        "" if peer["start_s"] is None else f"{1e3 * peer['start_s']:.2f}",
        f"{peer['compile_s']:.2f}",
    )


def _times(size: dict[str, Any], ours: str, other: str) -> str:
    """The median, smallest and largest ratio; nothing where a peer meets itself."""
    ratio = size["peers"].get(ours, {}).get("times_as_fast_as", {}).get(other)
    if ratio is None:
        return ""
    return f"{ratio['median']:.2f}x ({ratio['low']:.2f}-{ratio['high']:.2f})"
