"""The table of exports: small differences, and what a format does not have."""

import jax
import numpy as np
import pytest

from scripts.experiments import compare_exports as script


@pytest.mark.slow
@pytest.mark.parametrize("kind", script.WRITERS)
def test_differences_are_rounding(tmp_path, kind):
    found = script.largest("tanh", kind, np.dtype("float32"), tmp_path / "x")
    assert found < 1e-6


def test_what_a_format_lacks(tmp_path):
    with jax.enable_x64(True):
        dtype = np.dtype("float64")
        assert script.largest("gelu", "ONNX", dtype, tmp_path / "x") is None


def test_sizes(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(script, "SIZES", ((2, 3, 2),))
    script.sizes(tmp_path)
    assert capsys.readouterr().out.count("2-3-2") == 2
