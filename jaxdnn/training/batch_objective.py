"""What a batch minimises: the mean of its losses, and which examples share out L2.

    J = Σⱼ wⱼ ℓⱼ / Σⱼ wⱼ + δ/2 Σ_l ||W_l||²

λ is divided by the weight of all examples, so that batches weigh the L2 term alike and
estimate the cost of all examples; or by the batch's, as scikit-learn does.
"""

from typing import Literal, NamedTuple

from jax import Array

from jaxdnn.arrays import Scalar
from jaxdnn.objective import Mean

L2Over = Literal["all", "batch"]


class OverAll(NamedTuple):
    """decay: δ = λ / Σⱼ wⱼ over all examples, whatever the batch."""

    decay: Scalar


class OverBatch(NamedTuple):
    """l2: λ; δ = λ / Σⱼ wⱼ over the batch's examples."""

    l2: Scalar


L2Term = OverAll | OverBatch


def batch_mean(term: L2Term | None, weights: Array | None, total: Scalar) -> Mean:
    """The mean of a batch's losses, and its decay.

    Args:
      term: of the L2 term, None for none.
      weights: (m,), those of the batch's examples, or None.
      total: what stands for Σⱼ wⱼ.

    Example:
      >>> batch_mean(OverAll(0.5), None, 4.0)
      Mean(weights=None, total=4.0, decay=0.5)
      >>> batch_mean(OverBatch(2.0), None, 8.0).decay
      0.25
    """
    if isinstance(term, OverBatch):
        return Mean(weights, total, term.l2 / total)
    return Mean(weights, total, None if term is None else term.decay)
