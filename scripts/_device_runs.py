"""One mini-batch problem on the device, and the ways to train on it.

Each builder takes a Problem and returns `run(epochs)`: so many epochs from the
problem's own parameters, finished when it returns; its result is the parameters and the
last epoch's mean cost. All take the same batch sizes, the same rate and plain gradient
descent, in one dtype.
"""

import math
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from jaxdnn import Network, Parameters, fit, initialize_parameters

Run = Callable[[int], tuple[Any, float]]

REPEATS = 3


class Mode(NamedTuple):
    """A dtype, and how many bits its products keep: JAX's word and PyTorch's."""

    name: str
    dtype: Any
    precision: str
    torch_precision: str


MODES = {
    mode.name: mode
    for mode in (
        Mode("float32", jnp.float32, "highest", "highest"),
        Mode("tf32", jnp.float32, "tensorfloat32", "high"),
        Mode("bfloat16", jnp.bfloat16, "default", "high"),
    )
}


class Problem(NamedTuple):
    """X (n_x, m) and labels (m,) on the device, and where to start."""

    network: Network
    params: Parameters
    X: jax.Array
    labels: jax.Array
    batch_size: int
    rate: float
    shuffle: bool = True


class Measured(NamedTuple):
    """Seconds: an epoch, what happens once a run, the first call; the last cost."""

    epoch: float
    start: float
    compile: float
    cost: float


def step_flops(layer_dims: tuple[int, ...], m: int) -> int:
    """Multiplications and additions of the products of a step on m examples.

    Z = W A, dW = dZ Aᵀ and dA = Wᵀ dZ for each layer, but no gradient of X.
    """
    sizes = [n * n_prev for n_prev, n in pairwise(layer_dims)]
    return 2 * m * (3 * sum(sizes) - sizes[0])


def make_problem(
    layer_dims: tuple[int, ...], m: int, batch_size: int, mode: Mode
) -> Problem:
    """Normal inputs whose label is the largest of the first n_L; made on the device."""
    network = Network(layer_dims, output="softmax")
    data_key, key = jax.random.split(jax.random.key(0))

    @jax.jit
    def draw(key: jax.Array) -> Any:
        X = jax.random.normal(key, (layer_dims[0], m), mode.dtype)
        return X, X[: layer_dims[-1]].argmax(axis=0).astype(jnp.int32)

    params = initialize_parameters(key, layer_dims, dtype=mode.dtype)
    return Problem(network, params, *draw(data_key), batch_size, rate=0.01)


def matmul_flops(side: int, mode: Mode, seconds: float) -> float:
    """Operations a second of the best of some chains of products (side, side)."""
    keys = jax.random.split(jax.random.key(1))
    A, B = (jax.random.normal(key, (side, side), mode.dtype) for key in keys)
    B = B / math.sqrt(side)  # the product's numbers stay as large as A's

    @jax.jit
    def chain(A: jax.Array, B: jax.Array, times: Any) -> jax.Array:
        return jax.lax.fori_loop(0, times, lambda _, A: A @ B, A)

    def took(times: int) -> float:
        start = time.perf_counter()
        chain(A, B, times).block_until_ready()
        return time.perf_counter() - start

    took(1)
    times = max(2, math.ceil(seconds / took(2) * 2))
    return 2 * side**3 * times / min(took(times) for _ in range(REPEATS))


def build_fit(problem: Problem) -> Run:
    network, params, X, labels, batch_size, rate, shuffle = problem

    def run(epochs: int) -> tuple[Any, float]:
        result = fit(
            network,
            X,
            labels,
            params=params,
            key=jax.random.key(2),
            learning_rate=rate,
            epochs=epochs,
            batch_size=batch_size,
            shuffle=shuffle,
        )
        jax.block_until_ready(result.params)
        return result.params, float(result.history.cost[-1])

    return run


def build_optax(problem: Problem) -> Run:
    """The usual loop: a jitted step on rows, called from Python, its buffers reused."""
    import optax

    _, first, X, labels, batch_size, rate, shuffle = problem
    rows, m = X.T.copy(), X.shape[1]
    optimizer = optax.sgd(rate)

    def loss(params: Parameters, A: jax.Array, labels: jax.Array) -> jax.Array:
        for W, b in params[:-1]:
            A = jax.nn.relu(A @ W.T + b.T)
        W, b = params[-1]
        logits = A @ W.T + b.T
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    @partial(jax.jit, static_argnums=7, donate_argnums=(0, 1, 2))
    def step(
        params: Any,
        state: Any,
        total: Any,
        rows: Any,
        labels: Any,
        order: Any,
        start: Any,
        count: int,
    ) -> Any:
        batch = jax.lax.dynamic_slice_in_dim(order, start, count)
        J, grads = jax.value_and_grad(loss)(params, rows[batch], labels[batch])
        updates, state = optimizer.update(grads, state)
        total += J.astype(jnp.float32) * (count / m)
        return optax.apply_updates(params, updates), state, total

    def run(epochs: int) -> tuple[Any, float]:
        params, total = jax.tree.map(jnp.copy, first), jnp.zeros(())
        state, key = optimizer.init(params), jax.random.key(2)
        for epoch in range(epochs):
            order, total = jnp.arange(m), jnp.zeros(())
            if shuffle:
                order = jax.random.permutation(jax.random.fold_in(key, epoch), m)
            for at in range(0, m, batch_size):
                count = min(batch_size, m - at)
                params, state, total = step(
                    params, state, total, rows, labels, order, at, count
                )
        jax.block_until_ready(params)
        return params, float(total)

    return run


def build_torch(problem: Problem, mode: Mode, compile_mode: str | None = None) -> Run:
    """PyTorch's usual loop; compile_mode: torch.compile's, for the loss and its slopes.

    The examples are JAX's own memory; the parameters are copied.
    """
    import torch
    from torch.nn import functional

    torch.compiler.reset()  # or it counts what it compiled before, and gives up
    torch.set_float32_matmul_precision(mode.torch_precision)
    rows = torch.from_dlpack(problem.X.T.copy())
    labels, (m, _) = torch.from_dlpack(problem.labels).long(), rows.shape
    layers = [
        (torch.from_dlpack(W), torch.from_dlpack(b.reshape(-1)))
        for W, b in problem.params
    ]

    def loss(params: Any, A: Any, labels: Any) -> Any:
        for W, b in zip(params[:-2:2], params[1:-2:2], strict=True):
            A = functional.relu(functional.linear(A, W, b))
        logits = functional.linear(A, params[-2], params[-1])
        return functional.cross_entropy(logits, labels)

    if compile_mode is not None:
        loss = torch.compile(loss, mode=compile_mode, dynamic=False)

    def run(epochs: int) -> tuple[Any, float]:
        params = [of.clone().requires_grad_() for layer in layers for of in layer]
        optimizer = torch.optim.SGD(params, lr=problem.rate)
        total = torch.zeros((), device=rows.device)
        for _ in range(epochs):
            order, total = torch.arange(m, device=rows.device), torch.zeros_like(total)
            if problem.shuffle:
                order = torch.randperm(m, device=rows.device)
            for batch in order.split(problem.batch_size):
                J = loss(params, rows[batch], labels[batch])
                optimizer.zero_grad()
                J.backward()
                optimizer.step()
                total += J.detach().float() * (len(batch) / m)
        return params, total.item()

    return run


def measure_whole(run: Run, seconds: float) -> Measured:
    """Runs of about so many seconds, divided by their epochs."""
    start = time.perf_counter()
    run(1)
    first = time.perf_counter() - start
    once = _took(run, 1)[0]
    epochs = max(1, min(1000, math.ceil(seconds / once)))
    times, costs = zip(*(_took(run, epochs) for _ in range(REPEATS)), strict=True)
    return Measured(median(times) / epochs, 0.0, first - once, costs[-1])


def measure_compiled(run: Run, seconds: float, guess: float) -> Measured:
    """What a longer run of one and the same program takes over a shorter one.

    A run's length rounds up to a power of two, for which its program is compiled: both
    lengths lie between two of them. guess: an epoch's seconds, for the lengths.
    """
    long = 1 << max(1, min(9, math.ceil(math.log2(2 * seconds / guess))))
    short = long // 2 + 1
    if short == long:  # runs of one and two epochs are two programs
        short, long = 3, 4
    first = _took(run, short)[0]
    pairs = [(_took(run, short), _took(run, long)) for _ in range(REPEATS)]
    epoch = median((b[0] - a[0]) / (long - short) for a, b in pairs)
    whole = median(b[0] for _, b in pairs)
    if epoch <= 0:  # too noisy to tell them apart: the start is in the epochs
        epoch = whole / long
    compiling = first - median(a[0] for a, _ in pairs)
    return Measured(epoch, whole - long * epoch, compiling, pairs[-1][1][1])


def _took(run: Run, epochs: int) -> tuple[float, float]:
    """Seconds and the last epoch's cost."""
    start = time.perf_counter()
    _, J = run(epochs)
    return time.perf_counter() - start, J
