"""What all tests of the course need."""

import matplotlib.pyplot as plt
import numpy as np
import pytest


@pytest.fixture(autouse=True)
def no_figure_left():
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture
def rng():
    return np.random.RandomState(0)
