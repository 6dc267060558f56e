"""A run on one device, on eight, and of two processes: the same parameters."""

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from subprocess import STDOUT
from tempfile import TemporaryFile

import jax
import numpy as np
import pytest

from jaxdnn import Network, fit
from jaxdnn.models.checkpoints import Checkpoints
from scripts.benchmark._meshes import free_address

pytestmark = pytest.mark.slow

START = """
import json, os, pickle, sys
import jax
import numpy as np

options, process = json.loads(sys.argv[1]), int(sys.argv[2])
if options["processes"] > 1:
    jax.distributed.initialize(
        options["address"],
        options["processes"],
        process,
        heartbeat_timeout_seconds=10,
    )
from jaxdnn import Network, fit, snapshot_to_dict, sweep

assert jax.device_count() == options["devices"], jax.devices()
kind = getattr(jax.sharding.AxisType, options["axes"])
mesh = jax.make_mesh((options["devices"],), ("examples",), axis_types=(kind,))
KEY = jax.random.key(0)
"""

# 21 examples, of which two processes have 12 and 9; in the order in which batches of 8
# take four of each, as long as there are four.
SAME = """
ORDER = [*range(4), *range(12, 16), *range(4, 8), *range(16, 20), *range(8, 12), 20]
OWN = [range(12), range(12, 21)][process] if options["processes"] > 1 else ORDER


def pieces(X, Y, w):
    cuts = OWN[:5], OWN[5:]
    return [(X[:, list(cut)], Y[list(cut)], w[list(cut)]) for cut in cuts]


def train(dtype, mesh, own, others, strategy):
    X = np.random.default_rng(0).normal(size=(3, 21)).astype(dtype)
    Y, w = X.argmax(axis=0), np.linspace(0.5, 2, 21).astype(dtype)
    run = {"epochs": 5, "learning_rate": 0.3, "l2": 0.1, "validation": (X, Y)}
    run |= {"mesh": mesh, "class_weight": "balanced"}
    network = Network((3, 5, 3), "tanh", "softmax")
    # In float32 the run that adds up most, in float64 every kind.
    order, lanes = {"batch_size": 8, "shuffle": False}, []
    results = [fit(network, pieces(X, Y, w), key=KEY, **order, **run)]
    if dtype == "float64":
        results.append(fit(network, X, Y, key=KEY, **run))
        results.append(
            fit(network, X, Y, key=KEY, batch_size=8, sample_weight=w, **run)
        )
        run |= {"learning_rate": (0.1, 0.3, 1.0), "strategy": strategy}
        lanes = sweep(network, X, Y, batch_size=8, **run)
        results += rotated(mesh, own, others)
    found = [of for each in results for of in (each.params, each.history.cost)]
    found = jax.tree.leaves([*found, [lane.params for lane in lanes]])
    assert all(of.dtype == dtype for of in found)
    return [np.asarray(of).tolist() for of in found]


def rotated(mesh, own, others):
    '''A run in another basis, whole; and gone on with where others ended.'''
    X = np.random.default_rng(1).normal(size=(60, 9))
    network, Y = Network((60, 3, 3), "tanh", "softmax"), X[:3].argmax(axis=0)
    run = {"key": KEY, "learning_rate": 0.1, "mesh": mesh}
    half = fit(network, X, Y, epochs=40, **run).snapshot
    assert half.constants.basis is not None
    if process == 0:
        with open(os.path.join(own, "half.pickle"), "wb") as file:
            pickle.dump(snapshot_to_dict(half), file)
    yield fit(network, X, Y, epochs=46, resume=half, **run)
    if others:
        with open(os.path.join(others, "half.pickle"), "rb") as file:
            half = pickle.load(file)
    yield fit(network, X, Y, epochs=46, resume=half, **run)


for name, (on_mesh, *how) in options["runs"].items():
    found = {}
    for dtype in ("float32", "float64"):
        with jax.enable_x64(dtype == "float64"):
            found[dtype] = train(dtype, mesh if on_mesh else None, *how)
    print(name, json.dumps(found), flush=True)
"""

DYING = """
from jaxdnn.models.checkpoints import Checkpoints

X = np.random.default_rng(0).normal(size=(3, 21)).astype(np.float32)
own = slice(0, 12) if process == 0 else slice(12, 21)
saved = Checkpoints(options["folder"], {}, seconds=0)


def on_progress(progress):
    if progress.epoch == 4 and process == 1:
        os._exit(7)
    saved(progress)


examples = [(X[:, own], X.argmax(axis=0)[own])]
run = {"key": KEY, "batch_size": 8, "epochs": 6, "mesh": mesh}
fit(Network((3, 5, 3), "tanh", "softmax"), examples, on_progress=on_progress, **run)
"""
# One after the other, on 28 rows of process 0 and 21 of process 1.
FAILING = """
class Pieces:
    def __init__(self, case):
        self.case, self.times = case, 0

    def __iter__(self):
        self.times += 1
        rng = np.random.default_rng(process)
        for i in range(4 - process):
            found = rng.normal(size=(3, 7)).astype(np.float32), np.zeros(7, int)
            case = self.case if process == 1 and i == 1 else ""
            if case == "empty piece":
                found = found[0][:, :0], found[1][:0]
            if case == "first look" or (case == "third look" and self.times == 3):
                raise RuntimeError("no disk")
            if case == "fewer rows" and self.times == 3:
                return
            weight = np.ones(7) if case != "no weight" else np.zeros(7)
            yield found if case == "empty piece" else (*found, weight)


def on_progress(progress):
    if case.startswith("hook") and process == 1 and progress.epoch >= 2:
        raise RuntimeError("no space")


def run(case):
    examples, size = (Pieces(case),), 8
    if case == "hook in memory":
        X = np.random.default_rng(0).normal(size=(3, 21))
        examples, size = (X, X.argmax(axis=0)), None
    fit(
        Network((3, 5, 3), "tanh", "softmax"),
        *examples,
        key=KEY,
        batch_size=size,
        epochs=40 if size is None else 3,
        mesh=mesh,
        on_progress=on_progress,
    )


said = {}
for case in options["cases"]:
    try:
        run(case)
    except (RuntimeError, ValueError) as error:
        said[case] = str(error)
print("said", json.dumps(said), flush=True)
"""
FAILURES = {
    "no weight": None,
    "empty piece": "piece 1 must be X (3, k) and Y (3, k), k >= 1, got (3, 0) and (0,)",
    "first look": "no disk",
    "third look": "no disk",
    "fewer rows": "pieces must hold 21 rows again, got 7",
    "hook": "no space",
    "hook in memory": "no space",
}
TOLERANCES = {"float32": 1e-6, "float64": 1e-12}


def start(script, devices, processes, **options):
    options |= {"devices": devices, "processes": processes, "address": free_address()}
    forced = f"--xla_force_host_platform_device_count={devices // processes}"
    flags = f"{os.environ.get('XLA_FLAGS', '')} {forced}"
    environment = os.environ | {"XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-c", START + script, json.dumps(options)]
    with ExitStack() as stack:
        # Not pipes: whoever fills one waits, and all others for it.
        said = [stack.enter_context(TemporaryFile("w+")) for _ in range(processes)]
        started = [
            subprocess.Popen(
                [*command, str(i)], env=environment, stdout=of, stderr=STDOUT
            )
            for i, of in enumerate(said)
        ]
        for process in started:
            stack.callback(process.kill)
        for process in started:
            process.wait(timeout=240)
        for of in said:
            of.seek(0)
        codes = [process.returncode for process in started]
        return list(zip(codes, [of.read() for of in said], strict=True))


def answers(ended, name):
    """What each process printed behind the name."""
    for _, printed in ended:
        lines = re.findall(f"^{name} (.*)$", printed, re.M)
        assert len(lines) == 1, printed
        yield json.loads(lines[0])


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Where the runs on one device, on eight and of two processes leave snapshots."""
    names = "one", "eight", "two", "checkpoints"
    return {name: str(tmp_path_factory.mktemp(name)) for name in names}


@pytest.fixture(scope="module")
def two(folders, keeping):
    """Two processes, which train together, then fail, and die at last."""
    options = {"runs": {"two": (True, folders["two"], "", "vmap")}, "axes": "Auto"}
    options |= {"cases": list(FAILURES), "folder": folders["checkpoints"]}
    return start(keeping + SAME + FAILING + DYING, 2, 2, **options)


def test_devices_and_processes_agree(two, folders, keeping):
    """21 examples on 8 devices: the last ones are made up, and weigh nothing.

    One device goes on where two processes had ended, eight where one had.
    """
    runs = {
        "one": (False, folders["one"], folders["two"], "vmap"),
        "eight": (True, folders["eight"], folders["one"], "map"),
    }
    ended = start(keeping + SAME, 8, 1, axes="Explicit", runs=runs)
    assert ended[0][0] == 0
    (alone,), (eight,) = answers(ended, "one"), answers(ended, "eight")
    for other in (*answers(two, "two"), eight):
        for dtype, tolerance in TOLERANCES.items():
            for ours, theirs in zip(alone[dtype], other[dtype], strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance)


def test_where_one_host_fails_all_end_with_its_message(two):
    said = {case: text for case, text in FAILURES.items() if text is not None}
    other, own = answers(two, "said")
    assert {case: text.removeprefix("fit: ") for case, text in own.items()} == said
    assert other == {case: f"fit: process 1 failed: {said[case]}" for case in said}


def test_where_a_process_dies_all_end_and_the_last_checkpoint_goes_on(two, folders):
    survivor, dead = two
    assert dead[0] == 7
    assert survivor[0] not in (0, 7)
    assert "another task died" in survivor[1]
    state = Checkpoints(folders["checkpoints"], {}).latest()
    # What process 0 was told of epoch 4 it may have saved before it met nobody.
    assert state[".state.epoch"] in (3, 4)
    X = np.random.default_rng(0).normal(size=(3, 21)).astype(np.float32)
    network, run = Network((3, 5, 3), "tanh", "softmax"), {"batch_size": 8, "epochs": 6}
    key, examples = jax.random.key(0), [(X, X.argmax(axis=0))]
    result = fit(network, examples, key=key, resume=state, **run)
    assert len(result.history.cost) == 6
