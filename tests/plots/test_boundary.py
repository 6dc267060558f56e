"""The regions are the predictions, and examples lie over them."""

import time
import warnings

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.contour import QuadContourSet

from jaxdnn.plots import (
    plot_decision_boundary,
    save,
)

X = np.array([[0.0, 1.0, 2.0, 1.0], [-1.0, 3.0, 1.0, 0.0]])
Y = np.array([[0, 1, 1, 0]])


def right_of_one(points):
    return points[:1] > 1.0


def of_kind(axes, kind):
    return [child for child in axes.get_children() if isinstance(child, kind)]


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
    assert names[-1] == f"and {k - 20} more"
    shown = sum(len(dots.get_offsets()) for dots in of_kind(axes, PathCollection))
    assert 4000 < shown <= 5000
    assert axes.get_title() == f"{shown} of 20000 examples"


def test_a_rare_class_is_drawn_among_very_many_examples():
    labels = np.zeros((1, 200_000), int)
    labels[0, 150_000:150_005] = 1
    points = np.random.default_rng(0).normal(size=(2, 200_000))
    figure = plot_decision_boundary(right_of_one, points, labels, resolution=20)
    _, rare = of_kind(figure.axes[0], PathCollection)
    drawn, there = rare.get_offsets(), points[:, 150_000:150_005].T
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, there))


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
