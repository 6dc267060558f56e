"""Scores on the screen: they never run together, and what is not there says why."""

from jaxdnn.cli.scoring import score_lines
from jaxdnn.models import ClassScore, Scores, TargetScores


def lines(**parts):
    return [f"{label:16}{line}" for label, line in score_lines(parts)]


def test_columns_never_run_together():
    large = TargetScores({"RMSE": 139047557.0562, "MAE": 206635849.5526})
    small = TargetScores({"RMSE": 0.00001234567, "MAE": 0.0})
    found = lines(train=Scores(5, {"y": large}), test=Scores(1, {"y": small}))
    assert found[2].split() == ["RMSE", "1.39048e+08", "1.23457e-05"]
    assert found[3].split() == ["MAE", "2.06636e+08", "0.0000"]
    assert {len(line) for line in found} == {16 + 24}


def test_of_many_classes_those_that_are_hardly_found_are_shown():
    classes = tuple(ClassScore(f"c{i}", 5, i / 50, None) for i in range(50))
    classes += (ClassScore("none", 0, None, None),)
    found = lines(test=Scores(250, {"y": TargetScores({}, {}, classes)}))
    assert [line.split()[0] for line in found[4:14]] == [f"c{i}" for i in range(10)]
    assert found[14].strip() == "and 41 classes more, of no lower recall"


def test_several_targets_are_told_apart():
    scores = Scores(2, {name: TargetScores({"R2": 0.5}) for name in ("p", "q" * 20)})
    found = [line.split() for line in lines(train=scores)]
    assert found[2:] == [["p"], ["R2", "0.5000"], ["q" * 13 + "…"], ["R2", "0.5000"]]
    assert scores.measures == {"p: R2": 0.5, f"{'q' * 20}: R2": 0.5}
