"""What a notebook sees: names, prints, figures, and a process left as it was."""

import re
from functools import partial

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import pytest

import jaxdnn
from jaxdnn import _extras, course
from jaxdnn.course.dropout import dropped_relus
from jaxdnn.course.figures import scatter
from jaxdnn.course.training import train
from jaxdnn.data import datasets

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


@pytest.fixture(autouse=True)
def no_figure_left():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture
def rng():
    return np.random.RandomState(0)


def network(rng, *dims):
    """Random parameters, X (n_x, 5) and Y (1, 5)."""
    parameters = {}
    for l in range(1, len(dims)):
        parameters[f"W{l}"] = rng.randn(dims[l], dims[l - 1])
        parameters[f"b{l}"] = rng.randn(dims[l], 1)
    return parameters, rng.randn(dims[0], 5), np.array([[1, 0, 1, 1, 0]])


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
    parameters = course.initialize_parameters(n_x, n_h, n_y)
    costs = []
    for _ in range(20):
        A2, cache = course.forward_propagation(X, parameters)
        costs.append(course.compute_cost(A2, Y, parameters))
        grads = course.backward_propagation(parameters, cache, X, Y)
        parameters = course.update_parameters(parameters, grads)
    trained, trained_costs = train(
        X,
        Y,
        course.initialize_parameters(n_x, n_h, n_y),
        hidden="tanh",
        learning_rate=1.2,
        num_iterations=20,
    )
    np.testing.assert_allclose(costs, trained_costs, rtol=1e-13)
    for name, array in course.nn_model(X, Y, n_h, num_iterations=20).items():
        np.testing.assert_array_equal(array, trained[name])
        np.testing.assert_allclose(array, parameters[name], rtol=1e-10)


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


# ---- one name, several meanings ----------------------------------------------------


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
    with pytest.raises(TypeError, match="give n_x, n_h, n_y, or one list"):
        course.initialize_parameters(3, 2)


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


# ---- what the write-ups get wrong --------------------------------------------------


def test_every_gradient_has_the_shape_of_what_it_is_named_after(rng):
    parameters, X, Y = network(rng, 3, 4, 2, 1)
    AL, caches = course.L_model_forward(X, parameters)
    grads = course.L_model_backward(AL, Y, caches)
    for l, ((A_prev, W, b), Z) in enumerate(caches, start=1):
        named = {f"dA{l - 1}": A_prev, f"dW{l}": W, f"db{l}": b, f"dZ{l}": Z}
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
    with jax.enable_x64(True):
        _, pull_back = jax.vjp(
            lambda A_prev, W, b: g(W @ A_prev + b), *map(jnp.asarray, (A_prev, W, b))
        )
        dA_prev, dW, db = pull_back(jnp.asarray(dA))
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


# ---- gradient checking -------------------------------------------------------------


@pytest.fixture
def course_case():
    """The notebook's own network, data and gradients."""
    rng = np.random.RandomState(1)
    X, Y = rng.randn(4, 3), np.array([1, 1, 0])
    parameters = {}
    for l, (n_prev, n) in enumerate(((4, 5), (5, 3), (3, 1)), start=1):
        parameters[f"W{l}"], parameters[f"b{l}"] = rng.randn(n, n_prev), rng.randn(n, 1)
    _, cache = course.forward_propagation_n(X, Y, parameters)
    return parameters, course.backward_propagation_n(X, Y, cache), X, Y


@pytest.mark.parametrize(
    ("planted", "published"),
    [
        ({"dW2": 2, "db1": 4}, 0.2850931567761623),
        ({"dW2": 2}, 0.17344196893145924),
        ({"db1": 4}, 0.2544229712458523),
    ],
)
def test_planted_bugs_give_the_published_differences(
    planted, published, course_case, capsys
):
    parameters, gradients, X, Y = course_case
    wrong = gradients | {name: k * gradients[name] for name, k in planted.items()}
    difference = course.gradient_check_n(parameters, wrong, X, Y)
    assert difference == pytest.approx(published, abs=1e-8)
    printed = capsys.readouterr().out
    assert printed == (
        "\033[93mThere is a mistake in the backward propagation! "
        f"difference = {difference}\033[0m\n"
    )


def test_a_correct_network_passes_the_gradient_check(course_case, capsys):
    difference = course.gradient_check_n(*course_case)
    assert difference == pytest.approx(1.19e-07, rel=0.05)
    assert "works perfectly fine! difference = " in capsys.readouterr().out


def test_from_logits_nothing_cancels(course_case):
    difference = course.gradient_check_n(
        *course_case, print_msg=False, from_logits=True
    )
    assert difference < 2e-9


def test_nan_is_a_mistake(course_case, capsys):
    parameters, gradients, X, Y = course_case
    course.gradient_check_n(
        parameters, gradients | {"db1": np.full((5, 1), np.nan)}, X, Y
    )
    assert "There is a mistake" in capsys.readouterr().out


def test_more_coordinates_than_one_batch(rng):
    parameters, X, Y = network(rng, 40, 28, 3, 1)
    _, cache = course.forward_propagation_n(X, Y, parameters)
    gradients = course.backward_propagation_n(X, Y, cache)
    check = partial(course.gradient_check_n, print_msg=False, from_logits=True)
    assert check(parameters, gradients, X, Y) < 1e-7
    gradients["db3"] = 1.01 * gradients["db3"]
    assert check(parameters, gradients, X, Y) > 1e-5


def test_one_dimension(capsys, monkeypatch):
    assert course.gradient_check(2, 4, print_msg=False) < 1e-7
    assert capsys.readouterr().out == ""
    module = course.gradient_check.__module__
    monkeypatch.setattr(f"{module}.backward_propagation", lambda x, theta: 1.01 * x)
    assert course.gradient_check(2, 4) > 1e-3
    assert capsys.readouterr().out == "The gradient is wrong!\n"


def test_vectors_and_dictionaries(course_case):
    parameters, gradients, *_ = course_case
    theta, keys = course.dictionary_to_vector(parameters)
    assert (theta.shape, len(keys)) == ((47, 1), 47)
    assert keys[:21] == ["W1"] * 20 + ["b1"]
    again = course.vector_to_dictionary(theta)
    assert list(again) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    for name, array in parameters.items():
        np.testing.assert_array_equal(again[name], array)
    column = course.gradients_to_vector(gradients)
    again = course.vector_to_dictionary(column)
    for name, array in again.items():
        np.testing.assert_array_equal(array, gradients[f"d{name}"])
    with pytest.raises(ValueError, match=r"47 entries .* got 46"):
        course.vector_to_dictionary(theta[1:])


# ---- training: prints and figures --------------------------------------------------

PRINTING = {
    "nn_model": (1000, lambda X, Y, n: course.nn_model(X, Y, 4, n, print_cost=True)),
    "two_layer_model": (
        100,
        lambda X, Y, n: course.two_layer_model(X, Y, (2, 7, 1), 0.1, n, True),
    ),
    "L_layer_model": (
        100,
        lambda X, Y, n: course.L_layer_model(X, Y, (2, 5, 3, 1), 0.1, n, True),
    ),
    "initialisation": (
        1000,
        lambda X, Y, n: course.model(X, Y, num_iterations=n, initialization="he"),
    ),
    "regularisation": (10000, lambda X, Y, n: course.model(X, Y, num_iterations=n)),
}


@pytest.mark.parametrize("name", PRINTING)
def test_costs_are_printed_as_in_the_notebooks(name, capsys):
    every, run = PRINTING[name]
    digits = r"\d\.\d{6}" if name == "nn_model" else r"\d\.\d{12,}"
    run(*course.load_planar_dataset(), every + 1)
    lines = capsys.readouterr().out.splitlines()
    costs = []
    for iteration, line in zip((0, every), lines, strict=True):
        printed = re.fullmatch(f"Cost after iteration {iteration}: ({digits})", line)
        costs.append(float(printed[1]))
    assert costs[1] < costs[0]


def test_the_planar_costs_are_printed_as_published(capsys):
    course.nn_model(*course.load_planar_dataset(), 4, 1001, print_cost=True)
    assert capsys.readouterr().out == (
        "Cost after iteration 0: 0.693048\nCost after iteration 1000: 0.288083\n"
    )


@pytest.mark.parametrize("name", ["model", "two_layer_model", "L_layer_model"])
def test_costs_are_plotted_where_the_notebooks_do(name):
    X, Y = course.load_planar_dataset()
    dims = {} if name == "model" else {"layers_dims": (2, 3, 1)}
    getattr(course, name)(
        X, Y, **dims, learning_rate=0.5, num_iterations=2001, print_cost=False
    )
    (axes,) = plt.gcf().axes
    (line,) = axes.get_lines()
    assert axes.get_title() == "Learning rate =0.5"
    assert len(line.get_ydata()) == (3 if name == "model" else 21)


def test_the_planar_notebook_plots_no_cost():
    course.nn_model(*course.load_planar_dataset(), 4, num_iterations=2)
    assert plt.get_fignums() == []


def test_an_unknown_initialisation_is_told_the_known_ones():
    X, Y = course.load_planar_dataset()
    with pytest.raises(ValueError, match=r"'zeros', 'random', 'he' or None, got 'He'"):
        course.model(X, Y, initialization="He")


@pytest.mark.parametrize("flat", [True, False])
def test_the_decision_boundary_is_drawn_on_the_current_axes(flat):
    X, Y = course.load_planar_dataset()
    plt.subplot(1, 2, 2)
    axes = plt.gca()
    seen = []

    def right(points):
        seen.append(points)
        labels = points[:, 0] > 0
        return labels if flat else labels[None, :]

    course.plot_decision_boundary(right, X, Y)
    assert plt.gca() is axes
    (points,) = seen
    assert points.shape[1] == 2
    np.testing.assert_allclose(points.min(axis=0), X.min(axis=1) - 1)
    np.testing.assert_allclose(points.max(axis=0), X.max(axis=1) + 1)
    (drawn,) = (c for c in axes.collections if len(c.get_offsets()) == 400)
    np.testing.assert_array_equal(drawn.get_offsets(), X.T)


def test_wrongly_classified_pictures(rng):
    X = rng.rand(12288, 4)
    y, p = np.array([[0, 1, 1, 0]]), np.array([[0, 0, 1, 1]])
    figure = course.print_mislabeled_images([b"non-cat", b"cat"], X, y, p)
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles == ["predicted non-cat\ntrue cat", "predicted cat\ntrue non-cat"]


def test_all_but_the_figures_works_without_matplotlib(monkeypatch, capsys):
    def import_module(name):
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="matplotlib")
        return real(name)

    real = _extras.importlib.import_module
    monkeypatch.setattr(_extras.importlib, "import_module", import_module)
    X, Y, *_ = course.load_dataset()
    scatter(X, Y)
    course.model(X, Y, num_iterations=1, initialization="he")
    assert "Cost after iteration 0: 0.88" in capsys.readouterr().out
    with pytest.raises(ModuleNotFoundError, match="needs matplotlib"):
        course.plot_decision_boundary(lambda x: x[:, 0], X, Y)


# ---- data --------------------------------------------------------------------------


def test_the_circles_are_shown():
    train_X, train_Y, test_X, test_Y = course.load_dataset()
    circles = datasets.circles()
    np.testing.assert_array_equal(train_X, circles.X)
    np.testing.assert_array_equal(train_Y, circles.Y)
    np.testing.assert_array_equal(test_X, circles.X_test)
    np.testing.assert_array_equal(test_Y, circles.Y_test)
    (drawn,) = plt.gca().collections
    np.testing.assert_array_equal(drawn.get_offsets(), train_X.T)


def test_the_extra_data_sets_fit_the_notebooks_next_line():
    noisy_circles, noisy_moons, blobs, quantiles, structureless = (
        course.load_extra_datasets()
    )
    for points, labels in (noisy_circles, noisy_moons, blobs, quantiles):
        X, Y = points.T, labels.reshape(1, labels.shape[0])
        assert (X.shape, Y.shape) == ((2, 200), (1, 200))
        assert set(np.unique(Y)) == {0, 1}
    assert [array.shape for array in structureless] == [(200, 2), (200, 2)]


def test_the_cats_are_the_bytes_of_the_files(data_folder):
    train_x, train_y, test_x, test_y, classes = course.load_data(data_folder)
    assert train_x.dtype == test_x.dtype == np.uint8
    assert train_x.shape == (209, 64, 64, 3)
    assert test_x.shape == (50, 64, 64, 3)
    assert [train_y.shape, test_y.shape] == [(1, 209), (1, 50)]
    assert [name.decode("utf-8") for name in classes] == ["non-cat", "cat"]
    cats = datasets.cats(data_folder)
    np.testing.assert_array_equal(train_x.reshape(209, -1).T / 255, cats.X)
    np.testing.assert_array_equal(test_x.reshape(50, -1).T / 255, cats.X_test)


def test_the_folder_is_an_argument_or_named_or_the_notebooks(
    data_folder, tmp_path, monkeypatch
):
    wanted = course.load_2D_dataset(data_folder)
    monkeypatch.setenv("JAXDNN_DATA", str(data_folder))
    found = course.load_2D_dataset()
    monkeypatch.delenv("JAXDNN_DATA")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"data.mat is not in datasets"):
        course.load_2D_dataset()
    (tmp_path / "datasets").symlink_to(data_folder)
    beside = course.load_2D_dataset()
    for arrays in zip(wanted, found, beside, strict=True):
        np.testing.assert_array_equal(arrays[0], arrays[1])
        np.testing.assert_array_equal(arrays[0], arrays[2])


# ---- errors ------------------------------------------------------------------------

ERRORS = {
    "linear_forward": (
        lambda p, X, Y: course.linear_forward(X, p["W2"], p["b2"]),
        r"linear_forward: W must have shape \(1, 3\) .* got \(1, 4\)",
    ),
    "linear_activation_forward": (
        lambda p, X, Y: course.linear_activation_forward(X, p["W1"], p["b1"], "rleu"),
        "unknown activation 'rleu'",
    ),
    "L_model_forward": (
        lambda p, X, Y: course.L_model_forward(X, {"W1": p["W1"]}),
        r"keys must be W1, b1, .* got \['W1'\]",
    ),
    "compute_cost": (
        lambda p, X, Y: course.compute_cost(X, Y),
        r"compute_cost: Y must have shape \(3, 5\) .* got \(1, 5\)",
    ),
    "update_parameters": (
        lambda p, X, Y: course.update_parameters(p, {"dW1": p["W1"]}, 0.1),
        r"keys must be W1, b1, .* got \['W1'\]",
    ),
    "predict": (
        lambda p, X, Y: course.predict(p, X[:2]),
        r"X must have shape \(3, 5\) .* got \(2, 5\)",
    ),
    "nn_model": (
        lambda p, X, Y: course.nn_model(X, Y[:, :4], 4),
        r"fit: Y must have shape \(1, 5\) .* got \(1, 4\)",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors_name_what_is_wrong(name, rng):
    call, said = ERRORS[name]
    with pytest.raises(ValueError, match=said):
        call(*network(rng, 3, 4, 1))
