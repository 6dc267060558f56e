"""Two uses of per-example gradients, on 8,000 digits; their price: scripts/benchmark.

    python -m scripts.experiments.per_example                   both
    python -m scripts.experiments.per_example --only private

flipped: 5 % of the labels are changed, a network is trained by the ordinary `fit`, and
the rows are ordered by the norms of their gradients. private: DP-SGD, with the numbers
that an accountant of the privacy spent asks for, and what one says of them where
dp-accounting is installed.
"""

import argparse
import importlib.metadata
import importlib.util
from typing import Any

import jax
import numpy as np

import jaxdnn as dnn
from jaxdnn.data.datasets import load


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


def spent(steps: int, rate: float, sigma: float, delta: float) -> float:
    """ε at δ, had each row been drawn by itself: fit's batches are shuffled.

    References:
      Koskela, Jälkö & Honkela (2020), AISTATS.
    """
    import dp_accounting
    from dp_accounting.pld import PLDAccountant

    noise = dp_accounting.GaussianDpEvent(sigma)
    step = dp_accounting.PoissonSampledDpEvent(rate, noise)
    accountant = PLDAccountant()
    accountant.compose(dp_accounting.SelfComposedDpEvent(step, steps))
    return accountant.get_epsilon(delta)


def private() -> None:
    """DP-SGD: accuracy, what an accountant asks for, and what one says of it."""
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
    rate, delta = batch / labels.size, 1e-5
    print(
        f"private: test accuracy {accuracy:.4f} after {steps} steps at sampling rate "
        f"{rate:g} and noise multiplier {sigma:g}; {clipped:.0%} of the "
        "examples were clipped in the last epoch"
    )
    if importlib.util.find_spec("dp_accounting") is None:
        print("an accountant's ε: pip install dp-accounting")
        return
    print(
        f"private: ε = {spent(steps, rate, sigma, delta):.2f} at δ = {delta:g}, by "
        f"dp-accounting {importlib.metadata.version('dp-accounting')}, had each row "
        "been drawn by itself at that rate"
    )


PARTS = {"flipped": flipped, "private": private}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    for part in args.only:
        PARTS[part]()


if __name__ == "__main__":
    main()
