"""Output heads: AL and the losses from the logits, dZL, and what the network says.

The loss ℓ of one example sums over the outputs and is computed from the logits ZL,
never from log(AL). Each head is canonical: whatever the loss, its derivative is the one
line every derivation ends in,

    dZL = AL - Y.

References:
  Nelder & Wedderburn (1972), J. R. Stat. Soc. A 135 (canonical links); Bishop (2006),
  §4.3.6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from math import log
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import Array

from jaxdnn._checks import BadValueError
from jaxdnn.activations import identity, relu, sigmoid, softplus


class Decision(NamedTuple):
    """What a head makes of its logits.

    decide: (ZL (n_L, m), output) -> what `predict` says of each column; score: (said,
    Y) -> (), how good that is, and (said, Y, weight (m,)) -> () where examples are to
    be weighed; classes: n_L -> how many classes are told apart, or None.
    """

    decide: Callable[[Array, Callable[[Array], Array]], Array]
    score: Callable[..., Array]
    classes: Callable[[int], int | None]


def _r_squared(said: Array, Y: Array, weight: Array | None = None) -> Array:
    if weight is None:
        spread = jnp.square(Y - Y.mean(axis=1, keepdims=True)).sum()
        return 1 - jnp.square(said - Y).sum() / spread
    middle = (Y * weight[None, :]).sum(axis=1, keepdims=True) / weight.sum()
    spread = (jnp.square(Y - middle) * weight[None, :]).sum()
    return 1 - (jnp.square(said - Y) * weight[None, :]).sum() / spread


def _share(right: Array, dtype: Any, weight: Array | None) -> Array:
    """How many of (k, m) or (m,) are right, as a fraction; examples weighed."""
    if weight is None:
        return right.mean(dtype=dtype)
    each = right.reshape(-1, right.shape[-1]).mean(axis=0, dtype=dtype)
    return (each * weight).sum() / weight.sum()


# The values themselves; 1 - Σ (AL - Y)² / Σ (Y - mean of Y)².
NUMBERS = Decision(
    lambda ZL, output: output(ZL),
    _r_squared,
    lambda n_L: None,
)
# 1 where the probability is above 1/2, which is where ZL > 0; accuracy over outputs.
EACH_OUTPUT = Decision(
    lambda ZL, output: (ZL > 0).astype(int),
    lambda said, Y, weight=None: _share(said == (Y > 0.5), Y.dtype, weight),
    lambda n_L: 2 if n_L == 1 else None,
)
# The most probable class, the first of equals; accuracy over examples.
ONE_OUTPUT = Decision(
    lambda ZL, output: ZL.argmax(axis=0, keepdims=True),
    lambda said, Y, weight=None: _share(said[0] == Y.argmax(axis=0), Y.dtype, weight),
    lambda n_L: n_L,
)


@dataclass(frozen=True)
class Head:
    """A canonical output head: AL from ZL, the loss whose dZL is AL - Y, its decision.

    Args:
      name: what errors and reports call it.
      output: ZL (n_L, m) -> AL (n_L, m).
      losses: (ZL (n_L, m), Y (n_L, m)) -> (m,), each example's loss.
      targets: in words, what Y must hold.
      accepts: whether a given Y holds it.
      decision: what the network says of ZL, how good that is, how many classes it tells
        apart: NUMBERS, EACH_OUTPUT, ONE_OUTPUT, or one's own.
      elementwise: whether AL[k] depends on ZL[k] alone.

    Raises:
      TypeError: output or losses is not callable.

    Example:
      >>> gamma = Head(
      ...     "reciprocal gamma",
      ...     output=lambda ZL: -1 / ZL,
      ...     losses=lambda ZL, Y: (-jnp.log(-ZL) - Y * ZL).sum(axis=0),
      ...     targets="positive numbers",
      ...     accepts=lambda Y: bool((Y > 0).all()),
      ... )
      >>> float(gamma.losses(jnp.array([[-1.0]]), jnp.array([[2.0]]))[0])
      2.0
    """

    name: str
    output: Callable[[Array], Array]
    losses: Callable[[Array, Array], Array]
    targets: str = "numbers"
    accepts: Callable[[npt.NDArray[Any]], bool] = lambda Y: bool(np.isfinite(Y).all())
    decision: Decision = NUMBERS
    elementwise: bool = True

    def __post_init__(self) -> None:
        for field in ("output", "losses"):
            if not callable(getattr(self, field)):
                raise TypeError(f"Head {self.name!r}: {field} must be callable")

    def decide(self, ZL: Array) -> Array:
        """What the network says: see `Decision`."""
        return self.decision.decide(ZL, self.output)

    def score(self, said: Array, Y: Array, weight: Array | None = None) -> Array:
        """How good `said` is, (): accuracy, or R²; examples weighed, if given (m,)."""
        if weight is None:
            return self.decision.score(said, Y)
        return self.decision.score(said, Y, weight)

    def weighs(self) -> bool:
        """Whether its score can weigh the examples: that of a caller's own need not."""
        try:
            signature(self.decision.score).bind(None, None, None)
        except TypeError:
            return False
        return True

    def classes(self, n_L: int) -> int | None:
        """How many classes n_L outputs tell apart; None where they are no classes."""
        return self.decision.classes(n_L)


def head_backward(AL: Array, Y: Array) -> Array:
    """dZL = AL - Y, for every canonical head.

    Args:
      AL, Y: (n_L, m).

    Returns:
      (n_L, m); column j is the gradient of example j's loss with respect to ZL[:, j].

    Example:
      >>> head_backward(jnp.array([[0.75]]), jnp.array([[1.0]])).tolist()
      [[-0.25]]
    """
    return AL - Y


def sigmoid_losses(ZL: Array, Y: Array) -> Array:
    """Binary cross-entropy: ℓ = Σ_k  y log(1 + e^-z) + (1 - y) log(1 + e^z).

    Both terms are >= 0 for y in [0, 1]: nothing cancels, as log(1 + e^z) - y z would.

    Example:
      >>> sigmoid_losses(jnp.array([[200.0, -200.0]]), jnp.array([[0.0, 0.0]])).tolist()
      [200.0, 0.0]
    """
    return (Y * softplus(-ZL) + (1 - Y) * softplus(ZL)).sum(axis=0)


def softmax(ZL: Array) -> Array:
    """AL[k] = e^{z_k} / Σ_i e^{z_i}, down each column.

    Example:
      >>> softmax(jnp.array([[1e4], [1e4]])).tolist()
      [[0.5], [0.5]]
    """
    return jax.nn.softmax(ZL, axis=0)


def softmax_losses(ZL: Array, Y: Array) -> Array:
    """Categorical cross-entropy: ℓ = log Σ_k e^{z_k} - Σ_k y_k z_k, where Σ_k y_k = 1.

    Example:
      >>> softmax_losses(jnp.array([[1e4], [0.0]]), jnp.array([[0.0], [1.0]])).tolist()
      [10000.0]
    """
    top = jax.lax.stop_gradient(ZL.max(axis=0, keepdims=True))
    centred = ZL - top
    # Σ_k y_k = 1 lets the maximum leave both terms before they can cancel.
    return jnp.log(jnp.exp(centred).sum(axis=0)) - (Y * centred).sum(axis=0)


def identity_losses(ZL: Array, Y: Array) -> Array:
    """Half squared error: ℓ = Σ_k (z_k - y_k)² / 2.

    Example:
      >>> identity_losses(jnp.array([[3.0]]), jnp.array([[1.0]])).tolist()
      [2.0]
    """
    return 0.5 * jnp.square(ZL - Y).sum(axis=0)


def _exp_knee(ZL: Array) -> float:
    return log(float(jnp.finfo(ZL.dtype).max)) / 2


def exp(ZL: Array) -> Array:
    """AL = e^z, constant beyond the knee z = log(largest float) / 2.

    The knee (rates of 1.8e19 in float32, 1.3e154 in float64) keeps cost and gradient
    finite for any finite logit, and consistent with each other.

    Example:
      >>> float(exp(jnp.zeros((1, 1)))[0, 0]), bool(jnp.isfinite(exp(jnp.full(1, 1e4))))
      (1.0, True)
    """
    return jnp.exp(jnp.minimum(ZL, _exp_knee(ZL)))


def exp_losses(ZL: Array, Y: Array) -> Array:
    """Poisson: ℓ = Σ_k e^{z_k} - y_k z_k, without the constant log y_k!.

    Beyond the knee of `exp` it goes on as a straight line of slope AL - Y.

    Example:
      >>> exp_losses(jnp.zeros((1, 1)), jnp.ones((1, 1))).tolist()
      [1.0]
    """
    beyond = relu(ZL - _exp_knee(ZL))
    return (exp(ZL) * (1 + beyond) - Y * ZL).sum(axis=0)


HEADS: Mapping[str, Head] = MappingProxyType(
    {
        head.name: head
        for head in (
            Head(
                "sigmoid",
                sigmoid,
                sigmoid_losses,
                targets="0, 1 or probabilities between them",
                accepts=lambda Y: bool(((Y >= 0) & (Y <= 1)).all()),
                decision=EACH_OUTPUT,
            ),
            Head(
                "softmax",
                softmax,
                softmax_losses,
                targets="columns of probabilities that sum to one",
                accepts=lambda Y: (
                    bool((Y >= 0).all()) and np.allclose(Y.sum(axis=0), 1)
                ),
                decision=ONE_OUTPUT,
                elementwise=False,
            ),
            Head(
                "identity",
                identity,
                identity_losses,
                targets="finite numbers",
            ),
            Head(
                "exp",
                exp,
                exp_losses,
                targets="finite counts or rates >= 0",
                accepts=lambda Y: bool(((Y >= 0) & np.isfinite(Y)).all()),
            ),
        )
    }
)


def get_head(head: str | Head) -> Head:
    """The head itself, or the built-in one of that name.

    Raises:
      ValueError: no head has that name.

    Example:
      >>> get_head("softmax").classes(10)
      10
    """
    if isinstance(head, Head):
        return head
    if head not in HEADS:
        raise BadValueError(
            f"output must be one of {', '.join(HEADS)}, or a Head, got {head!r}"
        )
    return HEADS[head]
