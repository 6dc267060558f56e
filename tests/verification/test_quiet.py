"""Probes are silent, and nothing of the process is touched for it."""

import warnings

import numpy as np

from jaxdnn.verification import verify_gradient


def test_no_warning_and_no_filter_of_warnings(monkeypatch):
    def touched(*_, **__):
        raise AssertionError("the filters are those of the whole process")

    def loss(p):
        return float(np.log(p).sum())

    monkeypatch.setattr(warnings, "catch_warnings", touched)
    monkeypatch.setattr(warnings, "simplefilter", touched)
    seen = []
    monkeypatch.setattr(warnings, "showwarning", lambda *said: seen.append(said))
    assert verify_gradient(loss, lambda p: 1 / p, np.array([1e-3, 5.0])).ok
    assert not seen
