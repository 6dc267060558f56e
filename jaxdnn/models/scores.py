"""How good predictions are: measures of one target, added up over pieces of rows.

A measure that does not exist for the rows there are, such as R2 of one row, is None,
and `reasons` says why.

References:
  Hanley & McNeil (1982), Radiology 143: the area under the ROC curve from ranks.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxdnn._shown import never_raises, number
from jaxdnn._text import printable
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.counts import Counts
from jaxdnn.data.columns.kinds import Target
from jaxdnn.data.columns.numbers import Moments

Measures = dict[str, float | None]

# The class of all texts that training never had.
UNKNOWN = "(not in training)"


class ClassScore(NamedTuple):
    """One class: its rows, which part of them was found, and of those said, was so.

    recall and precision are None where no row is of it, or was said to be.
    """

    name: str
    rows: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True)
class TargetScores:
    """How good the predictions of one target are.

    Attributes:
      measures: of classes accuracy, largest class (what saying it always would reach),
        balanced accuracy (the mean recall) and, of two, ROC AUC; of numbers R2, RMSE
        and MAE, the last two in the target's units; of counts deviance too.
      reasons: why a measure is None.
      classes: each class, and UNKNOWN if some texts are none of them.
      pairs: how many rows of a class were said to be of one: {(true, said): rows}, by
        their places in classes, of those that there are.
    """

    measures: Measures
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    classes: tuple[ClassScore, ...] = ()
    pairs: Mapping[tuple[int, int], int] = field(
        default_factory=dict[tuple[int, int], int]
    )

    @never_raises
    def __repr__(self) -> str:
        return f"TargetScores: {_told(self.measures)}"

    def confusion(self) -> tuple[NDArray[np.int64], list[str]]:
        """(k, k) rows of each class that were said to be of each, and the k names.

        Example:
          >>> classes = ClassScore("a", 2, 1.0, 1.0), ClassScore("b", 1, 1.0, 1.0)
          >>> TargetScores({}, {}, classes, {(0, 0): 2, (1, 1): 1}).confusion()
          (array([[2, 0],
                 [0, 1]]), ['a', 'b'])
        """
        names = [each.name for each in self.classes]
        counts = np.zeros((len(names), len(names)), np.int64)
        for pair, rows in self.pairs.items():
            counts[pair] = rows
        return counts, names


def told_scores(scores: "Scores") -> str:
    """How many rows, and the measures, in a line."""
    return f"{scores.rows} rows; {_told(scores.measures)}"


def _told(measures: Measures) -> str:
    """The measures in a line."""
    return ", ".join(
        f"{printable(name)} {number(value) or 'none'}"
        for name, value in measures.items()
    )


class ClassesTally:
    """Adds up how a target of classes was predicted.

    Attributes:
      by_chance: whether the probabilities are asked for.
    """

    def __init__(self, target: Categories) -> None:
        self._names = target.classes
        self._index = target.index
        self._pairs: Counter[tuple[int, int]] = Counter()
        self._second: list[NDArray[np.float64]] = []
        self._is_second: list[NDArray[np.bool_]] = []
        self.by_chance = len(target.classes) == 2

    def add(
        self, truth: NDArray[Any], said: NDArray[Any], chances: NDArray[Any] | None
    ) -> None:
        """Take some rows: (m,) texts twice, and (k, m) probabilities if asked for."""
        k = len(self._names)
        true = self._index(truth)
        codes = (true % (k + 1)) * k + self._index(said)  # -1 is the last, UNKNOWN
        for code, rows in zip(*np.unique(codes, return_counts=True), strict=True):
            self._pairs[divmod(int(code), k)] += int(rows)
        if self.by_chance:
            known = true >= 0
            self._second.append(np.asarray(chances, np.float64)[1, known])
            self._is_second.append(true[known] == 1)

    def scores(self) -> TargetScores:
        """Those of all rows so far."""
        true, said, right = Counter[int](), Counter[int](), Counter[int]()
        for (t, p), rows in self._pairs.items():
            true[t] += rows
            said[p] += rows
            right[t] += rows * (t == p)
        names = [*self._names, UNKNOWN] if true[len(self._names)] else self._names
        classes = tuple(
            ClassScore(
                name,
                true[t],
                right[t] / true[t] if true[t] else None,
                right[t] / said[t] if said[t] else None,
            )
            for t, name in enumerate(names)
        )
        rows = true.total()
        recalls = [each.recall for each in classes if each.recall is not None]
        measures: Measures = {
            "accuracy": right.total() / rows,
            "largest class": max(true.values()) / rows,
            "balanced accuracy": sum(recalls) / len(recalls),
        }
        reasons: dict[str, str] = {}
        if self.by_chance:
            reason = self._no_area()
            measures["ROC AUC"] = None if reason else self._area()
            reasons |= {"ROC AUC": reason} if reason else {}
        return TargetScores(
            measures, reasons, classes, dict(sorted(self._pairs.items()))
        )

    def _no_area(self) -> str | None:
        """Why there is no area under the curve, if so."""
        is_second = np.concatenate(self._is_second)
        if not is_second.size:
            return "no row is of a class of the training"
        if is_second.all() or not is_second.any():
            return "all rows are of one class"
        there = all(np.isfinite(second).all() for second in self._second)
        return None if there else "some probabilities are no numbers"

    def _area(self) -> float:
        """How often a row of the second class is put above one of the first."""
        is_second = np.concatenate(self._is_second)
        second = np.concatenate(self._second)
        _, place, equals = np.unique(second, return_inverse=True, return_counts=True)
        ranks = (equals.cumsum() - (equals - 1) / 2)[place]  # equals share their mean
        ones = int(is_second.sum())
        above = float(ranks[is_second].sum()) - ones * (ones + 1) / 2
        return above / (ones * (len(second) - ones))


class NumbersTally:
    """Adds up how a target of numbers was predicted."""

    by_chance: ClassVar[bool] = False

    def __init__(self, target: Target) -> None:
        self._truth = Moments()
        self._sums = np.zeros(3)
        self._counts = isinstance(target, Counts)

    def add(self, truth: NDArray[Any], said: NDArray[Any], _: object) -> None:
        """Take some rows: (m,) numbers twice."""
        # Moments about the mean of each piece: digits of targets near 10^9 stay.
        self._truth = self._truth.plus(Moments.of(truth))
        with np.errstate(all="ignore"):
            error = said - truth
            deviance = said - truth
            if self._counts:
                some = truth > 0
                deviance[some] += truth[some] * np.log(truth[some] / said[some])
            self._sums += np.square(error).sum(), abs(error).sum(), 2 * deviance.sum()

    def scores(self) -> TargetScores:
        """Those of all rows so far."""
        truth, rows = self._truth, self._truth.count
        squares, distances, deviance = (self._sums / rows).tolist()
        measures: Measures = {"R2": None, "RMSE": squares**0.5, "MAE": distances}
        reasons: dict[str, str] = {}
        if rows == 1:
            reasons["R2"] = "one row has no spread"
        elif truth.low == truth.high:
            reasons["R2"] = "the target is the same in every row"
        else:
            with np.errstate(all="ignore"):
                measures["R2"] = float(1 - np.float64(squares) * rows / truth.squares)
        if self._counts:
            measures["deviance"] = deviance
        for name, value in measures.items():
            if value is not None and not np.isfinite(value):
                measures[name] = None
                reasons[name] = "numbers too large, or too small"
        return TargetScores(measures, reasons)


def tally(target: Target) -> ClassesTally | NumbersTally:
    """What adds up how that target is predicted.

    Example:
      >>> from jaxdnn.data.columns.numbers import Numbers
      >>> pieces = tally(Numbers("y", 0.0, 1.0))
      >>> pieces.add(np.array([1.0, 3.0]), np.array([1.0, 2.0]), None)
      >>> pieces.scores().measures["R2"]
      0.5
    """
    if isinstance(target, Categories):
        return ClassesTally(target)
    return NumbersTally(target)


@dataclass(frozen=True)
class Scores:
    """How good a model's predictions are.

    Attributes:
      rows: how many were predicted.
      targets: the scores of each target, by its name.
    """

    rows: int
    targets: Mapping[str, TargetScores]

    @never_raises
    def __repr__(self) -> str:
        return f"Scores: {told_scores(self)}"

    @property
    def measures(self) -> Measures:
        """Those of the target; of several targets each one's, under both names."""
        return self._by_name("measures")

    @property
    def reasons(self) -> dict[str, str]:
        """Why a measure is None."""
        return self._by_name("reasons")

    def _by_name(self, what: str) -> dict[str, Any]:
        several = len(self.targets) > 1
        return {
            f"{name}: {measure}" if several else measure: value
            for name, scores in self.targets.items()
            for measure, value in getattr(scores, what).items()
        }
