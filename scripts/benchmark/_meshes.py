"""What the devices of a mesh send each other in a step of `fit`.

    python -m scripts.benchmark._meshes 8   eight devices made of one, counted as JSON

Nothing is timed. The compiled program says which arrays its collectives take together
in a step; that a ring of D devices sends, from each device, 2 (D - 1) / D times the
bytes of a sum, and (D - 1) / D times those that it puts together, is arithmetic.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from math import prod
from tempfile import TemporaryFile
from typing import Any

import jax
import numpy as np

from jaxdnn import Network
from jaxdnn.training.examples import examples_of
from jaxdnn.training.order import host_draws
from jaxdnn.training.placing import shard_batches, share_of
from jaxdnn.training.prepare import Given, prepare
from jaxdnn.training.programs import no_sums, run_batches, run_epochs
from jaxdnn.training.source import batches_of
from jaxdnn.training.types import Config
from scripts.benchmark._loops import computations, loop_bodies

NETWORK = Network((784, 256, 128, 10), output="softmax")
EXAMPLES, BATCH_SIZE = 4096, 1024
MESHES = ((1, 1), (2, 1), (4, 1), (8, 1), (2, 2))

_COLLECTIVES = {
    "all-reduce": 2,
    "all-gather": 1,
    "reduce-scatter": 1,
    "all-to-all": 1,
    "collective-permute": 1,
}
_LINE = re.compile(rf"= (.*?) ({'|'.join(_COLLECTIVES)})(?:-start)?\(")
_SHAPE = re.compile(r"\b(pred|[a-z]+(\d+))\[([\d,]*)\]")


def free_address() -> str:
    """Of this machine, with a port that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


def measure_meshes() -> list[dict[str, Any]]:
    """The counts of every mesh, as they go into the report."""
    return [count_on(devices, processes) for devices, processes in MESHES]


def count_on(devices: int, processes: int) -> dict[str, Any]:
    """What `count` says where there are so many devices and processes."""
    address = free_address()
    forced = f"--xla_force_host_platform_device_count={devices // processes}"
    paths = os.pathsep.join(sys.path)
    own = {"XLA_FLAGS": forced, "JAX_PLATFORMS": "cpu", "PYTHONPATH": paths}
    command = [sys.executable, __file__, str(devices), str(processes), address]
    with TemporaryFile("w+") as said:
        started = [
            subprocess.Popen(
                [*command, str(rank)],
                env=os.environ | own,
                stdout=said if rank == 0 else subprocess.DEVNULL,
            )
            for rank in range(processes)
        ]
        try:
            codes = [process.wait(timeout=600) for process in started]
        finally:
            for process in started:
                process.kill()
        if any(codes):
            raise RuntimeError(f"{processes} processes on {devices} ended with {codes}")
        said.seek(0)
        found = json.loads(said.read().splitlines()[-1])
    name = "-".join(map(str, NETWORK.layer_dims))
    return {"name": name, "devices": devices, "processes": processes, **found}


def count() -> dict[str, Any]:
    """Bytes of the parameters and, of each way to train, those sent in a step."""
    n = jax.device_count()
    mesh = jax.make_mesh((n,), ("examples",)) if n > 1 else None
    rng = np.random.default_rng(0)
    X = rng.standard_normal((NETWORK.layer_dims[0], EXAMPLES), dtype=np.float32)
    labels = rng.integers(0, NETWORK.layer_dims[-1], EXAMPLES)
    ways = {
        name: step_bytes(compiled(name, X, labels, mesh), n)
        for name in ("all examples", "pieces", "rows in memory")
    }
    sizes = (n * (n_prev + 1) for n_prev, n in pairwise(NETWORK.layer_dims))
    return {"parameters": 4 * sum(sizes), "ways": ways}


def compiled(way: str, X: Any, labels: Any, mesh: Any) -> str:
    """The program of a run, as XLA compiled it."""
    epochs: Any = run_epochs
    batches: Any = run_batches
    size = None if way == "all examples" else BATCH_SIZE
    given = ([(X, labels)], None) if way == "pieces" else (X, labels)
    examples = examples_of(NETWORK, *given, batch_size=size)
    key = jax.random.key(0)
    run, start, placed, _ = prepare(
        NETWORK,
        Given(examples, key, None, None, mesh=mesh),
        Config(batch_size=size, layout="plain", epochs=10**6),
    )
    if way != "pieces":
        lowered = epochs.lower(run, start.state, placed, np.int32(1), 1)
        return lowered.compile().as_text() or ""
    share = share_of(mesh, BATCH_SIZE)
    draws = host_draws(run.constants.shuffle_key, 0)
    piece = next(batches_of(NETWORK, placed, share, np.float32, draws))
    piece = piece if mesh is None else shard_batches(mesh, piece)
    sums = no_sums(run, np.float32)
    return batches.lower(run, start.state, sums, piece).compile().as_text() or ""


def step_bytes(program: str, devices: int) -> dict[str, float]:
    """Of a step's collectives: bytes taken together, and sent by each device."""
    taken, sent = 0, 0.0
    for line in innermost_loop(program):
        if (found := _LINE.search(line)) is not None:
            shape, kind = found.groups()
            size = array_bytes(shape)
            taken += size
            sent += _COLLECTIVES[kind] * size * (devices - 1) / devices
    return {"taken": taken, "sent": sent}


def innermost_loop(program: str) -> Iterator[str]:
    """The lines of the loops that have no other in them."""
    found = computations(program)
    for name in loop_bodies(program):
        if " while(" not in found[name]:
            yield from found[name].splitlines()


def array_bytes(shape: str) -> int:
    """Of arrays such as "(f32[64,50]{1,0}, s32[])".

    Example:
      >>> array_bytes("(f32[64,50]{1,0}, pred[3])")
      12803
    """
    return sum(
        int(bits or 8) // 8 * prod(map(int, filter(None, dims.split(","))))
        for _, bits, dims in _SHAPE.findall(shape)
    )


def main() -> None:
    devices, processes, address, rank = sys.argv[1:]
    if int(processes) > 1:
        jax.distributed.initialize(address, int(processes), int(rank))
    if jax.device_count() != int(devices):
        raise SystemExit(f"{devices} devices were asked for: {jax.devices()}")
    print(json.dumps(count()), flush=True)


if __name__ == "__main__":
    main()
