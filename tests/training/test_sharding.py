"""One script on one device, on eight, and as two processes: the same parameters."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import json, sys
import jax
import numpy as np

options = json.loads(sys.argv[1])
if options["processes"] > 1:
    jax.distributed.initialize(
        options["address"], options["processes"], int(sys.argv[2])
    )
from jaxdnn import Network, fit

assert jax.device_count() == options["devices"], jax.devices()
mesh = None
if options["devices"] > 1:
    mesh = jax.make_mesh((options["devices"],), ("examples",))


def train(dtype, batch_size):
    X = np.random.default_rng(0).normal(size=(3, 21)).astype(dtype)
    result = fit(
        Network((3, 5, 3), "tanh", "softmax"),
        X,
        X.argmax(axis=0),
        key=jax.random.key(0),
        epochs=5,
        learning_rate=0.3,
        l2=0.1,
        batch_size=batch_size,
        mesh=mesh,
    )
    found = [*jax.tree.leaves(result.params), result.history.cost]
    assert all(array.dtype == dtype for array in found)
    return [np.asarray(array).tolist() for array in found]


found = {}
for dtype in ("float32", "float64"):
    jax.config.update("jax_enable_x64", dtype == "float64")
    found[dtype] = [array for size in (None, 8) for array in train(dtype, size)]
print("found", json.dumps(found), flush=True)
"""


def run(devices, processes):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = {
        "devices": devices,
        "processes": processes,
        "address": address,
    }
    forced = f"--xla_force_host_platform_device_count={devices // processes}"
    environment = os.environ | {"XLA_FLAGS": forced, "JAX_PLATFORMS": "cpu"}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, json.dumps(options), str(process)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for process in range(processes)
    ]
    answers = []
    try:
        for process in started:
            printed, errors = process.communicate(timeout=240)
            assert process.returncode == 0, errors
            lines = [line for line in printed.splitlines() if line.startswith("found ")]
            answers.append(json.loads(lines[0].removeprefix("found ")))
    finally:
        for process in started:
            process.kill()
    return answers


def test_devices_and_processes_agree():
    (alone,) = run(1, 1)
    # 21 examples on 8 devices: the last ones are made up, and weigh nothing.
    others = [*run(8, 1), *run(2, 2)]
    assert len(others) == 3
    for other in others:
        for dtype, tolerance in (("float32", 1e-6), ("float64", 1e-12)):
            for ours, theirs in zip(alone[dtype], other[dtype], strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
