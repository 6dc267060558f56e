"""Costs against the epoch: what is drawn, named and thinned out."""

import time
import warnings

import numpy as np
import pytest

from jaxdnn.plots import (
    plot_cost,
    plot_costs,
    plot_learning_curve,
    save,
)


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


def test_a_long_curve_keeps_its_peaks(tmp_path):
    cost = 2 + np.random.default_rng(0).random(300_001)
    cost[123_457], cost[200_000], cost[-1] = 9.0, 1.0, 2.5
    figure = plot_learning_curve(cost, cost, np.full(cost.size, np.nan))
    line = figure.axes[0].get_lines()[0]
    assert len(line.get_xdata()) < 5000
    drawn = dict(line.get_xydata().tolist())
    assert (drawn[0], drawn[123_457], drawn[200_000]) == (cost[0], 9.0, 1.0)
    assert drawn[300_000] == 2.5
    began = time.monotonic()
    save(figure, tmp_path / "curve.png")
    assert time.monotonic() - began < 5


def test_of_many_curves_the_first_are_named(tmp_path):
    figure = plot_costs({f"_{i}$": [1.0, 0.5] for i in range(60)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(figure, tmp_path / "costs.png")
    (axes,) = figure.axes
    assert len(axes.get_lines()) == 60
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == [*(f"_{i}$" for i in range(20)), "and 40 more"]


@pytest.mark.parametrize("curves", [([], [], []), ([1.0], [1.0], [1.0, 2.0])])
def test_curves_of_other_lengths_are_refused(curves):
    with pytest.raises(ValueError, match=r"all three must have shape \(n,\)"):
        plot_learning_curve(*curves)


@pytest.mark.parametrize("costs", [[], 0.5, [[1.0, 0.5]]])
def test_costs_of_another_shape_are_refused(costs):
    with pytest.raises(ValueError, match=r"plot_cost: costs must have shape \(n,\)"):
        plot_cost(costs)
