"""Per-example gradients and curvature: their price, and two uses of them.

    python -m scripts.experiments.per_example                 all three
    python -m scripts.experiments.per_example --only price    no training

price: medians of calls that take turns, in times one `cost_and_gradients` of the same
problem; beside them autodiff's ways to the same numbers; all under jit. Bytes are the
compiler's count of temporaries and results. flipped: 5 % of the labels of 8,000 digits
are changed, a network is trained by the ordinary `fit`, and the rows are ordered by the
norms of their gradients. private: DP-SGD on the same digits, with the numbers that an
accountant of the privacy spent asks for.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxdnn as dnn
from jaxdnn.data.datasets import load
from scripts._table import print_table

SIZES = (((784, 256, 128, 10), 512), ((64, 100, 10), 200))
PARTS = ("price", "flipped", "private")


def calls(network: dnn.Network, m: int) -> dict[str, tuple[Callable[..., Any], Any]]:
    """Name -> a function and its arguments, for one random problem."""
    dims = network.layer_dims
    params = dnn.initialize_parameters(jax.random.key(0), dims)
    X = jax.random.normal(jax.random.key(1), (dims[0], m))
    Y = jax.nn.one_hot(jnp.arange(m) % dims[-1], dims[-1]).T
    three, four = (params, X, Y), (params, X, Y, params)

    def one(params: Any, x: Any, y: Any) -> Any:
        return dnn.cost(network, params, x[:, None], y[:, None])

    def gradients(params: Any, X: Any, Y: Any) -> Any:
        return jax.vmap(jax.grad(one), (None, 1, 1))(params, X, Y)

    def norms(params: Any, X: Any, Y: Any) -> Any:
        leaves = jax.tree.leaves(gradients(params, X, Y))
        return jnp.sqrt(sum(jnp.square(leaf).sum(axis=(1, 2)) for leaf in leaves))

    def forward_over_reverse(params: Any, X: Any, Y: Any, v: Any) -> Any:
        slope = jax.grad(lambda params: dnn.cost(network, params, X, Y))
        return jax.jvp(slope, (params,), (v,))[1]

    def ours(function: Callable[..., Any], **more: Any) -> Callable[..., Any]:
        return lambda *of: function(network, *of, **more)

    both = ours(dnn.cost_and_gradients), ours(dnn.per_example_norms)
    found = {
        "cost_and_gradients": (both[0], three),
        "per_example_norms": (both[1], three),
        "gradient and norms": (lambda *of: [each(*of) for each in both], three),
        "clipped_gradients": (ours(dnn.clipped_gradients, max_norm=1.0), three),
        "gradient_noise_scale": (ours(dnn.gradient_noise_scale), three),
        "fisher_diagonal": (ours(dnn.fisher_diagonal), three),
        "gauss_newton_vector_product": (ours(dnn.gauss_newton_vector_product), four),
        "hessian_vector_product": (ours(dnn.hessian_vector_product), four),
        "jvp of grad": (forward_over_reverse, four),
        "norms of vmap(grad)": (norms, three),
        "vmap(grad)": (gradients, three),
    }
    return {name: (jax.jit(function), of) for name, (function, of) in found.items()}


def times(every: dict[str, Any], repeats: int) -> dict[str, list[float]]:
    """Seconds of each call, taken in turns."""
    taken: dict[str, list[float]] = {name: [] for name in every}
    for turn in range(repeats + 1):
        for name, (function, arguments) in every.items():
            start = time.perf_counter()
            jax.block_until_ready(function(*arguments))
            if turn:
                taken[name].append(time.perf_counter() - start)
    return taken


def price(repeats: int) -> None:
    """Times and temporary bytes of each call, at each size."""
    for dims, m in SIZES:
        every = calls(dnn.Network(dims, output="softmax"), m)
        large = {name for name in every if "vmap" in name}
        taken = times({name: every[name] for name in every.keys() - large}, repeats)
        # In turns of their own: they displace what the others find in the caches.
        taken |= times({name: every[name] for name in large}, max(3, repeats // 5))
        unit = median(taken["cost_and_gradients"])
        rows = []
        for name, (function, arguments) in every.items():
            memory = function.lower(*arguments).compile().memory_analysis()
            bytes_taken = memory.temp_size_in_bytes + memory.output_size_in_bytes
            took, MB = median(taken[name]), bytes_taken / 1e6
            ms, share = f"{took * 1e3:.2f}", f"{took / unit:.2f}x"
            rows.append((name, ms, share, f"{MB:.1f}"))
        print_table([f"{list(dims)} x {m}", "ms", "gradients", "MB with results"], rows)
        print()


def digits() -> tuple[Any, Any, Any, Any]:
    """8,000 digits and their labels to train on, 2,000 to test."""
    data = load("mnist")
    X, labels = np.asarray(data.X, np.float32), np.asarray(data.Y)
    labels = labels.argmax(axis=0) if labels.shape[0] > 1 else labels[0]
    X = X / X.max()
    return X[:, :8000], labels[:8000].astype(int), X[:, 8000:], labels[8000:]


def flipped(share: float = 0.05) -> None:
    """How many changed labels are among as many rows of the longest gradients."""
    X, labels, _, _ = digits()
    rng = np.random.default_rng(0)
    changed = rng.choice(labels.size, int(share * labels.size), replace=False)
    labels = labels.copy()
    labels[changed] = (labels[changed] + rng.integers(1, 10, changed.size)) % 10
    network = dnn.Network((784, 128, 10), output="softmax")
    key, rate = jax.random.key(0), 0.1
    result = dnn.fit(
        network, X, labels, key=key, epochs=10, batch_size=64, learning_rate=rate
    )
    Y = np.eye(10, dtype=np.float32)[:, labels]
    norms = dnn.per_example_norms(network, result.params, X, Y)
    longest = np.argsort(-np.asarray(norms))[: changed.size]
    found = np.isin(longest, changed).mean()
    print(
        f"flipped: {changed.size} of {labels.size} labels were changed; of the "
        f"{changed.size} rows with the longest gradients {found:.1%} are theirs"
    )


def private() -> None:
    """DP-SGD: accuracy, and what an accountant asks for."""
    X, labels, X_test, labels_test = digits()
    network = dnn.Network((784, 128, 10), "tanh", "softmax")
    epochs, batch, sigma = 20, 400, 1.0
    result = dnn.fit(
        network,
        X,
        labels,
        key=jax.random.key(0),
        epochs=epochs,
        batch_size=batch,
        learning_rate=0.5,
        clip_examples=1.0,
        noise_multiplier=sigma,
    )
    Y = np.eye(10, dtype=np.float32)[:, labels_test.astype(int)]
    accuracy = float(dnn.score(network, result.params, X_test, Y))
    steps = int(result.snapshot.state.step)
    clipped = float(result.history.clipped_share[-1])
    print(
        f"private: test accuracy {accuracy:.4f} after {steps} steps at sampling rate "
        f"{batch / labels.size:g} and noise multiplier {sigma:g}; {clipped:.0%} of the "
        "examples were clipped in the last epoch"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--repeats", type=int, default=41)
    args = parser.parse_args()
    if "price" in args.only:
        price(args.repeats)
    if "flipped" in args.only:
        flipped()
    if "private" in args.only:
        private()


if __name__ == "__main__":
    main()
