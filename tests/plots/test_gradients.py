"""The longest gradients and the layers' norms: what is drawn and named."""

import numpy as np
import pytest

from jaxdnn.plots import plot_gradient_norms, save


def widths(axes):
    return [bar.get_width() for bar in axes.patches]


def test_the_longest_come_first_beside_the_median(tmp_path):
    norms, names = np.arange(30.0), [f"row {i}, $y$" for i in range(30)]
    figure = plot_gradient_norms(norms, names, [3.0, 1.0], title="t")
    upper, lower = figure.axes
    assert widths(upper) == list(range(29, 9, -1))
    labels = [label.get_text() for label in upper.get_yticklabels()]
    assert labels[:2] == ["row 29, $y$", "row 28, $y$"]
    assert upper.yaxis_inverted()
    assert upper.get_lines()[0].get_xdata()[0] == 14.5
    assert [bar.get_height() for bar in lower.patches] == [3.0, 1.0]
    assert save(figure, tmp_path / "rows.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("layers", "scale"),
    [([1.0, 0.005], "log"), ([1.0, 0.02], "linear"), ([1.0, 0.0], "linear")],
)
def test_layers_a_hundredfold_apart_get_a_logarithmic_axis(layers, scale):
    figure = plot_gradient_norms([1.0], ["a"], layers)
    assert figure.axes[1].get_yscale() == scale


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (([], [], [1.0]), "norms must have shape .n,., n >= 1, got .0,."),
        (([1.0], ["a"], 1.0), "layers must have shape"),
        (([1.0], [], [1.0]), "names must name 1 rows, got 0"),
    ],
)
def test_what_is_refused(arguments, says):
    with pytest.raises(ValueError, match=f"plot_gradient_norms: {says}"):
        plot_gradient_norms(*arguments)
