"""Functions with gradients of their own, as other packages have them.

A pair is a NumPy function and its gradient, a rule a JAX function whose derivative
somebody has written. Each is made when it is asked for: what is not installed is left
out of the table.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Made = dict[str, Callable[[], Any]]


class Pair(NamedTuple):
    """loss(params) -> number, grad(params) -> an array as params."""

    loss: Callable[[Any], Any]
    grad: Callable[[Any], Any]
    params: Any


class Rule(NamedTuple):
    """f(x) -> an array, with a rule of its own."""

    f: Callable[[Any], Any]
    x: Any


def both(function: Callable[[Any], Any], params: Any) -> Pair:
    """The pair of a function that returns (loss, gradient)."""
    return Pair(lambda p: function(p)[0], lambda p: function(p)[1], params)


def slope(f: Callable[[Any], Any], derivative: Callable[[Any], Any], *x: float) -> Pair:
    """Σ f(x), of an f that works element by element, and its derivative."""
    return Pair(lambda p: float(np.sum(f(p))), derivative, np.array(x))


def _special(rng: np.random.Generator) -> Made:
    from scipy import special as sp

    two = (0.7, 2.3)
    return {
        "gammaln": lambda: slope(sp.gammaln, sp.digamma, *two),
        "digamma": lambda: slope(sp.digamma, partial(sp.polygamma, 1), *two),
        "expit": lambda: slope(
            sp.expit, lambda p: sp.expit(p) * sp.expit(-p), -0.7, 2.3
        ),
        "jv": lambda: slope(partial(sp.jv, 1.5), partial(sp.jvp, 1.5), *two),
        "yv": lambda: slope(partial(sp.yv, 1), partial(sp.yvp, 1), *two),
        "iv": lambda: slope(partial(sp.iv, 0.5), partial(sp.ivp, 0.5), *two),
        "kv": lambda: slope(partial(sp.kv, 2), partial(sp.kvp, 2), *two),
        "spherical_jn": lambda: slope(
            partial(sp.spherical_jn, 2),
            partial(sp.spherical_jn, 2, derivative=True),
            *two,
        ),
        "logsumexp": lambda: Pair(sp.logsumexp, sp.softmax, rng.normal(size=5)),
        "huber": lambda: slope(
            partial(sp.huber, 1.0), lambda p: np.clip(p, -1, 1), -0.4, 2.3
        ),
    }


def _distributions(_: np.random.Generator) -> Made:
    from scipy import stats

    frozen = {
        "norm": stats.norm(),
        "gamma": stats.gamma(2.5),
        "beta": stats.beta(2.0, 3.5),
        "t": stats.t(4),
        "vonmises": stats.vonmises(2.0),
        "skewnorm": stats.skewnorm(1.5),
    }
    return {
        f"{name}.cdf": lambda d=d: slope(d.cdf, d.pdf, 0.3, 0.6)
        for name, d in frozen.items()
    }


def _curves(rng: np.random.Generator) -> Made:
    from scipy import interpolate, optimize

    knots = np.linspace(0.0, 3.0, 9)
    made = {
        "CubicSpline": interpolate.CubicSpline(knots, np.sin(knots)),
        "PchipInterpolator": interpolate.PchipInterpolator(knots, np.sin(knots)),
        "make_interp_spline": interpolate.make_interp_spline(knots, np.cos(knots)),
        "Chebyshev": np.polynomial.Chebyshev(rng.normal(size=6), [0.0, 3.0]),
    }
    curves = {
        name: lambda c=c: slope(
            c, c.deriv() if hasattr(c, "deriv") else c.derivative(), 0.7, 2.3
        )
        for name, c in made.items()
    }
    start = np.array([0.5, 1.2, 0.9])
    return curves | {"rosen": lambda: Pair(optimize.rosen, optimize.rosen_der, start)}


def _scikit_learn(rng: np.random.Generator) -> Made:
    from sklearn import _loss
    from sklearn.gaussian_process import GaussianProcessRegressor, kernels
    from sklearn.linear_model._huber import _huber_loss_and_gradient
    from sklearn.linear_model._linear_loss import LinearModelLoss
    from sklearn.manifold._t_sne import _kl_divergence

    X, y = rng.normal(size=(30, 4)), rng.normal(size=30)
    targets = {
        "HalfSquaredError": y,
        "HalfBinomialLoss": (y > 0) * 1.0,
        "HalfPoissonLoss": np.floor(np.exp(y)),
        "HalfGammaLoss": np.exp(y),
        "HalfTweedieLoss": np.exp(y),
    }

    def linear(name: str) -> Pair:
        loss = LinearModelLoss(getattr(_loss, name)(), fit_intercept=True)
        at = partial(loss.loss_gradient, X=X, y=targets[name], l2_reg_strength=0.3)
        return both(at, 0.3 * rng.normal(size=5))

    def process(kernel: Any) -> Pair:
        model = GaussianProcessRegressor(kernel + kernels.WhiteKernel(), optimizer=None)
        model.fit(X[:12], np.sin(X[:12, 0]))
        at = partial(model.log_marginal_likelihood, eval_gradient=True)
        return both(at, model.kernel_.theta + 0.1)

    def embedding() -> Pair:
        P = np.maximum(rng.random(45), 1e-12)
        # Of each pair of points once: the other half of a distribution is its mirror.
        at = lambda p: _kl_divergence(p, P / (2 * P.sum()), 1.0, 10, 2)
        return both(at, rng.normal(size=20))

    more = (1.35, 0.1, np.ones(30))
    huber = lambda w: _huber_loss_and_gradient(w, X, y, *more)
    return {
        **{name: partial(linear, name) for name in targets},
        "huber regression": lambda: both(huber, np.append(rng.normal(size=5), 1.2)),
        "t-SNE": embedding,
        "process, RBF": lambda: process(kernels.RBF()),
        "process, Matern": lambda: process(kernels.Matern(nu=1.5)),
        "process, RQ": lambda: process(kernels.RationalQuadratic()),
        "process, dot": lambda: process(kernels.DotProduct()),
    }


def _statsmodels(rng: np.random.Generator) -> Made:
    import statsmodels.api as sm

    X = sm.add_constant(rng.normal(size=(40, 2)))
    half, counts = (rng.random(40) > 0.5) * 1.0, rng.poisson(2.0, 40)
    at = np.array([0.1, 0.5, -0.2])
    models: dict[str, Any] = {
        "Logit": (sm.Logit(half, X), at),
        "Probit": (sm.Probit(half, X), at),
        "Poisson": (sm.Poisson(counts, X), at),
        "NegativeBinomial": (sm.NegativeBinomial(counts, X), np.append(at, 0.7)),
        "GLM, gamma": (
            sm.GLM(np.exp(X[:, 1]), X, sm.families.Gamma(sm.families.links.Log())),
            at,
        ),
    }
    return {
        name: lambda m=model, p=p: Pair(m.loglike, m.score, p)
        for name, (model, p) in models.items()
    }


def _jax(rng: np.random.Generator) -> Made:
    from jax.scipy import special
    from jax.scipy.sparse.linalg import cg

    v, A = rng.normal(size=5), rng.normal(size=(4, 4))
    S = A @ A.T + 4 * np.eye(4)
    rows = jnp.arange(5.0)
    functions: dict[str, Any] = {
        "relu": (jax.nn.relu, v),
        "relu6": (jax.nn.relu6, 3 * v),
        "softplus": (jax.nn.softplus, v),
        "expi": (special.expi, abs(v)),
        "zeta": (lambda x: special.zeta(2 + x**2, 1.5), v),
        "logaddexp": (lambda x: jnp.logaddexp(x, rows), v),
        "sinc": (jnp.sinc, v),
        "xlogy": (lambda x: special.xlogy(abs(x), x**2), v),
        "log_ndtr": (special.log_ndtr, 3 * v),
        "det": (jnp.linalg.det, A),
        "pinv": (jnp.linalg.pinv, A[:, :3]),
        "solve": (lambda a: jnp.linalg.solve(a, v[:4]), S),
        "cg": (lambda a: cg(lambda x: a @ x + a.T @ x, v[:4], tol=1e-13)[0], S),
    }
    return {name: lambda f=f, x=x: Rule(f, x) for name, (f, x) in functions.items()}


def _optax(rng: np.random.Generator) -> Made:
    import optax

    v = 0.3 * rng.normal(size=5) + 0.3
    losses, projections = optax.losses, optax.projections
    return {
        "projection_simplex": lambda: Rule(projections.projection_simplex, v),
        "projection_l1_ball": lambda: Rule(projections.projection_l1_ball, v),
        "safe cross entropy": lambda: Rule(
            lambda x: losses.safe_softmax_cross_entropy(x, np.eye(5)[1]), v
        ),
    }


def _lineax(rng: np.random.Generator) -> Made:
    import lineax

    v, A = rng.normal(size=4), rng.normal(size=(4, 4)) + 4 * np.eye(4)

    def solved(a: Any, solver: Any) -> Any:
        return lineax.linear_solve(lineax.MatrixLinearOperator(a), v, solver).value

    return {
        name: lambda name=name: Rule(partial(solved, solver=getattr(lineax, name)()), A)
        for name in ("LU", "QR", "SVD")
    }


PACKAGES: dict[str, Callable[[np.random.Generator], Made]] = {
    "scipy.special": _special,
    "scipy.stats": _distributions,
    "scipy, numpy": _curves,
    "scikit-learn": _scikit_learn,
    "statsmodels": _statsmodels,
    "jax": _jax,
    "optax": _optax,
    "lineax": _lineax,
}
