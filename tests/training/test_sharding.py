"""One script on one device, on eight, and as two processes: the same parameters."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import json, sys
import jax
import numpy as np

options = json.loads(sys.argv[1])
if options["processes"] > 1:
    jax.distributed.initialize(
        options["address"], options["processes"], int(sys.argv[2])
    )
import jax.numpy as jnp
from jaxdnn import Network, fit

jax.config.update("jax_enable_x64", options["x64"])
assert jax.device_count() == options["devices"], jax.devices()
rng = np.random.default_rng(0)
X = rng.normal(size=(3, 21))
labels = X.argmax(axis=0)
X = X if options["x64"] else X.astype(np.float32)
mesh = None
if options["devices"] > 1:
    mesh = jax.make_mesh((options["devices"],), ("examples",))
found = []
for batch_size in (None, 8):
    result = fit(
        Network((3, 5, 3), "tanh", "softmax"),
        X,
        labels,
        key=jax.random.key(0),
        epochs=5,
        learning_rate=0.3,
        l2=0.1,
        batch_size=batch_size,
        mesh=mesh,
    )
    found += [np.asarray(leaf).tolist() for leaf in jax.tree.leaves(result.params)]
    found.append(np.asarray(result.history.cost).tolist())
print("found", json.dumps(found), flush=True)
"""


def run(devices, processes, x64):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = {
        "devices": devices,
        "processes": processes,
        "address": address,
        "x64": x64,
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


@pytest.mark.parametrize(("x64", "tolerance"), [(False, 1e-6), (True, 1e-12)])
def test_devices_and_processes_agree(x64, tolerance):
    (alone,) = run(1, 1, x64)
    # 21 examples on 8 devices: the last ones are made up, and weigh nothing.
    others = [*run(8, 1, x64), *run(2, 2, x64)]
    assert len(others) == 3
    for other in others:
        for ours, theirs in zip(alone, other, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)
