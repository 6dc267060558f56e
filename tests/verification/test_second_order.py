"""Order 2: a gradient that is right at one point only does not pass."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    ACTIVATIONS,
    HEADS,
    Activation,
    Layer,
    Network,
    backward,
    cost_and_gradients,
)
from jaxdnn.verification import verify
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.networks.evidence import gather
from jaxdnn.verification.networks.scales import Pair
from jaxdnn.verification.networks.second_order import complex_safe, product
from jaxdnn.verification.networks.trial import set_up
from tests.gradient_cases import case, dropout

DECAY = 0.7


def orders(small, own=None, network=None, **options):
    """What order 1 makes of it, and the report of order 2."""
    arguments = (network or small.network, *small[1:])
    report = verify(*arguments, **options, backward=own or backward, order=2)
    first = [row for row in report.rows if row not in rows(report)]
    wrong = any(row.status != "ok" for row in first)
    return "wrong" if wrong else "verified", report


def rows(report):
    return [row for row in report.rows if row.name.startswith(("Hv", "symm"))]


# It can pass. Every activation and every head: what moves through them moves alone.

MIXED = {
    "sigmoid": (("relu", "sigmoid", "gelu"), {"l2": DECAY}),
    "softmax": (("leaky_relu", "tanh", "gelu_tanh"), dropout(0.8)),
    "identity": (("elu", "silu"), {"sample_weight": np.linspace(0.5, 2, 6)}),
    "exp": (("softplus", "identity"), dropout(0.7) | {"l2": DECAY}),
}


@pytest.mark.slow
@pytest.mark.parametrize("head", HEADS)
def test_every_activation_and_every_head(head):
    hidden, options = MIXED[head]
    dims = (4,) * (len(hidden) + 2)
    mixed = case("mixed", dims, hidden, head, 6, weight=0.6, options=options)
    report = verify(*mixed.arguments, **options, backward=backward, order=2)
    assert report.verdict == "verified", report
    assert len(rows(report)) == 2 * len(hidden) + 3
    assert max(row.units for row in rows(report)) < report.limit / 16
    assert max(report.resolution.values()) < 1e-9
    assert report.notes == ()


def test_every_activation_is_covered():
    assert {g for hidden, _ in MIXED.values() for g in hidden} == set(ACTIVATIONS)


def test_the_products_are_the_gradients_differences(small):
    with exact_arithmetic():
        trial = set_up(*small, l2=0.3)
        v = jax.tree.map(np.ones_like, trial.problem.params)
        found = product(gather(trial, 0), backward, v)
        X, Y = jax.device_put((small.X, small.Y))

        def gradient(t):
            params = jax.tree.map(lambda a: jnp.asarray(a + t), small.params)
            grads = cost_and_gradients(small.network, params, X, Y, l2=0.3)[1]
            return [np.asarray(leaf) for leaf in jax.tree.leaves(grads)]

        slopes = [
            (above - below) / 2e-5
            for above, below in zip(gradient(1e-5), gradient(-1e-5), strict=True)
        ]
    assert found.agrees
    for leaf, due in zip(found.found, slopes, strict=True):
        np.testing.assert_allclose(leaf, due, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_complex_safe_carries_the_derivative_of_the_backward(name):
    g = ACTIVATIONS[name]
    with jax.enable_x64(True):
        kept, dA = np.array([-2.0, -0.3, 0.4, 3.0]), np.array([1.0, 2.0, -3.0, 0.5])
        t = 1e-6
        real = jax.jit(g.backward)
        safe = jax.jit(complex_safe(g).backward)
        stepped = np.asarray(safe(dA + 2j * t * dA, kept + 1j * t))
        above, below = (np.asarray(real(dA + 2 * s * dA, kept + s)) for s in (t, -t))
        # Two programs of one formula: rounded apart.
        np.testing.assert_array_max_ulp(
            stepped.real, np.asarray(real(dA, kept)), maxulp=2
        )
        slope = (above - below) / (2 * t)
        np.testing.assert_allclose(stepped.imag / t, slope, rtol=1e-7, atol=1e-9)


# It can fail, where order 1 cannot.


def stale_decay(params):
    """L2 by a W that is kept from before."""

    def own(network, _, caches, Y, *, l2=0.0, sample_weight=None):
        grads = backward(network, _, caches, Y, sample_weight=sample_weight)
        m = Y.shape[1]
        return tuple(
            Layer(dW + l2 / m * W, db)
            for (dW, db), (W, _) in zip(grads, params, strict=True)
        )

    return own


@pytest.mark.slow
def test_a_frozen_decay_is_caught_by_order_2_alone(small):
    network = Network(small.network.layer_dims, "relu", "sigmoid")
    own = stale_decay(small.params)
    verdict, report = orders(
        small, own, network, l2=DECAY, key=jax.random.key(1), keep_prob=0.8
    )
    assert verdict == "verified"
    assert report.wrong == ("HvW1", "HvW2", "HvW3")
    assert set(report.hints.values()) == {"its L2 term does not follow W"}
    assert "WRONG at HvW1" in report.verdict_line
    assert report.notes == ()


def test_a_constant_for_a_function_is_caught_and_is_not_symmetric(small):
    """W2 from before in dA1 = W2ᵀ dZ2: everything below it stands still."""
    stale = small.params[1].W

    def own(network, params, caches, Y, **options):
        first, second, third = params
        second = second._replace(W=jnp.asarray(stale) + 0 * second.W)
        return backward(network, (first, second, third), caches, Y, **options)

    verdict, report = orders(small, own)
    assert verdict == "verified"
    assert report.wrong == ("HvW1", "Hvb1", "symmetry of H")
    assert report.hints["HvW1"] == "right here; it does not follow the parameters"


def test_a_tabulated_slope_is_caught(small):
    """A custom activation whose derivative is right at these Z and nowhere else."""
    tanh = ACTIVATIONS["tanh"]
    slope = jax.jit(lambda Z: 1 - jnp.tanh(jax.lax.stop_gradient(Z)) ** 2)
    own = Activation("stuck", tanh.forward, lambda dA, Z: dA * slope(Z), "Z")
    network = Network(small.network.layer_dims, (own, "tanh"), "sigmoid")
    # Its values do follow Z: what a jvp makes of stop_gradient is nobody's mistake.
    verdict, report = orders(small, network=network)
    assert (verdict, report.verdict) == ("verified", "verified")
    assert any("is extrapolated" in note for note in report.notes)


# What takes no complex numbers is no mistake, and hides none.


def numpy_backward(network, params, caches, Y, *, l2=0.0, sample_weight=None):
    """Real arithmetic only: tanh, sigmoid output."""
    params, caches, Y = jax.tree.map(np.asarray, (params, caches, Y))
    if any(np.iscomplexobj(W) for W, _ in params):
        raise TypeError("real numbers only")
    m, dZ, grads = Y.shape[1], caches[-1].activation - Y, []
    for l in reversed(range(len(params))):
        A_prev = caches[l].A_prev
        dW = dZ @ A_prev.T / m + l2 / m * params[l].W
        grads.insert(0, Layer(dW, dZ.sum(axis=1, keepdims=True) / m))
        dZ = params[l].W.T @ dZ * (1 - A_prev**2)
    return tuple(grads)


def real_part_only(network, params, caches, Y, **options):
    real = jax.tree.map(jnp.real, (params, caches))
    return backward(network, *real, Y, **options)


@pytest.mark.parametrize(
    ("own", "why"),
    [
        (numpy_backward, "takes no complex numbers (TypeError: real numbers only)"),
        (real_part_only, "is not analytic in complex numbers"),
    ],
)
def test_a_right_backward_without_complex_numbers_is_extrapolated(small, own, why):
    verdict, report = orders(small, own, l2=DECAY)
    assert (verdict, report.verdict) == ("verified", "verified"), report
    assert report.notes == (f"H v of {own.__name__} is extrapolated: it {why}",)


def test_a_wrong_backward_without_complex_numbers_is_caught(small):
    W = small.params[1].W

    def own(network, params, caches, Y, *, l2=0.0, sample_weight=None):
        grads = list(numpy_backward(network, params, caches, Y))
        grads[1] = grads[1]._replace(W=grads[1].W + l2 / Y.shape[1] * W)
        for k in (0, 2):
            decay = l2 / Y.shape[1] * np.asarray(params[k].W)
            grads[k] = grads[k]._replace(W=grads[k].W + decay)
        return tuple(grads)

    verdict, report = orders(small, own, l2=DECAY)
    assert verdict == "verified"
    assert report.wrong == ("HvW2",)
    assert report.hints == {"HvW2": "its L2 term does not follow W"}


def test_a_custom_activation_that_is_not_analytic_is_carried_on_by_its_jvp(small):
    smooth = Activation(
        "absolute", lambda Z: Z / (1 + abs(Z)), lambda dA, Z: dA / (1 + abs(Z)) ** 2
    )
    network = Network(small.network.layer_dims, (smooth, "tanh"), "sigmoid")
    verdict, report = orders(small, network=network)
    assert (verdict, report.verdict) == ("verified", "verified"), report
    assert report.notes == ()


def test_a_unit_exactly_on_a_kink_of_the_slope_is_not_called_wrong(small):
    """elu'' jumps at 0, where every first unit of zero rows rests."""
    params = tuple(Layer(W, 0 * b) for W, b in small.params)
    X = small.X * (np.arange(12) % 2)
    network = Network(small.network.layer_dims, "elu", "sigmoid")
    report = verify(network, params, X, small.Y, backward=backward, order=2)
    assert report.verdict != "wrong", report
    assert any("exactly on a kink" in note for note in report.notes)


@pytest.mark.parametrize("order", [0, 3, "2"])
def test_an_order_that_is_none(small, order):
    with pytest.raises(ValueError, match="verify: order must be 1 or 2, got"):
        verify(*small, order=order)


def test_a_wrong_gradient_is_not_looked_at_twice(small):
    own = lambda *a, **k: jax.tree.map(lambda leaf: 2 * leaf, backward(*a, **k))
    verdict, report = orders(small, own)
    assert verdict == report.verdict == "wrong"
    assert rows(report) == []


def test_pairs_follow_the_product_rule():
    rng = np.random.default_rng(0)
    q, r, q_rate, r_rate = rng.normal(size=(4, 3, 3))
    product = Pair(q**2, q_rate**2) * Pair(r**2, r_rate**2) + Pair.of(q**2)
    np.testing.assert_allclose(product.value, (q * r) ** 2 + q**2)
    np.testing.assert_allclose(product.rate, (q * r_rate) ** 2 + (q_rate * r) ** 2)
    matrix = Pair(q**2, q_rate**2) @ Pair(r**2, r_rate**2).T
    np.testing.assert_allclose(matrix.rate, q**2 @ r_rate.T**2 + q_rate**2 @ r.T**2)
