"""What a verified run says nothing about, it says."""

import numpy as np

from jaxdnn import Layer, Network, backward
from jaxdnn.verification import verify


def test_all_exercised(small):
    assert verify(*small, l2=0.1).not_exercised == ()


def test_dead_units_and_their_zero_coordinates(small):
    (W, b), *rest = small.params
    silent = np.where(np.arange(5)[:, None] < 2, -1e3, b)
    network = Network(small.network.layer_dims, ("relu", "tanh"), "sigmoid")
    params = (Layer(W, silent), *rest)
    report = verify(network, params, small.X, small.Y, backward=backward)
    assert report.verdict == "verified"
    assert "2 of 5 units of layer 1 never fire on this batch" in report.not_exercised
    assert "2 of 5 coordinates of db1 are exactly 0" in report.not_exercised
    text = "not exercised: 2 of 5 units of layer 1 never fire on this batch"
    assert text in str(report).splitlines()


def test_a_gradient_that_is_nearly_all_l2(small):
    notes = verify(*small, l2=1e6).not_exercised
    layers = [note[:20] for note in notes]
    assert layers == [f"dW{l} is nearly all L2" for l in (1, 2, 3)]


def test_examples_of_weight_zero(small):
    weights = np.where(np.arange(12) < 3, 0.0, 1.0)
    report = verify(*small, sample_weight=weights, backward=backward)
    assert report.verdict == "verified"
    assert report.not_exercised == ("3 of 12 examples have weight 0",)
