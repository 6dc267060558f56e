"""Each example's gradient against autodiff's, one by one, and what is made of them."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxdnn as dnn
from jaxdnn import (
    Network,
    clipped_gradients,
    cost_and_gradients,
    gradient_diversity,
    gradient_noise_scale,
    initialize_parameters,
    per_example_gradients,
    per_example_gram,
    per_example_norms,
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
    spoil_columns,
    weights_of,
    without_l2,
)


@functools.cache
def oracle(name):
    """The gradients of ℓ_j, (m, number of parameters)."""
    with jax.enable_x64(True):
        return example_gradients(BY_NAME[name])


@pytest.fixture(params=one_quick(CASES))
def each(request):
    """A case, and the gradients of its examples' w_j ℓ_j by autodiff."""
    case = CASES[request.param]
    g = weights_of(case)[:, None] * oracle(request.param)
    with jax.enable_x64(True):
        yield case, g


def asked(function, case, **more):
    return function(*case.arguments, **without_l2(case), **more)


def test_norms(each):
    case, g = each
    found, due = asked(per_example_norms, case), np.linalg.norm(g, axis=1)
    assert close(found, due)
    # A norm that forgot b would be told.
    b = np.concatenate([np.r_[0 * W.ravel(), b.ravel() + 1] for W, b in case.params])
    assert not close(found, np.linalg.norm(g * (b == 0), axis=1), 1e-6)


def test_gradients(each):
    case, g = each
    found = asked(per_example_gradients, case)
    assert [layer.W.shape[0] for layer in found] == [7] * len(found)
    rows = np.concatenate(
        [np.reshape(leaf, (7, -1)) for leaf in jax.tree.leaves(found)], 1
    )
    assert close(rows, g)
    assert not close(rows, g * (1 + 1e-9))


def test_gram(each):
    case, g = each
    assert close(asked(per_example_gram, case), g @ g.T)


def test_diversity(each):
    case, g = each
    due = (g**2).sum() / (g.sum(0) ** 2).sum()
    assert close(asked(gradient_diversity, case), due)


def test_noise_scale(each):
    case, _ = each
    w = weights_of(case)
    own = oracle(case.name)
    mean = w @ own / w.sum()
    share = (w**2).sum() / w.sum() ** 2
    covariance = (own - mean).T @ (w[:, None] * (own - mean)) / w.sum() / (1 - share)
    signal = mean @ mean - share * np.trace(covariance)
    due = np.trace(covariance) / signal if signal > 0 else np.inf
    found = asked(gradient_noise_scale, case)
    assert found == due or close(found, due, 1e-10)


def test_clipped_gradients(each):
    case, g = each
    norms = np.linalg.norm(g, axis=1)
    C = float(np.median(norms))
    scale = np.minimum(1, C / np.maximum(norms, 1e-300))
    W, total = flat(case.params), weights_of(case).sum()
    penalised = flat([(0 * W + 1, 0 * b) for W, b in case.params])
    due = scale @ g / total + case.options.get("l2", 0.0) / total * penalised * W
    grads, seen = clipped_gradients(*case.arguments, max_norm=C, **case.options)
    assert close(flat(grads), due)
    assert close(seen, norms)
    whole, _ = clipped_gradients(*case.arguments, max_norm=1e9, **case.options)
    _, unclipped = cost_and_gradients(*case.arguments, **case.options)
    assert close(flat(whole), flat(unclipped))
    assert not close(flat(grads), flat(whole), 1e-3)


@pytest.mark.parametrize(
    ("place", "test"),
    [
        ("norms", test_norms),
        ("gradients", test_gradients),
        ("gram", test_gram),
        ("diversity", test_diversity),
        ("noise_scale", test_noise_scale),
        ("clipping", test_clipped_gradients),
    ],
)
def test_a_planted_factor_fails_the_test_of_each(monkeypatch, place, test):
    g = weights_of(PLANTED)[:, None] * oracle(PLANTED.name)
    at = f"jaxdnn.per_example.{place}.columns_of"
    fails_if_planted(monkeypatch, at, spoil_columns, lambda: test((PLANTED, g)))


@pytest.mark.slow
def test_some_examples_have_the_masks_of_the_whole():
    case = CASES["kinks, dropout, L2"]
    every = jax.device_get(asked(per_example_gradients, case))
    held = jnp.array([5, 0], jnp.uint8)
    for examples in (slice(None, None, 2), np.array([5, -1, 0]), held):
        some = asked(per_example_gradients, case, examples=examples)
        due = [
            leaf[np.asarray(examples)] if examples is held else leaf[examples]
            for leaf in jax.tree.leaves(every)
        ]
        assert close(flat(some), flat(due), 0)


def test_examples_are_named_by_any_whole_numbers():
    network, params = Network((1, 1), output="identity"), [([[0.0]], [[0.0]])]
    X, Y = np.zeros((1, 300)), np.arange(300.0)[None]

    def named(examples):
        [layer] = per_example_gradients(network, params, X, Y, examples=examples)
        return layer.b

    # Of few bits, none holds 300; closed over by a traced function, they are read.
    for dtype in ("int8", "uint8", "uint32"):
        places = jnp.array([7, 100], dtype)
        for found in (
            named(np.asarray(places)),
            named(places),
            jax.jit(functools.partial(named, places))(),
            jax.jit(named)(places),
        ):
            assert np.ravel(found).tolist() == [-7, -100]


@pytest.mark.slow
def test_noise_has_the_deviation_it_should():
    network, m = Network((40, 50, 1)), 8
    params = initialize_parameters(jax.random.key(0), network.layer_dims)
    X, Y = np.ones((40, m)), np.ones((1, m))
    call = functools.partial(clipped_gradients, network, params, X, Y, max_norm=0.5)
    plain, _ = call()
    noisy, _ = call(noise=3.0, noise_key=jax.random.key(1))
    other, _ = call(noise=3.0, noise_key=jax.random.key(2))
    added = flat(noisy) - flat(plain)
    assert added.std() == pytest.approx(3.0 * 0.5 / m, rel=0.05)
    assert abs(added.mean()) < 0.02
    assert abs(np.corrcoef(added, flat(other) - flat(plain))[0, 1]) < 0.1
    again, _ = call(noise=3.0, noise_key=jax.random.key(1))
    assert (flat(again) == flat(noisy)).all()


def test_noise_scale_and_diversity_of_gradients_that_are_known():
    network, params = Network((1, 1), output="identity"), [([[0.0]], [[0.0]])]
    X = np.zeros((1, 4))  # g_j = -y_j, of b alone
    Y = np.array([[1.0, 3.0, 1.0, 3.0]])
    variance = 4 / 3
    due = variance / (4 - variance / 4)
    # Of the largest and the smallest, the squares do not fit float32.
    for sized in (Y, 1e-25 * Y, 1e25 * Y):
        assert gradient_noise_scale(network, params, X, sized) == pytest.approx(due)
        assert gradient_diversity(network, params, X, sized) == pytest.approx(20 / 64)
    opposed = np.array([[1.0, -1.0, 1.0, -1.0]])
    assert np.isinf(gradient_noise_scale(network, params, X, opposed))
    doubled = gradient_noise_scale(network, params, X, Y, sample_weight=np.full(4, 2.0))
    assert doubled == pytest.approx(due)


def test_what_is_nothing_is_no_nan():
    network, params = Network((1, 1), output="identity"), ([[0.0]], [[0.0]])
    X, Y = np.ones((1, 3)), np.array([[0.0, 2.0, 2.0]])
    # Of equal rows the spread is rounding, of one that counts there is none.
    dims = (3, 4, 2)
    same = np.full((3, 7), 0.7), np.full((2, 7), 0.3)
    drawn = initialize_parameters(jax.random.key(0), dims)
    assert 0 <= gradient_noise_scale(Network(dims), drawn, *same) < 1e-5
    alone = {"sample_weight": np.array([0.0, 0.3, 0.0])}
    with jax.debug_nans(True):
        assert np.isinf(gradient_noise_scale(network, [params], X, Y, **alone))
        # Autodiff through norms of which one is 0.
        for of in (
            lambda b: per_example_norms(network, [(params[0], b)], X, Y).sum(),
            lambda b: clipped_gradients(network, [(params[0], b)], X, Y, max_norm=1.0)[
                0
            ][0].b.sum(),
        ):
            assert np.isfinite(jax.jit(jax.grad(of))(np.zeros((1, 1))))


def test_norms_take_no_array_of_examples_times_parameters():
    network, m = Network((256, 128, 10), output="softmax"), 128
    params = initialize_parameters(jax.random.key(0), network.layer_dims)
    X, Y = np.ones((256, m)), np.full((10, m), 0.1)

    def temporary(function):
        program = jax.jit(function).lower(params, X, Y).compile()
        return program.memory_analysis().temp_size_in_bytes

    def materialised(params, X, Y):
        grads = per_example_gradients(network, params, X, Y)
        return sum((leaf**2).sum(axis=(1, 2)) for leaf in jax.tree.leaves(grads)), grads

    by_columns = temporary(lambda *of: per_example_norms(network, *of))
    parameters = sum(leaf.size for leaf in jax.tree.leaves(params))
    assert by_columns < 4 * parameters * m / 20
    clipped = temporary(lambda *of: clipped_gradients(network, *of, max_norm=1.0))
    assert clipped < 4 * parameters * m / 20
    made = jax.eval_shape(materialised, params, X, Y)[1]
    assert sum(leaf.size for leaf in jax.tree.leaves(made)) == parameters * m


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_norms_are_recorded_in_float32_or_wider(dtype):
    network = Network((5, 6, 3), "tanh", "softmax")
    params = initialize_parameters(jax.random.key(0), network.layer_dims, dtype=dtype)
    X = np.random.default_rng(1).normal(size=(5, 9)).astype(dtype)
    Y = np.eye(3)[:, np.arange(9) % 3]
    narrow = per_example_norms(network, params, X, Y)
    assert narrow.dtype == jnp.float32
    with jax.enable_x64(True):
        wide = jax.tree.map(lambda leaf: np.asarray(leaf, float), params)
        due = per_example_norms(network, wide, X.astype(float), Y)
    assert close(narrow, due, 40 * float(jnp.finfo(dtype).eps))


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda *of: per_example_norms(*of, keep_prob=0.5), ValueError, "norms: keep_"),
        (
            lambda *of: per_example_gradients(*of, examples=[0, 3]),
            ValueError,
            "examples must be from -3 to 2 .m from X., got 3",
        ),
        (
            lambda *of: per_example_gradients(*of, examples=[0.5]),
            TypeError,
            "examples must be a slice or .k,. whole numbers, got float",
        ),
        (
            lambda *of: clipped_gradients(*of, max_norm=0),
            ValueError,
            "max_norm must be finite and > 0",
        ),
        (
            lambda *of: clipped_gradients(*of, max_norm=1e39),
            ValueError,
            "max_norm must not be 0 or infinite in float32, got 1e.39",
        ),
        (
            lambda *of: per_example_gradients(*of, examples=slice("1")),
            TypeError,
            "examples must be a slice of whole numbers, got slice",
        ),
        (
            lambda *of: jax.jit(
                lambda end: per_example_gradients(*of, examples=slice(end))
            )(2),
            TypeError,
            "examples must be a slice of whole numbers, got traced ones",
        ),
        (
            lambda *of: clipped_gradients(*of, max_norm=1, noise=1.0),
            ValueError,
            "noise needs a noise_key",
        ),
        (
            lambda *of: clipped_gradients(*of, max_norm=1, noise=-1.0),
            ValueError,
            "noise must be finite and >= 0",
        ),
        (
            lambda *of: clipped_gradients(*of, max_norm=1, noise_key=3),
            TypeError,
            "noise_key must be a key",
        ),
        (
            lambda network, params, X, Y: gradient_noise_scale(
                network, params, X[:, :1], Y[:, :1]
            ),
            ValueError,
            "at least two examples",
        ),
        (
            lambda network, params, X, Y: per_example_gram(network, params, X, 3 * Y),
            ValueError,
            "per_example_gram: Y for a sigmoid",
        ),
    ],
)
def test_errors_say_what_was_wanted(call, error, says):
    network = Network((2, 1))
    params = initialize_parameters(jax.random.key(0), (2, 1))
    with pytest.raises(error, match=says):
        call(network, params, np.ones((2, 3)), np.ones((1, 3)))


def test_the_cosine_is_that_of_the_whole_gradients():
    network = dnn.Network((3, 4, 2), "tanh")
    params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
    X = np.random.default_rng(1).normal(size=(3, 20))
    Y = (X[:2] > 0).astype(float)
    batches = (slice(0, 10), slice(10, 20))
    one, other = (
        dnn.cost_and_gradients(network, params, X[:, at], Y[:, at])[1] for at in batches
    )
    one, other = jax.device_get((one, other))
    u, v = flat(one), flat(other)
    wanted = u @ v / np.linalg.norm(u) / np.linalg.norm(v)
    assert float(dnn.grad_cosine(one, other)) == pytest.approx(wanted, rel=1e-5)
    for length in (1e-30, 1e-12, 1.0, 1e12, 1e30):  # whose squares float32 lacks
        longer = jax.tree.map(lambda of, c=length: np.float32(c) * of, other)
        assert float(dnn.grad_cosine(one, longer)) == pytest.approx(wanted, rel=1e-5)
    with pytest.raises(ValueError, match="grad_cosine: others must have 2 layers"):
        dnn.grad_cosine(one, other[:1])


def test_a_planted_factor_fails_the_test_of_the_cosine(monkeypatch):
    spoil = lambda right: lambda *of: 1.0001 * right(*of)
    test = test_the_cosine_is_that_of_the_whole_gradients
    fails_if_planted(monkeypatch, "jaxdnn.per_example.cosine._cosine", spoil, test)
