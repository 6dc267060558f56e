"""Cold starts: the first call of `fit` in a new process, its imports done.

    python -m scripts.benchmark._cold   prints the seconds of that call
    python -m scripts.benchmark._cold FOLDER   with programs kept in that folder

The run is one epoch of mini-batches through three layers, so compiling is most of it.
"""

import os
import subprocess
import sys
import tempfile
import time
from statistics import median
from typing import Any

import jax
import numpy as np

from jaxdnn import Network, enable_compilation_cache, fit

NETWORK = Network((784, 256, 128, 10), output="softmax")
EXAMPLES, BATCH_SIZE = 1000, 128


def measure_cold(repeats: int) -> dict[str, Any]:
    """First calls without a cache of programs and with a filled one, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        first_call(folder)
        pairs = [(first_call(), first_call(folder)) for _ in range(repeats)]
    without, cached = zip(*pairs, strict=True)
    return {
        "name": "-".join(map(str, NETWORK.layer_dims)),
        "first_s": median(without),
        "cached_s": median(cached),
        "firsts_s": without,
        "cacheds_s": cached,
    }


def first_call(*folder: str) -> float:
    """Seconds of the first call of `fit` in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *folder],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return float(done.stdout)


def main() -> None:
    if sys.argv[1:]:
        enable_compilation_cache(sys.argv[1])
    rng = np.random.default_rng(0)
    X = rng.standard_normal((NETWORK.layer_dims[0], EXAMPLES), dtype=np.float32)
    labels = rng.integers(0, NETWORK.layer_dims[-1], EXAMPLES)
    began = time.perf_counter()
    key = jax.random.key(0)
    result = fit(NETWORK, X, labels, key=key, batch_size=BATCH_SIZE, epochs=1)
    jax.block_until_ready(result)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
