"""What runs of the course print, plot and read: checks, training, data."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from jaxdnn import _extras, course
from jaxdnn.course.figures import scatter
from jaxdnn.data import datasets

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
    difference = course.gradient_check_n(parameters, wrong, X, Y, 1e-7, True)
    assert difference == pytest.approx(published, abs=1e-8)
    printed = capsys.readouterr().out
    assert printed == (
        "\033[93mThere is a mistake in the backward propagation! "
        f"difference = {difference}\033[0m\n"
    )


def test_a_correct_network_passes_the_gradient_check(course_case, capsys):
    difference = course.gradient_check_n(*course_case, 1e-7, True)
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
        parameters, gradients | {"db1": np.full((5, 1), np.nan)}, X, Y, 1e-7, True
    )
    assert "There is a mistake" in capsys.readouterr().out


def test_one_dimension(capsys, monkeypatch):
    assert course.gradient_check(2, 4) < 1e-7
    assert capsys.readouterr().out == ""
    difference = course.gradient_check(2, 4, print_msg=True)
    assert capsys.readouterr().out == (
        "\033[92mYour backward propagation works perfectly fine! "
        f"difference = {difference}\033[0m\n"
    )
    module = course.gradient_check.__module__
    monkeypatch.setattr(f"{module}.backward_propagation", lambda x, theta: 1.01 * x)
    assert course.edition(2017).gradient_check(2, 4) > 1e-3
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


def few():
    """Of the flower's points every tenth."""
    X, Y = course.load_planar_dataset()
    return X[:, ::10], Y[:, ::10]


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


@pytest.mark.slow
@pytest.mark.parametrize("name", PRINTING)
def test_costs_are_printed_as_in_the_notebooks(name, capsys):
    every, run = PRINTING[name]
    digits = r"\d\.\d{6}" if name == "nn_model" else r"\d\.\d{12,}"
    run(*few(), every + 1)
    lines = capsys.readouterr().out.splitlines()
    costs = []
    for iteration, line in zip((0, every), lines, strict=True):
        printed = re.fullmatch(f"Cost after iteration {iteration}: ({digits})", line)
        costs.append(float(printed[1]))
    assert costs[1] < costs[0]


def test_the_planar_costs_are_printed_as_published(capsys):
    with course.edition(2017):
        course.nn_model(*course.load_planar_dataset(), 4, 1001, print_cost=True)
    assert capsys.readouterr().out == (
        "Cost after iteration 0: 0.693048\nCost after iteration 1000: 0.288083\n"
    )


@pytest.mark.parametrize("name", ["model", "two_layer_model", "L_layer_model"])
def test_costs_are_plotted_where_the_notebooks_do(name):
    X, Y = few()
    dims = {} if name == "model" else {"layers_dims": (2, 3, 1)}
    getattr(course.edition(2017), name)(
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
    with pytest.raises(ValueError, match=r"'zeros', 'random', 'he', got 'He'"):
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
