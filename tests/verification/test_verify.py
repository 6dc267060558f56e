"""`verify` can pass, can fail, and refuses what it cannot judge."""

import itertools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import ACTIVATIONS, Activation, Head, Layer, Network, backward
from jaxdnn.verification import verify
from tests.gradient_cases import case, dropout, named_cases

WEIGHTS = np.linspace(0.5, 2, 6)


def spoiled(change):
    """The library's backward with a change of one leaf: (l, "W" or "b", function)."""
    l, leaf, function = change

    def own(*arguments, **options):
        grads = list(backward(*arguments, **options))
        layer = grads[l - 1]
        grads[l - 1] = layer._replace(**{leaf: function(getattr(layer, leaf))})
        return tuple(grads)

    return own


# It can pass.


@pytest.mark.slow
def test_every_activation_in_one_network_is_verified():
    """Under every head: see test_second_order.py, which looks at order 1 too."""
    hidden = tuple(ACTIVATIONS)
    options = dropout(0.7) | {"l2": 0.7, "sample_weight": WEIGHTS}
    dims = (4,) * (len(hidden) + 2)
    mixed = case("mixed", dims, hidden, "exp", 6, weight=0.6, options=options)
    report = verify(*mixed.arguments, **options, backward=backward)
    assert report.verdict == "verified", report
    assert all(row.status == "ok" for row in report.rows)
    assert max(report.resolution.values()) < 1e-6


def test_somebody_elses_right_backward_is_verified(small):
    # Eager, where a run shares the small kernels of the runs before it.
    report = verify(*small, backward=lambda *a, **k: backward(*a, **k))
    assert report.ok
    assert "cost_and_gradients" not in [row.name for row in report.rows]


def test_the_librarys_own_gradient_is_verified_in_both_its_forms(small):
    report = verify(*small)
    assert report.ok
    assert report.rows[-1].name == "cost_and_gradients"


# The names that would only repeat a shape at a higher price are the scripts' business.
DEAR = {
    "256 examples",
    "a wide ReLU net",
    "dropout",
    "inputs of 1e6",
    "nine hidden layers of 64",
    "one example, 1000 times",
    "sorted labels",
}
CORRECT = [
    next(same)
    for name, same in itertools.groupby(
        sorted(named_cases(), key=lambda each: each.name), key=lambda each: each.name
    )
    if name not in DEAR
]


@pytest.mark.slow
@pytest.mark.parametrize("correct", CORRECT, ids=[each.name for each in CORRECT])
def test_a_right_gradient_is_never_called_wrong(correct):
    report = verify(*correct.arguments, **correct.options, backward=backward)
    assert report.verdict != "wrong", report


@pytest.mark.slow
@pytest.mark.parametrize(
    ("forward", "at_zero"), [(jax.nn.relu, 1.0), (lambda Z: jnp.maximum(Z, 0), 0.0)]
)
def test_the_slope_at_exactly_a_kink_is_a_convention(small, forward, at_zero):
    """Whatever slope of autodiff and of the hand-derived one at Z = 0."""
    own = Activation(
        "own relu", forward, lambda dA, Z: dA * jnp.heaviside(Z, at_zero), "Z"
    )
    # Unit 1 rests exactly on the kink for every example.
    (W, b), *rest = small.params
    first = Layer(np.where(np.arange(5)[:, None] == 1, 0, W), 0 * b)
    network = Network(small.network.layer_dims, (own, "tanh"), "sigmoid")
    params = (first, *rest)
    report = verify(network, params, small.X, small.Y, backward=backward)
    assert report.verdict != "wrong", report


# It can fail.

WRONG = {
    "the course's dW2 * 2": ((2, "W", lambda dW: 2 * dW), "dW2", "factor 2"),
    "the course's db1 * 4": ((1, "b", lambda db: 4 * db), "db1", "factor 4"),
    "a sign": ((3, "W", lambda dW: -dW), "dW3", "the sign"),
    "zero": ((1, "W", lambda dW: 0 * dW), "dW1", "it is zero"),
    "one entry": (
        (1, "W", lambda dW: dW.at[2, 1].multiply(1.01)),
        "dW1",
        "only entry [2, 1], factor 1.01",
    ),
    "one part in a million": ((2, "b", lambda db: db * (1 + 1e-6)), "db2", "1.000001"),
    "float32": (
        (2, "W", lambda dW: dW.astype(jnp.float32).astype(jnp.float64)),
        "dW2",
        "float32",
    ),
}


@pytest.mark.parametrize(("change", "name", "hint"), WRONG.values(), ids=WRONG)
def test_a_spoiled_leaf_is_named_and_explained(small, change, name, hint):
    report = verify(*small, backward=spoiled(change))
    assert report.verdict == "wrong"
    assert report.wrong == (name,)
    assert hint in report.hints[name]


@pytest.mark.parametrize("value", [jnp.nan, jnp.inf, -jnp.inf])
@pytest.mark.parametrize("whole", [True, False], ids=["everywhere", "one entry"])
def test_a_gradient_that_is_not_finite_is_wrong(small, value, whole):
    fill = lambda dW: jnp.full_like(dW, value) if whole else dW.at[0, 0].set(value)
    report = verify(*small, backward=spoiled((2, "W", fill)))
    assert report.verdict == "wrong"
    assert "dW2" in report.wrong


# Of a layer, a slope of z + z³ that is wrong, and what it looks like.
SLOPES = [
    {
        1: (lambda Z: 2 * (1 + 3 * Z**2), " (factor 2)"),
        2: (lambda Z: 3 + 0 * Z, ""),
    },
    {
        1: (lambda Z: jnp.where(Z > 1, 0, 1 + 3 * Z**2), ""),
        2: (lambda Z: -3 * Z**2, " (1 - g' for g')"),
    },
]


@pytest.mark.slow
@pytest.mark.parametrize("slopes", SLOPES, ids=["twice, missing", "in a part, 1 - g'"])
def test_a_custom_activation_with_a_wrong_derivative_is_explained(small, slopes):
    hidden = tuple(
        Activation("cubed", lambda Z: Z + Z**3, lambda dA, Z, g=g: dA * g(Z), "Z")
        for g, _ in slopes.values()
    )
    network = Network(small.network.layer_dims, hidden, "sigmoid")
    report = verify(network, *small[1:], backward=backward)
    assert report.wrong == ("dZ2", "dZ1")
    rows = {row.name: row for row in report.rows}
    for l, (slope, looks) in slopes.items():
        row = rows[f"dZ{l}"]
        assert f"cubed'(Z{l})" in row.equation
        number = r"(-?[\d.e+-]+)"
        found = re.fullmatch(
            rf"g' of 'cubed' is wrong: at Z = {number} it gives {number}, "
            rf"the slope of forward is {number}{re.escape(looks)}",
            row.hint,
        )
        Z, gives, due = map(float, found.groups())
        assert gives == pytest.approx(float(slope(Z)), rel=1e-2, abs=1e-2)
        assert due == pytest.approx(1 + 3 * Z**2, rel=1e-2)


def test_a_wrong_derivative_is_told_where_equations_cannot_be_read(small):
    wrong = Activation("cubed", lambda Z: Z + Z**3, lambda dA, _: 3 * dA, "Z")
    network = Network(small.network.layer_dims, ("tanh", wrong), "sigmoid")

    def own(network, params, caches, Y, **options):
        if Y.shape[1] != small.Y.shape[1]:
            raise ValueError("whole batches only")
        return backward(network, params, caches, Y, **options)

    report = verify(network, *small[1:], backward=own)
    assert report.verdict == "wrong"
    assert any("g' of 'cubed' is wrong" in note for note in report.notes)


@pytest.mark.parametrize(
    ("factor", "hint"),
    [(5, "factor 5 (= n_2)"), (12, "factor 12"), (1 / 3, "factor 0.3333333")],
)
def test_a_factor_is_a_number_first_and_a_name_second(small, factor, hint):
    report = verify(*small, backward=spoiled((2, "b", lambda db: factor * db)))
    assert report.hints == {"db2": hint}


def test_a_factor_of_m_is_told_from_a_number(small):
    def own(network, params, caches, Y, **options):
        first, *rest = backward(network, params, caches, Y, **options)
        return (first._replace(b=first.b / Y.shape[1]), *rest)

    assert verify(*small, backward=own).hints == {"db1": "factor 0.08333333 (= 1/m)"}


def test_a_custom_activation_with_a_right_derivative_is_verified(small):
    right = Activation(
        "cubed", lambda Z: Z + Z**3, lambda dA, Z: dA * (1 + 3 * Z**2), "Z"
    )
    network = Network(small.network.layer_dims, ("tanh", right), "sigmoid")
    assert verify(network, *small[1:], backward=backward).ok


@pytest.mark.slow
@pytest.mark.parametrize(("factor", "verdict"), [(1, "verified"), (2, "wrong")])
def test_a_head_of_ones_own_is_measured_by_extrapolation(small, factor, verdict):
    head = Head(
        "logistic, without complex forms",
        output=jax.nn.sigmoid,
        losses=lambda ZL, Y: factor * (jax.nn.softplus(ZL) - Y * ZL).sum(axis=0),
    )
    network = Network(small.network.layer_dims, "tanh", head)
    report = verify(network, *small[1:], backward=backward)
    assert report.verdict == verdict, report
    if verdict == "wrong":
        assert {row.name for row in report.rows if row.step} == {
            f"d{kind}{l}" for kind in "Wb" for l in (1, 2, 3)
        }


def test_a_stopped_gradient_in_a_forward_is_seen_without_autodiff(small):
    """Hand and autodiff agree on a derivative that is not that of the values."""
    stopped = Activation(
        "half stopped",
        lambda Z: Z * jax.lax.stop_gradient(jnp.tanh(Z)),
        lambda dA, Z: dA * jnp.tanh(Z),
        "Z",
    )
    network = Network(small.network.layer_dims, ("tanh", stopped), "sigmoid")
    report = verify(network, *small[1:], backward=backward)
    below = [row for row in report.rows if row.name in ("dW1", "db1", "dW2", "db2")]
    assert report.verdict == "wrong"
    assert all(row.units <= report.limit for row in below)
    assert all(row.step > report.limit for row in below)
    assert any("half stopped" in note for note in report.notes)


def test_a_gradient_that_is_zero_everywhere_verifies_nothing(small):
    """Every unit dead and the output exactly right."""
    params = tuple(Layer(0 * W, 0 * b) for W, b in small.params)
    network = Network(small.network.layer_dims, "relu", "identity")
    report = verify(network, params, small.X, 0 * small.Y, backward=backward)
    assert report.verdict == "unresolved"
    assert "0" in report.reason


# What it refuses.


def raises(*_, **__):
    raise ZeroDivisionError("one / zero")


def other_tree(*arguments, **options):
    return [tuple(layer) for layer in backward(*arguments, **options)]


def test_a_backward_that_raises(small):
    with pytest.raises(ValueError, match="raises raised ZeroDivisionError: one / zero"):
        verify(*small, backward=raises)


def test_a_backward_with_another_tree(small):
    with pytest.raises(ValueError, match="other_tree must return the tree of params"):
        verify(*small, backward=other_tree)


def test_a_backward_with_other_shapes(small):
    with pytest.raises(ValueError, match=r"b2.*\(5, 1\)"):
        verify(*small, backward=spoiled((2, "b", lambda db: db[:, 0])))


def test_a_backward_that_is_not_deterministic(small):
    rng = np.random.default_rng(0)
    noisy = spoiled((2, "b", lambda db: db * (1 + 1e-9 * rng.random())))
    with pytest.raises(ValueError, match="not deterministic: two calls differ in db2"):
        verify(*small, backward=noisy)


@pytest.mark.parametrize(
    "made", [jax.grad, jax.value_and_grad, lambda f: jax.jit(jax.grad(f))]
)
def test_autodiff_is_not_compared_with_itself(small, made):
    oracle = made(lambda params: sum((W**2).sum() for W, _ in params))

    def disguised(network, params, caches, Y, **options):
        return oracle(params)

    for own in (oracle, disguised):
        with pytest.raises(TypeError, match=r"jax\.grad's own"):
            verify(*small, backward=own)


ORACLE = jax.jit(jax.grad(lambda params: sum((W**2).sum() for W, _ in params)))
SLOPE = jax.vmap(jax.grad(jnp.tanh))


def test_autodiff_under_a_name_of_the_module_is_seen(small):
    def calls(network, params, caches, Y, **options):
        return ORACLE(params)

    def harmless(network, params, caches, Y, **options):
        at_zero = SLOPE(jnp.zeros(1))[0]  # 1
        grads = backward(network, params, caches, Y, **options)
        return jax.tree.map(lambda leaf: at_zero * leaf, grads)

    for own in (calls, lambda network, params, *_, **__: ORACLE(params)):
        with pytest.raises(TypeError, match=r"jax\.grad's own"):
            verify(*small, backward=own)
    assert verify(*small, backward=harmless).ok


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_data_that_are_not_finite(small, value):
    small.X[1, 2] = value
    with pytest.raises(ValueError, match=r"verify: X must be finite.*\[1, 2\]"):
        verify(*small)


def test_traced_arguments(small):
    with pytest.raises(TypeError, match="traced"):
        jax.jit(lambda X: verify(small.network, small.params, X, small.Y).ok)(small.X)


@pytest.mark.parametrize("weights", [np.zeros(12), -np.ones(12)])
def test_weights_that_make_no_mean(small, weights):
    with pytest.raises(ValueError, match=r"sample_weight must be .*>= 0, not all 0"):
        verify(*small, sample_weight=weights)


# The process it runs in.


@pytest.mark.slow
@pytest.mark.parametrize("x64", [False, True], ids=["float32", "x64"])
@pytest.mark.parametrize("own", [None, raises], ids=["verified", "raises"])
def test_the_process_is_left_as_it_was(small, x64, own):
    with jax.enable_x64(x64), jax.default_matmul_precision("bfloat16"):
        params, X, Y = jax.tree.map(jnp.asarray, small[1:])
        key = jax.random.key(5)
        bits = jax.random.key_data(key)
        before = jax.tree.map(np.array, (params, X, Y))
        if own is None:
            report = verify(
                small.network,
                params,
                X,
                Y,
                key=key,
                keep_prob=0.8,
                backward=backward,
            )
            assert report.verdict == "verified"
            assert ("(parameters float32)" in report.title) is not x64
        else:
            with pytest.raises(ValueError, match="raised"):
                verify(small.network, params, X, Y, backward=own)
        assert jax.config.jax_enable_x64 is x64
        assert jax.config.jax_default_matmul_precision == "bfloat16"
        assert jnp.zeros(()).dtype == (jnp.float64 if x64 else jnp.float32)
        assert params[0].W.dtype == jnp.zeros(()).dtype
        jax.tree.map(np.testing.assert_array_equal, (params, X, Y), before)
        np.testing.assert_array_equal(jax.random.key_data(key), bits)


def test_a_seed_repeats_a_run(small):
    one, same, other = (verify(*small, seed=seed) for seed in (4, 4, 5))
    assert one == same
    assert "seed 4" in str(one)
    assert [row.step for row in one.rows] != [row.step for row in other.rows]


def test_a_wrong_relu_network_does_not_blame_autodiff(small):
    network = Network(small.network.layer_dims, "relu", "sigmoid")

    def twice(*arguments, **options):
        first, *rest = backward(*arguments, **options)
        return (first._replace(W=2 * first.W), *rest)

    report = verify(network, *small[1:], backward=twice)
    assert report.verdict == "wrong"
    assert not any("autodiff" in note for note in report.notes)
