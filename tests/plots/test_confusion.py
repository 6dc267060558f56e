"""How often each class was taken for each, however many there are."""

import warnings

import numpy as np
import pytest

from jaxdnn.plots import (
    plot_confusion_matrix,
    save,
)


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
    assert names == [*map(str, range(81, 100)), "and 81 more"]
    cells = {text.get_position()[::-1]: int(text.get_text()) for text in axes.texts}
    assert sum(cells.values()) == counts.sum()
    assert cells[19, 18] == 5
    save(figure, tmp_path / "confusion.png")


def test_pairs_of_very_many_classes_need_no_matrix():
    k = 1_000_000
    names = [f"c{i}" for i in range(k)]
    figure = plot_confusion_matrix({(5, 5): 3, (5, k - 1): 1, (9, 7): 2}, names)
    (axes,) = figure.axes
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert labels[5] == "c5"
    assert labels[-1] == f"and {k - 19} more"
    cells = {text.get_position()[::-1]: text.get_text() for text in axes.texts}
    assert cells == {(5, 5): "3", (5, 19): "1", (9, 7): "2"}


@pytest.mark.parametrize(
    ("count", "said"),
    [(9994, "9994"), (12_345, "12.3k"), (999_600, "1M"), (123_456_789, "123M")],
)
def test_many_rows_fit_their_cell(count, said):
    (text,) = plot_confusion_matrix([[count]]).axes[0].texts
    assert text.get_text() == said


@pytest.mark.slow
@pytest.mark.parametrize("k", [1, 2, 12, 20])
def test_long_names_leave_room_for_the_cells(k, tmp_path):
    figure = plot_confusion_matrix(np.eye(k), ["W" * 30] * k, title="t" * 200)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(figure, tmp_path / "confusion.png")


@pytest.mark.parametrize("counts", [[], [[1, 2]], [[-1]], [[np.nan]], 3.0])
def test_what_is_no_confusion_is_refused(counts):
    with pytest.raises(ValueError, match=r"counts must be numbers >= 0 of shape"):
        plot_confusion_matrix(counts)
    for pairs in ({(0, 2): 1}, {(-1, 0): 1}, {(0, 0): -1}):
        with pytest.raises(ValueError, match=r">= 0 of pairs of 2 classes, got"):
            plot_confusion_matrix(pairs, ["a", "b"])
    with pytest.raises(ValueError, match="class_names must name 1 classes, got 2"):
        plot_confusion_matrix([[1]], ["a", "b"])
