"""Products in bfloat16 beside float32, on the 1,797 digits: accuracy, gradient.

    python -m scripts.experiments.mixed_precision

Every seed splits the digits anew, draws the same first parameters and batches for both
dtypes, and trains [64, 100, 10] on four fifths. "moved" is the share of its norm that
the gradient moves by, at the first parameters and at the last of float32: where nearly
all is learned little is left of the gradient, and logits of 10 are rounded by some
hundredths, which is some hundredths of that. Exit code 1: the accuracies' means are
more than half a point apart, or the gradient moved by over 2 % at the first parameters.
"""

import argparse
from statistics import mean
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import jaxdnn as dnn
from jaxdnn.data.datasets import load
from jaxdnn.sharding import products_in_short
from scripts._table import print_table

NETWORK = dnn.Network((64, 100, 10), output="softmax")
SHORT = jnp.bfloat16
POINTS, SHARE = 0.5, 0.02


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args(arguments)
    found = [compare(seed, options.epochs) for seed in range(options.seeds)]
    rows = [
        (str(seed), *(f"{share:.2%}" for share in each))
        for seed, each in enumerate(found)
    ]
    headings = ("seed", "float32", "bfloat16", "moved at first", "at last")
    print_table(headings, rows)
    points = 100 * mean(short - wide for wide, short, *_ in found)
    farthest = max(at_first for _, _, at_first, _ in found)
    print(f"bfloat16's accuracy is {points:+.2f} points of float32's on average")
    return 1 if abs(points) > POINTS or farthest > SHARE else 0


def compare(seed: int, epochs: int) -> tuple[float, float, float, float]:
    """Test accuracy in float32 and bfloat16; how far both ends' gradients move."""
    data = load("digits")
    order = np.random.default_rng(seed).permutation(data.X.shape[1])
    train, test = np.split(order, [len(order) * 4 // 5])
    X, labels = np.float32(data.X / 16), np.asarray(data.Y[0], np.int32)
    Y = np.float32(labels == np.arange(10)[:, None])
    key = jax.random.key(seed)
    first = dnn.initialize_parameters(key, NETWORK.layer_dims)
    asked: dict[str, Any] = {"key": key, "params": first, "epochs": epochs}
    asked |= {"batch_size": 100, "learning_rate": 0.3}
    wide, short = (
        dnn.fit(NETWORK, X[:, train], labels[train], **asked, **more).params
        for more in ({}, {"compute_dtype": SHORT})
    )
    scores = (
        float(dnn.score(NETWORK, params, X[:, test], Y[:, test]))
        for params in (wide, short)
    )
    shares = (moved(params, X[:, train], Y[:, train]) for params in (first, wide))
    return *scores, *shares  # pyright: ignore[reportReturnType]


def moved(params: dnn.Parameters, X: Any, Y: Any) -> float:
    """‖g in bfloat16 - g‖ / ‖g‖."""
    _, due = dnn.cost_and_gradients(NETWORK, params, X, Y)
    with products_in_short():
        _, found = dnn.cost_and_gradients(NETWORK, params, X, Y)
    one, other = (
        np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(of)])
        for of in (found, due)
    )
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


if __name__ == "__main__":
    raise SystemExit(main())
