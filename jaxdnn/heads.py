"""Output heads: AL and the losses from the logits, dZL, and what the network says.

The loss ℓ of one example sums over the outputs and is computed from the logits ZL,
never from log(AL). Each head is canonical: whatever the loss, its derivative is the one
line every derivation ends in,

    dZL = AL - Y.

References:
  Nelder & Wedderburn (1972), J. R. Stat. Soc. A 135 (canonical links); Bishop (2006),
  §4.3.6.
"""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature
from math import log
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax import Array

from jaxdnn._checks import check_shape
from jaxdnn._refusals import BadTypeError, BadValueError, public, shown
from jaxdnn._registry import Registry
from jaxdnn._same_code import OfCode
from jaxdnn.activations import (
    identity,
    relu,
    sigmoid,
    sigmoid_backward,
    softplus,
)
from jaxdnn.arrays import ArrayLike, admitted, on_device
from jaxdnn.decisions import EACH_OUTPUT, NUMBERS, ONE_OUTPUT, Decision
from jaxdnn.sharding import record_dtype


def _finite(Y: npt.NDArray[Any]) -> bool:
    return bool(np.isfinite(Y).all())


def _fractions(Y: npt.NDArray[Any]) -> bool:
    return bool(((Y >= 0) & (Y <= 1)).all())


def _distributions(Y: npt.NDArray[Any]) -> bool:
    # Summed wide: columns of a narrow dtype sum to one as well as it can hold them.
    off = abs(Y.sum(axis=0, dtype=float) - 1)
    near = 1e-5 if Y.dtype.kind in "biu" else len(Y) * float(jnp.finfo(Y.dtype).eps)
    return bool((Y >= 0).all() and (off <= max(1e-5, near)).all())


def _rates(Y: npt.NDArray[Any]) -> bool:
    return bool(((Y >= 0) & np.isfinite(Y)).all())


@dataclass(frozen=True, eq=False)
class Head(OfCode):
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
      output_backward: (dAL, ZL, AL) -> dZL, each (n_L, m): (∂AL/∂ZL)ᵀ dAL, for
        `as_function`. AL - Y is the loss' gradient, so this is its Hessian, and
        symmetric: for curvature.
      targets_backward: (ZL, Y) -> the losses' slopes by Y, for `cost_as_function`.

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
    accepts: Callable[[npt.NDArray[Any]], bool] = _finite
    decision: Decision = NUMBERS
    elementwise: bool = True
    output_backward: Callable[[Array, Array, Array], Array] | None = None
    targets_backward: Callable[[Array, Array], Array] | None = None

    def __post_init__(self) -> None:
        given: Any = self
        for field in ("output", "losses", "accepts", "output_backward"):
            may_lack = field == "output_backward" and given.output_backward is None
            if not may_lack and not callable(getattr(given, field)):
                raise TypeError(f"Head {shown(given.name)}: {field} must be callable")
        for field, kind in (("name", str), ("targets", str), ("decision", Decision)):
            if not isinstance(found := getattr(given, field), kind):
                wanted = "a text" if kind is str else "a Decision"
                raise TypeError(f"Head: {field} must be {wanted}, got {shown(found)}")

    def __repr__(self) -> str:
        return f"Head({self.name!r}, targets={self.targets!r})"

    def decide(self, ZL: Array) -> Array:
        """What the network says: see `Decision`."""
        return self.decision.decide(ZL, self.output)

    def score(self, said: Array, Y: Array, weight: Array | None = None) -> Array:
        """How good `said` is, (): accuracy, or R²; examples weighed, if given (m,)."""
        # A share of many is no number of half precision.
        Y = Y.astype(record_dtype(Y.dtype))
        if weight is None:
            return self.decision.score(said, Y)
        weight = weight.astype(Y.dtype)
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


@public
def head_backward(AL: ArrayLike, Y: ArrayLike) -> Array:
    """dZL = AL - Y, for every canonical head.

    Args:
      AL, Y: (n_L, m).

    Returns:
      (n_L, m); column j is the gradient of example j's loss with respect to ZL[:, j].

    Raises:
      TypeError: no real numbers.
      ValueError: shapes disagree.

    Example:
      >>> head_backward(jnp.array([[0.75]]), jnp.array([[1.0]])).tolist()
      [[-0.25]]
    """
    AL = admitted("AL", AL, jnp.result_type(float))
    Y = admitted("Y", Y, AL.dtype)
    check_shape("Y", Y, AL.shape, "of AL")
    AL, Y = on_device((AL, Y))
    return AL - Y


def _sigmoid_output_backward(dAL: Array, ZL: Array, AL: Array) -> Array:
    return sigmoid_backward(dAL, ZL)


def _minus_logits(ZL: Array, Y: Array) -> Array:
    """∂ℓ/∂Y where ℓ is linear in Y: -ZL."""
    return -ZL


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


def _softmax_output_backward(dAL: Array, ZL: Array, AL: Array) -> Array:
    """dZL = AL * (dAL - Σ_k AL[k] dAL[k])."""
    return AL * (dAL - (AL * dAL).sum(axis=0, keepdims=True))


def softmax_losses(ZL: Array, Y: Array) -> Array:
    """Categorical cross-entropy: ℓ = log Σ_k e^{z_k} - Σ_k y_k z_k.

    With c = z - max z it is log Σ_k e^{c_k} - Σ_k y_k c_k + (1 - Σ_k y_k) max z: where
    the targets sum to one the maximum leaves both terms before they can cancel. Its
    slope is AL - Y whatever they sum to.

    Example:
      >>> softmax_losses(jnp.array([[1e4], [0.0]]), jnp.array([[0.0], [1.0]])).tolist()
      [10000.0]
    """
    # ℓ does not depend on what is taken off, so nothing flows through it.
    top = jax.lax.stop_gradient(ZL.max(axis=0, keepdims=True))
    centred = ZL - top
    crossed = (Y * centred).sum(axis=0) - (1 - Y.sum(axis=0)) * top[0]
    return jnp.log(jnp.exp(centred).sum(axis=0)) - crossed


def _identity_output_backward(dAL: Array, ZL: Array, AL: Array) -> Array:
    return dAL


def _identity_targets_backward(ZL: Array, Y: Array) -> Array:
    return Y - ZL


def identity_losses(ZL: Array, Y: Array) -> Array:
    """Half squared error: ℓ = Σ_k (z_k - y_k)² / 2.

    Example:
      >>> identity_losses(jnp.array([[3.0]]), jnp.array([[1.0]])).tolist()
      [2.0]
    """
    # Halved first, which is exact: the square itself may not fit.
    return (0.5 * (ZL - Y) * (ZL - Y)).sum(axis=0)


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


def _exp_output_backward(dAL: Array, ZL: Array, AL: Array) -> Array:
    """dZL = dAL * e^z, and 0 beyond the knee."""
    return jnp.where(_exp_knee(ZL) > ZL, dAL * AL, jnp.zeros_like(dAL))


def exp_losses(ZL: Array, Y: Array) -> Array:
    """Poisson: ℓ = Σ_k e^{z_k} - y_k z_k, without the constant log y_k!.

    Beyond the knee of `exp` it goes on as a straight line of slope AL - Y.

    Example:
      >>> exp_losses(jnp.zeros((1, 1)), jnp.ones((1, 1))).tolist()
      [1.0]
    """
    beyond = relu(ZL - _exp_knee(ZL))
    return (exp(ZL) * (1 + beyond) - Y * ZL).sum(axis=0)


HEADS: Registry[Head] = Registry(
    (
        Head(
            "sigmoid",
            sigmoid,
            sigmoid_losses,
            targets="0, 1 or probabilities between them",
            accepts=_fractions,
            decision=EACH_OUTPUT,
            output_backward=_sigmoid_output_backward,
            targets_backward=_minus_logits,
        ),
        Head(
            "softmax",
            softmax,
            softmax_losses,
            targets="columns of probabilities that sum to one",
            accepts=_distributions,
            decision=ONE_OUTPUT,
            elementwise=False,
            output_backward=_softmax_output_backward,
            targets_backward=_minus_logits,
        ),
        Head(
            "identity",
            identity,
            identity_losses,
            targets="finite numbers",
            output_backward=_identity_output_backward,
            targets_backward=_identity_targets_backward,
        ),
        Head(
            "exp",
            exp,
            exp_losses,
            targets="finite counts or rates >= 0",
            accepts=_rates,
            output_backward=_exp_output_backward,
            targets_backward=_minus_logits,
        ),
    )
)


def get_head(head: str | Head) -> Head:
    """The head itself, or the built-in one of that name.

    Raises:
      ValueError: no head has that name.
      TypeError: neither a name nor a Head.

    Example:
      >>> get_head("softmax").classes(10)
      10
    """
    if isinstance(head, Head):
        return head
    if not isinstance(head, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise BadTypeError(f"output must be a name or a Head, got {shown(head)}")
    if head not in HEADS:
        raise BadValueError(
            f"output must be one of {', '.join(HEADS)}, or a Head, got {shown(head)}"
        )
    return HEADS[head]
