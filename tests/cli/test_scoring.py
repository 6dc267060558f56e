"""Scores on the screen: they never run together, and what is not there says why."""

from jaxdnn.cli.say import width
from jaxdnn.cli.scoring import score_lines
from jaxdnn.models import ClassScore, Scores, TargetScores


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
