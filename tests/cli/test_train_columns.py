"""jaxdnn train, told what the columns are, and predict after it."""

import re

import numpy as np
import pandas as pd
import pytest

from jaxdnn.cli import main
from jaxdnn.models import load_model
from tests.cli.screen import QUICK, labelled, read_csv
from tests.tables import save


def people(rows=120):
    """All that a table may hold: names, dates, gaps, codes, two targets, counts."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows)
    frame = pd.DataFrame(
        {
            "name": [f"n{i}" for i in range(rows)],
            "x": x,
            "age": rng.uniform(1, 80, rows),
            "coat": rng.choice(["long", "short"], rows),
            "born": pd.date_range("2012-01-01", periods=rows).astype(str),
            "rich": (x > 0) * 1,
            "old": rng.integers(0, 2, rows),
            "visits": rng.poisson(np.exp(x / 2)),
        }
    )
    frame.loc[::7, "age"] = np.nan
    frame.loc[::11, "coat"] = None
    frame.loc[::30, "rich"] = np.nan
    return frame


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return save(people(), tmp_path_factory.mktemp("people") / "t.csv")


def run(capsys, data, out, *words):
    """What training printed; a line's words by its label."""
    args = ["train", "--data", data, "--out", str(out), *QUICK, "--epochs", "2"]
    assert main([*args, *words]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    assert max(map(len, printed.splitlines())) <= 80 + len(str(out))
    return printed, labelled(printed)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_taken_for_what_is_said_and_travels(tmp_path, capsys, suffix):
    data = save(people(), tmp_path / f"t{suffix}")
    printed, lines = run(capsys, data, tmp_path, "--target", "rich", "--drop", "old")
    assert "numbers x, age, visits; categories coat; dates born" in printed
    assert re.search(r"without name \((\d+) different texts in \1 rows\)", printed)
    assert "age 17 by the mean; coat 10 a category of their own" in printed
    assert "4 rows without rich left out" in printed
    assert lines["data"][1:3] == ["116", "rows;"]
    # x, age and where it lacks, visits; long, short, none; seven of a day.
    assert lines["network"][0] == "14-1,"

    new = people(6).drop(columns=["rich", "old", "name"])
    new.loc[:, "age"] = np.nan
    path = save(new, tmp_path / "new.csv")
    model = str(tmp_path / "model.safetensors")
    assert main(["predict", "--model", model, "--data", path]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    header, columns = read_csv(printed)
    assert header[0] == "label"
    assert header[1].startswith("probability_0")
    assert len(columns[0]) == 6
    more = save(people(6), tmp_path / "more.csv")
    assert main(["evaluate", "--model", model, "--data", more]) == 0


def test_several_targets_are_predicted_at_once(tmp_path, capsys, data):
    words = ["--target", "rich", "--target", "old", "--only", "x", "age"]
    printed, lines = run(capsys, data, tmp_path, *words)
    assert "rich: 0" in printed
    assert "old: 0 (" in printed
    assert lines["network"][0] == "3-2,"
    model = str(tmp_path / "model.safetensors")
    assert main(["predict", "--model", model, "--data", data]) == 0
    header, columns = read_csv(capsys.readouterr().out)
    assert header == ["rich", "old", "probability_rich", "probability_old"]
    assert [float(p) > 0.5 for p in columns[3]] == [c == "1" for c in columns[1]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "target", "head"),
    [
        ("counts", "visits", "exp"),
        ("regression", "visits", "identity"),
        ("classification", "visits", "softmax"),
        ("multilabel", "rich old", "sigmoid"),
    ],
)
def test_the_task_decides_the_head(tmp_path, capsys, data, task, target, head):
    words = ["--task", task, "--target", *target.split(), "--drop", "name"]
    run(capsys, data, tmp_path, *words)
    model = load_model(tmp_path / "model.safetensors")
    assert model.network.head.name == head


@pytest.mark.parametrize(
    ("missing", "rows", "said"),
    [
        ("mean", 120, "age 18 by the mean"),
        ("median", 120, "age 18 by the median"),
        ("drop", 93, "27 rows with gaps left out"),
    ],
)
def test_the_rule_for_gaps_is_said(tmp_path, capsys, data, missing, rows, said):
    words = ["--missing", missing, "--target", "old", "--drop", "rich"]
    printed, lines = run(capsys, data, tmp_path, *words)
    assert said in printed
    assert lines["data"][1] == str(rows)


def test_the_words_for_missing_can_be_chosen(tmp_path, capsys):
    sex = ["NA", "f", "m", "none of them"] * 30
    frame = pd.DataFrame({"x": np.arange(120.0), "sex": sex})
    frame.loc[5, "x"] = -999.0
    data = save(frame, tmp_path / "t.csv")
    printed, _ = run(
        capsys, data, tmp_path, "--missing-values", "-999.0", "none of them"
    )
    assert "NA (30), f (30), m (30)" in printed
    assert "30 rows without sex left out" in printed
    assert "x 1 by the mean" in printed
    printed, _ = run(capsys, data, tmp_path)
    assert "f (30), m (30), none of them (30)" in printed


def test_a_class_of_the_test_part_alone_is_refused(tmp_path, capsys):
    y = ["pos", "neg"] * 90 + ["rare"] * 20
    data = save(pd.DataFrame({"x": np.arange(200.0), "y": y}), tmp_path / "t.csv")
    args = ["train", "--data", data, "--out", str(tmp_path), *QUICK]
    assert main([*args, "--split", "last"]) == 2
    errors = capsys.readouterr().err
    assert "no row to train on has rare in column 'y', but 20 of the others" in errors
    assert main([*args]) == 0
