"""jaxdnn inspect: the rows of the longest gradients, on the screen and as CSV."""

import numpy as np
import pandas as pd
import pytest

from jaxdnn import per_example_norms
from jaxdnn.cli import main
from jaxdnn.models import load_model
from tests.cli.screen import QUICK, labelled, refused
from tests.tables import pets, save


@pytest.mark.slow
@pytest.mark.usefixtures("drawn")
def test_rows_whose_class_was_changed_come_first(tmp_path, capsys):
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(-3, 0.5, 100), rng.normal(3, 0.5, 100)])
    kind = np.repeat(["cat", "dog"], 100)
    kind[[7, 150]] = ["dog", "cat"]
    data = save(pd.DataFrame({"x": x, "kind": kind}), tmp_path / "t.csv")
    args = ["--target", "kind", "--out", str(tmp_path), "--quiet", *QUICK]
    assert main(["train", "--data", data, *args, "--epochs", "300"]) == 0
    model, out = str(tmp_path / "model.safetensors"), tmp_path / "rows.csv"
    capsys.readouterr()
    figure = tmp_path / "figures" / "rows.png"
    args = ["--model", model, "--data", data, "--out", str(out)]
    assert main(["inspect", *args, "--figure", str(figure)]) == 0
    assert figure.read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out.splitlines()
    first = next(i for i, line in enumerate(printed) if line.startswith("row "))
    assert {line.split()[0] for line in printed[first + 1 : first + 3]} == {"8", "151"}
    assert printed[first + 1].split()[2:] in (["dog", "cat"], ["cat", "dog"])
    told = labelled("\n".join(printed))
    assert told["rows"] == ["200"]
    scale, batch = float(told["noise scale"][0]), int(told["batch size"][0])
    assert batch == min(200, 2 ** round(np.log2(scale)))
    lines = pd.read_csv(out)
    columns = ["row", "gradient_norm", "kind", "predicted_kind"]
    assert list(lines.columns) == columns
    assert lines["row"].tolist() == list(range(1, 201))
    assert lines["kind"].tolist() == kind.tolist()
    trained = load_model(model)
    table = trained.table(data)
    X, Y = trained.preprocessing.inputs(table), trained.preprocessing.outputs(table)
    norms = per_example_norms(trained.network, trained.params, X, Y)
    np.testing.assert_allclose(lines["gradient_norm"], norms, rtol=1e-5)


def test_one_row_has_no_noise_scale_and_rows_without_a_target_no_line(
    trained, tmp_path, capsys
):
    data = save(pets(3).assign(kind=["", "cat", ""]), tmp_path / "new.csv")
    model = str(trained / "out" / "model.safetensors")
    assert main(["inspect", "--model", model, "--data", data]) == 0
    printed = capsys.readouterr().out
    assert "– one row has none" in printed
    assert printed.splitlines()[-1].split()[0] == "2"


def test_rows_whose_gradient_is_not_finite_are_told(trained, tmp_path, capsys):
    data = save(pets(3).assign(weight=[4.0, 20.0, 1e30]), tmp_path / "new.csv")
    model = str(trained / "out" / "model.safetensors")
    assert main(["inspect", "--model", model, "--data", data]) == 0
    printed = labelled(capsys.readouterr().out)
    assert "not finite" in " ".join(printed["noise scale"])
    assert "batch size" not in printed


@pytest.mark.parametrize(
    ("kinds", "message"),
    [([""] * 3, "there are no rows to inspect"), (None, "no column 'kind'")],
)
def test_bad_rows_are_refused(trained, tmp_path, capsys, kinds, message):
    frame = pets(3).drop(columns="kind")
    frame = frame if kinds is None else frame.assign(kind=kinds)
    data = save(frame, tmp_path / "new.csv")
    model = trained / "out" / "model.safetensors"
    assert message in refused(capsys, ["inspect", "--model", model, "--data", data])
