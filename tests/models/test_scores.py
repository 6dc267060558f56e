"""Scores are what scikit-learn says of all rows, or a reason why there are none."""

import numpy as np
import pytest
from sklearn import metrics

from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.counts import Counts
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.models.scores import UNKNOWN, tally


def scored(target, truth, said, chances=None, pieces=3):
    """The scores, added up over pieces."""
    adding = tally(target)
    for i in range(pieces):
        some = slice(i, None, pieces)
        adding.add(
            truth[some], said[some], None if chances is None else chances[:, some]
        )
    return adding.scores()


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_classes_are_scored_as_scikit_learn_does(names):
    rng = np.random.default_rng(0)
    chances = rng.dirichlet(np.ones(len(names)), 200).T.astype(np.float32)
    truth, said = (
        np.array(list(names), object)[rng.integers(0, len(names), 200)]
        for _ in range(2)
    )
    found = scored(Categories("y", tuple(names)), truth, said, chances)
    wanted = {
        "accuracy": metrics.accuracy_score(truth, said),
        "largest class": max(np.mean(truth == name) for name in names),
        "balanced accuracy": metrics.balanced_accuracy_score(truth, said),
    }
    if names == "ab":
        wanted["ROC AUC"] = metrics.roc_auc_score(truth == "b", chances[1])
    assert found.measures == pytest.approx(wanted)
    recall = metrics.recall_score(truth, said, average=None)
    precision = metrics.precision_score(truth, said, average=None)
    for i, each in enumerate(found.classes):
        assert each == (names[i], np.sum(truth == names[i]), recall[i], precision[i])
    counts, order = found.confusion()
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(truth, said))
    assert order == list(names)


@pytest.mark.parametrize("rows", [2, 7, 300, 4000])
def test_equal_probabilities_share_their_rank(rows):
    rng = np.random.default_rng(rows)
    second = np.float32(rng.integers(0, 5, rows) / 4)
    truth = np.array(["a", "b"], object)[
        np.append([0, 1], rng.integers(0, 2, rows - 2))
    ]
    found = scored(
        Categories("y", ("a", "b")), truth, truth, np.stack([1 - second, second])
    ).measures["ROC AUC"]
    assert found == pytest.approx(metrics.roc_auc_score(truth == "b", second))


def test_rare_and_found_by_nobody_is_seen():
    truth = np.array(["ok"] * 985 + ["fraud"] * 15, object)
    found = scored(
        Categories("y", ("fraud", "ok")),
        truth,
        np.full(1000, "ok", object),
        np.tile([[0.1], [0.9]], 1000),
    )
    assert found.measures["accuracy"] == found.measures["largest class"] == 0.985
    assert found.measures["balanced accuracy"] == 0.5
    assert found.measures["ROC AUC"] == 0.5
    assert found.classes[0] == ("fraud", 15, 0.0, None)


def test_texts_that_training_never_had_are_a_class_of_their_own():
    truth = np.array(["a", "cow", "b"], object)
    said = np.array(["a", "b", "b"], object)
    found = scored(Categories("y", ("a", "b")), truth, said, np.eye(2, 3))
    assert found.measures["accuracy"] == 2 / 3
    assert found.classes[-1] == (UNKNOWN, 1, 0.0, None)
    assert found.confusion()[0].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0]]


def test_a_class_may_have_the_name_of_those_that_are_unknown():
    truth = np.array([UNKNOWN, "a", "cow"], object)
    said = np.array([UNKNOWN, UNKNOWN, "a"], object)
    found = scored(Categories("y", (UNKNOWN, "a", "b")), truth, said)
    assert found.measures["accuracy"] == 1 / 3
    assert [each.rows for each in found.classes] == [1, 1, 0, 1]
    assert found.pairs == {(0, 0): 1, (1, 0): 1, (3, 1): 1}


@pytest.mark.parametrize(
    ("truth", "chance", "reason"),
    [
        (["cow", "cow"], 0.5, "no row is of a class of the training"),
        (["a", "b"], np.nan, "some probabilities are no numbers"),
    ],
)
def test_an_area_that_does_not_exist_has_a_reason(truth, chance, reason):
    said = np.array(["a", "a"], object)
    truth = np.array(truth, object)
    found = scored(
        Categories("y", ("a", "b")), truth, said, np.full((2, 2), chance), pieces=1
    )
    assert found.measures["ROC AUC"] is None
    assert found.reasons == {"ROC AUC": reason}


def test_one_class_alone_has_no_area():
    truth = np.array(["a", "a", "a"], object)
    found = scored(Categories("y", ("a", "b")), truth, truth, np.eye(2, 3))
    assert found.measures["ROC AUC"] is None
    assert found.reasons == {"ROC AUC": "all rows are of one class"}


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9])
def test_numbers_are_scored_as_scikit_learn_does(offset):
    rng = np.random.default_rng(0)
    truth = offset + rng.normal(size=90)
    said = truth + 0.1 * rng.normal(size=90)
    found = scored(Numbers("y", 0.0, 1.0), truth, said)
    wanted = {
        "R2": metrics.r2_score(truth, said),
        "RMSE": metrics.root_mean_squared_error(truth, said),
        "MAE": metrics.mean_absolute_error(truth, said),
    }
    assert found.measures == pytest.approx(wanted, rel=1e-6)


def test_counts_have_a_deviance():
    rng = np.random.default_rng(0)
    truth = rng.poisson(2.0, 90) * 1.0
    said = np.exp(rng.normal(size=90))
    found = scored(Counts("y"), truth, said).measures["deviance"]
    assert found == pytest.approx(metrics.mean_poisson_deviance(truth, said))


@pytest.mark.parametrize(
    ("truth", "R2", "reason"),
    [
        ([1.0], None, "one row has no spread"),
        ([1.0, 1.0, 1.0], None, "the target is the same in every row"),
        ([1e200, -1e200], None, "numbers too large, or too small"),
        ([1e-300, 2e-300], None, "numbers too large, or too small"),
    ],
)
def test_a_score_that_does_not_exist_has_a_reason(truth, R2, reason):
    truth = np.array(truth)
    found = scored(Numbers("y", 0.0, 1.0), truth, 0.9 * truth, pieces=1)
    assert found.measures["R2"] is R2
    assert found.reasons["R2"] == reason
