"""The figures hold what they should, and a file is written whole or not at all."""

import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.contour import QuadContourSet

from jaxdnn.plots import (
    plot_confusion_matrix,
    plot_cost,
    plot_decision_boundary,
    plot_images,
    plot_learning_curve,
    save,
)

X = np.array([[0.0, 1.0, 2.0, 1.0], [-1.0, 3.0, 1.0, 0.0]])
Y = np.array([[0, 1, 1, 0]])


def right_of_one(points):
    return points[:1] > 1.0


def of_kind(axes, kind):
    return [child for child in axes.get_children() if isinstance(child, kind)]


# ---- cost --------------------------------------------------------------------------


def test_the_cost_is_the_curve():
    figure = plot_cost([0.7, 0.5, 0.4], every=1000, title="flower, $n_h$ = 4")
    (axes,) = figure.axes
    (line,) = axes.get_lines()
    assert line.get_xdata().tolist() == [0, 1000, 2000]
    assert line.get_ydata().tolist() == [0.7, 0.5, 0.4]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "cost J")
    assert figure.get_suptitle() == "flower, $n_h$ = 4"


@pytest.mark.parametrize(
    ("costs", "scale"),
    [
        ([1.0, 0.5], "linear"),
        ([1.0, 0.009], "log"),
        ([1.0, 0.011], "linear"),
        ([1.0, 0.0], "linear"),
        ([1.0, -0.001], "linear"),
        ([np.inf, 1.0, 0.5], "linear"),
        ([np.nan, np.inf], "linear"),
        ([0.5], "linear"),
    ],
)
def test_a_cost_that_falls_a_hundredfold_gets_a_logarithmic_axis(costs, scale):
    assert plot_cost(costs).axes[0].get_yscale() == scale


def test_a_cost_that_diverged_can_be_drawn(tmp_path):
    save(plot_cost([np.nan, np.inf]), tmp_path / "cost.png")
    assert (tmp_path / "cost.png").stat().st_size > 0


def test_the_learning_curve_is_two_costs_over_a_score():
    figure = plot_learning_curve([0.7, 0.5], [0.6, 0.55], [0.8, 0.9], title="$x$")
    upper, lower = figure.axes
    training, validation = upper.get_lines()
    (score,) = lower.get_lines()
    assert training.get_xydata().tolist() == [[0, 0.7], [1, 0.5]]
    assert validation.get_xydata().tolist() == [[1, 0.6], [2, 0.55]]
    assert score.get_xydata().tolist() == [[1, 0.8], [2, 0.9]]
    assert [text.get_text() for text in upper.get_legend().get_texts()] == [
        "training",
        "validation",
    ]
    assert (lower.get_xlabel(), lower.get_ylabel()) == ("epoch", "accuracy")
    assert figure.get_suptitle() == "$x$"


@pytest.mark.parametrize("curves", [([], [], []), ([1.0], [1.0], [1.0, 2.0])])
def test_curves_of_other_lengths_are_refused(curves):
    with pytest.raises(ValueError, match=r"all three must have shape \(n,\)"):
        plot_learning_curve(*curves)


@pytest.mark.parametrize("costs", [[], 0.5, [[1.0, 0.5]]])
def test_costs_of_another_shape_are_refused(costs):
    with pytest.raises(ValueError, match=r"plot_cost: costs must have shape \(n,\)"):
        plot_cost(costs)


# ---- decision boundary -------------------------------------------------------------


def test_the_regions_are_the_predictions():
    asked = []

    def predict(points):
        asked.append(points)
        return right_of_one(points)

    figure = plot_decision_boundary(predict, X, Y, resolution=41)
    (grid,) = asked
    assert grid.shape == (2, 41 * 41)
    np.testing.assert_allclose(grid.min(axis=1), [-0.2, -1.4])
    np.testing.assert_allclose(grid.max(axis=1), [2.2, 3.4])
    (axes,) = figure.axes
    (image,) = axes.get_images()
    np.testing.assert_allclose(image.get_extent(), [-0.2, 2.2, -1.4, 3.4])
    assert image.origin == "lower"
    # Rows go up x2, columns along x1: each cell holds its own point's class.
    regions = image.get_array()
    x1, x2 = grid.reshape(2, 41, 41)
    np.testing.assert_array_equal(regions, x1 > 1.0)
    assert (np.diff(x1, axis=1) > 0).all()
    assert (np.diff(x2, axis=0) > 0).all()


def test_the_line_lies_where_the_prediction_changes():
    figure = plot_decision_boundary(right_of_one, X, Y, resolution=200)
    (contour,) = of_kind(figure.axes[0], QuadContourSet)
    line = np.concatenate([path.vertices for path in contour.get_paths()])
    np.testing.assert_allclose(line[:, 0], 1.0, atol=2.4 / 199)
    np.testing.assert_allclose([line[:, 1].min(), line[:, 1].max()], [-1.4, 3.4])


@pytest.mark.parametrize("classes", [1, 2, 3, 7, 8, 12])
def test_every_class_has_its_region_line_points_and_name(classes):
    points = np.stack([np.arange(2.0 * classes), np.zeros(2 * classes)])
    labels = np.arange(2 * classes)[np.newaxis] // 2

    def predict(grid):
        return np.clip(grid[:1] // 2, 0, classes - 1)

    figure = plot_decision_boundary(predict, points, labels, resolution=100)
    (axes,) = figure.axes
    (image,) = axes.get_images()
    assert np.unique(image.get_array()).tolist() == list(range(classes))
    assert len(of_kind(axes, QuadContourSet)) == classes - 1
    scattered = of_kind(axes, PathCollection)
    assert len(scattered) == classes
    shades = {to_hex(dots.get_facecolor()[0]) for dots in scattered}
    assert len(shades) == classes
    for number, dots in enumerate(scattered):
        np.testing.assert_array_equal(
            dots.get_offsets(), points[:, labels[0] == number].T
        )
        shade = image.cmap(image.norm(number))
        np.testing.assert_allclose(dots.get_facecolor()[0], shade)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == [str(number) for number in range(classes)]


def test_of_many_classes_the_largest_are_named(tmp_path):
    k = 1400
    rng = np.random.default_rng(0)
    labels = rng.integers(0, k, (1, 20_000))
    labels[0, :3000] = 7
    points = rng.normal(size=(2, 20_000))
    began = time.monotonic()
    figure = plot_decision_boundary(
        lambda grid: np.clip(np.round(500 + 200 * grid[:1]), 0, k - 1), points, labels
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(figure, tmp_path / "boundary.png")
    assert time.monotonic() - began < 5
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(names) == 21
    assert "7" in names
    assert names[-1] == f"{k - 20} more"
    shown = sum(len(dots.get_offsets()) for dots in of_kind(axes, PathCollection))
    assert shown == 5000
    assert axes.get_title() == "5000 of 20000 examples"


def test_names_that_the_font_has_not_are_spelled_out(tmp_path):
    figure = plot_decision_boundary(
        right_of_one,
        X,
        Y,
        feature_names=("猫\x07", "x" * 99),
        class_names=("\x1b[31m", "日本"),
        title="\u202e",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(figure, tmp_path / "boundary.png")
    (axes,) = figure.axes
    assert axes.get_xlabel() == "\\u732b\\x07"
    assert axes.get_ylabel() == "x" * 21 + "..."
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["\\x1b[31m", "\\u65e5\\u672c"]


def test_names_are_shown_as_they_are(tmp_path):
    figure = plot_decision_boundary(
        right_of_one,
        X,
        Y,
        feature_names=("price $ in $\\foo", "_width"),
        class_names=("_no", "$\\yes$"),
        title="100 $ or $ \\more",
    )
    (axes,) = figure.axes
    assert axes.get_xlabel() == "price $ in $\\foo"
    assert axes.get_ylabel() == "_width"
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["_no", "$\\yes$"]
    save(figure, tmp_path / "boundary.png")  # no formula is looked for when drawing


def test_one_class_everywhere_has_no_line():
    figure = plot_decision_boundary(lambda grid: 0 * grid[:1], X, Y)
    assert of_kind(figure.axes[0], QuadContourSet) == []


def test_a_constant_column_still_has_a_width():
    figure = plot_decision_boundary(right_of_one, [[1.0, 1.0], [0.0, 2.0]], [[0, 1]])
    assert figure.axes[0].get_images()[0].get_extent()[:2] == [0.0, 2.0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"X": X.T}, r"X must have shape \(2, m\), got \(4, 2\)"),
        ({"X": np.zeros((2, 0))}, r"X must have shape \(2, m\), got \(2, 0\)"),
        ({"Y": Y[0]}, r"Y must have shape \(1, 4\), got \(4,\)"),
        ({"Y": Y + 0.5}, "Y must hold class numbers"),
        ({"Y": -Y}, "Y must hold class numbers"),
        (
            {"predict_fn": lambda grid: grid},
            r"predict_fn returns must have shape \(1, ",
        ),
        ({"predict_fn": lambda grid: grid[:1]}, "predict_fn returns must hold class"),
        ({"predict_fn": lambda grid: grid[:1] + np.nan}, "must hold class numbers"),
        ({"predict_fn": lambda grid: grid[:1] + np.inf}, "must hold class numbers"),
        ({"class_names": ["one"]}, "class_names must name 2 classes, got 1"),
    ],
)
def test_a_boundary_of_something_else_is_refused(changes, said):
    arguments = {"predict_fn": right_of_one, "X": X, "Y": Y} | changes
    with pytest.raises(ValueError, match=f"^plot_decision_boundary: .*{said}"):
        plot_decision_boundary(**arguments)


# ---- confusions --------------------------------------------------------------------


def test_confusions_are_counts_over_shares():
    figure = plot_confusion_matrix([[8, 2], [0, 0]], ["cat", "$dog"], title="pets")
    (axes,) = figure.axes
    (image,) = axes.get_images()
    np.testing.assert_allclose(image.get_array(), [[0.8, 0.2], [0, 0]])
    assert [text.get_text() for text in axes.texts] == ["8", "2", "0", "0"]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["cat", "$dog"]


def test_of_many_classes_those_without_room_are_added_up(tmp_path):
    counts = np.diag(np.arange(100.0))
    counts[3, 99] = 5
    figure = plot_confusion_matrix(counts)
    (axes,) = figure.axes
    names = [text.get_text() for text in axes.get_yticklabels()]
    assert names == [*map(str, range(81, 100)), "81 more"]
    cells = np.array([float(text.get_text()) for text in axes.texts]).reshape(20, 20)
    assert cells.sum() == counts.sum()
    assert cells[19, 18] == 5
    save(figure, tmp_path / "confusion.png")


@pytest.mark.parametrize("counts", [[], [[1, 2]], [[-1]], [[np.nan]], 3.0])
def test_what_is_no_confusion_is_refused(counts):
    with pytest.raises(ValueError, match=r"counts must be numbers >= 0 of shape"):
        plot_confusion_matrix(counts)
    with pytest.raises(ValueError, match="class_names must name 1 classes, got 2"):
        plot_confusion_matrix([[1]], ["a", "b"])


# ---- pictures ----------------------------------------------------------------------


@pytest.mark.parametrize("image_shape", [(4, 3), (2, 2, 3)])
@pytest.mark.parametrize("k", [1, 5, 7])
def test_every_picture_is_there_with_its_caption(k, image_shape):
    columns = np.random.RandomState(0).rand(12, k)
    true = np.arange(k)[np.newaxis] % 2
    predicted = np.zeros_like(true)
    figure = plot_images(
        columns,
        predicted,
        true,
        image_shape=image_shape,
        class_names=("non-cat", "cat"),
        title="wrong",
    )
    shown = [axes for axes in figure.axes if axes.get_images()]
    assert len(shown) == k
    for j, axes in enumerate(shown):
        (image,) = axes.get_images()
        np.testing.assert_array_equal(
            image.get_array(), columns[:, j].reshape(image_shape)
        )
        name = ("non-cat", "cat")[true[0, j]]
        assert axes.get_title() == f"predicted non-cat\ntrue {name}"
        assert (axes.title.get_color() == "black") == (true[0, j] == 0)
        assert not axes.axison
    assert all(not axes.axison for axes in figure.axes)
    assert figure.get_suptitle() == "wrong"


def test_greys_are_the_same_in_every_picture():
    columns = np.array([[0.0, 8.0], [4.0, 16.0]])
    figure = plot_images(columns, [[0, 0]], [[1, 1]], image_shape=(1, 2))
    assert {axes.get_images()[0].get_clim() for axes in figure.axes} == {(0.0, 16.0)}


def test_without_names_the_class_numbers_are_shown():
    figure = plot_images(np.zeros((4, 1)), [[3]], [[8]], image_shape=(2, 2))
    assert figure.axes[0].get_title() == "predicted 3\ntrue 8"


def test_no_picture_at_all_is_said(tmp_path):
    nothing = np.zeros((1, 0), int)
    figure = plot_images(np.zeros((4, 0)), nothing, nothing, image_shape=(2, 2))
    assert [text.get_text() for text in figure.axes[0].texts] == ["no pictures"]
    save(figure, tmp_path / "pictures.png")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"X": np.zeros((11, 2))}, r"X must have shape \(12, k\).*got \(11, 2\)"),
        ({"X": np.zeros(12)}, r"X must have shape \(12, k\).*got \(12,\)"),
        (
            {"X": np.full((12, 2), 255.0)},
            "0 to 1 for pictures in colour, got 255 to 255",
        ),
        ({"X": np.full((12, 2), np.nan)}, "0 to 1 for pictures in colour"),
        ({"X": np.zeros((12, 101))}, "at most 100 columns, got 101"),
        ({"predicted": [[0]]}, r"predicted must have shape \(1, 2\), got \(1, 1\)"),
        ({"true": [0, 1]}, r"true must have shape \(1, 2\), got \(2,\)"),
        ({"true": [[0, 0.5]]}, "true must hold class numbers"),
        ({"class_names": ["one"]}, "class_names must name 2 classes, got 1"),
    ],
)
def test_pictures_that_do_not_fit_are_refused(changes, said):
    arguments = {
        "X": np.zeros((12, 2)),
        "predicted": [[0, 1]],
        "true": [[1, 1]],
        "image_shape": (2, 2, 3),
    } | changes
    with pytest.raises(ValueError, match=f"^plot_images: .*{said}"):
        plot_images(**arguments)


# ---- files -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "begins"),
    [("a.png", b"\x89PNG\r\n"), ("a.svg", b"<?xml"), ("a.pdf", b"%PDF")],
)
def test_the_format_is_that_of_the_name(name, begins, tmp_path):
    path = save(plot_cost([2.0, 1.0]), tmp_path / name)
    assert path == tmp_path / name
    assert path.read_bytes().startswith(begins)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["a.xyz", "a"])
def test_an_unknown_format_leaves_nothing(name, tmp_path):
    with pytest.raises(ValueError, match="is not supported"):
        save(plot_cost([2.0, 1.0]), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_figure_that_cannot_be_drawn_leaves_the_old_one(tmp_path):
    path = save(plot_cost([2.0, 1.0]), tmp_path / "a.png")
    old = path.read_bytes()
    figure = plot_cost([2.0, 1.0])
    figure.text(0, 0, "$\\foo$")  # no such formula: found out only when drawing
    with pytest.raises(ValueError, match="foo"):
        save(figure, path)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_matplotlib_is_imported_late_and_pyplot_never(tmp_path):
    program = """
import sys
from jaxdnn import plots
from jaxdnn.data import datasets
late = {"matplotlib", "sklearn", "h5py", "scipy.io"} & set(sys.modules)
assert not late, late
plots.save(plots.plot_cost([2.0, 1.0]), sys.argv[1])
assert "matplotlib.pyplot" not in sys.modules
"""
    command = [sys.executable, "-c", program, str(tmp_path / "cost.png")]
    subprocess.run(command, check=True, timeout=120)


def test_without_matplotlib_one_line_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        plot_cost([2.0, 1.0])
    assert str(caught.value) == (
        "jaxdnn: this needs matplotlib; install it with: pip install 'jaxdnn[app]'"
    )
