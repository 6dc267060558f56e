"""The hand-derived backward in NumPy, with a seam at every equation.

A change at one seam, in some of the layers, is a bug; without one it is the right
backward, written here a second time.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jaxdnn.activations import Activation
from jaxdnn.arrays import HOST, ArrayLike, Scalar
from jaxdnn.blocks import Caches
from jaxdnn.network import Network
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.verification.elementwise import elementwise
from jaxdnn.verification.networks.trial import Backward
from jaxdnn.verification.units import Values

Seam = Literal["output", "dA", "dropout", "slope", "dW", "decay", "db", "result"]


class Box:
    """What the equations of layer l (from 0) see inside a running backward."""

    def __init__(
        self,
        network: Network,
        params: Parameters,
        caches: Caches,
        Y: ArrayLike,
        l2: Scalar,
        sample_weight: ArrayLike | None,
    ):
        self.network, self.caches, self.Y = network, caches, np.asarray(Y)
        self.params: Any = [Layer(*map(HOST.asarray, layer)) for layer in params]
        self.m = self.Y.shape[1]
        w = np.ones(self.m) if sample_weight is None else np.asarray(sample_weight)
        self.total, self.weights = w.sum(), w * (self.m / w.sum())
        self.decay = float(l2) / self.total
        self.AL = np.asarray(caches[-1].activation)
        self.l = len(params) - 1
        self.grads: list[Layer] = []
        self.dA = self.dA_undropped = self.dZ = self.AL

    @property
    def W(self) -> Values:
        """W_l."""
        return self.params[self.l].W

    @property
    def b(self) -> Values:
        """b_l."""
        return self.params[self.l].b

    @property
    def W_above(self) -> Values:
        """W_{l+1}."""
        return self.params[self.l + 1].W

    @property
    def A_prev(self) -> Values:
        """What layer l was fed."""
        return np.asarray(self.caches[self.l].A_prev)

    @property
    def keep(self) -> Values:
        """The dropout mask of layer l over keep_prob."""
        dropout: Any = self.caches[self.l].dropout
        return np.asarray(dropout.D) / np.asarray(dropout.keep_prob)

    @property
    def g(self) -> Activation:
        """The activation of layer l."""
        return self.network.activations[self.l]

    @property
    def cached(self) -> Values:
        """What g' reads: Z_l or A_l."""
        cache = self.caches[self.l].activation
        return np.asarray(self.caches[self.l + 1].A_prev if cache is None else cache)

    @property
    def A_here(self) -> Values:
        """A_l before dropout, from the cache."""
        if self.g.reads == "A":
            return self.cached
        return elementwise(self.g.forward, self.cached)[0]

    @property
    def one_too_far(self) -> Values:
        """What g' reads when it is taken at A_l for Z_l."""
        if self.g.reads == "Z":
            return self.A_here
        return elementwise(self.g.forward, self.A_here)[0]

    @property
    def slope(self) -> Values:
        """g'(Z_l)."""
        return self.pull(np.ones_like(self.dA))

    def pull(self, dA: Values, reads: Values | None = None) -> Values:
        """dA * g', with g' from the layer's cache or from what is given."""
        reads = self.cached if reads is None else reads
        return elementwise(self.g.backward, dA, reads)[0]

    def product(self, dZ: NDArray[Any], A_prev: NDArray[Any]) -> Any:
        """dZ A_prevᵀ / m."""
        return dZ @ A_prev.T / self.m

    def Z(self, l: int, grown: float = 1.0) -> Values:
        """Z_l computed again, with W_l grown."""
        W, b = self.params[l]
        return grown * W @ np.asarray(self.caches[l].A_prev) + b

    def A(self, l: int, grown: float = 1.0) -> Values:
        """g(Z_l) computed again, before dropout."""
        g = self.network.activations[l].forward
        return elementwise(g, self.Z(l, grown))[0]


Change = Callable[[Box, Any], Any]


def backward_with(seam: Seam, change: Change, layers: Sequence[int]) -> Backward:
    """The hand-derived backward with one seam's value changed in these layers."""

    def backward(
        network: Network,
        params: Parameters,
        caches: Caches,
        Y: ArrayLike,
        *,
        l2: Scalar = 0.0,
        sample_weight: ArrayLike | None = None,
    ) -> tuple[Layer, ...]:
        box = Box(network, params, caches, Y, l2, sample_weight)

        def at(name: Seam, value: Any) -> Any:
            return change(box, value) if name == seam and box.l in layers else value

        box.dZ = at("output", (box.AL - box.Y) * box.weights)
        while True:
            dW = at("dW", box.product(box.dZ, box.A_prev))
            dW = dW + at("decay", box.decay * box.W)
            db = at("db", box.dZ.sum(axis=1, keepdims=True) / box.m)
            box.grads.insert(0, Layer(dW, db))
            if box.l == 0:
                break
            box.l -= 1
            box.dA = at("dA", box.W_above.T @ box.dZ)
            if caches[box.l].dropout is not None:
                box.dA_undropped = box.dA
                box.dA = at("dropout", box.keep * box.dA)
            box.dZ = at("slope", box.pull(box.dA))
        if seam == "result" and layers:
            i, j = layers
            box.grads[i], box.grads[j] = box.grads[j], box.grads[i]
        return tuple(box.grads)

    return backward


right_backward = backward_with("result", lambda box, value: value, ())
