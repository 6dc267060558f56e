"""verify_vjp takes what people hold in their hands."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification import verify_vjp

X = np.array([0.3, -0.7, 1.1])


def sine(factor):
    f = jax.custom_vjp(jnp.sin)
    f.defvjp(lambda x: (jnp.sin(x), x), lambda x, dy: (factor * dy * jnp.cos(x),))
    return f


def power(factor):
    f = jax.custom_vjp(lambda n, x: x**n, nondiff_argnums=(0,))
    slope = lambda n, x, dy: (factor * n * x ** (n - 1) * dy,)
    f.defvjp(lambda n, x: (x**n, x), slope)
    return f


class Layer:
    def __init__(self, factor):
        self.f, self.w = sine(factor), 2.0

    def __call__(self, x):
        return {"y": self.w * self.f(x), "n": 3}

    @functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
    def scaled(self, x):
        return self.w * x

    scaled.defvjp(lambda self, x: (self.w * x, None), lambda self, _, dy: (2.0 * dy,))


HELD = {
    "rule": lambda k: sine(k),
    "jit": lambda k: jax.jit(sine(k)),
    "layer": lambda k: Layer(k),
    "function": lambda k: lambda x: sine(k)(2 * x).sum(),
    "jit of a function": lambda k: jax.jit(lambda x: sine(k)(2 * x)),
    "checkpoint": lambda k: jax.checkpoint(sine(k)),
    "vmap": lambda k: jax.vmap(sine(k)),
    "partial": lambda k: functools.partial(power(k), 3),
    "scan": lambda k: (
        lambda x: jax.lax.scan(lambda c, a: (c + sine(k)(a), c), 0.0, x)[0]
    ),
    "wrapped": lambda k: functools.wraps(jnp.sin)(lambda x: 3 * sine(k)(x)),
}


@pytest.mark.slow
@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_whatever_contains_a_rule(held):
    assert verify_vjp(held(1.0), (X,)).ok
    wrong = verify_vjp(held(1.01), (X,))
    assert wrong.verdict == "wrong"
    assert set(wrong.hints.values()) == {"factor 1.01"}


def test_a_method_and_arguments_by_name():
    layer = Layer(1.0)
    assert verify_vjp(Layer.scaled, (layer, X)).ok
    f = jax.custom_vjp(lambda x, n: x**n, nondiff_argnums=(1,))
    f.defvjp(lambda x, n: (x**n, x), lambda n, x, dy: (n * x ** (n - 1) * dy,))
    assert verify_vjp(f, (X,), n=3).ok
    assert verify_vjp(f, (X, 3)).ok
    scaled = jax.custom_vjp(lambda x, scale: scale * x)
    scaled.defvjp(lambda x, s: (s * x, (x, s)), lambda r, dy: (r[1] * dy, r[0] @ dy))
    report = verify_vjp(scaled, (X,), scale=2.0)
    assert report.ok
    assert [row.name for row in report.rows] == ["forward", "dx", "dscale"]


def test_a_dtype_and_a_key_are_held():
    f = jax.custom_vjp(lambda x, dtype: x.astype(dtype) ** 2, nondiff_argnums=(1,))
    f.defvjp(lambda x, d: (x.astype(d) ** 2, x), lambda d, x, dy: (2 * x * dy,))
    assert verify_vjp(f, (X, jnp.float64)).ok

    def noisy(key, x):
        return x * jax.random.uniform(key, x.shape)

    g = jax.custom_vjp(noisy)
    pull = lambda key, dy: (None, noisy(key, dy))
    g.defvjp(lambda key, x: (noisy(key, x), key), pull)
    assert verify_vjp(g, (jax.random.key(0), X)).ok


def test_what_wants_an_argument_held_gets_it_held():
    """As equinox.filter_custom_vjp does: of its first argument alone."""

    def f(x, y):
        held = jax.custom_jvp(lambda y: y)
        held.defjvp(refuse)
        return sine(1.0)(x) * held(y)

    def refuse(*_):
        raise RuntimeError("unexpected tangent")

    report = verify_vjp(f, (X, 2.0))
    assert report.ok
    assert [row.name for row in report.rows] == ["forward", "dx"]
    assert "1 of 2 arguments are not differentiated" in report.notes


@pytest.mark.parametrize("wrong", [False, True])
def test_equinox(wrong):
    eqx = pytest.importorskip("equinox")

    @eqx.filter_custom_vjp
    def f(x, y):
        return jnp.sin(x) * y

    f.def_fwd(lambda perturbed, x, y: (f(x, y), None))
    f.def_bwd(lambda _, dy, perturbed, x, y: dy * jnp.cos(x) * y * (1 + 0.01 * wrong))
    assert verify_vjp(f, (X, 2.0)).ok is not wrong


# Of f and its rule: complex outputs and arguments, in JAX's conventions. And a wrong
# factor of the rule.
Z = X + 1j * X[::-1]
COMPLEX = {
    "output": (
        lambda x: jnp.exp(1j * x),
        lambda x, dy: jnp.real(dy * 1j * jnp.exp(1j * x)),
        X,
        100,
    ),
    "argument": (jnp.abs, lambda z, dy: dy * jnp.conj(z) / jnp.abs(z), Z, -1),
    "holomorphic": (lambda z: z**3, lambda z, dy: 3 * z**2 * dy, Z, 100),
    "fft": (lambda x: jnp.fft.fft(x), lambda x, dy: jnp.real(jnp.fft.fft(dy)), X, -1),
}


@pytest.mark.slow
@pytest.mark.parametrize(("f", "pull", "at", "off"), COMPLEX.values(), ids=COMPLEX)
def test_complex_numbers(f, pull, at, off):
    for factor, verdict in ((1, "verified"), (off, "wrong")):
        ruled = jax.custom_vjp(f)
        backward = lambda x, dy: (factor * pull(x, dy),)  # noqa: B023
        ruled.defvjp(lambda x: (f(x), x), backward)
        assert verify_vjp(ruled, (at,)).verdict == verdict


def test_a_complex_argument_beside_a_real_one():
    f = jax.custom_vjp(lambda z, s: jnp.abs(z) * s)
    pull = lambda r, dy: (100 * dy * r[1] * r[0], (dy * jnp.abs(r[0])).sum())
    f.defvjp(lambda z, s: (jnp.abs(z) * s, (z, s)), pull)
    assert verify_vjp(f, (Z, 2.0)).wrong == ("dz.real", "dz.imag")


@pytest.mark.parametrize(
    ("at", "off", "verdict"),
    [
        ([-20.0, 0.5], 0.0, "verified"),
        ([-20.0, 0.5], 1e-9, "wrong"),
        ([-20.0, -21.0], 0.0, "unresolved"),
    ],
)
def test_a_forward_may_round_more_than_the_function(at, off, verdict):
    softplus = jax.custom_vjp(lambda x: jnp.logaddexp(x, 0.0))
    naive = lambda x: (jnp.log(1 + jnp.exp(x)) + off, x)
    softplus.defvjp(naive, lambda x, dy: (dy * jax.nn.sigmoid(x),))
    report = verify_vjp(softplus, (np.array(at),))
    assert report.verdict == verdict
    assert off == 0 or report.wrong == ("forward",)


def test_an_infinite_argument_is_refused_in_a_line():
    f = sine(1.0)
    with pytest.raises(ValueError, match=r"verify_vjp: x must be finite, got -inf at"):
        verify_vjp(f, (np.array([0.3, -np.inf]),))
