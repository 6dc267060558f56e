"""Predictions and scores of a model: one rule for ties, few compiled programs."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from jaxdnn import Layer, Network, predict
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
from jaxdnn.models import Model
from tests.tables import save, table

X = Numbers("x", 0.0, 1.0)


def model(target, W, output):
    W = jnp.asarray(W, jnp.float32)
    params = (Layer(W, jnp.zeros((len(W), 1))),)
    return Model(
        Network((1, len(W)), output=output), params, Preprocessing((X,), (target,))
    )


def test_the_command_and_the_core_have_one_rule_for_ties():
    # AL = 0.5 for all of them in float32, but ZL > 0 for the last.
    x = np.array([-1e-8, 0.0, 1e-8])
    two = model(Categories("y", ("no", "yes")), [[1.0]], "sigmoid")
    found = two.predict(Table("t", {"x": x}))
    assert found.probabilities.tolist() == [[0.5] * 3, [0.5] * 3]
    assert found.values.tolist() == ["no", "no", "yes"]
    wanted = predict(two.network, two.params, jnp.asarray(x[None], jnp.float32))
    assert wanted.tolist() == [[0, 0, 1]]
    more = model(Categories("y", ("a", "b", "c")), np.ones((3, 1)), "softmax")
    assert more.predict(Table("t", {"x": x})).values.tolist() == ["a"] * 3


def test_a_row_more_compiles_nothing(caplog):
    classes = tuple("abcdefg")  # a network of no other test
    asked = model(Categories("y", classes), np.arange(7.0)[:, None], "softmax")
    x = np.linspace(-1, 1, 1001)
    y = np.array(classes, object)[np.arange(1001) % 7]
    with jax.log_compiles():
        wanted = asked.predict(Table("t", {"x": x}))
        assert "Compiling" in caplog.text
        caplog.clear()
        fewer = asked.predict(Table("t", {"x": x[:1000]}))
        asked.evaluate(Table("t", {"x": x[:995], "y": y[:995]}))
        assert "Compiling" not in caplog.text
    assert fewer.values.tolist() == wanted.values[:1000].tolist()
    np.testing.assert_array_equal(fewer.probabilities, wanted.probabilities[:, :1000])


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_scores_of_a_file_are_those_of_its_table_and_of_its_pieces(tmp_path, name):
    rng = np.random.default_rng(0)
    x = rng.normal(size=50)
    asked = model(Numbers("y", 0.0, 1.0), [[2.0]], "identity")
    cells = {"x": x, "y": 2 * x + rng.normal(size=50)}
    path = save(pd.DataFrame(cells), tmp_path / name)
    found = asked.evaluate(Table("t", cells))
    assert asked.evaluate(path) == found
    pieces = [Table("t", {k: v[i::2] for k, v in cells.items()}) for i in (0, 1)]
    in_pieces = asked.evaluate(pieces)
    assert in_pieces.rows == found.rows == 50
    for measure, value in found.measures.items():
        np.testing.assert_allclose(in_pieces.measures[measure], value)


def test_codes_of_a_file_are_compared_as_codes(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n-1,0.0\n2,1\n3,1.0\n")
    asked = model(Categories("y", ("0", "1")), [[1.0]], "sigmoid")
    assert asked.evaluate(tmp_path / "t.csv").measures["accuracy"] == 1.0


def test_no_rows_have_no_scores():
    asked = model(Numbers("y", 0.0, 1.0), [[2.0]], "identity")
    with pytest.raises(ValueError, match="no rows to evaluate"):
        asked.evaluate([])
    with pytest.raises(ValueError, match=r"t\.csv: no column 'y' to compare with"):
        asked.evaluate(table(x=[1.0]))
