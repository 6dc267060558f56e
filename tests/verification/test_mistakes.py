"""Hints: what is written by mistake is told, what is not is not."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification import verify_gradient, verify_vjp

RNG = np.random.default_rng(0)
P = RNG.normal(size=60)


def squares(p):
    return float((np.asarray(p) ** 2).sum())


def within(first, last, change):
    def grad(p):
        g = 2 * np.asarray(p)
        g[first : last + 1] = change(g[first : last + 1])
        return g

    return grad


@pytest.mark.parametrize(
    ("grad", "hint"),
    [
        (within(20, 39, lambda g: 2 * g), "factor 2 in entries 20..39"),
        (within(0, 9, lambda g: -g), "the sign in entries 0..9"),
        (within(50, 59, lambda g: g / 60), "factor 0.01666667 in entries 50..59"),
        (within(7, 7, lambda g: 2 * g), "only entry [7], factor 2"),
        (lambda p: np.clip(2 * p, -1, 1), "clipped at 1"),
        (lambda p: np.clip(2 * p, -2.5, 2.5), "clipped at 2.5"),
        (lambda p: np.float32(2 * p), "rounded to float32"),
        (within(20, 39, lambda g: g + P[:20]), None),
    ],
)
def test_a_packed_vector(grad, hint):
    report = verify_gradient(squares, grad, P)
    assert report.verdict == "wrong"
    assert report.hints.get("dparams") == hint


def ruled(f, pull):
    g = jax.custom_vjp(f)
    g.defvjp(lambda x: (f(x), x), lambda x, dy: (dy * pull(x),))
    return g


X = np.array([0.3, -0.5, 0.7])


def test_float32_on_the_way_is_told_where_it_can_be_looked_up():
    short = lambda x: jnp.cos(x.astype(jnp.float32)) * 1.1 / 1.1
    assert verify_vjp(ruled(jnp.sin, short), (X,)).hints == {
        "dx": "computed in float32"
    }
    nearly = lambda x: jnp.cos(x) * (1 + 1e-7 * jnp.sin(9 * x))
    report = verify_vjp(ruled(jnp.sin, nearly), (X,))
    assert report.verdict == "unresolved"
    assert "dx is off by 9e-08 of a typical entry" in report.reason
    assert not report.hints


SLOPES = {
    "sinh": (jnp.sinh, jnp.sinh, False),
    "sigmoid": (jax.nn.sigmoid, jax.nn.sigmoid, True),
    "tanh": (jnp.tanh, lambda x: 1 - jnp.tanh(x), True),
    "exp": (jnp.exp, lambda x: 1 - jnp.exp(x), False),
}


@pytest.mark.parametrize(("f", "slope", "named"), SLOPES.values(), ids=SLOPES)
def test_sigmoid_and_tanh_are_named_only_where_they_are(f, slope, named):
    (hint,) = verify_vjp(ruled(f, slope), (X,)).hints.values()
    assert hint.startswith("the slope of the rule is wrong: at x = ")
    assert any(name in hint for name in ("sigmoid", "tanh")) is named


def test_params_are_named_once():
    with pytest.raises(
        ValueError, match=r"^verify_gradient: params must be floating-p"
    ):
        verify_gradient(squares, lambda p: 2 * p, np.arange(3))
    with pytest.raises(
        ValueError, match=r"must return one finite real number, got None"
    ):
        verify_gradient(lambda p: None, lambda p: 2 * p, P)
