"""Curvature by hand against autodiff's whole matrices, and mistakes that are found."""

import functools
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    ACTIVATIONS,
    HEADS,
    Activation,
    Head,
    Network,
    fisher_diagonal,
    gauss_newton_vector_product,
    hessian_diagonal,
    hessian_vector_product,
    initialize_parameters,
    kfac_factors,
)
from tests.conftest import one_quick
from tests.second_order import (
    BY_NAME,
    CASES,
    PLANTED,
    close,
    example_gradients,
    fails_if_planted,
    flat,
    gauss_newton,
    hessian,
    spoil_columns,
    spoil_field,
    weights_of,
    without_l2,
)
from tests.test_activations import POINTS, cache_of


@functools.cache
def matrix(kind, name):
    with jax.enable_x64(True):
        return kind(BY_NAME[name])


def direction(case):
    rng = np.random.default_rng(1)
    return jax.tree.map(lambda leaf: rng.normal(size=leaf.shape), case.params)


@pytest.fixture(params=one_quick(CASES))
def case(request):
    with jax.enable_x64(True):
        yield CASES[request.param]


@functools.partial(jax.jit, static_argnums=0)
def bends(g, Z, dA):
    """dA g''(Z) by hand and by autodiff."""
    due = dA * jax.vmap(jax.grad(jax.grad(g.forward)))(Z)
    return g.second(dA, cache_of(g, Z)), due


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_second_is_the_derivative_of_the_slope(name):
    with jax.enable_x64(True):
        dA = np.linspace(1.0, 2.0, POINTS.size)
        hand, due = jax.device_get(bends(ACTIVATIONS[name], POINTS, dA))
    # Autodiff takes 1 - s(z) from s(z), and loses digits where that is near 1.
    np.testing.assert_allclose(hand, due, rtol=1e-11, atol=1e-13)
    assert np.abs(1.001 * hand - due).max() > 1e-13 or not due.any()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_second_is_finite_far_out(name):
    Z = np.array([-3e4, -100.0, -20.0, -0.0, 0.0, 20.0, 100.0, 3e4], np.float16)
    bend, _ = bends(ACTIVATIONS[name], Z, np.ones_like(Z))
    assert bend.dtype == np.float16
    assert np.isfinite(bend).all()
    assert (np.abs(bend) <= 1).all()


@functools.partial(jax.jit, static_argnums=0)
def through_the_output(head, M, ZL):
    """What output_backward makes of M, and three ways in which autodiff does."""
    pushed = jax.jvp(head.output, (ZL,), (M,))[1]
    pulled = jax.vjp(head.output, ZL)[1](M)[0]
    slope = jax.grad(lambda ZL: head.losses(ZL, jnp.full_like(ZL, 0.25)).sum())
    bent = jax.jvp(slope, (ZL,), (M,))[1]
    return head.output_backward(M, ZL, head.output(ZL)), (pushed, pulled, bent)


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("scale", [0.0, 1.0, 30.0])
def test_output_backward_is_the_jacobian_and_the_hessian_of_the_loss(name, scale):
    ZL, M = scale * np.random.default_rng(0).normal(size=(2, 4, 9))
    with jax.enable_x64(True):
        hand, dues = through_the_output(HEADS[name], M / max(scale, 1.0), ZL)
    for due in dues:
        np.testing.assert_allclose(hand, due, rtol=1e-12, atol=1e-13)


def test_beyond_its_knee_the_rate_is_constant():
    ZL = np.array([[44.0, 45.0]], np.float32)
    slope, _ = through_the_output(HEADS["exp"], np.ones((1, 2), np.float32), ZL)
    assert (np.asarray(slope) > 0).tolist() == [[True, False]]


def test_hessian_vector_product(case):
    v, H = direction(case), matrix(hessian, case.name)
    found = flat(hessian_vector_product(*case.arguments, v, **case.options))
    assert close(found, H @ flat(v))


def test_gauss_newton_vector_product(case):
    v, G = direction(case), matrix(gauss_newton, case.name)
    found = flat(gauss_newton_vector_product(*case.arguments, v, **case.options))
    assert close(found, G @ flat(v))
    bends = any(g.name not in ("relu", "leaky_relu") for g in case.network.activations)
    assert close(G, matrix(hessian, case.name), 1e-9) != bends


def test_hessian_diagonal(case):
    found = hessian_diagonal(*case.arguments, **case.options)
    assert close(flat(found), np.diag(matrix(hessian, case.name)))


def test_fisher_diagonal(case):
    g, w = matrix(example_gradients, case.name), weights_of(case)
    found = fisher_diagonal(*case.arguments, **without_l2(case))
    assert close(flat(found), w @ g**2 / w.sum())


def test_squares_of_half_precision_do_not_leave_its_range():
    network, params = Network((1, 1), output="identity"), ([[0.0]], [[0.0]])
    for size in (1e-4, 1e3):
        given = np.array([[1.0]], np.float16), np.array([[size]], np.float16)
        half = jax.tree.map(np.float16, [tuple(map(np.asarray, params))])
        [layer] = fisher_diagonal(network, half, *given)
        np.testing.assert_allclose(layer.b, size**2, rtol=1e-3)


def test_kronecker_factors(case):
    g, w = matrix(example_gradients, case.name), weights_of(case)
    factors = kfac_factors(*case.arguments, **without_l2(case))
    start = 0
    for (W, b), (A, dZ) in zip(case.params, factors, strict=True):
        dW = g[:, start : start + W.size].reshape(-1, *W.shape)
        db = g[:, start + W.size : start + W.size + b.size]
        start += W.size + b.size
        assert close(dZ, db.T @ (w[:, None] * db) / w.sum())
        # dz āᵀ is known; so is ā āᵀ wherever dz is not 0.
        outer = np.concatenate([dW, db[:, :, None]], axis=2)
        square = (db**2).sum(1)
        ones = np.einsum("jk,jki->ji", db, outer)[square > 0] / square[square > 0, None]
        if len(ones) == len(w):
            assert close(A, ones.T @ (w[:, None] * ones) / w.sum(), 1e-9)
        assert A[-1, -1] == pytest.approx(1.0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "spoil", "test"),
    [
        ("hessian.push_vector", spoil_field("RdZL"), test_hessian_vector_product),
        (
            "gauss_newton.push_vector",
            spoil_field("RdZL"),
            test_gauss_newton_vector_product,
        ),
        ("diagonal.place_of", spoil_field("dZL"), test_hessian_diagonal),
        ("fisher.columns_of", spoil_columns, test_fisher_diagonal),
        ("kfac.columns_of", spoil_columns, test_kronecker_factors),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_planted_factor_fails_the_test_of_each(monkeypatch, place, spoil, test):
    at = f"jaxdnn.curvature.{place}"
    fails_if_planted(monkeypatch, at, spoil, lambda: test(PLANTED))


def test_factors_of_one_example_are_exact():
    network = Network((2, 3, 1), "tanh")
    with jax.enable_x64(True):
        params = initialize_parameters(jax.random.key(0), (2, 3, 1), dtype=jnp.float64)
        X, Y = np.array([[0.3], [-2.0]]), np.ones((1, 1))
        factors = kfac_factors(network, params, X, Y)
        fisher = fisher_diagonal(network, params, X, Y)
        for (A, dZ), (W, b) in zip(factors, fisher, strict=True):
            by_columns = np.concatenate([np.ravel(W.T), np.ravel(b.T)])
            assert close(np.diag(np.kron(A, dZ)), by_columns)


def mistaken(case, **changes):
    """The case's network with a part of its curvature changed by 1e-6 of it."""
    network = case.network
    if "second" in changes:
        g = network.activations[0]
        wrong = replace(g, second=lambda dA, cache: (1 + 1e-6) * g.second(dA, cache))
        hidden = (wrong, *network.activations[1:])
        return replace(network, hidden=hidden)
    head = network.head
    bend = lambda *of: (1 + 1e-6) * head.output_backward(*of)
    return replace(network, output=replace(head, output_backward=bend))


@pytest.mark.slow
@pytest.mark.parametrize("part", ["second", "output_backward"])
def test_a_mistake_of_a_millionth_is_found(part):
    case = CASES["smooth softmax"]
    with jax.enable_x64(True):
        v = direction(case)
        network = mistaken(case, **{part: True})
        arguments = (network, *case.arguments[1:], v)
        found = flat(hessian_vector_product(*arguments, **case.options))
        assert not close(found, matrix(hessian, case.name) @ flat(v))
        found = flat(gauss_newton_vector_product(*arguments, **case.options))
        due = matrix(gauss_newton, case.name) @ flat(v)
        assert close(found, due) == (part == "second")


def test_float32_is_float64_to_its_roundoff():
    case = CASES["smooth softmax"]
    single = jax.tree.map(np.float32, case.params)
    v = direction(case)
    found = hessian_vector_product(case.network, single, case.X, case.Y, v)
    assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {jnp.dtype(jnp.float32)}
    assert close(flat(found), matrix(hessian, case.name) @ flat(v), 1e-5)


CUBE = Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)
GAMMA = Head(
    "reciprocal gamma",
    output=lambda ZL: -1 / ZL,
    losses=lambda ZL, Y: (-jnp.log(-ZL) - Y * ZL).sum(axis=0),
)


@pytest.mark.parametrize(
    ("network", "says"),
    [
        (Network((2, 3, 1), CUBE), "activation 'cube' must have a second"),
        (Network((2, 3, 1), output=GAMMA), "'reciprocal gamma' must have an output_b"),
    ],
)
@pytest.mark.parametrize("function", [hessian_vector_product, hessian_diagonal])
def test_what_does_not_say_how_it_bends_is_refused_by_name(network, says, function):
    params = initialize_parameters(jax.random.key(0), network.layer_dims)
    more = (params,) if function is hessian_vector_product else ()
    with pytest.raises(ValueError, match=f"{function.__name__}: .*{says}"):
        function(network, params, np.ones((2, 3)), np.ones((1, 3)), *more)


def test_the_gauss_newton_product_asks_no_activation_how_it_bends():
    network = Network((2, 3, 1), CUBE)
    params = initialize_parameters(jax.random.key(0), network.layer_dims)
    arguments = (np.ones((2, 3)), np.ones((1, 3)), params)
    found = gauss_newton_vector_product(network, params, *arguments)
    assert np.isfinite(flat(found)).all()


def test_a_vector_of_other_shapes_is_refused():
    network = Network((2, 3, 1))
    params = initialize_parameters(jax.random.key(0), network.layer_dims)
    with pytest.raises(ValueError, match="hessian_vector_product: vector: params must"):
        hessian_vector_product(
            network, params, np.ones((2, 3)), np.ones((1, 3)), params[:1]
        )


def test_one_of_ones_own_that_says_how_it_bends_is_taken():
    own = replace(CUBE, second=lambda dA, Z: dA * 6 * Z)
    case = CASES["smooth softmax"]
    case = case._replace(network=replace(case.network, hidden=(own, "tanh", "tanh")))
    with jax.enable_x64(True):
        v = direction(case)
        found = hessian_vector_product(*case.arguments, v)
        assert close(flat(found), hessian(case) @ flat(v))
