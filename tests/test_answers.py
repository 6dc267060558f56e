"""What is said of rows on the host: few programs, and what the network says."""

import jax
import numpy as np
import pytest

from jaxdnn import Network, answers, initialize_parameters, predict, predict_proba
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
from jaxdnn.models import Model
from tests.reference import count_traces

# Sizes no other test has, so that no program of theirs is there already.
NETWORK = Network((3, 11, 3), "tanh", "softmax")
PARAMS = jax.device_get(initialize_parameters(jax.random.key(0), NETWORK.layer_dims))


@pytest.mark.parametrize("m", [0, 1, 8, 9, 600, 4097])
def test_answers_are_what_the_network_says(m):
    X = np.random.default_rng(m).normal(size=(m, 3)).astype(np.float32)
    found = answers.answers(NETWORK, PARAMS, X)
    assert found.said.shape == (m, 1)
    if m:
        wanted = predict_proba(NETWORK, PARAMS, X.T).T
        np.testing.assert_allclose(found.AL, wanted, rtol=1e-5)
        np.testing.assert_allclose(
            np.exp(found.ZL) / np.exp(found.ZL).sum(axis=1, keepdims=True), wanted, 1e-5
        )
        clear = np.ptp(np.sort(wanted, axis=1)[:, 1:], axis=1) > 1e-5
        said = np.asarray(predict(NETWORK, PARAMS, X.T)).T
        np.testing.assert_array_equal(found.said[clear], said[clear])


def test_forty_sizes_of_tables_share_four_programs(monkeypatch):
    columns = Preprocessing(
        tuple(Numbers(name, 0, 1) for name in "abc"),
        (Categories("y", ("no", "yes", "maybe")),),
    )
    network = Network((3, 13, 3), "tanh", "softmax")
    params = initialize_parameters(jax.random.key(0), network.layer_dims)
    model = Model(network, params, columns)
    x = np.random.default_rng(0).normal(size=6000)
    traces = count_traces(monkeypatch, answers, "forward")
    for m in range(150, 6001, 150):
        model.predict(Table("t", dict.fromkeys("abc", x[:m])))
        y = np.array(["no", "yes"], object)[(x[: m - 1] > 0).astype(int)]
        cells = dict.fromkeys("abc", x[: m - 1])
        model.evaluate(Table("t", {**cells, "y": y}))
    assert 1 <= len(traces) <= 4
