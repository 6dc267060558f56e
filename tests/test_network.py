"""The hand-derived gradient of whole networks against autodiff, and its callers' needs.

Two networks have all activations between them: an activation is derived without its
head, of which a layer before the last sees dZL alone.
"""

import itertools
from functools import partial

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    ACTIVATIONS,
    HEADS,
    Activation,
    Head,
    Layer,
    Network,
    backward,
    cost,
    cost_and_gradients,
    cotangents,
    forward,
    initialize_parameters,
    predict,
    predict_proba,
    score,
)

RTOL = 1e-12
# The worst leaf's largest error in float32, over the leaf's largest entry.
RTOL_FLOAT32 = 1e-4
WIDTHS = (4, 3, 5, 3, 5, 4)
M = 6
KEY = jax.random.key(7)


def assert_gradients_agree(hand, oracle, rtol=RTOL):
    """Every leaf's largest error is below rtol times the leaf's largest entry."""
    chex.assert_trees_all_equal_structs(hand, oracle)
    hand, oracle = jax.device_get((hand, oracle))
    for l, (ours, theirs) in enumerate(zip(hand, oracle, strict=True), start=1):
        for name, a, b in zip(("dW", "db"), ours, theirs, strict=True):
            error, size = np.abs(a - b).max(), np.abs(b).max()
            assert error <= rtol * size, f"{name}{l}: {error:.1e} of {size:.1e}"


def problem(hidden, head, depth, n_L=3, m=M, dtype=None):
    """A network of `depth` layers with parameters and data for it."""
    network = Network((*WIDTHS[:depth], n_L), hidden, head)
    rng = np.random.default_rng(7)
    dtype = jnp.result_type(dtype or float)

    def normal(deviation, *shape):
        return jnp.asarray(deviation * rng.normal(size=shape), dtype)

    params = tuple(
        # Biases too: zero ones would hide a missing b.
        Layer(normal((2 / n_prev) ** 0.5, n, n_prev), normal(0.1, n, 1))
        for n_prev, n in itertools.pairwise(network.layer_dims)
    )
    Y = {
        "sigmoid": rng.integers(0, 2, (n_L, m)),
        "softmax": np.eye(n_L)[:, np.arange(m) % n_L],
        "identity": rng.normal(size=(n_L, m)),
        "exp": rng.poisson(2.0, (n_L, m)),
    }[head]
    return network, params, normal(1.0, WIDTHS[0], m), jnp.asarray(Y, dtype)


@partial(jax.jit, static_argnums=0)
def oracle_of(network, params, X, Y, terms=None):
    of_params = lambda params: cost(network, params, X, Y, **(terms or {}))
    return jax.value_and_grad(of_params)(params)


# Two networks of depth 6 have all ten activations between them.
first, last = (tuple(list(ACTIVATIONS)[start : start + 5]) for start in (0, 5))

# Every combination of no L2 or some, no dropout or some, equal weights or not.
SWITCHES = np.array(list(itertools.product((0.0, 1.0), repeat=3))).T


@pytest.mark.parametrize(
    ("hidden", "head", "depth"),
    [
        *(
            pytest.param(hidden, head, 6, marks=pytest.mark.slow)
            for hidden, head in zip(itertools.cycle((first, last)), HEADS)
        ),
        # The last layer alone, and after one before it.
        ("tanh", "sigmoid", 1),
        ("tanh", "softmax", 2),
    ],
)
def test_every_combination(hidden, head, depth):
    def both(*switches):
        l2, dropout, weights = switches
        terms = {
            "l2": 0.7 * l2,
            "key": jax.random.key(3),
            "keep_prob": 1 - 0.2 * dropout,
            "sample_weight": 1 + weights * jnp.linspace(-1.0, 1.0, M),
        }
        return cost_and_gradients(*case, **terms), oracle_of(*case, terms)

    with jax.enable_x64(True):
        case = problem(hidden, head, depth)
        found = jax.device_get(jax.jit(jax.vmap(both))(*SWITCHES))
    (J, hand), (oracle_J, oracle) = found
    np.testing.assert_allclose(J, oracle_J, rtol=RTOL)
    for lane in range(SWITCHES.shape[1]):
        assert_gradients_agree(
            *jax.tree.map(lambda leaf, at=lane: leaf[at], (hand, oracle))
        )


def all_terms():
    """The keyword arguments of a cost with every term switched on."""
    weights = np.linspace(0.0, 2.0, M)
    key = jax.random.key(3)
    return {"l2": 0.7, "key": key, "keep_prob": 0.8, "sample_weight": weights}


# Each head once, either mixture plain and with every term.
each_head = pytest.mark.parametrize(
    ("head", "hidden", "terms"),
    [
        ("sigmoid", first, dict),
        ("softmax", first, all_terms),
        ("identity", last, dict),
        ("exp", last, all_terms),
    ],
    ids=HEADS,
)


@pytest.mark.slow
@each_head
def test_compiled_whole_and_in_two_halves(head, hidden, terms):
    with jax.enable_x64(True):
        terms = terms()
        case = network, params, X, Y = problem(hidden, head, depth=6)
        J, hand = cost_and_gradients(*case, **terms)
        oracle_J, oracle = oracle_of(*case, terms)
        np.testing.assert_allclose(J, oracle_J, rtol=RTOL)
        assert_gradients_agree(hand, oracle)
        dropout = {k: terms.pop(k) for k in ("key", "keep_prob") if k in terms}
        AL, caches = forward(network, params, X, **dropout)
        assert_gradients_agree(backward(network, params, caches, Y, **terms), oracle)
        assert AL.shape == Y.shape


@pytest.mark.slow
@each_head
def test_float32_errs_within_its_bound(head, hidden, terms):
    with jax.enable_x64(True):
        network, *arrays = problem(hidden, head, depth=6)
        _, exact = cost_and_gradients(network, *arrays, **terms())
        single = jax.tree.map(np.float32, arrays)
        _, hand = cost_and_gradients(network, *single, **terms())
        chex.assert_type(jax.tree.leaves(hand), jnp.float32)
        assert_gradients_agree(hand, exact, rtol=RTOL_FLOAT32)


@pytest.mark.slow
def test_vmap_over_parameters_equals_the_lanes_alone():
    with jax.enable_x64(True):
        network, params, X, Y = problem(first, "softmax", depth=6)
        lanes = jax.tree.map(lambda leaf: np.stack([0.5 * leaf, leaf]), params)
        run = lambda p: cost_and_gradients(network, p, X, Y, **all_terms())
        J, hand = jax.device_get(jax.jit(jax.vmap(run))(lanes))
        for at in range(2):
            mine, hand_here = jax.tree.map(lambda of, at=at: of[at], (lanes, hand))
            alone_J, alone = run(mine)
            np.testing.assert_allclose(J[at], alone_J, rtol=RTOL)
            assert_gradients_agree(hand_here, alone)


@pytest.mark.slow
def test_without_jit_it_is_the_same():
    case, terms = problem("gelu", "softmax", depth=2), {"l2": 0.7}
    J, grads = cost_and_gradients(*case, **terms)
    with jax.disable_jit():
        eager_J, eager = cost_and_gradients(*case, **terms)
    np.testing.assert_allclose(J, eager_J, rtol=1e-6)
    assert_gradients_agree(grads, eager, rtol=1e-6)


@pytest.mark.parametrize(
    ("factor", "dtype", "rtol"),
    [(1 + 1e-11, jnp.float64, RTOL), (1.001, jnp.float32, RTOL_FLOAT32)],
)
def test_one_wrong_factor_in_any_leaf_is_seen(factor, dtype, rtol):
    with jax.enable_x64(True):
        case = problem("tanh", "softmax", depth=3, dtype=dtype)
        _, hand = cost_and_gradients(*case, l2=0.7)
        _, oracle = oracle_of(*case, {"l2": 0.7})
    assert_gradients_agree(hand, oracle, rtol)
    right, tree = jax.tree.flatten(jax.device_get(hand))
    for leaf, number in enumerate(right):
        wrong = [*right[:leaf], factor * number, *right[leaf + 1 :]]
        with pytest.raises(AssertionError, match=rf"d[Wb]{leaf // 2 + 1}:"):
            assert_gradients_agree(tree.unflatten(wrong), oracle, rtol)


def test_differentiating_the_hand_gradient_gives_the_hessian():
    with jax.enable_x64(True):
        network, params, X, Y = problem("tanh", "sigmoid", depth=3)
        hand = lambda p: cost_and_gradients(network, p, X, Y, l2=0.3)[1]
        oracle = jax.grad(lambda p: cost(network, p, X, Y, l2=0.3))
        pushed = lambda f: jax.jit(lambda p: jax.jvp(f, (p,), (p,)))(params)
        (_, ours), (_, theirs) = pushed(hand), pushed(oracle)
        assert_gradients_agree(ours, theirs)


# The mean of the losses does not look at the head.
@pytest.mark.parametrize(("head", "l2"), [("sigmoid", 0.0), ("softmax", 0.7)])
def test_weight_zero_leaves_out_and_weight_two_doubles(head, l2):
    with jax.enable_x64(True):
        network, params, X, Y = problem("tanh", head, depth=3)
        X, Y = np.asarray(X), np.asarray(Y)
        weights = np.array([1.0, 0.0, 2.0, 1.0, 1.0, 0.0])
        chosen = [0, 2, 2, 3, 4]
        J, weighted = cost_and_gradients(
            network, params, X, Y, l2=l2, sample_weight=weights
        )
        J_chosen, doubled = cost_and_gradients(
            network, params, X[:, chosen], Y[:, chosen], l2=l2
        )
        np.testing.assert_allclose(J, J_chosen, rtol=RTOL)
        assert_gradients_agree(weighted, doubled)


def test_own_activation_trains_like_the_built_in_one():
    own = Activation("softsign", lambda Z: Z / (1 + abs(Z)), softsign_backward)
    with jax.enable_x64(True):
        case = problem((own, "relu"), "sigmoid", depth=3)
        _, hand = cost_and_gradients(*case)
        assert_gradients_agree(hand, oracle_of(*case)[1])


def softsign_backward(dA, Z):
    return dA / (1 + abs(Z)) ** 2


def test_cotangents_are_those_of_each_example_alone():
    with jax.enable_x64(True):
        network, params, X, Y = problem(first[:3], "softmax", depth=4)
        X, Y = np.asarray(X), np.asarray(Y)
        AL, caches = forward(network, params, X)
        dZs = cotangents(network, params, caches, np.asarray(AL) - Y)
        assert [dZ.shape[0] for dZ in dZs] == list(network.layer_dims[1:])
        dZs, inputs = jax.device_get((dZs, [cache.A_prev for cache in caches]))
        for j in range(M):
            alone = slice(j, j + 1)
            _, grads = oracle_of(network, params, X[:, alone], Y[:, alone])
            outer = [
                Layer(dZ[:, alone] @ A_prev[:, alone].T, dZ[:, alone])
                for dZ, A_prev in zip(dZs, inputs, strict=True)
            ]
            assert_gradients_agree(tuple(outer), grads)
        dX = jax.jit(jax.grad(lambda X: M * cost(network, params, X, Y)))(X)
        W_1 = np.asarray(params[0].W)
        np.testing.assert_allclose(W_1.T @ dZs[0], dX, rtol=1e-11)


def test_a_head_of_ones_own_is_derived_scored_and_told_apart():
    # Binomial counts of 3 trials: canonical, so dZL = AL - Y.
    own = Head(
        "three trials",
        output=lambda ZL: 3 * jax.nn.sigmoid(ZL),
        losses=lambda ZL, Y: (3 * jax.nn.softplus(ZL) - Y * ZL).sum(axis=0),
    )
    with jax.enable_x64(True):
        _, params, X, _ = problem("tanh", "exp", depth=3)
        network = Network((*WIDTHS[:3], 3), "tanh", own)
        Y = np.random.default_rng(0).binomial(3, 0.5, (3, M)).astype(float)
        _, hand = cost_and_gradients(network, params, X, Y, l2=0.1)
        assert_gradients_agree(hand, oracle_of(network, params, X, Y, {"l2": 0.1})[1])
        AL = np.asarray(forward(network, params, X)[0])
        np.testing.assert_array_equal(predict(network, params, X), AL)
        spread = np.square(Y - Y.mean(axis=1, keepdims=True)).sum()
        np.testing.assert_allclose(
            score(network, params, X, Y), 1 - np.square(AL - Y).sum() / spread
        )
        assert own.classes(3) is None
    assert hash(network) == hash(Network(network.layer_dims, "tanh", own))


def test_a_probability_that_rounds_to_one_half_is_decided_by_its_logit():
    params = (Layer(jnp.array([[1e-9]]), jnp.zeros((1, 1))),)
    X = jnp.array([[1.0, 0.0, -1.0]])
    assert (predict_proba(Network((1, 1)), params, X) == 0.5).all()
    assert predict(Network((1, 1)), params, X).tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("hidden", ["relu", "tanh", "gelu"])
def test_a_cache_holds_only_what_the_backward_reads(hidden):
    network, params, X, _ = problem(hidden, "sigmoid", depth=4)
    _, caches = forward(network, params, X)
    held = sum(leaf.size for leaf in jax.tree.leaves(caches))
    A = sum(n * M for n in network.layer_dims)
    Z = sum(n * M for n in network.layer_dims[1:-1])
    assert held == (A + Z if hidden == "gelu" else A)


BENCHMARK_SIZES = [
    ((2, 4, 1), 400, "tanh", "sigmoid"),
    ((2, 50, 1), 400, "tanh", "sigmoid"),
    ((2, 10, 5, 1), 300, "relu", "sigmoid"),
    ((2, 20, 3, 1), 211, "relu", "sigmoid"),
    ((12288, 20, 7, 5, 1), 209, "relu", "sigmoid"),
    ((64, 100, 10), 1437, "relu", "softmax"),
    ((784, 512, 512, 10), 256, "relu", "softmax"),
    ((1024, 1024, 1024, 1024, 10), 1024, "relu", "softmax"),
]


@pytest.mark.own_flags
@pytest.mark.slow
@pytest.mark.skipif(
    jax.__version_info__ < (0, 10),
    reason="the older compiler wants 52 bytes more of 161,600 for [2, 50, 1]",
)
@pytest.mark.parametrize(("dims", "m", "hidden", "head"), BENCHMARK_SIZES)
def test_no_more_temporary_memory_than_autodiff(dims, m, hidden, head):
    network = Network(dims, hidden, head)
    arrays = [
        tuple(
            Layer(jax.ShapeDtypeStruct((n, n_prev), np.float32), jnp.zeros((n, 1)))
            for n_prev, n in itertools.pairwise(dims)
        ),
        jax.ShapeDtypeStruct((dims[0], m), np.float32),
        jax.ShapeDtypeStruct((dims[-1], m), np.float32),
    ]
    temporary = [
        jax.jit(lambda *arrays, f=f: f(network, *arrays))
        .lower(*arrays)
        .compile()
        .memory_analysis()
        .temp_size_in_bytes
        for f in (cost_and_gradients, oracle_of)
    ]
    assert temporary[0] <= temporary[1]


def test_predictions():
    params = (Layer(np.float32([[1.0], [0.0], [-1.0]]), np.zeros((3, 1))),)
    X = np.array([[2.0, -2.0]])
    answers = {head: predict(Network((1, 3), (), head), params, X) for head in HEADS}
    assert answers["sigmoid"].tolist() == [[1, 0], [0, 0], [0, 1]]
    assert answers["softmax"].tolist() == [[0, 2]]
    assert answers["identity"].tolist() == [[2, -2], [0, 0], [-2, 2]]
    np.testing.assert_allclose(answers["exp"], np.exp(params[0].W * X), rtol=1e-6)
    probabilities = predict_proba(Network((1, 3), (), "softmax"), params, X)
    np.testing.assert_allclose(np.sum(probabilities, axis=0), 1, rtol=1e-6)


def test_a_network_is_static_hashable_and_traced_once():
    assert Network((2, 3, 1), "relu") == Network((2, 3, 1), ("relu",))
    assert len({Network((2, 3, 1)), Network([2, 3, 1], "relu")}) == 1
    network, params, X, Y = problem("relu", "sigmoid", depth=3)

    @chex.assert_max_traces(n=1)
    def run(params, X, Y, l2):
        return cost_and_gradients(network, params, X, Y, l2=l2)

    jitted = jax.jit(run)
    for l2 in (0.1, 0.2, 0.3):
        jitted(params, X, Y, l2)


def test_nothing_is_mutated_and_no_setting_is_left_changed():
    network, params, X, Y = problem("relu", "sigmoid", depth=3)
    before = jax.tree.map(np.array, (params, X, Y))
    cost_and_gradients(network, params, X, Y, l2=0.5)
    chex.assert_trees_all_equal((params, X, Y), before)
    assert not jax.config.jax_enable_x64


@pytest.mark.parametrize(
    ("n_x", "m", "dtype"),
    [
        *((3, 7, of) for of in (np.uint8, np.int32, np.float32, np.float64, bool)),
        *((1, 1, np.float32), (3, 1, np.uint8), (1, 2, bool)),
    ],
)
def test_any_number_of_examples_and_any_number_type(n_x, m, dtype):
    network = Network((n_x, 2, 1))
    params = initialize_parameters(KEY, network.layer_dims)
    X = np.arange(n_x * m).reshape(n_x, m).astype(dtype)
    Y = (np.arange(m) % 2).reshape(1, m).astype(dtype)
    J, grads = cost_and_gradients(network, params, X, Y)
    assert J.dtype == jnp.float32
    chex.assert_trees_all_equal_shapes_and_dtypes(grads, params)
