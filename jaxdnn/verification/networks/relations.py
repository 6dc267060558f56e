"""Stage 5: what must hold of any gradient of a mean, with no oracle at all.

- The order of the examples changes nothing.
- A batch's gradient is the mean of its halves', weighted by their total weights.
- The mean of the single examples' gradients is the batch's gradient.

Each batch below is made of columns of the same few examples and has their number of
columns, so that a compiled backward is compiled once.
"""

from collections.abc import Iterable, Iterator

import jax
import numpy as np

from jaxdnn.verification.networks.equations import EXAMPLES, Bench, take_examples
from jaxdnn.verification.networks.evidence import Evidence, bench
from jaxdnn.verification.networks.trial import Backward
from jaxdnn.verification.report import Row
from jaxdnn.verification.units import LIMIT, Columns, Values, worst
from jaxdnn.verification.verdicts import Findings


def related(evidence: Evidence, backward: Backward, seed: int) -> Findings:
    """The relations, on the few examples that the equations are read on."""
    examples = bench(evidence, EXAMPLES)
    if examples.m == 1:
        return Findings()
    # Σ over some examples <= Σ over all: S of the few is below m / few times S.
    m, rows = evidence.problem.m, list[Row]()
    wider = m / examples.m
    if evidence.trial.sample_weight is not None:
        wider *= float(examples.weights.max()) * m
    scales = [due.S for due in evidence.due.values()]
    for name, one, other in relations(examples, backward, seed):
        far = max(
            worst(a, b, S).units / wider
            for a, b, S in zip(one, other, scales, strict=True)
        )
        rows.append(Row(name, name, far, status="ok" if far <= LIMIT else "WRONG"))
    return Findings(tuple(rows))


def relations(
    bench: Bench, backward: Backward, seed: int
) -> Iterator[tuple[str, list[Values], list[Values]]]:
    """Each relation and two gradients that must be equal: [dW_1, db_1, dW_2, ...]."""
    m, rng = bench.m, np.random.default_rng(seed)
    weight = bench.sample_weight

    def gradient(columns: Columns, weight: Values | None = None) -> list[Values]:
        caches = take_examples(bench.caches, columns)
        weight = None if weight is None else weight[columns]
        grads = bench.trial.call(backward, caches, bench.Y[:, columns], weight)
        return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(grads)]

    def mean(parts: Iterable[list[Values]], shares: Values) -> list[Values]:
        # One leaf at a time: a part is as large as the parameters.
        whole: list[Values] = []
        for part, share in zip(parts, shares, strict=True):
            for k, leaf in enumerate(part):
                if k == len(whole):
                    whole.append(share * leaf)
                else:
                    whole[k] += share * leaf
        return whole

    whole, order = np.arange(m), rng.permutation(m)
    # Every example twice, cut in two: halves of m columns each, whatever m is.
    halves = np.repeat(order, 2).reshape(2, m)
    totals = bench.weights[halves].sum(axis=1)
    batch, singles = gradient(whole, weight), (np.full(m, j) for j in whole)
    yield "examples permuted", gradient(order, weight), batch
    yield (
        "mean of the halves",
        mean((gradient(half, weight) for half in halves), totals / totals.sum()),
        batch,
    )
    if weight is not None:
        batch = gradient(whole)
    yield (
        "mean of single examples",
        mean(map(gradient, singles), np.full(m, 1 / m)),
        batch,
    )
