"""jaxdnn export: files that are right before they have their name."""

import jax
import numpy as np
import onnxruntime
import pytest

from jaxdnn.cli import main
from jaxdnn.export import models, onnx_inputs, stablehlo_rows
from jaxdnn.models import load_model
from tests.cli.screen import labelled, refused, results


def words(trained, out, *options):
    model = trained / "out" / "model.safetensors"
    return ["export", "--model", model, "--out", out, *options]


def export(trained, out, *options):
    return main([str(word) for word in words(trained, out, *options)])


def test_onnx_gives_class_names(trained, tmp_path, capsys):
    data, out = trained / "pets.csv", tmp_path / "pets.onnx"
    assert export(trained, out, "--data", data) == 0
    said = labelled(capsys.readouterr().out)
    assert said["compared"] == ["60", "rows", "of", str(data)]
    assert float(said["difference"][0]) < 1e-6
    assert said["wrote"] == [str(out)]
    model = load_model(trained / "out" / "model.safetensors")
    inputs = onnx_inputs(model.preprocessing, model.table(data))
    labels, chances = onnxruntime.InferenceSession(out).run(None, inputs)
    wanted = model.predict(data)
    assert labels.tolist() == wanted.values.tolist()
    np.testing.assert_allclose(chances, wanted.probabilities.T, rtol=1e-6)


def test_stablehlo_takes_rows(trained, tmp_path, capsys):
    data, out = trained / "pets.csv", tmp_path / "pets.stablehlo"
    assert export(trained, out) == 0
    said = labelled(capsys.readouterr().out)
    assert said["compared"] == ["64", "rows", "drawn"]
    assert " ".join(said["takes"]) == "weight; coat: 0 'long', 1 'short'; legs"
    assert " ".join(said["says"]) == "kind: 0 'cat', 1 'dog'"
    model = load_model(trained / "out" / "model.safetensors")
    rows = stablehlo_rows(model.preprocessing, model.table(data)).astype(np.float32)
    AL, _ = jax.export.deserialize(bytearray(out.read_bytes())).call(rows)
    wanted = model.predict(data).probabilities[1]
    np.testing.assert_allclose(np.asarray(AL)[:, 0], wanted, rtol=1e-6)


@pytest.mark.parametrize("suffix", [".onnx", ".stablehlo"])
def test_a_file_that_is_there_stays_unless_forced(trained, tmp_path, capsys, suffix):
    out = tmp_path / f"pets{suffix}"
    out.write_bytes(b"mine")
    message = refused(capsys, words(trained, out))
    assert message.endswith(f"file {out} is there already; force replaces it")
    assert out.read_bytes() == b"mine"
    assert export(trained, out, "--force") == 0
    assert len(out.read_bytes()) > 1000


def test_what_is_refused_leaves_nothing(trained, tmp_path, capsys, monkeypatch):
    message = refused(capsys, words(trained, tmp_path / "pets.pkl"))
    assert "file must end in .onnx or .stablehlo, got" in message
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    data = "--data", tmp_path / "other.csv"
    message = refused(capsys, words(trained, tmp_path / "pets.onnx", *data))
    assert "lacks columns the model was trained on" in message

    def broken(*_, **__):
        raise ModuleNotFoundError("jaxdnn: this needs onnx", name="onnx")

    monkeypatch.setattr(models, "FORMATS", {".onnx": broken})
    assert refused(capsys, words(trained, tmp_path / "x.onnx")) == "this needs onnx"
    assert results(tmp_path) == ["other.csv"]
