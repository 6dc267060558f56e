"""What the rows to train on say of every column: learned piece by piece, in one way.

A table is a stream of one piece. Sums over rows do not depend on where pieces end, so
the same rows teach the same, whatever file they come from, streamed or not.
"""

from collections.abc import Iterable
from functools import reduce
from typing import NamedTuple

import numpy as np

from jaxdnn.data.columns.kinds import LEARNERS, Found, Learner
from jaxdnn.data.columns.numbers import Moments, NumbersLearner
from jaxdnn.data.parts import PARTS, TRAIN, Piece, check_target
from jaxdnn.data.preprocessing import Preprocessing


class Learned(NamedTuple):
    """What one pass over all rows found.

    preprocessing: from the rows to train on; found: the target's classes and their rows
    in all parts, or its lowest and highest number; sizes: the rows of each part there
    is; largest: those of the largest piece.
    """

    preprocessing: Preprocessing
    found: Found
    sizes: dict[str, int]
    largest: int


def learn(pieces: Iterable[Piece], target: str) -> Learned:
    """Look at every row, and learn from those to train on.

    Inputs of one unit share one mean and deviation: what hardly varies, such as the
    pixels of a picture's edge, is not blown up. A target of whole numbers that takes
    few values is of classes.

    Raises:
      ValueError: no such column, no other column, missing values, infinities, a text
        among numbers, one value only, a class without a row to train on, texts that
        hardly repeat, numbers too large to square.

    Example:
      >>> from jaxdnn.data.tables import Table
      >>> table = Table("t", {"x": np.array([1.0, 3.0]), "y": np.array([0.0, 1.0])})
      >>> learned = learn([(table, np.array([TRAIN, TRAIN]))], "y")
      >>> learned.preprocessing.columns
      (Numbers(name='x', mean=2.0, deviation=1.0),)
      >>> learned.found, learned.sizes
      (Counter({'0': 1, '1': 1}), {'train': 2})
    """
    candidates: dict[str, list[Learner]] = {}
    sizes, largest = np.zeros(len(PARTS), int), 0
    source, one_unit = "", False
    for table, parts in pieces:
        check_target(table, target)
        source, one_unit = table.source, table.one_unit
        for name in table.columns:
            candidates.setdefault(
                name, [kind(name, is_target=name == target) for kind in LEARNERS]
            )
            for learner in candidates[name]:
                learner.add(table, parts == TRAIN)
        sizes += np.bincount(parts, minlength=len(PARTS))
        largest = max(largest, len(table))
    if not sizes[TRAIN]:
        raise ValueError(f"{source}: no rows to train on")
    try:
        learners = {name: _fitting(name, each) for name, each in candidates.items()}
        aim = learners.pop(target)
        if aim.only is not None:
            raise ValueError(
                f"column {target!r} is {aim.only!r} in every row: with one class only "
                "there is nothing to learn"
            )
        columns = {name: learner.column() for name, learner in learners.items()}
        if one_unit:
            each = (
                l.moments for l in learners.values() if isinstance(l, NumbersLearner)
            )
            shared = reduce(Moments.plus, each)
            columns = {name: shared.column(name) for name in columns}
        preprocessing = Preprocessing(tuple(columns.values()), aim.column())
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    there = {name: int(n) for name, n in zip(PARTS, sizes, strict=True) if n}
    return Learned(preprocessing, aim.found, there, largest)


def _fitting(name: str, candidates: list[Learner]) -> Learner:
    for learner in candidates:
        if learner.fits:
            return learner
    raise ValueError(f"column {name!r}: numbers in some pieces, text in others")
