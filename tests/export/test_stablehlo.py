"""Programs that jax alone can run say what the network says."""

import subprocess
import sys

import jax
import numpy as np
import pytest
from jax import export

import jaxdnn as dnn
from jaxdnn.data.columns.dates import ISO, Dates
from jaxdnn.export import export_stablehlo, stablehlo, stablehlo_rows
from tests.export.models import EVERY, TARGETS, model, network, parameters, table


def exported(of, path, **options):
    return export_stablehlo(
        of.network,
        of.params,
        path,
        preprocessing=of.preprocessing,
        platforms=["cpu"],
        **options,
    )


def called(path, rows):
    return map(np.asarray, export.deserialize(path.read_bytes()).call(rows))


@pytest.mark.parametrize("output", EVERY)
def test_every_network(tmp_path, output):
    of = EVERY[output]
    params = parameters(of)
    path = tmp_path / "x.stablehlo"
    compared = export_stablehlo(of, params, path, platforms=["cpu"])
    assert compared.rows == 64
    assert compared.largest < 1e-6
    X = np.random.default_rng(1).normal(size=(5, 9)).astype(np.float32)
    AL, said = called(path, X.T)
    wanted = np.asarray(dnn.predict_proba(of, params, X)).T
    np.testing.assert_allclose(AL, wanted, rtol=1e-6, atol=1e-6)
    if output in ("sigmoid", "softmax"):
        assert (said == dnn.predict(of, params, X).T).all()
    else:
        np.testing.assert_array_equal(said, AL)


@pytest.mark.slow
@pytest.mark.parametrize("targets", TARGETS)
def test_columns_are_encoded_inside(tmp_path, targets):
    of, path = model(targets), tmp_path / "x.stablehlo"
    rows = table()
    compared = exported(of, path, rows=rows)
    assert compared.rows == len(rows)
    new = table(rows=11, seed=1)
    AL, said = called(path, stablehlo_rows(of.preprocessing, new).astype(np.float32))
    values, chances = of.predict(new)
    if chances is None:
        np.testing.assert_allclose(said.T, np.atleast_2d(values), rtol=2e-6)
    else:
        shown = chances[-AL.shape[1] :]
        np.testing.assert_allclose(AL.T, shown, rtol=1e-6, atol=1e-6)
        names = [np.array(target.classes) for target in of.preprocessing.targets]
        for classes, labels, wanted in zip(
            names, said.T, np.atleast_2d(values), strict=True
        ):
            assert classes[labels].tolist() == wanted.tolist()


def test_a_mean_far_from_zero_keeps_its_digits(tmp_path):
    far = [c for c in model().preprocessing.columns if c.name == "age"]
    [age] = far
    of = model(columns=(type(age)("age", mean=1e6 + 0.3, deviation=1.0),))
    rows = table().select(["age"])
    rows.columns["age"] = np.round(8 * rows.columns["age"]) / 8 + 1e6
    compared = exported(of, tmp_path / "x", rows=rows)
    assert compared.largest < 1e-6


def test_a_row_with_a_gap_has_no_answer_where_training_had_none(tmp_path):
    of, path = model(missing="drop"), tmp_path / "x"
    exported(of, path)
    rows = stablehlo_rows(of.preprocessing, table(gaps=False)).astype(np.float32)
    rows[0, 0] = np.nan
    AL, said = called(path, rows)
    assert np.isnan(AL[0]).all()
    assert said[0] == -1
    assert np.isfinite(AL[1:]).all()


def test_float64(tmp_path):
    with jax.enable_x64(True):
        of = model(dtype=float)
        compared = exported(of, tmp_path / "x")
    assert compared.largest < 1e-14


def test_functions_of_ones_own(tmp_path):
    cube = dnn.Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)
    of = network(cube)
    compared = export_stablehlo(of, parameters(of), tmp_path / "x", platforms=["cpu"])
    assert compared.largest < 1e-6


@pytest.mark.slow
def test_a_reader_needs_jax_alone(tmp_path):
    of, path = network(), tmp_path / "x"
    export_stablehlo(of, parameters(of), path)
    program = (
        "import sys, jax, numpy as np\n"
        f"exported = jax.export.deserialize(open({str(path)!r}, 'rb').read())\n"
        "AL, said = exported.call(np.zeros((3, 5), np.float32))\n"
        "assert AL.shape == (3, 2) and 'jaxdnn' not in sys.modules\n"
        "print(exported.platforms)\n"
    )
    command = [sys.executable, "-c", "import jax.export\n" + program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "('cpu', 'cuda', 'tpu')\n"


def test_what_is_refused(tmp_path):
    of, path = network(), tmp_path / "x"
    params = parameters(of)
    path.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"^export_stablehlo: file .* is there alre"):
        export_stablehlo(of, params, path)
    assert path.read_bytes() == b"mine"
    export_stablehlo(of, params, path, force=True, platforms=["cpu"])
    half = jax.tree.map(lambda a: a.astype(np.float16), params)
    with pytest.raises(ValueError, match="params must be float32 throughout, or float"):
        export_stablehlo(of, half, tmp_path / "y")
    with pytest.raises(ValueError, match="platforms must be some of cpu, cuda, "):
        export_stablehlo(of, params, tmp_path / "y", platforms=["abacus"])
    dated = model(columns=(Dates("day", ISO),))
    with pytest.raises(ValueError, match="export_stablehlo: column 'day' is of dates"):
        exported(dated, tmp_path / "y")
    assert [file.name for file in tmp_path.iterdir()] == ["x"]


def test_a_program_that_says_something_else_is_not_kept(tmp_path, monkeypatch):
    other = network()
    content = stablehlo._program(
        stablehlo.Subject(other, parameters(other, seed=1), None), ["cpu"]
    )
    monkeypatch.setattr(stablehlo, "_program", lambda *_: content)
    with pytest.raises(ValueError, match="does not say what the network says: row"):
        export_stablehlo(other, parameters(other), tmp_path / "x")
    assert list(tmp_path.iterdir()) == []
