"""Stage 3: the derivative without autodiff, without a step size, and without JAX.

For an analytic J, Im J(x + i h v) / h is the derivative along v with an error of order
h²: at h = 1e-100 nothing is lost and nothing subtracted. A gate (Z > 0) or a dropout
mask is data, so with gates and masks frozen at the base point J is analytic. The real
parts stay those of the base point to the last bit, and g(Z + iy) is g(Z) + iy times
Im g(Z + ih) / h: that slope is taken once, and only imaginary parts are carried.

A loss of somebody's own may take complex numbers and still not be analytic (abs, real,
vdot): there it is believed only beside a second witness.

References:
  Squire & Trapp (1998), SIAM Review 40; Martins et al. (2003), ACM TOMS 29.
"""

from collections.abc import Callable, Mapping, Sequence
from math import log, pi, sqrt
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxdnn import activations, heads
from jaxdnn.activations import Activation
from jaxdnn.heads import Head
from jaxdnn.network import Network
from jaxdnn.verification.derivatives.along import Along, Line, Way, direction
from jaxdnn.verification.derivatives.ridders import ridders
from jaxdnn.verification.passes import FORWARD, spend
from jaxdnn.verification.problem import Oracle, Problem
from jaxdnn.verification.units import COARSEST, MARGIN, Complex, Values

NAME = "complex step"
H = 1e-100

# Error bars above SMOOTH (1 + |g'|) mean that an extrapolation met a kink.
SMOOTH = 1e-3


def _logistic(z: Complex) -> Any:
    right = z.real > 0
    e = np.exp(np.where(right, -z, z))
    return np.where(right, 1.0, e) / (1 + e)


def _log1p_exp(z: Complex) -> Complex:
    right = z.real > 0
    return np.where(right, z, 0) + np.log1p(np.exp(np.where(right, -z, z)))


def _tanh(z: Complex) -> Any:
    e = np.expm1(np.where(z.real > 0, -2 * z, 2 * z))
    return np.where(z.real > 0, -e, e) / (e + 2)


def _elu(z: Complex) -> Complex:
    return np.where(z.real > 0, z, np.expm1(np.where(z.real > 0, 0, z)))


def _gelu(z: Complex) -> Complex:
    # Φ(x + iy) = Φ(x) + i y φ(x) + O(y²): the definition of Φ as the integral of φ.
    density = np.exp(-0.5 * z.real**2) / sqrt(2 * pi)
    # Here, because importing it takes half as long again as importing JAX.
    from scipy.special import ndtr

    return z * (ndtr(z.real) + 1j * z.imag * density)


def _gelu_tanh(z: Complex) -> Complex:
    return z * _logistic(2 * sqrt(2 / pi) * (z + activations.GELU_CUBIC * z * z * z))


COMPLEX_FORMS: Mapping[Any, Callable[[Any], Any]] = MappingProxyType(
    {
        activations.relu: lambda z: np.where(z.real > 0, z, 0),
        activations.leaky_relu: lambda z: (
            z * np.where(z.real > 0, 1.0, activations.LEAKY_SLOPE)
        ),
        activations.tanh: _tanh,
        activations.sigmoid: _logistic,
        activations.identity: lambda z: z,
        activations.elu: _elu,
        activations.softplus: _log1p_exp,
        activations.gelu: _gelu,
        activations.gelu_tanh: _gelu_tanh,
        activations.silu: lambda z: z * _logistic(z),
    }
)


def _sigmoid_losses(z: Complex, Y: Values) -> Complex:
    return (Y * _log1p_exp(-z) + (1 - Y) * _log1p_exp(z)).sum(axis=0)


def _softmax_losses(z: Complex, Y: Values) -> Complex:
    top = z.real.max(axis=0)
    centred = z - top
    crossed = (Y * centred).sum(axis=0) - (1 - Y.sum(axis=0)) * top
    return np.log(np.exp(centred).sum(axis=0)) - crossed


def _exp_losses(z: Complex, Y: Values) -> Complex:
    knee = log(np.finfo(np.float64).max) / 2
    below = z.real < knee
    rate = np.exp(np.where(below, z, knee))
    return (rate * (1 + np.where(below, 0, z - knee)) - Y * z).sum(axis=0)


LossForm = Callable[[Complex, Values], Complex]

COMPLEX_LOSSES: Mapping[Any, LossForm] = MappingProxyType(
    {
        heads.sigmoid_losses: _sigmoid_losses,
        heads.softmax_losses: _softmax_losses,
        heads.identity_losses: lambda z, Y: (0.5 * (z - Y) * (z - Y)).sum(axis=0),
        heads.exp_losses: _exp_losses,
    }
)


class Measured(NamedTuple):
    """g'(Z) without autodiff, and its error bar: (n_l, m) each."""

    slope: Values
    bar: Values


def measured_slope(g: Activation, Z: Values) -> Measured:
    """g'(Z) by complex step, or by Ridders' extrapolation if g is not analytic.

    A caller's own forward may accept complex numbers and still not be analytic (abs,
    real): it is believed only if Ridders' extrapolation agrees everywhere. At a kink
    the error bar is as wide as the jump of the slope: nothing is decided there.
    """
    form = COMPLEX_FORMS.get(g.forward)
    if form is not None:
        return Measured(form(Z + 1j * H).imag / H, np.zeros_like(Z))
    run = jax.jit(g.forward)
    one, other = (
        ridders(lambda x: run(jax.device_put(x)), Z, step * (1 + abs(Z)))
        for step in (0.1, 0.03)
    )

    # Twice from different steps, and a margin: beside a kink one bar alone may flatter.
    bar = MARGIN * (one[1] + other[1] + abs(one[0] - other[0]))
    slope = np.where(one[1] < other[1], one[0], other[0])
    try:
        stepped: Any = np.asarray(run(jax.device_put(Z + 1j * H)))
        stepped = stepped.imag / H
    except (TypeError, ValueError, NotImplementedError):
        return Measured(slope, bar)
    if (abs(stepped - slope) <= bar + 1e-9 * (1 + abs(slope))).all():
        smooth = bar <= SMOOTH * (1 + abs(slope))
        return Measured(np.where(smooth, stepped, slope), np.where(smooth, 0.0, bar))
    return Measured(slope, bar)


def standing_form(head: Head, ZL: Values, Y: Values, seed: int) -> LossForm | None:
    """The complex form of a head's losses, where it has one and that stands for them.

    A maximum taken for data, as a stop_gradient takes it, may be right for some Y only:
    along a random direction the form has to say what differences of the losses say.
    """
    form = COMPLEX_LOSSES.get(head.losses)
    if form is None:
        return None
    v = direction(np.random.default_rng(seed), ZL.shape)
    rates, bars = _extrapolated_rates(head, ZL, v, Y)
    with np.errstate(all="ignore"):
        found = form(ZL + 1j * H * v, Y).imag / H
        apart = abs(found - rates) > bars + COARSEST * (1 + abs(found))
    return None if apart.any() else form


def measured_rates(
    head: Head, form: LossForm | None, ZL: Values, imag: Values, Y: Values
) -> tuple[Values, Values]:
    """Each example's loss along imag, by complex step, and the error bar: (m,) each.

    Losses without a form are extrapolated by Ridders' scheme, as slopes are.
    """
    if form is not None:
        rates = form(ZL + 1j * imag, Y).imag
        return rates, np.zeros_like(rates)
    return _extrapolated_rates(head, ZL, imag, Y)


def _extrapolated_rates(
    head: Head, ZL: Values, V: Values, Y: Values
) -> tuple[Values, Values]:
    largest = abs(V).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    run, v = jax.jit(head.losses), V / largest
    one, other = (
        ridders(
            lambda t: run(*jax.device_put((ZL + t * v, Y))),
            np.zeros(ZL.shape[1]),
            np.full(ZL.shape[1], step),
        )
        for step in (0.1, 0.03)
    )
    bar = MARGIN * (one[1] + other[1] + abs(one[0] - other[0]))
    return np.where(one[1] < other[1], one[0], other[0]) * largest, bar * largest


def complex_step(
    network: Network,
    problem: Problem,
    oracle: Oracle,
    slopes: Sequence[Measured],
    seed: int,
) -> list[tuple[Values, Along]]:
    """A random direction of each leaf, W_1, b_1, ..., and J's derivative along it."""
    rng, m = np.random.default_rng(seed), problem.m
    size = sum(W.size for W, _ in problem.params)
    form = standing_form(network.head, oracle.Z[-1], problem.Y, seed)

    def derivative(l: int, imag: Any) -> tuple[float, float]:
        """What a kick of Z_l does to the mean loss."""
        doubt = 0.0
        for k in range(l, len(slopes)):
            W, keep = problem.params[k + 1].W, problem.keep[k]
            blur = keep * slopes[k].bar * abs(imag)
            if blur.any():
                doubt += (abs(W.T @ oracle.cotangents[k + 1]) * blur).sum() / m
                spend(FORWARD, W.size / size)
            imag = W @ (keep * slopes[k].slope * imag)
            spend(FORWARD, W.size / size)
        rates, bars = measured_rates(network.head, form, oracle.Z[-1], imag, problem.Y)
        doubt += (problem.weights * bars).mean()
        return float((problem.weights * rates).mean() / H), float(doubt / H)

    steps: list[tuple[Values, Along]] = []
    A: Any = problem.X
    with np.errstate(all="ignore"):
        for l, (W, b) in enumerate(problem.params):
            V, v = direction(rng, W.shape), direction(rng, b.shape)
            along_W, bar = derivative(l, H * (V @ A))
            spend(FORWARD, W.size / size)
            # Im (w + i h v)² / h = 2 w v.
            penalty = problem.decay * np.vdot(W, V)
            steps.append((V, Along(along_W + float(penalty), bar, NAME)))
            along_b = derivative(l, H * v + np.zeros_like(oracle.Z[l]))
            steps.append((v, Along(*along_b, NAME)))
            if l < len(slopes):
                A = problem.keep[l] * oracle.A[l]
    return steps


def complex_derivative(
    loss: Callable[[Any], Any], x: Sequence[Values], V: Sequence[Values]
) -> Values | None:
    """Im loss(x + i h V) / h, (); None if the loss takes no complex numbers.

    Example:
      >>> float(complex_derivative(lambda x: np.sin(x[0]), [0.0], [2.0]))
      2.0
    """
    with np.errstate(all="ignore"):
        try:
            value: Any = np.asarray(
                loss([a + 1j * (H * v) for a, v in zip(x, V, strict=True)])
            )
        except Exception:
            # Whatever a loss does with numbers that it was not written for.
            return None
    if not np.iscomplexobj(value) or not np.isfinite(value).all():
        return None
    return value.imag / H


def _along(line: Line) -> Along | None:
    value = complex_derivative(line.once, line.x, line.V)
    return None if value is None else Along(float(value), 0.0, NAME)


COMPLEX_STEP = Way(NAME, exact=True, most=1000, along=_along)
