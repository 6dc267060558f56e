"""A problem put to a backward: what `verify` is called with, checked and cast once.

The core is asked for its forward here, for the caches that a backward reads.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array

from jaxdnn._checks import check_dropout, check_targets
from jaxdnn.arguments import admitted_inputs, admitted_targets, check_values
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.blocks import Caches
from jaxdnn.network import LayerCache, Network, forward
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.verification.exact import to_float64
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.problem import Problem
from jaxdnn.verification.units import Values

Backward = Callable[..., Any]  # somebody's: its answer is checked


class Trial(NamedTuple):
    """A Problem, and what a caller's backward is handed for it.

    params: the problem's, on the device; the rest is in NumPy arrays. dtype: that of
    the caller's parameters.
    """

    network: Network
    problem: Problem
    params: Parameters
    caches: tuple[LayerCache, ...]
    l2: float
    sample_weight: Values | None
    key: Array | None
    keep_prob: float
    dtype: np.dtype

    def gradient(self, backward: Backward) -> Any:
        """A backward's answer for this problem."""
        return self.call(backward, self.caches, self.problem.Y, self.sample_weight)

    def call(
        self,
        backward: Backward,
        caches: Caches,
        Y: Values,
        sample_weight: Values | None,
    ) -> Any:
        """A backward's answer for these caches and targets, with this network."""
        spend(BACKWARD, Y.shape[1] / self.problem.m)
        caches, Y, sample_weight = jax.device_put((caches, Y, sample_weight))
        # A literal zero is the core's "no L2 term at all": keep to the path that a
        # caller without L2 is on.
        l2 = jax.device_put(np.float64(self.l2)) if self.l2 else 0.0
        return backward(
            self.network, self.params, caches, Y, l2=l2, sample_weight=sample_weight
        )

    def ask(self, function: Callable[..., Any], *more: Any, **options: Any) -> Any:
        """The answer of a function that is called as `cost` is, for this problem."""
        given = self.problem.X, self.problem.Y, *more, self.sample_weight
        *arrays, sample_weight = jax.device_put(given)
        return function(
            self.network,
            self.params,
            *arrays,
            key=self.key,
            keep_prob=self.keep_prob,
            sample_weight=sample_weight,
            **options,
        )


def set_up(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Trial:
    """Check the arguments, cast them, run the library's forward, keep its masks."""
    params, X = admitted_inputs(network, params, X)
    Y, sample_weight = admitted_targets(params, Y, sample_weight)
    check_dropout(key, keep_prob)
    check_targets(network, X.shape[1], Y, l2, sample_weight)
    check_values(network, Y, sample_weight)
    dtype = params[0].W.dtype
    params = tuple(
        Layer(to_float64(f"W{l}", layer.W), to_float64(f"b{l}", layer.b))  # pyright: ignore[reportArgumentType]
        for l, layer in enumerate(params, start=1)
    )
    X, Y = to_float64("X", X), to_float64("Y", Y)
    l2 = float(to_float64("l2", l2))
    keep_prob = float(to_float64("keep_prob", keep_prob))
    m = X.shape[1]
    total, weights = float(m), np.ones(m)
    if sample_weight is not None:
        sample_weight = to_float64("sample_weight", sample_weight)
        total = float(sample_weight.sum())
        weights = sample_weight * (m / total)
    on_device = jax.device_put(params)
    caches = forward_caches(network, on_device, X, key, keep_prob)
    keep = tuple(
        np.ones((n, m))
        if cache.dropout is None
        else np.asarray(cache.dropout.D) / keep_prob
        for n, cache in zip(network.layer_dims[1:-1], caches, strict=False)
    )
    problem = Problem(params, X, Y, np.asarray(l2 / total), keep, weights)
    caches = jax.tree.map(np.asarray, caches)
    drawn = key, keep_prob, dtype
    return Trial(network, problem, on_device, caches, l2, sample_weight, *drawn)


def forward_caches(
    network: Network, params: Parameters, X: Values, key: Array | None, keep_prob: float
) -> tuple[LayerCache, ...]:
    """What the library's forward keeps for these parameters."""
    spend(FORWARD)
    return forward(network, params, jax.device_put(X), key=key, keep_prob=keep_prob)[1]
