"""Programs on complex numbers: what they decide by is data, the rest goes on."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification.derivatives.complex_step import complex_derivative
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.functions.function import function
from jaxdnn.verification.functions.programs import PROBE

X = np.array([0.4, -1.3, 0.9, 2.2])
V = np.array([1.0, -0.5, 0.7, 0.3])
A = np.arange(16.0).reshape(4, 4) % 7 + 4 * np.eye(4)

FUNCTIONS = {
    "relu": jax.nn.relu,
    "abs": lambda x: abs(x) ** 1.5,
    "clip": lambda x: jnp.clip(x, -1, 1),
    "where": lambda x: jnp.where(x > 0.5, x**2, jnp.sin(x)),
    "max": lambda x: jnp.max(x) * jnp.min(x),
    "rows": lambda x: jnp.max(A * x[None], axis=1) - jnp.min(x[None] * A, axis=0),
    "norm": jnp.linalg.norm,
    "softmax": jax.nn.softmax,
    "logsumexp": jax.nn.logsumexp,
    "gelu": jax.nn.gelu,
    "cast": lambda x: x.astype(float) * jnp.asarray(x, jnp.float64),
    "index": lambda x: x * x[x[3].astype(int)] * (x > 0).astype(float),
    "stop": lambda x: jax.lax.stop_gradient(x) * x,
    "sort": jnp.sort,
    "median": jnp.median,
    "product": lambda x: (A @ x) @ x,
    "det": lambda x: jnp.linalg.det(A + jnp.diag(x)),
    "scan": lambda x: jax.lax.scan(lambda c, a: (c * a + 1, c), 1.0, x),
    "loop": lambda x: jax.lax.fori_loop(0, 3, lambda i, c: jnp.sin(c) * x, x),
    "cond": lambda x: jax.lax.cond(x[0] > 0, jnp.sin, lambda x: 0 * x, x),
    "interpolation": lambda x: jnp.interp(x, jnp.arange(-3.0, 4), jnp.arange(7.0) ** 2),
    "jit": jax.jit(lambda x: jnp.tanh(x) + jnp.floor(x) * x),
}


@pytest.mark.slow
@pytest.mark.parametrize("f", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_complex_step_is_a_difference(f):
    outputs = lambda x: jax.tree.leaves(f(x))
    with exact_arithmetic():
        traced = function("f", lambda x, _: outputs(x[0]), [X], ())
        values = jax.jit(outputs)
        one, other = (values(X + h * V) for h in (1e-6, -1e-6))
        for k, (up, down) in enumerate(zip(one, other, strict=True)):
            run = lambda x, k=k: traced.complex_answer(x, ())[k]
            found = complex_derivative(run, [X], [V])
            due = (np.asarray(up) - np.asarray(down)) / 2e-6
            np.testing.assert_allclose(found, due, rtol=1e-7, atol=1e-8)


def on_host(x):
    raise RuntimeError("never asked for complex numbers")


WITHOUT = {
    "lgamma": jax.scipy.special.gammaln,
    "while": lambda x: jax.lax.while_loop(lambda z: z[0] < 9, lambda z: 2 * z, x),
    "callback": lambda x: jax.pure_callback(on_host, x, x),
    "numpy": np.sin,
}


@pytest.mark.parametrize("f", WITHOUT.values(), ids=WITHOUT)
def test_without_a_meaning_there_is_no_answer(f, capfd):
    with exact_arithmetic():
        traced = function("f", lambda x, _: [f(x[0])], [X], ())
        run = lambda x: traced.complex_answer(x, ())[0]
        assert complex_derivative(run, [X], [V]) is None
    assert capfd.readouterr() == ("", "")


NESTED = {
    "while": lambda f: f,
    "in a scan": lambda f: (
        lambda x: jax.lax.scan(lambda c, _: (c + f(x), c), 0.0, jnp.ones(2))[0]
    ),
    "in a cond": lambda f: lambda x: jax.lax.cond(x > -9, f, lambda x: x, x),
    "in a jit": jax.jit,
    "under vmap": lambda f: lambda x: jax.vmap(f)(jnp.stack([x, x, x]))[1],
}


def root(p):
    off = lambda z: abs(z * z - p) > 1e-12
    return jax.lax.while_loop(off, lambda z: (z + p / z) / 2, 1.0)


@pytest.mark.parametrize("nest", NESTED.values(), ids=NESTED)
def test_a_loop_ends(nest):
    with exact_arithmetic():
        traced = function("f", lambda x, _: [nest(root)(x[0])], [np.float64(2)], ())
        (good,) = traced.answer([np.float64(2)], (), turns=PROBE)
        (never,) = traced.answer([np.float64(-2)], (), turns=PROBE)
        due = jax.jit(nest(lambda x: jnp.sqrt(x)))(2.0)
    assert abs(good - due) < 1e-6
    assert np.isnan(never)
