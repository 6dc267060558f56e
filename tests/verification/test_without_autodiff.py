"""What JAX cannot differentiate, and what is probed where nobody meant it to be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn.verification import verify_gradient, verify_vjp

AT = np.array([0.3, -0.7])
POSITIVE = np.array([0.5, 2.0, 9.0])


def looped(p):
    def turn(state):
        z, k = state
        return jnp.sin(z) + p, k + 1

    return jax.lax.while_loop(lambda s: s[1] < 5, turn, (p, 0))[0].sum()


def looped_slope(p):
    z, d = p, 1.0
    for _ in range(5):
        z, d = jnp.sin(z) + p, jnp.cos(z) * d + 1
    return d


def on_host(x):
    shape = jax.ShapeDtypeStruct(x.shape, x.dtype)
    return jax.pure_callback(lambda x: np.sin(np.asarray(x)), shape, x)


def newton(p):
    """A square root that never converges where p < 0."""
    off = lambda z: abs(z * z - p).max() > 1e-12
    return jax.lax.while_loop(off, lambda z: (z + p / z) / 2, jnp.maximum(p, 1.0)).sum()


FUNCTIONS = {
    "while": (looped, looped_slope, AT),
    "callback": (on_host, jnp.cos, AT),
    "solver": (newton, lambda p: 0.5 / jnp.sqrt(p), POSITIVE),
}


@pytest.mark.slow
@pytest.mark.parametrize(("f", "slope", "x"), FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize("factor", [1, 1.0001])
def test_a_rule_of_what_has_no_derivative(f, slope, x, factor):
    ruled = jax.custom_vjp(f)
    ruled.defvjp(lambda x: (f(x), x), lambda x, dy: (factor * dy * slope(x),))
    report = verify_vjp(ruled, (x,))
    assert report.verdict == ("verified" if factor == 1 else "wrong"), str(report)
    assert any("without autodiff" in note for note in report.notes)
    assert factor == 1 or set(report.hints.values()) == {"factor 1.0001"}


def test_a_loss_with_a_loop():
    assert verify_gradient(looped, looped_slope, AT).ok
    wrong = verify_gradient(looped, lambda p: 1.0001 * looped_slope(p), AT)
    assert wrong.verdict == "wrong"


def test_a_loop_that_nobody_can_stop_from_outside():
    def loss(p):
        z = np.maximum(p, 1.0)
        while abs(z * z - p).max() > 1e-12:
            z = (z + p / z) / 2
        return float(z.sum())

    assert verify_gradient(loss, lambda p: 0.5 / np.sqrt(p), POSITIVE).ok


SMOOTH = {
    "steep": (lambda p: np.sum(p**-3.0), lambda p: -3 * p**-4.0, [0.1, 0.9]),
    "oscillating": (
        lambda p: np.sin(1000 * p).sum(),
        lambda p: 1000 * np.cos(1000 * p),
        [0.1, 0.9],
    ),
    "beside a kink": (lambda p: abs(p - 1).sum(), lambda p: np.sign(p - 1), [1.001]),
    "a domain": (lambda p: np.log(p).sum(), lambda p: 1 / p, [1e-2, 5.0]),
    "sizes apart": (
        lambda p: 1e-16 * p[0] ** 2 + np.sin(p[1]) + np.cos(3e5 * p[2]),
        lambda p: np.array(
            [2e-16 * p[0], np.cos(p[1]), -3e5 * np.sin(3e5 * np.asarray(p[2]))]
        ),
        [1e8, 0.0, 1e-6],
    ),
    "shifted": (lambda p: (1e6 + p).sum(), lambda p: 1 + 0 * p, [0.1, 0.9]),
}


@pytest.mark.slow
@pytest.mark.parametrize(("f", "slope", "at"), SMOOTH.values(), ids=SMOOTH)
def test_numpy_alone_is_resolved(f, slope, at):
    loss = lambda p: float(f(np.asarray(p)))
    assert verify_gradient(loss, slope, np.array(at)).ok
    half = verify_gradient(loss, lambda p: slope(p) / 2, np.array(at))
    assert half.verdict == "wrong", str(half)
    assert half.hints in ({"dparams": "factor 1/2"}, {"dparams": "factor 0.5"})


@pytest.mark.parametrize("at", [[0.01, 5.0], [1e-9, 1.0]])
def test_a_loss_that_raises_outside_its_domain(at):
    def loss(p):
        if (np.asarray(p) <= 0).any():
            raise RuntimeError("scale must be positive")
        return float(np.log(p).sum())

    assert verify_gradient(loss, lambda p: 1 / p, np.array(at)).ok
    wrong = verify_gradient(loss, lambda p: 1.1 / p, np.array(at))
    assert wrong.verdict == "wrong"


def test_an_argument_on_the_edge_of_the_domain():
    def loss(p):
        if (np.asarray(p) < 0).any():
            raise RuntimeError("not below 0")
        return float((p**2).sum())

    report = verify_gradient(loss, lambda p: 2 * p, np.array([0.0, 1.0]))
    assert report.verdict == "unresolved", str(report)


def test_what_a_solver_is_off_by_is_no_mistake():
    def loss(p):
        z = np.zeros_like(p)
        while True:
            z, old = z - 0.3 * (z - np.sin(p)), z
            if abs(z - old).max() < 1e-9:
                return float((z**2).sum())

    grad = lambda p: 2 * np.sin(p) * np.cos(p)
    report = verify_gradient(loss, grad, POSITIVE)
    assert report.verdict == "unresolved"
    assert "inaccuracy of loss itself could explain" in report.reason
    assert not report.hints
    (said,) = [note for note in report.notes if "by hand" in note]
    by_hand, other, apart = said.split(", ")[-3:]
    assert by_hand.split()[-1] != other.split()[-1]
    assert apart.endswith("e-09 of a typical entry apart")
    granted = verify_gradient(loss, grad, POSITIVE, rtol=1e-7)
    assert granted.ok
    assert any("1e-07 of a gradient is granted" in note for note in granted.notes)
    off = lambda p: 1.0001 * grad(p)
    assert verify_gradient(loss, off, POSITIVE).verdict == "wrong"
    assert verify_gradient(loss, off, POSITIVE, rtol=1e-7).verdict == "wrong"
    with pytest.raises(ValueError, match="rtol must be finite and >= 0"):
        verify_gradient(loss, grad, POSITIVE, rtol=-1)


@pytest.mark.parametrize("f", [lambda x: x, jnp.float64, jnp.real])
def test_what_stops_complex_numbers_too_is_no_proof(f):
    """A cast drops an imaginary part where stop_gradient drops a tangent."""

    def loss(w):
        return (jax.lax.stop_gradient(f(w)) * w).sum()

    report = verify_gradient(loss, lambda w: w * 1.0, np.arange(1.0, 4.0))
    assert report.verdict == "wrong", str(report)


def test_what_is_smaller_than_the_steps_is_not_called_wrong():
    """A third singular value of 1e-8: an extrapolation looks past it."""
    rng = np.random.default_rng(1)
    U, s, Vt = np.linalg.svd(rng.normal(size=(5, 3)), full_matrices=False)
    nearly = (U * [s[0], s[1], 1e-8]) @ Vt
    assert verify_vjp(jnp.linalg.pinv, (nearly,)).verdict == "unresolved"


TINY = np.array([4.6e-310, 1.0, -1.0])
GATES = {
    "where": lambda p: jnp.where(p > 0, p, 0).sum(),
    "maximum": lambda p: jnp.maximum(p, 0).sum(),
    "relu": lambda p: jax.nn.relu(p).sum(),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("gate", "first"), [("where", 0.0), ("maximum", 1.0), ("relu", 0.0)]
)
def test_a_denormal_number_on_a_kink_is_0(gate, first):
    grad = lambda p: np.array([first, 1.0, 0.0])
    assert verify_gradient(GATES[gate], grad, TINY).verdict == "unresolved"


def guarded_sinc(x):
    safe = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 1.0, jnp.sin(safe) / safe)


def guarded_slope(x):
    safe = jnp.where(x == 0, 1.0, x)
    return jnp.where(x == 0, 0.0, jnp.cos(safe) / safe - jnp.sin(safe) / safe**2)


def test_a_guard_at_0_is_no_kink():
    ruled = jax.custom_vjp(guarded_sinc)
    x = np.array([0.0, 1.0, 2.0])
    for factor, verdict in ((1.0, "verified"), (1.01, "wrong")):
        backward = lambda x, dy: (factor * dy * guarded_slope(x),)  # noqa: B023
        ruled.defvjp(lambda x: (guarded_sinc(x), x), backward)
        assert verify_vjp(ruled, (x,)).verdict == verdict


# What autodiff says at 0, and another convention.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("gate", "at_zero"),
    [
        (jax.nn.relu, 0.0),
        (jax.nn.relu, 1.0),
        (lambda z: (abs(z) + z) / 2, 0.5),
    ],
)
def test_a_kink_at_0_is_no_guard(gate, at_zero):
    def grad(p):
        return jnp.where(p == 0, at_zero, (p > 0) * 1.0)

    report = verify_gradient(lambda p: gate(p).sum(), grad, np.array([0.0, 1.0]))
    assert report.verdict == "unresolved"


def test_a_small_entry_beside_a_large_one_is_seen():
    grad = lambda p, k: np.array([k * 2e-16 * p[0], -1e6 * np.sin(1e6 * p[1])])
    loss = lambda p, _: float(1e-16 * p[0] ** 2 + np.cos(1e6 * p[1]))
    at = np.array([1e8, 1e-6])
    for k, verdict in ((1.0, "verified"), (1.001, "wrong")):
        assert verify_gradient(loss, grad, at, k).verdict == verdict


GUARDED = {
    "where": (
        lambda p: jnp.where(p > 0, p * jnp.log(p), p**2).sum(),
        lambda p: jnp.where(p > 0, jnp.log(abs(p)) + 1, 2 * p),
        [-1.0, 0.5, 2.0],
    ),
    "norm": (
        lambda p: jnp.linalg.norm(A * p[None], axis=1).sum(),
        lambda p: (A**2 / np.array([[5.0], [1.0]])).sum(axis=0),
        [1.0, 1.0],
    ),
}
A = np.array([[3.0, 4.0], [0.0, 0.0]])


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "grad", "at"), GUARDED.values(), ids=GUARDED)
def test_a_nan_of_autodiff_is_no_autodiff(loss, grad, at):
    """What 0 * inf gives in the branch that a where does not take."""
    report = verify_gradient(loss, grad, np.array(at))
    assert report.ok, str(report)
    assert any("autodiff's own dparams is not finite" in note for note in report.notes)
    off = verify_gradient(loss, lambda p: 1.0001 * grad(p), np.array(at))
    assert off.hints == {"dparams": "factor 1.0001"}


@pytest.mark.slow
@pytest.mark.parametrize("at_kink", [0.0, 1.0])
def test_a_small_kink_that_only_a_complex_step_passes(at_kink):
    loss = lambda p: jnp.sqrt(p[0] ** 2) + 1e4 * (p[1:] ** 2).sum()
    grad = lambda p: (2e4 * p).at[0].set(at_kink)
    report = verify_gradient(loss, grad, np.array([0.0, 3.0, 4.0]))
    assert report.verdict == "unresolved"
