"""A figure's file is written whole or not at all, whatever names it holds."""

import subprocess
import sys

import pytest

from jaxdnn.plots import (
    plot_cost,
    save,
)


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


@pytest.mark.slow
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
