"""Whether jaxdnn is right and fast on the device that JAX finds.

    python scripts/check_device.py [--quick] [--seconds 230]

The backward against jax.grad, runs that learn, a resumed run, `verify`; then
mini-batches in float32, TF32 and bfloat16 beside a jitted Optax step loop and PyTorch.
A stage that fails says so and the next one begins; those that would begin after
`--seconds` are left out. Ends with 1 where something was wrong or failed.
"""

import argparse
import math
import os
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from importlib import metadata
from importlib.util import find_spec
from typing import Any

# PyTorch shares the device, which JAX would otherwise take most of.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp
import numpy as np
from _device_runs import (
    MODES,
    Measured,
    build_fit,
    build_optax,
    build_torch,
    make_problem,
    matmul_flops,
    measure_compiled,
    measure_whole,
    step_flops,
)

import jaxdnn as dnn

# layer sizes, examples, examples a batch: on an accelerator, and on a CPU
SIZES = {
    "wide": (((4096,) * 4, 32768, 8192), ((256,) * 4, 2048, 512)),
    "narrow": (((784, 512, 512, 10), 60000, 1024), ((196, 128, 128, 10), 4000, 256)),
}
# Of most interest first: time may run out.
CELLS = (
    ("wide", "bfloat16"),
    ("narrow", "tf32"),
    ("narrow", "bfloat16"),
    ("wide", "tf32"),
    ("wide", "float32"),
    ("narrow", "float32"),
)
# hidden activations, head: every head, and every activation once
CORE_CASES = (
    (("relu", "tanh"), "sigmoid"),
    (("gelu", "silu"), "softmax"),
    (("leaky_relu", "softplus"), "identity"),
    (("elu", "gelu_tanh"), "exp"),
    (("sigmoid", "identity"), "softmax"),
)
TOLERANCE = {"float32": 2e-5, "tf32": 2e-2, "bfloat16": 1e-1}
HEADINGS = "network products peer s/epoch TFLOP/s peak fit-is start-s first-s cost"


def say(*words: Any) -> None:
    print(*words, flush=True)


class Stages:
    """Runs one stage after another; none can end the others."""

    def __init__(self, seconds: float) -> None:
        self.began = time.perf_counter()
        self.seconds = seconds
        self.wrong: list[str] = []

    def run(self, name: str, stage: Callable[[], Any]) -> Any:
        """What the stage returns, or None where it failed or there was no time."""
        begun = time.perf_counter()
        if begun - self.began > self.seconds:
            say(f"[{begun - self.began:5.1f} s] {name}: SKIPPED, the time is up")
            return None
        try:
            found = stage()
        except Exception as error:
            traceback.print_exc(limit=-4, file=sys.stdout)
            say(f"{name}: FAILED, {type(error).__name__}: {str(error)[:500]}")
            self.wrong.append(name)
            found = None
        now = time.perf_counter()
        say(f"[{now - self.began:5.1f} s] {name} took {now - begun:.1f} s")
        return found

    def check(self, name: str, right: bool, what: str) -> None:
        say(f"  {'ok   ' if right else 'WRONG'} {name}: {what}")
        if not right:
            self.wrong.append(name)


def describe() -> None:
    device = jax.devices()[0]
    say(f"{device.device_kind} ({device.platform}), {len(jax.devices())} visible")
    for package in ("jax", "jaxlib", "optax", "torch"):
        found = find_spec(package)
        say(f"  {package} {metadata.version(package) if found else 'is not installed'}")
    say(f"  python {sys.version.split()[0]}, XLA_FLAGS {os.environ.get('XLA_FLAGS')!r}")


def core_problem(hidden: Any, output: str, dtype: Any) -> tuple[Any, ...]:
    """A network, its parameters, 96 examples that its head takes, their weights."""
    dims = (12, 32, 16, 3)
    network = dnn.Network(dims, hidden=hidden, output=output)
    keys = jax.random.split(jax.random.key(3), 4)
    params = dnn.initialize_parameters(keys[0], dims, dtype=dtype)
    X = jax.random.normal(keys[1], (12, 96), dtype)
    Y = jax.random.normal(keys[2], (3, 96), dtype)
    if output == "softmax":
        Y = jax.nn.one_hot(Y.argmax(axis=0), 3, axis=0, dtype=dtype)
    elif output != "identity":
        Y = (Y > 0).astype(dtype)
    return network, params, X, Y, jax.random.uniform(keys[3], (96,), dtype)


def check_gradients(stages: Stages, mode: Any) -> None:
    """The hand-derived backward against jax.grad of the same cost, in the same dtype.

    The difference's norm over the gradient's, the worst of the leaves.
    """
    for hidden, output in CORE_CASES if mode.name == "float32" else CORE_CASES[1:3]:
        network, params, X, Y, weight = core_problem(hidden, output, mode.dtype)

        @jax.jit
        def both(params: Any, X: Any, Y: Any, weight: Any, network: Any = network):
            options = {"l2": 0.7, "key": jax.random.key(4), "keep_prob": 0.8}
            options["sample_weight"] = weight
            by_hand = dnn.cost_and_gradients(network, params, X, Y, **options)
            cost = partial(dnn.cost, network, **options)
            return by_hand, jax.grad(cost)(params, X, Y)

        with jax.default_matmul_precision(mode.precision):
            (J, found), wanted = jax.device_get(both(params, X, Y, weight))
        worst = max(
            np.linalg.norm(a - b) / np.linalg.norm(b)
            for a, b in zip(_leaves(found), _leaves(wanted), strict=True)
        )
        right = bool(np.isfinite(J) and worst <= TOLERANCE[mode.name])
        name = f"gradient {mode.name} {'-'.join(hidden)}-{output}"
        stages.check(name, right, f"J {float(J):.4f}, from jax.grad {worst:.1e}")


def _leaves(tree: Any) -> list[Any]:
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(tree)]


def check_fits(stages: Stages, modes: list[Any]) -> None:
    """Runs that learn: full batches and mini-batches, every dtype and head."""
    for mode in modes:
        for hidden, output in (
            CORE_CASES[:3] if mode.name == "float32" else CORE_CASES[1:2]
        ):
            network, params, X, Y, _ = core_problem(hidden, output, mode.dtype)
            for batch_size in (None, 32):
                with jax.default_matmul_precision(mode.precision):
                    costs = dnn.fit(
                        network,
                        X,
                        Y,
                        params=params,
                        key=jax.random.key(5),
                        learning_rate=0.1,
                        epochs=64,
                        batch_size=batch_size,
                    ).history.cost
                falls = bool(jnp.isfinite(costs).all() and costs[-1] < 0.9 * costs[0])
                said = f"cost {float(costs[0]):.4f} -> {float(costs[-1]):.4f}"
                name = f"fit {mode.name} {output} batch {batch_size or 'full'}"
                stages.check(name, falls, said)


def check_resume(stages: Stages) -> None:
    """The bits of a run, of the same run again, and of one that was interrupted.

    Runs of 3 and 4 epochs share a program, those of 3 and 8 do not.
    """
    network, params, X, Y, _ = core_problem("relu", "softmax", jnp.float32)
    options = {"params": params, "key": jax.random.key(6), "keep_prob": 0.9}
    options |= {"batch_size": 20, "learning_rate": 0.05}
    if find_spec("optax"):
        import optax

        options["optimizer"] = optax.adam
    train = partial(dnn.fit, network, X, Y, **options)
    part = train(epochs=3).state
    ways = {
        "repeated": None,
        "resumed": part,
        "resumed from a dictionary": dnn.state_to_dict(part),
    }
    for epochs, programs in ((4, "one program"), (8, "two programs")):
        whole = train(epochs=epochs)
        for name, resume in ways.items():
            again = train(epochs=epochs, resume=resume)
            pairs = zip(_leaves(whole[:2]), _leaves(again[:2]), strict=True)
            far = max(float(np.nan_to_num(abs(a - b)).max()) for a, b in pairs)
            # Two programs may round differently: told, and no mistake.
            right = far == 0 or (epochs == 8 and far < 1e-4)
            stages.check(f"{name}, {programs}", right, f"largest difference {far:.1e}")


def check_verify(stages: Stages) -> None:
    network, params, X, Y, _ = core_problem(("relu", "tanh"), "softmax", jnp.float32)
    report = dnn.verify(network, params, X[:, :24], Y[:, :24], l2=0.7)
    stages.check("verify", report.ok, report.verdict_line)
    small = dnn.initialize_parameters(jax.random.key(7), (3, 4, 1))
    flawed = dnn.verify(
        dnn.Network((3, 4, 1)), small, X[:3, :8], Y[:1, :8], backward=_twice
    )
    stages.check("verify of a mistake", not flawed.ok, flawed.verdict_line)


def _twice(*arguments: Any, **options: Any) -> Any:
    first, last = dnn.backward(*arguments, **options)
    return first, last._replace(W=2 * last.W)


class Bench:
    """What was measured, cell by cell and peer by peer."""

    def __init__(self, *, accelerator: bool, seconds: float) -> None:
        self.accelerator, self.seconds = accelerator, seconds
        self.peaks: dict[str, float] = {}
        self.found: dict[tuple[str, str], dict[str, Measured]] = {}

    def size(self, name: str) -> tuple[tuple[int, ...], int, int]:
        return SIZES[name][0 if self.accelerator else 1]

    def measure_peak(self, name: str) -> None:
        side = 8192 if self.accelerator else 512
        mode = MODES[name]
        with jax.default_matmul_precision(mode.precision):
            self.peaks[name] = matmul_flops(side, mode, self.seconds)
        say(f"  matmul {side}^3 {name}: {self.peaks[name] / 1e12:.4g} TFLOP/s")

    def measure(self, cell: tuple[str, str], peer: str) -> None:
        size, mode = cell[0], MODES[cell[1]]
        dims, m, batch_size = self.size(size)
        found = self.found.setdefault(cell, {})
        with jax.default_matmul_precision(mode.precision):
            problem = make_problem(dims, m, batch_size, mode)
            if peer == "fit":
                peak = self.peaks.get(mode.name, 1e13 if self.accelerator else 3e10)
                guess = step_flops(dims, m) / (0.4 * peak)
                guess += 1e-4 * math.ceil(m / batch_size)
                found[peer] = measure_compiled(build_fit(problem), self.seconds, guess)
            elif peer == "optax":
                found[peer] = measure_whole(build_optax(problem), self.seconds)
            else:
                compiling = {
                    "torch": None,
                    "torch-compiled": "default",
                    "torch-graphs": "reduce-overhead",
                }
                run = build_torch(problem, mode, compiling[peer])
                found[peer] = measure_whole(run, self.seconds)
        say(table([self.row(cell, peer)]))

    def row(self, cell: tuple[str, str], peer: str) -> tuple[str, ...]:
        dims, m, batch_size = self.size(cell[0])
        found, ours = self.found[cell][peer], self.found[cell].get("fit")
        speed = step_flops(dims, m) / found.epoch
        peak = self.peaks.get(cell[1])
        return (
            f"{'-'.join(map(str, dims))}x{m}/{batch_size}",
            cell[1],
            peer,
            f"{found.epoch:.3g}",
            f"{speed / 1e12:.4g}",
            f"{speed / peak:.1%}" if peak else "-",
            f"{found.epoch / ours.epoch:.2f}x" if ours else "-",
            f"{found.start:.2f}",
            f"{found.compile:.1f}",
            f"{found.cost:.4f}",
        )

    def report(self) -> None:
        rows = [
            self.row(cell, peer) for cell in self.found for peer in self.found[cell]
        ]
        say("\n" + table([tuple(HEADINGS.split()), *rows]))
        say(
            "s/epoch without what happens once a run (start-s; first-s: compiling); "
            "peak: share of the matmul above; fit-is: times as fast as the peer"
        )


def table(rows: list[tuple[str, ...]]) -> str:
    """Columns as wide as their widest cell.

    >>> table([("a", "bc"), ("def", "g")])
    'a    bc\\ndef  g'
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="short runs, two cells")
    parser.add_argument("--seconds", type=float, default=230, help="begin none after")
    options = parser.parse_args(arguments)
    stages = Stages(options.seconds)
    stages.run("device", describe)
    accelerator = jax.default_backend() != "cpu"
    # A CPU has no TF32.
    modes = [mode for mode in MODES.values() if accelerator or mode.name != "tf32"]
    for mode in modes:
        stages.run(f"gradients {mode.name}", partial(check_gradients, stages, mode))
    stages.run("resume", partial(check_resume, stages))
    seconds = 0.5 if accelerator and not options.quick else 0.1
    bench = Bench(accelerator=accelerator, seconds=seconds)
    names = [mode.name for mode in modes]
    cells = [cell for cell in CELLS if cell[1] in names][: 2 if options.quick else None]
    peers = ["fit"]
    peers += ["optax"] if find_spec("optax") else []
    peers += ["torch"] if find_spec("torch") else []
    late = ["torch-compiled"] if find_spec("torch") else []
    late += ["torch-graphs"] if late and accelerator else []
    for name in names:
        stages.run(f"matmul {name}", partial(bench.measure_peak, name))

    def measure(cells: Any, peers: list[str]) -> None:
        for cell in cells:
            for peer in peers:
                name = f"{' '.join(cell)} {peer}"
                stages.run(name, partial(bench.measure, cell, peer))

    measure(cells[:2], peers)
    measure(cells[:2], late[:1])
    measure(cells[2:], peers)
    stages.run("verify", partial(check_verify, stages))
    stages.run("fits", partial(check_fits, stages, modes))
    measure(cells[2:], late[:1])
    measure(cells, late[1:])
    bench.report()
    say("all as wanted" if not stages.wrong else f"NOT as wanted: {stages.wrong}")
    return 1 if stages.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
