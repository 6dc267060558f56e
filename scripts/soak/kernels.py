"""Random small runs as one kernel, against the same runs kernel by kernel.

A compiler that cannot make such a kernel may end the process: so look before
`one_kernel` is let loose on a new version of jaxlib.

    JAXDNN_ONE_KERNEL=1 python -m scripts.soak --parts kernels
"""

import os
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple
from unittest import mock

import jax
import numpy as np
import optax

import jaxdnn as dnn
from jaxdnn.activations import ACTIVATIONS
from jaxdnn.heads import HEADS
from jaxdnn.training.one_kernel import fits_one_kernel

OPTIMIZERS: tuple[Any, ...] = (
    *(None, optax.sgd, optax.adam, optax.adamw, optax.rmsprop, optax.novograd),
    lambda rate: optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate)),
)
ACTIVATION_NAMES = [name for name in ACTIVATIONS if name != "gelu"]


class Case(NamedTuple):
    """One run."""

    what: str
    outcome: str


class Drawn(NamedTuple):
    """A network, its examples, and the other arguments of `fit`."""

    network: dnn.Network
    X: Any
    Y: Any
    options: dict[str, Any]


def outcomes(count: int = 120) -> Iterator[Case]:
    """The runs of so many seeds."""
    for seed in range(count):
        x64 = seed % 3 == 0
        with jax.enable_x64(True) if x64 else nullcontext():
            yield _compared(_drawn(seed, np.float64 if x64 else np.float32))


def _drawn(seed: int, dtype: Any) -> Drawn:
    rng = np.random.default_rng(seed)
    head, depth = rng.choice(list(HEADS)), int(rng.integers(4))
    n_L, m = int(rng.integers(2, 5)), int(rng.integers(1, 60))
    dims = (*(int(n) for n in rng.integers(1, 9, depth + 1)), n_L)
    hidden = tuple(str(rng.choice(ACTIVATION_NAMES)) for _ in range(depth))
    network = dnn.Network(dims, hidden or "relu", str(head))
    X = rng.normal(size=(dims[0], m)).astype(dtype)
    if head == "softmax":
        Y = rng.integers(n_L, size=m)
    else:
        Y = rng.integers(2, size=(n_L, m)).astype(dtype)
    options = {
        "epochs": int(rng.integers(1, 5)),
        "batch_size": (None, 1, 3, 8, m)[rng.integers(5)],
        "optimizer": OPTIMIZERS[rng.integers(len(OPTIMIZERS))],
        "learning_rate": (0.01, lambda step: 0.1 / (1 + step))[rng.integers(2)],
        "l2": (0.0, 0.1)[rng.integers(2)],
        "l2_over": ("all", "batch")[rng.integers(2)],
        "sample_weight": (None, rng.uniform(0.1, 1, m))[rng.integers(2)],
        "validation": (None, (X, Y))[rng.integers(2)],
        "record": ((), ("gradient_norm",))[rng.integers(2)],
    }
    return Drawn(network, X, Y, options)


def _compared(drawn: Drawn) -> Case:
    network, X, _, options = drawn
    what = f"{network} m {X.shape[1]} {X.dtype} {options}"
    if not fits_one_kernel(network, options["batch_size"] or X.shape[1], X.dtype):
        return Case(what, "apart")
    at_once, wanted = _trained(drawn), _trained(drawn, JAXDNN_ONE_KERNEL="0")
    rtol = 1e-10 if X.dtype == np.float64 else 1e-4
    leaves = zip(*map(jax.tree.leaves, (at_once, wanted)), strict=True)
    same = all(np.allclose(a, b, rtol, rtol / 10, equal_nan=True) for a, b in leaves)
    return Case(what, "equal" if same else "differs")


def _trained(drawn: Drawn, **environment: str) -> Any:
    network, X, Y, options = drawn
    with mock.patch.dict(os.environ, environment):
        found = dnn.fit(network, X, Y, key=jax.random.key(0), **options)
    return found.params, found.history
