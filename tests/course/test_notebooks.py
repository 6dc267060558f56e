"""What a notebook sees: names, prints, figures, and a process left as it was."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxdnn
from jaxdnn import course
from jaxdnn.course.dropout import dropped_relus
from jaxdnn.course.training import train
from tests.course.networks import network

SECTION = {
    "layer_sizes",
    "initialize_parameters",
    "initialize_parameters_deep",
    "initialize_parameters_zeros",
    "initialize_parameters_random",
    "initialize_parameters_he",
    "linear_forward",
    "linear_activation_forward",
    "L_model_forward",
    "compute_cost",
    "linear_backward",
    "linear_activation_backward",
    "L_model_backward",
    "update_parameters",
    "predict",
    "two_layer_model",
    "L_layer_model",
    "nn_model",
    "forward_propagation",
    "backward_propagation",
    "compute_cost_with_regularization",
    "backward_propagation_with_regularization",
    "forward_propagation_with_dropout",
    "backward_propagation_with_dropout",
    "model",
    "gradient_check",
    "gradient_check_n",
    "dictionary_to_vector",
    "vector_to_dictionary",
    "gradients_to_vector",
    "load_planar_dataset",
    "load_extra_datasets",
    "load_dataset",
    "load_2D_dataset",
    "load_data",
    "plot_decision_boundary",
}


# ---- the module --------------------------------------------------------------------


def test_the_star_brings_every_name():
    names = {}
    exec("from jaxdnn.course import *", names)
    assert set(names) >= SECTION
    assert sorted(course.__all__) == sorted(set(names) - {"__builtins__"})


def run_everything(rng):
    """Some value of every kind that the functions return."""
    parameters, X, Y = network(rng, 3, 4, 2, 1)
    AL, caches = course.L_model_forward(X, parameters)
    _, cache = course.forward_propagation_with_dropout(X, parameters, 0.5)
    return [
        course.initialize_parameters_he([3, 2, 1]),
        *course.linear_activation_forward(
            X, parameters["W1"], parameters["b1"], "relu"
        ),
        course.L_model_backward(AL, Y, caches),
        course.backward_propagation_with_dropout(X, Y, cache, 0.5),
        course.nn_model(X, Y, 2, num_iterations=3),
        train(X, Y, parameters, learning_rate=0.1, num_iterations=3),
        course.dictionary_to_vector(parameters)[0],
        course.gradient_check_n(
            parameters, course.L_model_backward(AL, Y, caches), X, Y, print_msg=False
        ),
    ]


@pytest.mark.parametrize("x64", [False, True])
def test_float64_whatever_the_process_is_set_to(x64, rng):
    with jax.enable_x64(x64):
        values = jax.tree.leaves(run_everything(rng))
        assert jax.config.jax_enable_x64 is x64
    for value in values:
        assert isinstance(value, (np.ndarray, float))
        assert np.asarray(value).dtype in (np.float64, np.bool_)
    assert not any(isinstance(value, jax.Array) for value in values)


def test_what_comes_out_can_be_changed_in_place(rng):
    parameters, X, Y = network(rng, 3, 4, 1)
    parameters = course.update_parameters(
        parameters, course.L_model_backward(*backward_arguments(parameters, X, Y)), 0.1
    )
    before = parameters["W1"].copy()
    parameters["W1"] *= 2
    np.testing.assert_array_equal(parameters["W1"], 2 * before)


def backward_arguments(parameters, X, Y):
    AL, caches = course.L_model_forward(X, parameters)
    return AL, Y, caches


def test_the_global_generator_is_left_alone(rng):
    before = np.random.get_state()
    run_everything(rng)
    course.load_planar_dataset()
    course.load_dataset()
    course.load_extra_datasets()
    after = np.random.get_state()
    np.testing.assert_array_equal(before[1], after[1])
    assert before[2:] == after[2:]


def test_a_loop_of_ones_own_descends_as_nn_model_does():
    X, Y = course.load_planar_dataset()
    n_x, n_h, n_y = course.layer_sizes(X, Y)
    parameters = course.initialize_parameters(n_x, n_h, n_y, seed=3)
    costs = []
    for _ in range(20):
        A2, cache = course.forward_propagation(X, parameters)
        costs.append(course.compute_cost(A2, Y, parameters))
        grads = course.backward_propagation(parameters, cache, X, Y)
        parameters = course.update_parameters(parameters, grads)
    trained, trained_costs = train(
        X,
        Y,
        course.initialize_parameters(n_x, n_h, n_y, seed=3),
        hidden="tanh",
        learning_rate=1.2,
        num_iterations=20,
    )
    np.testing.assert_allclose(costs, trained_costs, rtol=1e-13)
    for name, array in course.nn_model(X, Y, n_h, num_iterations=20).items():
        np.testing.assert_array_equal(array, trained[name])
        np.testing.assert_allclose(array, parameters[name], rtol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("keep_prob", [1, 0.86])
def test_a_loop_of_ones_own_descends_as_model_does(keep_prob, rng):
    _, X, Y = network(rng, 2, 1)
    start = course.initialize_parameters((2, 20, 3, 1))
    parameters = start
    for _ in range(10):
        _, cache = course.forward_propagation_with_dropout(X, parameters, keep_prob)
        grads = course.backward_propagation_with_dropout(X, Y, cache, keep_prob)
        parameters = course.update_parameters(parameters, grads, 0.3)
    trained = course.model(
        X, Y, num_iterations=10, print_cost=False, keep_prob=keep_prob
    )
    for name, array in trained.items():
        np.testing.assert_allclose(array, parameters[name], rtol=1e-10, atol=1e-15)
        # A bias of zero stays zero only if nothing was learned.
        assert np.abs(array - start[name]).max() > 0


# ---- what the write-ups get wrong --------------------------------------------------


def test_every_gradient_has_the_shape_of_what_it_is_named_after(rng):
    parameters, X, Y = network(rng, 3, 4, 2, 1)
    AL, caches = course.L_model_forward(X, parameters)
    grads = course.L_model_backward(AL, Y, caches)
    for l, ((A_prev, W, b), _) in enumerate(caches, start=1):
        named = {f"dA{l - 1}": A_prev, f"dW{l}": W, f"db{l}": b}
        for name, array in named.items():
            assert grads[name].shape == array.shape


def test_the_large_random_initialisation_starts_at_a_finite_cost(capsys):
    X, Y, *_ = course.load_dataset()
    course.model(X, Y, num_iterations=1, initialization="random")
    printed = float(capsys.readouterr().out.removeprefix("Cost after iteration 0: "))
    start = course.initialize_parameters_random((2, 10, 5, 1))
    A3, _ = course.forward_propagation(X, start)
    assert np.isfinite(printed)
    assert course.compute_cost(A3, Y) == np.inf


@pytest.mark.slow
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "tanh", "leaky_relu", "elu"])
def test_linear_activation_backward_reads_z(activation, rng):
    A_prev, W, b, dA = (
        rng.randn(3, 5),
        rng.randn(4, 3),
        rng.randn(4, 1),
        rng.randn(4, 5),
    )
    _, cache = course.linear_activation_forward(A_prev, W, b, activation)
    grads = course.linear_activation_backward(dA, cache, activation)
    g = jaxdnn.ACTIVATIONS[activation].forward

    @jax.jit
    def oracle(dA, *of):
        return jax.vjp(lambda A_prev, W, b: g(W @ A_prev + b), *of)[1](dA)

    with jax.enable_x64(True):
        dA_prev, dW, db = map(np.asarray, oracle(dA, A_prev, W, b))
        for obtained, wanted in zip(grads, (dA_prev, dW / 5, db / 5), strict=True):
            np.testing.assert_allclose(obtained, wanted, rtol=1e-12, atol=1e-14)


def test_dropout_backward_is_the_gradient_under_the_forwards_masks(rng):
    parameters, X, Y = network(rng, 3, 4, 2, 1)
    keep_prob = 0.5
    _, cache = course.forward_propagation_with_dropout(X, parameters, keep_prob)
    D1, D2 = cache[1], cache[6]
    assert not D1.all()
    assert not D2.all()

    def cost(p):
        A1 = jax.nn.relu(p["W1"] @ X + p["b1"]) * D1 / keep_prob
        A2 = jax.nn.relu(p["W2"] @ A1 + p["b2"]) * D2 / keep_prob
        Z3 = p["W3"] @ A2 + p["b3"]
        return jnp.mean(jax.nn.softplus(Z3) - Y * Z3)

    grads = course.backward_propagation_with_dropout(X, Y, cache, keep_prob)
    with jax.enable_x64(True):
        oracle = jax.jit(jax.grad(cost))(
            {k: jnp.asarray(v) for k, v in parameters.items()}
        )
        for name, array in oracle.items():
            np.testing.assert_allclose(
                grads[f"d{name}"], array, rtol=1e-12, atol=1e-15, err_msg=name
            )


def test_the_masks_of_a_network_are_made_once():
    assert dropped_relus((4, 3), 5, 0.5) is dropped_relus((4, 3), 5, 0.5)


@pytest.mark.parametrize("keep_prob", [0.0, 1.5])
def test_keep_prob_is_checked(keep_prob, rng):
    _, X, Y = network(rng, 2, 1)
    with pytest.raises(ValueError, match=r"keep_prob must be in \(0, 1\]"):
        course.model(X, Y, num_iterations=1, keep_prob=keep_prob)


def test_more_coordinates_than_one_batch(rng):
    parameters, X, Y = network(rng, 40, 28, 3, 1)
    _, cache = course.forward_propagation_n(X, Y, parameters)
    gradients = course.backward_propagation_n(X, Y, cache)
    check = partial(course.gradient_check_n, print_msg=False, from_logits=True)
    assert check(parameters, gradients, X, Y) < 1e-7
    gradients["db3"] = 1.01 * gradients["db3"]
    assert check(parameters, gradients, X, Y) > 1e-5


# ---- errors ------------------------------------------------------------------------

ERRORS = {
    "linear_forward": (
        lambda p, X, Y: course.linear_forward(X, p["W2"], p["b2"]),
        r"linear_forward: W must have shape \(1, 3\) .* got \(1, 4\)",
    ),
    "linear_activation_forward": (
        lambda p, X, Y: course.linear_activation_forward(X, p["W1"], p["b1"], "rleu"),
        "^linear_activation_forward: activation must be one of 'relu', .* got 'rleu'",
    ),
    "L_model_forward": (
        lambda p, X, Y: course.L_model_forward(X, {"W1": p["W1"]}),
        r"^L_model_forward: parameters must have the keys W1, b1, got \['W1'\]",
    ),
    "compute_cost": (
        lambda p, X, Y: course.compute_cost(X, Y),
        r"compute_cost: Y must have shape \(3, 5\) .* got \(1, 5\)",
    ),
    "update_parameters": (
        lambda p, X, Y: course.update_parameters(p, {"dW1": p["W1"]}, 0.1),
        r"^update_parameters: grads must have the keys dW1, db1, got \['dW1'\]",
    ),
    "one key is missing": (
        lambda p, X, Y: course.predict({k: p[k] for k in ("b1", "W2", "b2")}, X),
        r"^predict: parameters must have the keys W1, b1, W2, b2, got \['W2', ",
    ),
    "fewer gradients": (
        lambda p, X, Y: course.update_parameters(p, {"dW1": p["W1"], "db1": p["b1"]}),
        r"^update_parameters: grads must have the keys dW1, .* db2, got \['dW1', ",
    ),
    "the wrong way round": (
        lambda p, X, Y: course.forward_propagation(p, X),
        r"^forward_propagation: X must be an array, got dict",
    ),
    "predict": (
        lambda p, X, Y: course.predict(p, X[:2]),
        r"X must have shape \(3, 5\) .* got \(2, 5\)",
    ),
    "nn_model": (
        lambda p, X, Y: course.nn_model(X, Y[:, :4], 4),
        r"^nn_model: Y must have shape \(1, 5\) .* got \(1, 4\)",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_name_what_is_wrong(name, rng):
    call, said = ERRORS[name]
    with pytest.raises((ValueError, TypeError), match=said):
        call(*network(rng, 3, 4, 1))


@pytest.mark.parametrize(
    ("Y", "dW"), [([1, 0, 1], 0.0), ([0, 0, 1], 1000 / 3), ([0, 1, 0], 2000 / 3)]
)
def test_the_whole_backward_stays_right_where_predictions_are_certain(Y, dW):
    X = np.array([[1000.0, -1000.0, 0.0]])
    parameters = {"W1": np.ones((1, 1)), "b1": np.zeros((1, 1))}
    AL, caches = course.L_model_forward(X, parameters)
    assert AL.tolist() == [[1.0, 0.0, 0.5]]
    grads = course.L_model_backward(AL, np.array([Y]), caches)
    np.testing.assert_allclose(grads["dW1"], [[dW]], atol=1e-12)
    np.testing.assert_allclose(grads["db1"], [[np.mean(AL - Y)]])
