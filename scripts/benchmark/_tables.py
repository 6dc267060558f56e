"""The report, for the eye."""

from typing import Any

from scripts._table import print_table
from scripts.benchmark._per_example import NORMS, UNIT

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


def print_matmul(gflops: dict[int, float]) -> None:
    for side, speed in gflops.items():
        print(f"matmul {side} x {side} x {side}: {speed:.1f} GFLOP/s")


def print_size(size: dict[str, Any]) -> None:
    hidden = ", ".join(dict.fromkeys(size["hidden"]))
    print(
        f"\n{size['layer_dims']} x {size['m']}, {hidden}, {size['output']}: "
        f"{size['operations'] / 1e6:.4g} Mflop a step, temporary bytes "
        + ", ".join(f"{name} {n}" for name, n in size["temporary_bytes"].items())
    )
    print_table(HEADINGS, [_row(name, size) for name in size["peers"]])


def print_batches(size: dict[str, Any]) -> None:
    print(
        f"\n{size['name']}, {size['data']} data: {size['layer_dims']} x {size['m']}, "
        f"batches of {size['batch_size']}"
    )
    headings = ("peer", "us/epoch", "fit: times as fast", "start ms", "compile s")
    rows = [
        (
            name,
            f"{1e6 * peer['step_s']:.1f}",
            _times(size, "fit", name),
            _milliseconds(peer["start_s"]),
            f"{peer['compile_s']:.2f}",
        )
        for name, peer in size["peers"].items()
    ]
    print_table(headings, rows)
    print("\nA step's kernels, among them dots and copies; the loop's temporary bytes")
    counts = size["counts"]
    headings = ("", *(name.replace("_", " ") for name in counts["fit"]))
    print_table(
        headings, [(name, *map(str, of.values())) for name, of in counts.items()]
    )


def print_cold(cold: dict[str, Any]) -> None:
    print(
        f"\n{cold['name']}, first call of fit in a new process: "
        f"{cold['first_s']:.2f} s, "
        f"{cold['cached_s']:.2f} s with a filled compilation cache; "
        f"{cold['programs']} programs, "
        f"{cold['times_the_program']:.2f} times as long as the one that trains"
    )


def print_startup(processes: list[dict[str, Any]]) -> None:
    rows: list[tuple[str, ...]] = []
    for process in processes:
        times = process["times_import_jax"]
        shown = (f"{times[of]:.2f}" for of in ("median", "low", "high"))
        rows.append((process["name"], f"{process['seconds']:.2f}", *shown))
    print()
    print_table(("a process", "seconds", "times import jax", "from", "to"), rows)


def print_sweep(size: dict[str, Any]) -> None:
    batch_size = size["batch_size"] or size["m"]
    print(
        f"\n{size['name']} x {size['m']}, batches of {batch_size}: "
        f"{size['activations']} activations a step, sweep chooses {size['chosen']} "
        f"(vmap up to {size['threshold']}), {size['faster']} is faster"
    )
    headings = ("", "us/epoch", "vmap: times as fast", "map", "compile s")
    rows = [
        (
            name,
            f"{1e6 * peer['step_s']:.1f}",
            _times(size, "vmap", name),
            _times(size, "map", name),
            f"{peer['compile_s']:.2f}",
        )
        for name, peer in size["peers"].items()
    ]
    print_table(headings, rows)


def print_scaling(scaling: dict[str, Any]) -> None:
    for against in ("rows", "widths"):
        print(f"\nfit against {against}, batches of {scaling['batch_size']}")
        rows = [
            (size["name"], f"{1e3 * size['epoch_s']:.3f}", f"{1e9 * size['row_s']:.1f}")
            for size in scaling[against]
        ]
        print_table(("size", "ms/epoch", "ns/row"), rows)
    ratio = _ratio(scaling["depths"]["times_as_long"])
    compiled = scaling["depths"]["compile_s"]
    print("\nfit compiles", end=" ")
    print(*(f"{n} equal layers in {s:.2f} s," for n, s in compiled.items()), ratio)


def print_meshes(meshes: list[dict[str, Any]]) -> None:
    print(
        f"\n{meshes[0]['name']}: bytes of collectives a step, of parameters "
        f"{meshes[0]['parameters']}, and bytes that each device of a ring sends"
    )
    headings = ("devices", "processes", "way", "bytes", "of parameters", "sent")
    rows = [
        (
            f"{mesh['devices']}",
            f"{mesh['processes']}",
            way,
            f"{of['taken']}",
            f"{of['taken'] / mesh['parameters']:.2f}x",
            f"{of['sent']:.0f}",
        )
        for mesh in meshes
        for way, of in mesh["ways"].items()
    ]
    print_table(headings, rows)


def print_examples(size: dict[str, Any]) -> None:
    for part, unit in (("call_s", UNIT), ("vmapped_call_s", NORMS)):
        print(f"\n{size['layer_dims']} x {size['m']}")
        rows = [
            (
                name,
                f"{1e6 * seconds:.0f}",
                f"{seconds / size[part][unit]:.2f}",
                str(size["programs"][name]["products"]),
                f"{size['programs'][name]['temporary_bytes'] / 1e6:.2f}",
                f"{size['programs'][name]['result_bytes'] / 1e6:.2f}",
            )
            for name, seconds in size[part].items()
        ]
        headings = ("", "us", f"times {unit}", "products", "temporary MB", "result MB")
        print_table(headings, rows)


def print_targets(report: dict[str, Any]) -> None:
    print()
    headings = ("target", "size", "found", "verdict")
    print_table(headings, [tuple(target.values()) for target in report["targets"]])


def _row(name: str, size: dict[str, Any]) -> tuple[str, ...]:
    peer = size["peers"][name]
    return (
        name,
        f"{1e6 * peer['step_s']:.1f}",
        f"{peer['gflops']:.4g}",
        f"{peer['share_of_peak']['median']:.1%}",
        _times(size, "fit", name),
        _times(size, "cost_and_gradients", name),
        _milliseconds(peer["start_s"]),
        f"{peer['compile_s']:.2f}",
    )


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1e3 * seconds:.2f}"


def _times(size: dict[str, Any], ours: str, other: str) -> str:
    """The median, smallest and largest ratio; nothing where a peer meets itself."""
    ratio = size["peers"].get(ours, {}).get("times_as_fast_as", {}).get(other)
    return "" if ratio is None else _ratio(ratio)


def _ratio(ratio: dict[str, Any]) -> str:
    return f"{ratio['median']:.2f}x ({ratio['low']:.2f}-{ratio['high']:.2f})"
