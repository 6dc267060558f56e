"""Is a planted mutation alive? Decided in extended precision, not by the checker.

The gradient is computed twice in np.longdouble (64 bits of mantissa on x86), from the
same masks, by the same NumPy equations, with and without the mutation. It is alive when
some coordinate's change exceeds 64 eps times the sum of the magnitudes that this
coordinate adds up,

    |dZ| |A_prev|ᵀ / m + (λ / m) |W|        for dW
    |dZ| summed over the examples / m       for db

with eps that of float64: 64 times what rounding this very sum would explain. Nothing
here runs in JAX; the activations and heads are those of `catching_cases`.
"""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from jaxdnn import Activation, Layer
from jaxdnn.dropout import DropoutCache
from jaxdnn.network import LayerCache
from jaxdnn.verification.networks import mutations, seams
from jaxdnn.verification.networks.mutations import Case, Mutation
from jaxdnn.verification.networks.seams import backward_with
from jaxdnn.verification.networks.trial import Trial

EPS = 64 * np.finfo(np.float64).eps


def _long(array: Any) -> Any:
    return np.asarray(array, np.longdouble)


def _sigmoid(Z: Any) -> Any:
    return 1 / (1 + np.exp(-Z))


# For each name: g, and g' as a function of Z.
FORMS = {
    "relu": (lambda Z: np.maximum(Z, 0), lambda Z: Z > 0),
    "tanh": (np.tanh, lambda Z: 1 / np.cosh(Z) ** 2),
    "sigmoid": (_sigmoid, lambda Z: _sigmoid(Z) * _sigmoid(-Z)),
}


def _activation(name: str) -> Activation:
    g, slope = FORMS[name]
    return Activation(name, g, lambda dA, Z: dA * slope(Z))


def _output(head: str, Z: Any) -> Any:
    if head == "softmax":
        e = np.exp(Z - Z.max(axis=0))
        return e / e.sum(axis=0)
    return {"sigmoid": _sigmoid, "identity": lambda Z: Z}[head](Z)


def live_mutations(trial: Trial) -> list[Mutation]:
    """Those that can be planted in this trial and are alive in it."""
    live = Live(trial)
    applicable = [each for each in mutations.MUTATIONS if each.layers(live.case)]
    return [each for each in applicable if live(each)]


class Live:
    """Whether a mutation is alive in one trial."""

    def __init__(self, trial: Trial):
        problem, names = trial.problem, [g.name for g in trial.network.activations]
        self.case = Case.of(trial)
        self.network = replace(trial.network, hidden=tuple(map(_activation, names)))
        self.params = tuple(Layer(_long(W), _long(b)) for W, b in problem.params)
        self.Y, self.l2 = _long(problem.Y), trial.l2
        weight = trial.sample_weight
        self.sample_weight = None if weight is None else _long(weight)
        self.caches = self._forward(trial)
        self.sizes: list[Any] = []
        every_layer = range(len(self.params))
        self.right = self._gradient(backward_with("dW", self._measure, every_layer))

    def __call__(self, mutation: Mutation) -> bool:
        changed = self._gradient(mutation.plant(self.case))
        return any(
            bool((abs(a - b) > EPS * size).any())
            for a, b, size in zip(changed, self.right, self.sizes, strict=True)
        )

    def _forward(self, trial: Trial) -> tuple[LayerCache, ...]:
        A, caches = _long(trial.problem.X), []
        for (W, b), g, cache in zip(
            self.params, self.network.activations, trial.caches, strict=False
        ):
            Z, A_prev, dropout = W @ A + b, A, cache.dropout
            A = g.forward(Z)
            if dropout is not None:
                dropout = DropoutCache(dropout.D, _long(dropout.keep_prob))
                A = A * dropout.D / dropout.keep_prob
            caches.append(LayerCache(A_prev, Z, dropout))
        W, b = self.params[-1]
        AL = _output(self.network.output, W @ A + b)
        return (*caches, LayerCache(A, AL, None))

    def _gradient(self, backward: Any) -> list[Any]:
        # The mutations reach JAX only to apply an activation: here it is NumPy's.
        with patch.object(seams, "elementwise", lambda g, *arrays: [g(*arrays)]):
            grads = backward(
                self.network,
                self.params,
                self.caches,
                self.Y,
                l2=self.l2,
                sample_weight=self.sample_weight,
            )
        return [leaf for layer in grads for leaf in layer]

    def _measure(self, box: Any, dW: Any) -> Any:
        """Keep the sums of magnitudes of the layer that is under way."""
        dZ = abs(box.dZ)
        size_W = dZ @ abs(box.A_prev).T / box.m + box.decay * abs(box.W)
        self.sizes = [size_W, dZ.sum(axis=1, keepdims=True) / box.m, *self.sizes]
        return dW
