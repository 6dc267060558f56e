"""ONNX files say through onnxruntime what the network says."""

import json
from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import onnxruntime
import pytest

import jaxdnn as dnn
from jaxdnn.data.columns import kinds
from jaxdnn.data.columns.dates import ISO, MONTHS, Dates
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.tables import Table
from jaxdnn.export import export_onnx, onnx_inputs
from jaxdnn.export.onnx import columns, exporting
from jaxdnn.models import Model
from tests.export.models import EVERY, TARGETS, model, network, parameters, table


def run(path, inputs):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, inputs), strict=True))


def exported(of: Model, path, **options):
    return export_onnx(
        of.network, of.params, path, preprocessing=of.preprocessing, **options
    )


@pytest.mark.parametrize("output", EVERY)
def test_every_network(tmp_path, output):
    of, path = EVERY[output], tmp_path / "x.onnx"
    params = parameters(of)
    assert export_onnx(of, params, path).largest < 1e-6
    X = np.random.default_rng(1).normal(size=(5, 9)).astype(np.float32)
    found = run(path, {"X": X.T})
    AL = found["probabilities" if output in ("sigmoid", "softmax") else "value"]
    wanted = np.asarray(dnn.predict_proba(of, params, X)).T
    np.testing.assert_allclose(AL, wanted, rtol=1e-6, atol=1e-7)
    if "label" in found:
        assert (found["label"] == dnn.predict(of, params, X).T).all()


def test_float64(tmp_path):
    path = tmp_path / "x.onnx"
    known = tuple(g for g in dnn.ACTIVATIONS if g != "gelu")
    with jax.enable_x64(True):
        of = network(known, "exp", dims=(5, *[4] * len(known)))
        assert export_onnx(of, parameters(of, dtype=float), path).largest < 1e-14
        of = network("gelu")
        with pytest.raises(ValueError, match="export_onnx: activation 'gelu' in fl"):
            export_onnx(of, parameters(of, dtype=float), tmp_path / "y")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("targets", "missing"),
    [
        *((targets, "mean") for targets in TARGETS),
        ("labels", "drop"),
        ("numbers", "drop"),
    ],
)
def test_the_whole_model(tmp_path, targets, missing):
    of, path = model(targets, missing), tmp_path / "x.onnx"
    rows = table(gaps=missing == "mean")
    assert exported(of, path, rows=rows) == (len(rows), pytest.approx(0, abs=1e-6))
    assert exported(of, tmp_path / "drawn.onnx").largest < 1e-6
    *said, last = run(path, onnx_inputs(of.preprocessing, rows)).values()
    values, chances = of.predict(rows)
    if chances is None:
        np.testing.assert_allclose([*said, last], np.atleast_2d(values), rtol=1e-6)
    else:
        assert np.stack(said).tolist() == np.atleast_2d(values).tolist()
        np.testing.assert_allclose(last, chances.T, rtol=1e-6, atol=1e-7)


def test_a_row_with_a_gap_has_no_answer_where_training_had_none(tmp_path):
    of, path = model(missing="error"), tmp_path / "x.onnx"
    exported(of, path)
    inputs = onnx_inputs(of.preprocessing, table(gaps=False))
    inputs["price"][0] = np.nan
    inputs["coat"][1] = ""
    found = run(path, inputs)
    assert found["label"][:2].tolist() == ["", ""]
    assert np.isnan(found["probabilities"][:2]).all()
    assert np.isfinite(found["probabilities"][2:]).all()
    assert set(found["label"][2:]) <= {"cat", "dog"}


@pytest.mark.parametrize("hours", [False, True])
def test_dates(tmp_path, hours):
    dates = (
        Dates("day", ISO, mean=1990.0, deviation=50.0, hours=hours, indicator=True),
        Dates("month", MONTHS, mean=2000.0),
    )
    of = model("numbers", columns=dates)
    days = np.arange("1895-01-01", "2105-01-01", 25, "datetime64[D]").astype(str)
    years = [1600, 1896, 1900, 1904, 1999, 2000, 2023, 2024, 2100, 2400]
    edges = [
        f"{y}-{day}" for y in years for day in ("01-01", "02-28", "03-01", "12-31")
    ]
    days = [*days, *edges, "2000-02-29", "2024-02-29", "", "1904-02-29T23:59:59"]
    cells = np.array(days, dtype=object)
    rows = Table("t", {"day": cells, "month": np.full(len(cells), "2000-02", object)})
    assert exported(of, tmp_path / "x.onnx", rows=rows).rows == len(days)
    # Through one layer that hands every input on, each in the encoding's own place.
    X = of.preprocessing.inputs(rows)
    n = len(X)
    shape = dnn.Network((n, n), output="identity")
    params = (dnn.Layer(jnp.eye(n), jnp.zeros((n, 1))),)
    each = tuple(Numbers(f"y{i}", 0.0, 1.0) for i in range(n))
    through = Model(shape, params, type(of.preprocessing)(dates, each))
    exported(through, tmp_path / "y.onnx", rows=rows)
    inputs = onnx_inputs(through.preprocessing, rows)
    found = np.stack(list(run(tmp_path / "y.onnx", inputs).values()))
    np.testing.assert_allclose(found, X, rtol=1e-6, atol=1e-6)


def test_pieces_are_compared_one_after_the_other(tmp_path):
    of = model()
    pieces = [table(rows=n, seed=n) for n in (5, 8)]
    assert exported(of, tmp_path / "x.onnx", rows=iter(pieces)).rows == 13


def test_rows_with_gaps_are_not_compared_where_training_left_them_out(tmp_path):
    of, rows = model(missing="drop"), table()
    gaps = sum(rows.gaps(name) for name in rows.columns) > 0
    assert exported(of, tmp_path / "x.onnx", rows=rows).rows == (~gaps).sum()


def test_what_the_file_says_of_itself(tmp_path):
    of, path = model("three classes"), tmp_path / "x.onnx"
    exported(of, path)
    proto = onnx.load(path)
    onnx.checker.check_model(proto, full_check=True)
    assert (proto.opset_import[0].version, proto.ir_version) == (20, 10)
    assert proto.producer_name == "jaxdnn"
    said = {prop.key: json.loads(prop.value) for prop in proto.metadata_props}
    assert said["classes"] == {"kind": ["cat", "cow", "dog"]}
    assert said["columns"] == ["price", "coat", "legs", "age"]
    assert said["jaxdnn"]["network"]["layer_dims"] == list(of.network.layer_dims)
    [W1] = [c for c in proto.graph.initializer if c.name == "W1"]
    assert (onnx.numpy_helper.to_array(W1) == np.asarray(of.params[0].W)).all()
    sizes = {
        value.type.tensor_type.shape.dim[0].dim_param
        for value in (*proto.graph.input, *proto.graph.output)
    }
    assert sizes == {"m"}


def test_columns_may_be_called_as_outputs_are(tmp_path):
    names = ("label", "W1", "Gemm")
    of = model(columns=tuple(Numbers(name, 0.0, 1.0) for name in names))
    exported(of, tmp_path / "x.onnx")
    rows = {name: np.zeros((3, 1)) for name in names}
    assert list(run(tmp_path / "x.onnx", rows)) == ["label_2", "probabilities"]


def test_the_numbers_of_a_file_find_categories_of_text(tmp_path):
    of = model()
    rows = Table("t", table().columns | {"coat": np.array([7.0] * 40)})
    assert set(onnx_inputs(of.preprocessing, rows)["coat"][:, 0]) == {"7"}


def test_every_kind_of_column_is_known():
    assert set(columns._ADD) == set(columns._GAPS) == set(get_args(kinds.Column))
    assert set(columns._DTYPES) == set(columns._ADD)


def test_what_is_refused(tmp_path, monkeypatch):
    of, path = network(), tmp_path / "x.onnx"
    with pytest.raises(TypeError, match=r"^export_model: model must be a Model"):
        dnn.export.export_model(of, path)
    params = parameters(of)
    cube = dnn.Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)
    with pytest.raises(
        ValueError, match=r"^export_onnx: activation 'cube' is a function"
    ):
        export_onnx(network(cube), params, path)
    mine = dnn.Head("mine", jnp.tanh, lambda ZL, Y: (ZL - Y).sum(axis=0))
    with pytest.raises(
        ValueError, match=r"^export_onnx: head 'mine' is a function of y"
    ):
        export_onnx(network(output=mine), params, path)
    with pytest.raises(ValueError, match=r"^export_onnx: W1 must have shape"):
        export_onnx(network(dims=(6, 7, 4)), params, path)
    other = model().preprocessing
    with pytest.raises(ValueError, match=r"^export_onnx: its columns make 7 inputs"):
        export_onnx(of, params, path, preprocessing=other)
    whole = model()
    with pytest.raises(TypeError, match=r"^export_onnx: rows must be a Table, or piec"):
        exported(whole, path, rows=np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"^export_onnx: there are no rows to compare"):
        exported(whole, path, rows=table().take(slice(0, 0)))
    with pytest.raises(ValueError, match=r"^export_onnx: X must have shape \(5, 3\)"):
        export_onnx(of, params, path, rows=np.zeros((4, 3), np.float32))
    with pytest.raises(FileNotFoundError):
        export_onnx(of, params, tmp_path / "nowhere" / "x.onnx")
    monkeypatch.setattr(exporting, "_MOST_BYTES", 100)
    with pytest.raises(
        ValueError, match=r"^export_onnx: params must take less than 2 G"
    ):
        export_onnx(of, params, path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("targets", ["two classes", "three classes", "numbers"])
def test_a_file_that_says_something_else_is_not_kept(tmp_path, monkeypatch, targets):
    of = model(targets)
    W, b = of.params[-1]
    other = (
        *of.params[:-1],
        dnn.Layer(W, b + 0.01 * np.arange(1, len(b) + 1, dtype=b.dtype)[:, None]),
    )
    content = exporting._content(exporting.Subject(of.network, other, of.preprocessing))
    monkeypatch.setattr(exporting, "_content", lambda _: content)
    with pytest.raises(ValueError, match="does not say what the network says: row"):
        exported(of, tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []
