"""Every picture has its caption, and what does not fit is refused."""

import numpy as np
import pytest

from jaxdnn.plots import (
    plot_images,
    save,
)


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
