"""Cold starts: the first call of `fit` in a new process, its imports done.

    python -m scripts.benchmark._cold   prints the seconds of that call
    python -m scripts.benchmark._cold FOLDER   with programs kept in that folder

The run is one epoch of mini-batches through three layers, so compiling is most of it.
The key is made before: it takes two programs of its own.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from statistics import median
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxdnn import Network, enable_compilation_cache, fit

NETWORK = Network((784, 256, 128, 10), output="softmax")
EXAMPLES, BATCH_SIZE = 1000, 128
TRACED = "/jax/core/compile/jaxpr_trace_duration"
COMPILED = "/jax/core/compile/backend_compile_duration"


class FirstCall(NamedTuple):
    """Seconds of the call, those once it traced what trains; programs in all."""

    seconds: float
    training: float
    programs: int


def measure_cold(repeats: int) -> dict[str, Any]:
    """First calls without a cache of programs and with a filled one, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        first_call(folder)
        pairs = [(first_call(), first_call(folder)) for _ in range(repeats)]
    without, cached = zip(*pairs, strict=True)
    return {
        "name": "-".join(map(str, NETWORK.layer_dims)),
        "first_s": median(call.seconds for call in without),
        "cached_s": median(call.seconds for call in cached),
        "times_the_program": median(call.seconds / call.training for call in without),
        "programs": max(call.programs for call in without),
        "firsts_s": [call.seconds for call in without],
        "cacheds_s": [call.seconds for call in cached],
    }


def first_call(*folder: str) -> FirstCall:
    """The first call of `fit` in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *folder],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    return FirstCall(*json.loads(done.stdout))


def environment() -> dict[str, str]:
    """This process's, in which another finds the same packages."""
    return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def main() -> None:
    if sys.argv[1:]:
        enable_compilation_cache(sys.argv[1])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((NETWORK.layer_dims[0], EXAMPLES), dtype=np.float32)
    labels = rng.integers(0, NETWORK.layer_dims[-1], EXAMPLES)
    key = jax.block_until_ready(jax.random.key(0))
    compiled: list[str] = []
    traced: list[float] = []

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
        """Of a program, tracing comes first; an event tells that it is over."""
        if event == TRACED and kwargs["fun_name"] == "run_epochs":
            traced.append(time.perf_counter() - duration_secs)
        if event == COMPILED:
            compiled.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    began = time.perf_counter()
    result = fit(NETWORK, X, labels, key=key, batch_size=BATCH_SIZE, epochs=1)
    jax.block_until_ready(result)
    ended = time.perf_counter()
    print(json.dumps([ended - began, ended - traced[0], len(compiled)]))


if __name__ == "__main__":
    main()
