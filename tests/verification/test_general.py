"""verify_gradient and verify_vjp: right ones pass, wrong ones are found and named."""

import itertools
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification import GradientError, verify_gradient, verify_vjp

# Functions have no names to tell their cases apart.
COUNT = itertools.count()
NUMBERED = lambda value: f"{next(COUNT)}"
RNG = np.random.default_rng(7)
X, Y = RNG.normal(size=(20, 3)), RNG.normal(size=20)
LINEAR = {"w": RNG.normal(size=3), "b": 0.5}


def np_loss(p, X, y):
    return 0.5 * np.mean((X @ p["w"] + p["b"] - y) ** 2)


def np_grad(p, X, y):
    error = np.array(X @ p["w"] + p["b"] - y) / len(y)
    return {"w": X.T @ error, "b": error.sum()}


def untraceable(p, X, y):
    return float(np_loss(p, np.asarray(X), y))


WEIGHTS = {
    "W1": RNG.normal(size=(4, 3)),
    "b1": RNG.normal(size=(4, 1)),
    "W2": RNG.normal(size=(4, 4)),
}
INPUTS, TARGETS = RNG.normal(size=(3, 11)), RNG.normal(size=(4, 11))


def net_loss(p, X, T, g=jnp.tanh):
    A = g(p["W1"] @ X + p["b1"])
    return 0.5 * jnp.mean(jnp.sum((p["W2"] @ A - T) ** 2, axis=0))


def net_grad(p, X, T):
    A = jnp.tanh(p["W1"] @ X + p["b1"])
    dZ = (p["W2"] @ A - T) / X.shape[1]
    dA = (p["W2"].T @ dZ) * (1 - A**2)
    return {"W1": dA @ X.T, "b1": dA.sum(axis=1, keepdims=True), "W2": dZ @ A.T}


def relu_grad(p, X, T):
    A = jax.nn.relu(p["W1"] @ X + p["b1"])
    dZ = (p["W2"] @ A - T) / X.shape[1]
    dA = (p["W2"].T @ dZ) * (A > 0)
    return {"W1": dA @ X.T, "b1": dA.sum(axis=1, keepdims=True), "W2": dZ @ A.T}


def relu_loss(p, X, T):
    return net_loss(p, X, T, jax.nn.relu)


def changed(grad=net_grad, **changes):
    def wrong(*arguments):
        found = grad(*arguments)
        return found | {leaf: change(found[leaf]) for leaf, change in changes.items()}

    return wrong


@pytest.mark.parametrize("x64", [False, True])
@pytest.mark.parametrize("loss", [np_loss, untraceable])
def test_verified_from_either_process_and_nothing_changes(x64, loss):
    with jax.enable_x64(x64):
        before = jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision
        report = verify_gradient(loss, np_grad, LINEAR, X, Y).require()
        after = jax.config.jax_enable_x64, jax.config.jax_default_matmul_precision
    assert report.ok
    assert after == before
    assert json.loads(report.to_json())["verdict"] == "verified"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("loss", "grad"), [(net_loss, net_grad), (relu_loss, relu_grad)]
)
def test_verified_float32(loss, grad):
    params = jax.tree.map(np.float32, WEIGHTS)
    assert verify_gradient(loss, grad, params, INPUTS, TARGETS).ok


# Of leaves that are wrong together: what is done to each, and what is said of it.
CHANGES = [
    {
        "W1": (lambda g: 2 * g, "factor 2"),
        "b1": (lambda g: -g, "the sign"),
        "W2": (lambda g: g.T, "transposed"),
    },
    {
        "W1": (lambda g: g / 11, "factor 0.09090909 (= 1/data[0].shape[1])"),
        "b1": (lambda g: 0 * g, "it is zero"),
        "W2": (lambda g: g.at[1, 2].multiply(1.01), "only entry [1, 2], factor 1.01"),
    },
    {
        "W1": (lambda g: g * (1 + 1e-6), "factor 1.000001"),
        "W2": (lambda g: g.at[:, 3].multiply(jnp.arange(4.0)), "only column 3"),
    },
    {
        "W1": (lambda g: g.astype(jnp.float32), "rounded to float32"),
        "W2": (lambda g: g[::-1], "reversed along axis 0"),
    },
    {"W1": (lambda g: g.at[0, 0].set(jnp.nan), "it is not finite")},
]


@pytest.mark.slow
@pytest.mark.parametrize("changes", CHANGES, ids=NUMBERED)
def test_wrong_is_located_and_explained(changes):
    wrong = changed(**{leaf: change for leaf, (change, _) in changes.items()})
    report = verify_gradient(net_loss, wrong, WEIGHTS, INPUTS, TARGETS)
    assert report.verdict == "wrong"
    assert report.wrong == tuple(sorted(f"d{leaf}" for leaf in changes))
    assert report.hints == {f"d{leaf}": hint for leaf, (_, hint) in changes.items()}
    with pytest.raises(GradientError, match=f"WRONG at d{min(changes)}"):
        report.require()


def test_numpy_alone_is_located():
    wrong = changed(np_grad, w=lambda g: g * np.array([1, 1.001, 1]))
    report = verify_gradient(untraceable, wrong, LINEAR, X, Y)
    assert report.wrong == ("dw",)
    (row,) = [row for row in report.rows if row.name == "dw"]
    assert row.where == (1,)
    assert "only entry [1], factor 1.001" in report.hints["dw"]


def test_stop_gradient_in_the_loss_is_seen():
    def loss(w):
        return jnp.sum(jax.lax.stop_gradient(w) * w)

    copied = verify_gradient(loss, lambda w: w * 1.0, np.arange(1.0, 4.0))
    right = verify_gradient(loss, lambda w: 2 * w, np.arange(1.0, 4.0))
    assert copied.verdict == "wrong"
    assert copied.hints == {"dparams": "factor 1/2"}
    assert right.verdict == "unresolved"
    assert "autodiff" in right.reason


KINKS = {
    "relu": jax.nn.relu,
    "maximum": lambda z: jnp.maximum(z, 0),
    "where": lambda z: jnp.where(z > 0, z, 0),
    "clip": lambda z: jnp.clip(z, 0, 10),
    "abs": lambda z: (abs(z) + z) / 2,
    "numpy": lambda z: np.maximum(np.asarray(z), 0),
    "float": lambda z: max(float(z), 0.0),
}


NEAR = (1e-8, -1e-8, 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("place", "g"), list(enumerate(KINKS)))
def test_never_wrong_near_a_kink(place, g):
    def loss(w, _):
        return 2.0 * KINKS[g](w)

    def grad(w, at_zero):
        return 2.0 * (w > 0) + 2.0 * at_zero * (w == 0)

    # What an extrapolation sees are values, whatever function they come from.
    near = NEAR if g == "numpy" else NEAR[place % 3 :][:1]
    for z, at_zero in ((0.0, 0.0), (0.0, 1.0), *((z, 0.0) for z in (*near, 0.7))):
        report = verify_gradient(loss, grad, z, at_zero)
        assert report.verdict != "wrong", str(report)
        assert z != 0.7 or report.ok


def test_never_wrong_with_every_unit_on_a_kink():
    rng = np.random.default_rng(3)
    params = {
        "W1": rng.normal(size=(64, 3)),
        "b1": np.zeros((64, 1)),
        "W2": rng.normal(size=(4, 64)),
    }
    X = np.concatenate([np.zeros((3, 2)), INPUTS[:, 2:]], axis=1)
    for g in (jax.nn.relu, lambda z: jnp.maximum(z, 0)):
        report = verify_gradient(
            lambda p, X, T, g=g: net_loss(p, X, T, g), relu_grad, params, X, TARGETS
        )
        assert report.verdict == "unresolved", str(report)


def test_non_analytic_loss_that_takes_complex_numbers():
    def loss(w):
        return np.sum(np.abs(np.asarray(w)) ** 2)

    assert verify_gradient(loss, lambda w: 2 * w, np.array([1.0, -2.0, 3.0])).ok
    missed = verify_gradient(loss, lambda w: 0 * w, np.array([1.0, -2.0, 3.0]))
    assert missed.verdict == "wrong"


def test_cancellation_is_not_called_wrong():
    def loss(w):
        return jnp.sum(((w + 1e8) - 1e8) ** 2)

    report = verify_gradient(loss, lambda w: 2 * w, RNG.normal(size=5))
    assert report.verdict == "unresolved"


def test_saturated_softmax_and_large_values():
    def loss(z, y):
        return jnp.mean(jax.nn.logsumexp(z, axis=0) - jnp.sum(y * z, axis=0))

    def grad(z, y):
        return (jax.nn.softmax(z, axis=0) - y) / z.shape[1]

    y = np.eye(4)[:, [0, 1, 2, 3, 1]]
    for size in (1e-9, 1.0, 1e3):
        report = verify_gradient(loss, grad, size * RNG.normal(size=(4, 5)), y)
        assert report.verdict != "wrong", str(report)


def raising(*arguments):
    raise RuntimeError("no such file\nsecond line")


@pytest.mark.parametrize(
    ("loss", "grad", "params", "message"),
    [
        (np_loss, lambda *a: (1.0, 2.0), LINEAR, "must return the tree of params"),
        (np_loss, lambda *a: {"w": np.ones(2), "b": 1.0}, LINEAR, r"dw.*\(3,\)"),
        (np_loss, raising, LINEAR, "raising raised RuntimeError: no such file$"),
        (raising, np_grad, LINEAR, "raising raised RuntimeError: no such file$"),
        (lambda p, X, y: np.random.rand(), np_grad, LINEAR, "loss is not determin"),
        (lambda p, X, y: np.nan, np_grad, LINEAR, "one finite real number, got nan"),
        (lambda p, X, y: X, np_grad, LINEAR, r"got shape \(20, 3\)"),
        (np_loss, np_grad, {"w": np.arange(3), "b": 0.5}, "w of params must be float"),
        (np_loss, np_grad, {}, "params has no leaves"),
    ],
    ids=NUMBERED,
)
def test_refused(loss, grad, params, message):
    with pytest.raises(ValueError, match=message) as caught:
        verify_gradient(loss, grad, params, X, Y)
    assert "\n" not in str(caught.value)


def test_autodiff_itself_is_refused():
    with pytest.raises(TypeError, match=r"jax\.grad"):
        verify_gradient(net_loss, jax.grad(net_loss), WEIGHTS, INPUTS, TARGETS)


def rule(backward, forward=None):
    @jax.custom_vjp
    def f(x, scale, n):
        return scale * jnp.sin(x) ** n, jnp.sum(x**2)

    f.defvjp(lambda x, scale, n: ((forward or f)(x, scale, n), (x, scale, n)), backward)
    return f


def right(kept, dy):
    x, scale, n = kept
    first, second = dy
    s = jnp.sin(x)
    dx = n * scale * s ** (n - 1) * jnp.cos(x) * first + 2 * x * second
    return dx, jnp.sum(s**n * first), np.zeros((), jax.dtypes.float0)


PRIMALS = (np.linspace(0.5, 2, 4, dtype=np.float32), 1.5, 3)


@pytest.mark.parametrize(("x64", "wrap"), [(False, jax.jit), (True, lambda f: f)])
def test_vjp_verified(x64, wrap):
    with jax.enable_x64(x64):
        report = verify_vjp(wrap(rule(right)), PRIMALS).require()
    assert "1 of 3 arguments are not differentiated" in report.notes


@pytest.mark.parametrize(
    ("backward", "hints"),
    [
        (
            lambda k, dy: (3 * right(k, dy)[0], 2 * right(k, dy)[1], right(k, dy)[2]),
            ["factor 3", "factor 2", "factor 3"],
        ),
        (lambda k, dy: right(k, (dy[0], 0 * dy[1])), ["it is zero"]),
    ],
    ids=NUMBERED,
)
def test_vjp_wrong(backward, hints):
    """Of each output, and there of each argument."""
    report = verify_vjp(rule(backward), PRIMALS)
    assert len(report.wrong) == len(hints)
    assert list(report.hints.values()) == hints


def test_vjp_wrong_slope_is_explained_at_a_point():
    @jax.custom_vjp
    def softplus(x):
        return jnp.logaddexp(x, 0)

    x = np.array([-2.0, 0.5, 2.0])
    reports = []
    for slope in (lambda x: jax.nn.sigmoid(-x), lambda x: x):
        softplus.defvjp(lambda x: (softplus(x), x), lambda x, dy: (dy * slope(x),))  # noqa: B023
        reports.append(verify_vjp(softplus, (x,)))
    first, second = (report.hints["dx"] for report in reports)
    said = "the slope of the rule is wrong: at x = "
    assert first.startswith(said)
    assert first.endswith("(1 - f' for f')")
    assert second == f"{said}-2 it gives -2, the slope of forward is 0.1192"


def test_vjp_forward_of_another_value():
    def off(x, scale, n):
        return scale * jnp.sin(x) ** n * 1.001, jnp.sum(x**2)

    assert verify_vjp(rule(right, off), PRIMALS).wrong == ("forward",)


def test_vjp_of_a_plain_function_needs_a_rule_inside_or_a_primal():
    f = rule(right)
    plain = lambda x, scale: f(x, scale, 3)
    assert verify_vjp(plain, PRIMALS[:2]).ok
    primal = lambda x, scale: f.fun(x, scale, 3)
    assert verify_vjp(plain, PRIMALS[:2], primal=primal).ok
    with pytest.raises(TypeError, match=r"custom_vjp function or contain one"):
        verify_vjp(primal, PRIMALS[:2])


def test_vjp_that_raises_or_has_nothing_to_differentiate():
    with pytest.raises(ValueError, match="f's rule raised RuntimeError: no such file"):
        verify_vjp(rule(raising), PRIMALS)
    with pytest.raises(ValueError, match="no floating-point argument"):
        verify_vjp(rule(right), (1, 2, 3))


def test_vjp_with_a_static_argument():
    def power(n, x):
        return x**n

    f = jax.custom_vjp(power, nondiff_argnums=(0,))
    f.defvjp(lambda n, x: (x**n, x), lambda n, x, dy: (n * x ** (n - 1) * dy,))
    assert verify_vjp(f, (3, np.array([1.0, 2.0]))).ok
    f.defvjp(lambda n, x: (x**n, x), lambda n, x, dy: (n * x**n * dy,))
    assert verify_vjp(f, (3, np.array([1.0, 2.0]))).wrong == ("dx",)
