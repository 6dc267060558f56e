"""One name, several meanings: by the arguments, by their names, by the notebook."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxdnn
from jaxdnn import course
from tests.course.networks import network


def test_initialize_parameters_is_three_functions():
    planar = course.initialize_parameters(3, 2, 1)
    by_step = course.initialize_parameters(3, 2, 1, seed=1)
    whole = course.initialize_parameters([3, 2, 1])
    assert [p["W1"].shape for p in (planar, by_step, whole)] == [(2, 3)] * 3
    draws = {2: planar, 1: by_step}
    for seed, parameters in draws.items():
        W1 = np.random.RandomState(seed).randn(2, 3) * 0.01
        np.testing.assert_array_equal(parameters["W1"], W1)
    W1 = np.random.RandomState(3).randn(2, 3) / np.sqrt(3)
    np.testing.assert_array_equal(whole["W1"], W1)
    with pytest.raises(TypeError, match="n_h and n_y must be given, or n_x be a list"):
        course.initialize_parameters(3, 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dims", "hidden", "wanted"),
    [
        ((3, 4, 1), None, "tanh"),
        ((3, 4, 1), "relu", "relu"),
        ((3, 4, 2, 1), None, "relu"),
        ((3, 4, 2, 1), "tanh", "tanh"),
        ((3, 4, 2, 2, 1), "leaky_relu", "leaky_relu"),
    ],
)
def test_networks_agree_with_the_core(dims, hidden, wanted, rng):
    parameters, X, Y = network(rng, *dims)
    AL, cache = course.forward_propagation(X, parameters, hidden=hidden)
    before = (parameters, cache, X, Y) if len(dims) == 3 else (X, Y, cache)
    grads = course.backward_propagation(*before, hidden=hidden)
    with jax.enable_x64(True):
        description = jaxdnn.Network(dims, wanted)
        params = jaxdnn.params_from_dict(parameters)
        core_AL = jaxdnn.predict_proba(description, params, jnp.asarray(X))
        _, core_grads = jaxdnn.cost_and_gradients(
            description, params, jnp.asarray(X), jnp.asarray(Y)
        )
        np.testing.assert_allclose(AL, core_AL, rtol=1e-13)
        for name, array in jaxdnn.params_to_dict(core_grads).items():
            np.testing.assert_allclose(grads[f"d{name}"], array, rtol=1e-11, atol=1e-15)


def test_backward_propagation_says_how_to_call_it():
    with pytest.raises(TypeError, match=r"\(x, theta\), got 1 arguments"):
        course.backward_propagation(1)


def test_arguments_go_by_the_names_of_each_notebook(rng):
    parameters, X, Y = network(rng, 3, 4, 1)
    A2, cache = course.forward_propagation(X, parameters)
    of_two = course.backward_propagation(
        parameters=parameters, cache=cache, X=X, Y=Y, hidden="tanh"
    )
    in_order = course.backward_propagation(parameters, cache, X, Y)
    np.testing.assert_array_equal(of_two["dW1"], in_order["dW1"])
    deep, X, Y = network(rng, 3, 4, 2, 1)
    _, cache = course.forward_propagation(X, deep)
    of_more = course.backward_propagation(X, Y, cache=cache)
    np.testing.assert_array_equal(
        of_more["dW1"], course.backward_propagation(X, Y, cache)["dW1"]
    )
    assert course.backward_propagation(x=2, theta=4) == 2
    J = course.compute_cost(A2, Y)
    assert course.compute_cost(A2=A2, Y=Y) == course.compute_cost(a3=A2, Y=Y) == J
    updated = course.update_parameters(params=parameters, grads=in_order)
    again = course.update_parameters(parameters, in_order)
    np.testing.assert_array_equal(updated["W1"], again["W1"])
    with pytest.raises(TypeError, match=r"^compute_cost: .* unexpected .* 'A2'"):
        course.compute_cost(Y=Y, AL=A2, A2=A2)
    with pytest.raises(TypeError, match=r"^backward_propagation: .* 'cache'$"):
        course.backward_propagation(X, Y, caches=cache)


def test_predict_is_two_functions(rng, capsys):
    parameters, X, Y = network(rng, 3, 4, 1)
    through_tanh = course.forward_propagation(X, parameters)[0] > 0.5
    through_relu = course.L_model_forward(X, parameters)[0] > 0.5
    assert (through_tanh != through_relu).any()
    np.testing.assert_array_equal(course.predict(parameters, X), through_tanh)
    np.testing.assert_array_equal(course.predict_dec(parameters, X), through_tanh)
    by_name = course.predict(parameters=parameters, X=X)
    np.testing.assert_array_equal(by_name, through_tanh)
    by_activation = course.predict(parameters, X, hidden="relu")
    np.testing.assert_array_equal(by_activation, through_relu)
    assert capsys.readouterr().out == ""
    np.testing.assert_array_equal(course.predict(X, Y, parameters), through_relu)
    assert capsys.readouterr().out == f"Accuracy: {np.mean(through_relu == Y)}\n"
    with pytest.raises(TypeError, match=r"call it as \(parameters, X\) or"):
        course.predict(X, Y)


def test_targets_may_be_in_one_dimension(rng):
    parameters, X, Y = network(rng, 3, 4, 2, 1)
    J, cache = course.forward_propagation_n(X, Y[0], parameters)
    assert course.forward_propagation_n(X, Y, parameters)[0] == J
    grads = course.backward_propagation_n(X, Y[0], cache)
    for name, array in course.backward_propagation_n(X, Y, cache).items():
        np.testing.assert_array_equal(array, grads[name])


@pytest.mark.parametrize(
    ("notebook", "layers", "kind"),
    [
        ("application", 3, np.float64),
        ("initialization", 2, np.int64),
        (None, 3, np.int64),
        (None, 4, np.float64),
    ],
)
def test_the_kind_of_the_labels_is_the_notebooks(notebook, layers, kind):
    parameters = course.initialize_parameters_zeros((2,) * layers + (1,))
    with course.edition(2021, notebook):
        said = course.predict(np.ones((2, 3)), np.ones((1, 3)), parameters)
    assert (said.dtype, said.tolist()) == (kind, [[0, 0, 0]])
