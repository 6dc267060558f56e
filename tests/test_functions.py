"""The hand-derived backward inside autodiff, against autodiff all the way."""

import itertools
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxdnn as dnn
from jaxdnn import propagation
from jaxdnn.dropout import Dropout
from jaxdnn.objective import mean_over
from tests.conftest import one_quick

KEY = jax.random.key(3)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def problem(head="sigmoid", hidden=("tanh", "gelu")):
    network = dnn.Network((3, 5, 4, 2), hidden, head)
    params = dnn.initialize_parameters(KEY, network.layer_dims)
    rng = np.random.default_rng(1)
    X, draws = rng.normal(size=(3, 6)), rng.uniform(size=(2, 6))
    Y = draws / draws.sum(axis=0, keepdims=True) if head == "softmax" else draws
    return network, params, X, Y


def both(transformed, hand, own, *given):
    """What a transformation makes of the hand's and of autodiff's: one program."""
    return jax.jit(lambda *of: (transformed(hand)(*of), transformed(own)(*of)))(*given)


def outputs(network, params, X, dropout=None):
    """AL, all of it for autodiff."""
    return propagation.forward(network, params, X, dropout)[1][-1].activation


def cost(network, params, X, Y, weights=None, l2=None):
    """J, all of it for autodiff."""
    mean = mean_over(X.shape[1], weights, l2)
    ZL, _ = propagation.forward(network, params, X)
    return propagation.cost(network, params, ZL, Y, mean)


def close(found, wanted):
    pairs = zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True)
    for one, other in pairs:
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


# Neither knows of the other: each pair of activations stands with one head.
NAMES = list(dnn.ACTIVATIONS)
PAIRS = zip(NAMES[::2], NAMES[1::2], strict=True)


@pytest.mark.parametrize("case", one_quick(zip(itertools.cycle(dnn.HEADS), PAIRS)))
def test_every_head_and_activation(case):
    network, params, X, Y = problem(*case)
    f, J = dnn.as_function(network), dnn.cost_as_function(network, l2=0.3)

    def pulled(f):
        return lambda params, X, dA: jax.vjp(f, params, X)[1](dA)

    close(*both(pulled, f, partial(outputs, network), params, X, Y))
    close(f(params, X), jax.jit(partial(outputs, network))(params, X))
    sloped = lambda J: jax.value_and_grad(J, argnums=(0, 1, 2, 3))
    own = lambda *of: cost(network, *of, l2=0.3)
    close(*both(sloped, J, own, params, X, Y, np.linspace(0.5, 1.5, 6)))


@pytest.mark.slow
def test_dropout_with_a_key():
    network, params, X, _ = problem()

    def hand(params, keep_prob):
        f = dnn.as_function(network, keep_prob=keep_prob)
        return (f(params, X, KEY) ** 2).sum()

    def autodiff(params, keep_prob):
        return (outputs(network, params, X, Dropout(KEY, keep_prob)) ** 2).sum()

    # The probability is a number, or has a slope of its own.
    close(*both(lambda f: jax.grad(lambda p: f(p, 0.5)), hand, autodiff, params))
    close(*both(lambda f: jax.grad(f, (0, 1)), hand, autodiff, params, 0.5))


def test_the_strength_of_l2_has_a_slope():
    network, params, X, Y = problem()
    weights = np.linspace(0.5, 1.5, 6)

    def hand(l2, params=params, weights=None):
        return dnn.cost_as_function(network, l2=l2)(params, X, Y, weights)

    def autodiff(l2, params=params, weights=None):
        return cost(network, params, X, Y, weights, l2)

    weighed = lambda J: jax.value_and_grad(lambda l2: J(l2, weights=weights))
    close(*both(weighed, hand, autodiff, 0.3))

    def step(J):
        """After an update, how the cost depends on l2: a hypergradient."""

        def cost_after(l2):
            grads = jax.grad(lambda params: J(l2, params))(params)
            return J(0.0, dnn.update_parameters(params, grads, learning_rate=0.1))

        return jax.grad(cost_after)

    close(*both(step, hand, autodiff, 0.3))


TRANSFORMED = {
    "grad": jax.grad,
    "checkpoint": lambda f: jax.grad(jax.checkpoint(f)),
    "hessian": jax.hessian,
    "jacrev of jacrev": lambda f: jax.jacrev(jax.jacrev(f)),
    "vmap": lambda f: lambda X: jax.vmap(jax.grad(f))(jnp.stack([X, 2 * X])),
    "scan": lambda f: (
        lambda X: jax.lax.scan(
            lambda carry, x: (carry, jax.grad(f)(x)), 0.0, jnp.stack([X, 2 * X])
        )[1]
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TRANSFORMED)
def test_under_the_transformations(name):
    network, params, X, Y = problem("softmax")
    J = dnn.cost_as_function(network)
    hand, own = (lambda X, J=J: J(params, X, Y) for J in (J, partial(cost, network)))
    close(*both(TRANSFORMED[name], hand, own, X))


@pytest.fixture(scope="module")
def over_a_mesh():
    """A model of all that may vary over a mesh, and its slopes where nothing does."""
    with jax.enable_x64(True):
        network, params, X, Y = problem()
        f, J = dnn.as_function(network, keep_prob=0.5), dnn.cost_as_function(network)
        given = {"params": params, "X": X, "weights": np.ones(6), "key": KEY}

        def model(given):
            J_here = J(given["params"], given["X"], Y, given["weights"])
            return J_here + f(given["params"], given["X"], given["key"]).sum()

        yield model, given, jax.jit(slopes_of(model))(given)


def slopes_of(model):
    """With respect to parameters and inputs."""

    def slopes(given):
        of = lambda params, X: model({**given, "params": params, "X": X})
        return jax.grad(of, argnums=(0, 1))(given["params"], given["X"])

    return slopes


@pytest.mark.slow
@pytest.mark.parametrize("varies", ["params", "X", "weights", "key"])
def test_any_argument_may_be_what_varies_over_a_mesh(varies, over_a_mesh):
    model, given, alone = over_a_mesh
    axis = (jax.sharding.AxisType.Auto,)
    mesh = jax.make_mesh((1,), ("d",), axis_types=axis)

    def split(given):
        given[varies] = jax.tree.map(lambda of: of[0], given[varies])
        return model(given)[None]

    axes, nowhere = (jax.sharding.PartitionSpec(*of) for of in (["d"], []))
    specs = {name: axes if name == varies else nowhere for name in given}
    spread = jax.shard_map(split, mesh=mesh, in_specs=(specs,), out_specs=axes)

    def whole(given):
        given = {**given, varies: jax.tree.map(lambda of: of[None], given[varies])}
        return spread(given).sum()

    close(jax.jit(slopes_of(whole))(given), alone)


def test_forward_mode_is_refused_by_jax():
    network, params, X, _ = problem()
    f = dnn.as_function(network)
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(lambda X: f(params, X), (X,), (X,))


def test_it_is_a_piece_of_a_larger_model():
    network, params, X, _ = problem("identity")
    f = dnn.as_function(network)

    def slopes(f):
        model = lambda scale, X: jnp.tanh(scale * f(params, jnp.sin(X))).sum()
        return jax.grad(model, argnums=(0, 1))

    close(*both(slopes, f, partial(outputs, network), 2.0, X))


@pytest.mark.slow
def test_the_verifier_agrees():
    # A head enters by its derivatives alone: see `test_every_head_and_activation`.
    network, params, X, Y = problem("softmax")
    f, J = dnn.as_function(network), dnn.cost_as_function(network, l2=0.3)
    assert dnn.verify_vjp(f, (params, X), primal=lambda *of: outputs(network, *of)).ok
    assert dnn.verify_vjp(
        J, (params, X, Y), primal=lambda *of: cost(network, *of, l2=0.3)
    ).ok


def own_head(**more):
    def losses(ZL, Y):
        return ((ZL - Y) ** 2).sum(axis=0) / 2

    return dnn.Head("own", lambda ZL: ZL, losses, **more)


def test_a_head_of_ones_own():
    network = dnn.Network((3, 4, 2), output=own_head())
    with pytest.raises(
        ValueError, match=r"as_function: the head 'own' must have an ou"
    ):
        dnn.as_function(network)
    _, params, X, Y = problem()
    params = dnn.initialize_parameters(KEY, network.layer_dims)
    slope = jax.jit(jax.grad(dnn.cost_as_function(network), argnums=2))
    assert np.isnan(slope(params, X, Y)).all()
    whole = own_head(
        output_backward=lambda dAL, ZL, AL: dAL, targets_backward=lambda ZL, Y: Y - ZL
    )
    network = dnn.Network((3, 4, 2), output=whole)
    J, own = dnn.cost_as_function(network), partial(cost, network)
    close(*both(lambda J: jax.grad(J, argnums=2), J, own, params, X, Y))


def test_bad_arguments_are_told_by_name():
    network, params, X, Y = problem()
    f, J = dnn.as_function(network), dnn.cost_as_function(network)
    with pytest.raises(
        ValueError, match=r"network_function: X must have shape \(3, 6\)"
    ):
        f(params, X[:2])
    with pytest.raises(ValueError, match="cost_function: Y for a sigmoid output must"):
        J(params, X, Y + 1)
    with pytest.raises(TypeError, match="as_function: network must be a Network"):
        dnn.as_function("relu")
