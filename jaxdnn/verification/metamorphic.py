"""Stage 5: what must hold of any gradient of a mean, with no oracle at all.

- The order of the examples changes nothing.
- A batch's gradient is the mean of its halves', weighted by their total weights.
- The mean of the single examples' gradients is the batch's gradient.

Each batch below is made of columns of the same few examples and has their number of
columns, so that a compiled backward is compiled once.
"""

from typing import Any

import jax
import numpy as np

from jaxdnn.verification.equations import Bench, take_examples
from jaxdnn.verification.problem import Backward, Values


def relations(
    bench: Bench, backward: Backward, seed: int
) -> dict[str, tuple[list[Any], list[Any]]]:
    """Two gradients that must be equal, for each relation: [dW_1, db_1, dW_2, ...]."""
    m, rng = bench.m, np.random.default_rng(seed)
    weight = bench.sample_weight

    def gradient(columns: Values, weight: Values | None = None) -> Any:
        caches = take_examples(bench.caches, columns)
        weight = None if weight is None else weight[columns]
        return bench.setting.call(backward, caches, bench.Y[:, columns], weight)

    def leaves(grads: Any) -> list[Any]:
        return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(grads)]

    def mean(parts: list[Any], shares: Any) -> list[Any]:
        return [
            sum(share * leaf for share, leaf in zip(shares, column, strict=True))
            for column in zip(*map(leaves, parts), strict=True)
        ]

    whole, order = np.arange(m), rng.permutation(m)
    # Every example twice, cut in two: halves of m columns each, whatever m is.
    halves = np.repeat(order, 2).reshape(2, m)
    totals = bench.weights[halves].sum(axis=1)
    batch, singles = leaves(gradient(whole, weight)), np.full(m, 1 / m)
    return {
        "examples permuted": (leaves(gradient(order, weight)), batch),
        "mean of the halves": (
            mean([gradient(half, weight) for half in halves], totals / totals.sum()),
            batch,
        ),
        "mean of single examples": (
            mean([gradient(np.full(m, j)) for j in whole], singles),
            leaves(gradient(whole)),
        ),
    }
