"""What is verified: one network, one batch, everything in float64 and held fixed.

Parameters and data are cast exactly (float32 is a subset of float64) and the dropout
masks are drawn once, so that every stage looks at the same differentiable function.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxdnn._checks_where import check_cost_arguments, is_concrete
from jaxdnn.network import LayerCache, Network, forward
from jaxdnn.parameters import Layer
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend

UNIT_ROUNDOFF = float(np.finfo(np.float64).eps) / 2
TINY = float(np.finfo(np.float64).tiny)

# The whole margin between an rms model of rounding and a verdict: see `scales`.
LIMIT = 256
# A leaf whose typical entry could hide a larger relative error is not verified.
COARSEST = 1e-6

Backward = Callable[..., Any]
Values = Any  # a float64 NumPy array


class Problem(NamedTuple):
    """The arrays that J is a function of; ones where nothing is dropped or weighted.

    params: (W, b) for each layer; X (n_x, m); Y (n_L, m); decay (): l2 over the total
    weight; keep: one (n_l, m) for each hidden layer, mask / keep_prob; weights (m,),
    mean one.
    """

    params: tuple[Layer, ...]
    X: Values
    Y: Values
    decay: Values
    keep: tuple[Values, ...]
    weights: Values


class Setting(NamedTuple):
    """A Problem beside what a caller's backward is handed for it.

    params: the problem's, on the device; the rest is in NumPy arrays.
    """

    network: Network
    problem: Problem
    params: Any
    caches: tuple[LayerCache, ...]
    l2: float
    sample_weight: Values | None
    key: Any
    keep_prob: float

    def gradient(self, backward: Backward) -> Any:
        """A backward's answer for this problem."""
        return self.call(backward, self.caches, self.problem.Y, self.sample_weight)

    def call(
        self, backward: Backward, caches: Any, Y: Values, sample_weight: Values | None
    ) -> Any:
        """A backward's answer for these caches and targets, with this network."""
        spend(BACKWARD, Y.shape[1] / self.problem.Y.shape[1])
        caches, Y, sample_weight = jax.device_put((caches, Y, sample_weight))
        # A literal zero is the core's "no L2 term at all": keep to the path that a
        # caller without L2 is on.
        l2 = jax.device_put(np.float64(self.l2)) if self.l2 else 0.0
        return backward(
            self.network, self.params, caches, Y, l2=l2, sample_weight=sample_weight
        )


@contextmanager
def exact_arithmetic() -> Generator[None]:
    """float64 and full-precision products inside; the process as it was outside."""
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        yield


def to_float64(where: str, name: str, value: Any) -> Values:
    """The value, exactly, as a float64 array; refuse NaN, infinity and tracers."""
    if not is_concrete(value):
        raise TypeError(f"{where}: {name} is traced; call {where} outside jit and vmap")
    array = np.asarray(value, np.float64)
    if not np.isfinite(array).all():
        place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        raise ValueError(
            f"{where}: {name} must be finite, got {array[place]} at {list(place)}"
        )
    return array


def set_up(
    where: str,
    network: Network,
    params: Any,
    X: Any,
    Y: Any,
    l2: Any,
    key: Any,
    keep_prob: Any,
    sample_weight: Any,
) -> Setting:
    """Check the arguments, cast them, run the library's forward, keep its masks."""
    check_cost_arguments(
        where, network, params, X, Y, l2, key, keep_prob, sample_weight
    )
    params = tuple(
        Layer(to_float64(where, f"W{l}", layer.W), to_float64(where, f"b{l}", layer.b))
        for l, layer in enumerate(params, start=1)
    )
    X, Y = to_float64(where, "X", X), to_float64(where, "Y", Y)
    l2, keep_prob = (
        float(to_float64(where, name, value))
        for name, value in (("l2", l2), ("keep_prob", keep_prob))
    )
    m = X.shape[1]
    total, weights = float(m), np.ones(m)
    if sample_weight is not None:
        sample_weight = to_float64(where, "sample_weight", sample_weight)
        total = float(sample_weight.sum())
        if sample_weight.min() < 0 or total == 0:
            raise ValueError(
                f"{where}: sample_weight must be >= 0 and not all zero, got smallest "
                f"{sample_weight.min():g}, sum {total:g}"
            )
        weights = sample_weight * (m / total)
    on_device = jax.device_put(params)
    spend(FORWARD)
    _, caches = forward(
        network, on_device, jax.device_put(X), key=key, keep_prob=keep_prob
    )
    keep = tuple(
        np.ones((n, m))
        if cache.dropout is None
        else np.asarray(cache.dropout.D) / keep_prob
        for n, cache in zip(network.layer_dims[1:-1], caches, strict=False)
    )
    problem = Problem(params, X, Y, np.asarray(l2 / total), keep, weights)
    caches = jax.tree.map(np.asarray, caches)
    return Setting(
        network, problem, on_device, caches, l2, sample_weight, key, keep_prob
    )
