"""Scores on the screen: they never run together, and what is not there says why."""

import warnings

import numpy as np
import pandas as pd
import pytest

from jaxdnn.cli import main
from jaxdnn.cli.say import width
from jaxdnn.cli.scoring import score_lines
from jaxdnn.models import ClassScore, Scores, TargetScores
from tests.cli.screen import QUICK, labelled
from tests.tables import save


def lines(**parts):
    return [f"{label:16}{line}" for label, line in score_lines(parts)]


def test_columns_never_run_together():
    large = TargetScores({"RMSE": 139047557.0562, "MAE": 206635849.5526})
    small = TargetScores({"RMSE": 0.00001234567, "MAE": 0.0})
    found = lines(train=Scores(5, {"y": large}), test=Scores(1, {"y": small}))
    assert found[2].split() == ["RMSE", "139047557", "1.235e-05"]
    assert found[3].split() == ["MAE", "206635850", "0.0000"]
    assert {len(line) for line in found} == {16 + 24}
    huge = TargetScores({"RMSE": -1.5e250})
    found = lines(train=Scores(10**12, {"y": huge}), test=Scores(1, {"y": huge}))
    assert found[2].split() == ["RMSE", "-1.5000e+250", "-1.5000e+250"]
    assert {len(line) for line in found} == {16 + 14 + 13}


def test_of_many_classes_those_that_are_hardly_found_are_shown():
    classes = tuple(ClassScore(f"c{i}", 5, i / 50, None) for i in range(50))
    classes += (ClassScore("none", 0, None, None),)
    found = lines(test=Scores(250, {"y": TargetScores({}, {}, classes)}))
    assert [line.split()[0] for line in found[4:14]] == [f"c{i}" for i in range(10)]
    assert found[14].strip() == "– no row is of the class, or none was said to be"
    said = "and 40 more classes, of no lower recall; 1 without a row"
    assert found[15].strip() == said


def test_of_classes_found_alike_the_large_ones_are_shown():
    classes = [ClassScore(f"c{i}", i, 0.0, 0.5) for i in range(1, 30)]
    found = lines(test=Scores(9, {"y": TargetScores({}, {}, tuple(classes))}))
    assert [line.split()[0] for line in found[4:6]] == ["c29", "c28"]


def test_a_long_name_takes_the_room_before_its_numbers():
    classes = (
        ClassScore("Iris-versicolor", 5, 0.5, 1.0),
        ClassScore("n" * 40, 7, 0.5, 1.0),
        ClassScore("猫", 1, 0.5, 1.0),
    )
    found = dict(score_lines({"": Scores(9, {"y": TargetScores({}, {}, classes)})}))
    names = ["Iris-versicolor", "n" * 21 + "…", "猫"]
    assert list(found)[-3:] == names
    ends = [max(16, 2 + width(name)) + len(found[name]) for name in names]
    assert ends == [16 + 36] * 3


def test_several_targets_are_told_apart():
    scores = Scores(2, {name: TargetScores({"R2": 0.5}) for name in ("p", "q" * 20)})
    found = [line.split() for line in lines(train=scores)]
    assert found[2:] == [["p"], ["R2", "0.5000"], ["q" * 20], ["R2", "0.5000"]]
    assert scores.measures == {"p: R2": 0.5, f"{'q' * 20}: R2": 0.5}


def test_a_score_that_does_not_exist_is_a_dash_and_a_reason(tmp_path, capsys):
    cells = ["x,z,y"] + [f"{i},{i % 3},{2 * i + i % 2 / 2}" for i in range(10)]
    (tmp_path / "t.csv").write_text("\n".join(cells))
    args = ["--data", str(tmp_path / "t.csv"), "--out", str(tmp_path), *QUICK]
    parts = ["--test-fraction", "0.1", "--validation-fraction", "0.1"]
    assert main(["train", *args, *parts]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    found = labelled(printed)
    assert found["rows"] == ["8", "1", "1"]
    assert found["R2"][1:] == ["–", "–"]
    assert printed.count("– one row has no spread\n") == 1
    # Those of the epochs, too.
    assert ["–"] * 5 in [line.split() for line in printed.splitlines()]
    assert "nan" not in printed
    assert "inf" not in printed


@pytest.mark.usefixtures("drawn")
def test_codes_and_odd_names_are_drawn_and_said(tmp_path, capsys):
    x = np.random.default_rng(0).normal(size=(2, 40))
    frame = pd.DataFrame({"猫\x07": x[0], "z": x[1]})
    frame["y\x1b[31m"] = np.where(x[0] > 0, "007", "012")
    path = save(frame, tmp_path / "t.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(["train", "--data", path, "--out", str(tmp_path), *QUICK]) == 0
    printed, errors = capsys.readouterr()
    assert errors == ""
    assert {"007", "012"} < set(labelled(printed))
    assert "boundary.png" in printed
    assert all(sign.isprintable() for sign in printed.replace("\n", ""))
