"""The hand-derived backward inside autodiff, against autodiff all the way."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxdnn as dnn
from jaxdnn import propagation
from jaxdnn.dropout import Dropout
from jaxdnn.objective import mean_over

KEY = jax.random.key(3)


@pytest.fixture(autouse=True)
def double():
    with jax.enable_x64(True):
        yield


def problem(head="sigmoid", hidden=("tanh", "gelu")):
    network = dnn.Network((3, 5, 4, 2), hidden, head)
    params = dnn.initialize_parameters(KEY, network.layer_dims)
    X = jax.random.normal(jax.random.key(1), (3, 6))
    draws = jax.random.uniform(jax.random.key(2), (2, 6))
    Y = draws / draws.sum(axis=0, keepdims=True) if head == "softmax" else draws
    return network, params, X, Y


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


COMBINATIONS = [
    *((head, "tanh") for head in dnn.HEADS),
    *(("softmax", hidden) for hidden in dnn.ACTIVATIONS if hidden != "tanh"),
]


@pytest.mark.parametrize(("head", "hidden"), COMBINATIONS)
def test_every_head_and_activation(head, hidden):
    network, params, X, Y = problem(head, hidden)
    f, J = dnn.as_function(network), dnn.cost_as_function(network, l2=0.3)
    A, pulled = jax.vjp(f, params, X)
    wanted, own = jax.vjp(lambda *of: outputs(network, *of), params, X)
    close((A, pulled(Y)), (wanted, own(Y)))
    weights = jnp.linspace(0.5, 1.5, 6)
    given = params, X, Y, weights
    found = jax.value_and_grad(J, argnums=(0, 1, 2, 3))(*given)
    oracle = jax.value_and_grad(
        lambda *of: cost(network, *of, l2=0.3), argnums=(0, 1, 2, 3)
    )
    close(found, oracle(*given))


def test_dropout_with_a_key():
    network, params, X, _ = problem()
    f = dnn.as_function(network, keep_prob=0.5)
    found = jax.grad(lambda params: (f(params, X, KEY) ** 2).sum())(params)

    def autodiff(params, keep_prob=0.5):
        return (outputs(network, params, X, Dropout(KEY, keep_prob)) ** 2).sum()

    close(found, jax.grad(autodiff)(params))

    def made_inside(params, keep_prob):
        f = dnn.as_function(network, keep_prob=keep_prob)
        return (f(params, X, KEY) ** 2).sum()

    found = jax.grad(made_inside, argnums=(0, 1))(params, 0.5)
    close(found, jax.grad(autodiff, argnums=(0, 1))(params, 0.5))


def test_the_strength_of_l2_has_a_slope():
    network, params, X, Y = problem()
    weights = jnp.linspace(0.5, 1.5, 6)

    def hand(l2):
        return dnn.cost_as_function(network, l2=l2)(params, X, Y, weights)

    def autodiff(l2):
        return cost(network, params, X, Y, weights, l2)

    close(jax.value_and_grad(hand)(0.3), jax.value_and_grad(autodiff)(0.3))

    def step(J, l2):
        """After an update, how the cost depends on l2: a hypergradient."""
        grads = jax.grad(lambda params: J(l2, params))(params)
        return J(0.0, dnn.update_parameters(params, grads, learning_rate=0.1))

    found = jax.grad(step, argnums=1)(
        lambda l2, params: dnn.cost_as_function(network, l2=l2)(params, X, Y), 0.3
    )
    own = jax.grad(step, argnums=1)(
        lambda l2, params: cost(network, params, X, Y, l2=l2), 0.3
    )
    close(found, own)


TRANSFORMED = {
    "jit": lambda f: jax.jit(jax.grad(f)),
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


@pytest.mark.parametrize("name", TRANSFORMED)
def test_under_the_transformations(name):
    network, params, X, Y = problem("softmax")
    transformed, J = TRANSFORMED[name], dnn.cost_as_function(network)
    found = transformed(lambda X: J(params, X, Y))(X)
    close(found, jax.jit(transformed(lambda X: cost(network, params, X, Y)))(X))


@pytest.mark.parametrize("varies", ["params", "X", "weights", "key"])
def test_any_argument_may_be_what_varies_over_a_mesh(varies):
    network, params, X, Y = problem()
    f, J = dnn.as_function(network, keep_prob=0.5), dnn.cost_as_function(network)
    axis = (jax.sharding.AxisType.Auto,)
    mesh = jax.make_mesh((1,), ("d",), axis_types=axis)
    given = {"params": params, "X": X, "weights": jnp.ones(6), "key": KEY}

    def model(given):
        J_here = J(given["params"], given["X"], Y, given["weights"])
        return J_here + f(given["params"], given["X"], given["key"]).sum()

    def split(given):
        given[varies] = jax.tree.map(lambda of: of[0], given[varies])
        return model(given)[None]

    axes, nowhere = (jax.sharding.PartitionSpec(*of) for of in (["d"], []))
    specs = {name: axes if name == varies else nowhere for name in given}
    spread = jax.shard_map(split, mesh=mesh, in_specs=(specs,), out_specs=axes)

    def whole(params, X):
        some = {**given, "params": params, "X": X}
        some[varies] = jax.tree.map(lambda of: of[None], some[varies])
        return spread(some).sum()

    def alone(params, X):
        return model({**given, "params": params, "X": X})

    found, own = (
        jax.jit(jax.grad(model, argnums=(0, 1)))(params, X) for model in (whole, alone)
    )
    close(found, own)


def test_forward_mode_is_refused_by_jax():
    network, params, X, _ = problem()
    f = dnn.as_function(network)
    with pytest.raises(TypeError, match="forward-mode"):
        jax.jvp(lambda X: f(params, X), (X,), (X,))


def test_it_is_a_piece_of_a_larger_model():
    network, params, X, _ = problem("identity")
    f = dnn.as_function(network)

    def model(f, scale, X):
        return jnp.tanh(scale * f(params, jnp.sin(X))).sum()

    found = jax.grad(model, argnums=(1, 2))(f, 2.0, X)
    own = jax.grad(model, argnums=(1, 2))(lambda *of: outputs(network, *of), 2.0, X)
    close(found, own)


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
    dY = jax.grad(dnn.cost_as_function(network), argnums=2)(params, X, Y)
    assert np.isnan(dY).all()
    whole = own_head(
        output_backward=lambda dAL, ZL, AL: dAL, targets_backward=lambda ZL, Y: Y - ZL
    )
    network = dnn.Network((3, 4, 2), output=whole)
    J = dnn.cost_as_function(network)
    dY = jax.grad(J, argnums=2)(params, X, Y)
    close(dY, jax.grad(lambda Y: cost(network, params, X, Y))(Y))


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
