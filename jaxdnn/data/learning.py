"""What the rows to train on say of every column: learned piece by piece, in one way.

A table is a stream of one piece. Sums over rows do not depend on where pieces end, so
the same rows teach the same, whatever file they come from, streamed or not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jaxdnn.data.columns.kinds import GUESSED, Asked, Found, Learner
from jaxdnn.data.columns.numbers import Moments, NumbersLearner
from jaxdnn.data.parts import PARTS, TRAIN, Piece
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.readers import BY_ITSELF, Readers
from jaxdnn.data.selecting import Gaps


class Learned(NamedTuple):
    """What one pass over all rows found.

    preprocessing: from the rows to train on; found: of each target its classes and
    their rows in all parts, or its lowest and highest number; sizes: the rows of each
    part there is; largest: those of the largest piece; gaps: the inputs' missing cells,
    in all parts; useless: the columns that could not be learnt from, and why; strays:
    of columns of text that are mostly numbers, the first text that is none, its row.
    """

    preprocessing: Preprocessing
    found: dict[str, Found]
    sizes: dict[str, int]
    largest: int
    gaps: Gaps
    useless: dict[str, str]
    strays: dict[str, tuple[str, int]]


@dataclass
class _Look:
    """What a look at pieces found: learners of each column, counts of rows and gaps."""

    source: str = ""
    one_unit: bool = False
    learners: dict[str, list[Any]] = field(default_factory=dict[str, list[Any]])
    sizes: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros(len(PARTS), np.int64)
    )
    largest: int = 0
    gaps: Gaps = field(default_factory=Gaps)

    def merge(self, other: "_Look") -> None:
        """Take what another look found at other pieces, if there were any."""
        self.source = self.source or other.source
        self.one_unit |= other.one_unit
        for name, learners in other.learners.items():
            own = self.learners.setdefault(name, learners)
            for learner, more in zip(own, learners, strict=True):
                if learner is not more:
                    learner.merge(more)
        self.sizes = self.sizes + other.sizes
        self.largest = max(self.largest, other.largest)
        self.gaps.merge(other.gaps)


def _look(pieces: Iterable[Piece], targets: Sequence[str], asked: Asked) -> _Look:
    look = _Look()
    for table, parts in pieces:
        look.source, look.one_unit = table.source, table.one_unit
        for name in table.columns:
            if name not in look.learners:
                look.learners[name] = list(asked.learners(name, target=name in targets))
            for learner in look.learners[name]:
                learner.add(table, parts == TRAIN)
        look.gaps.add(table)
        look.sizes += np.bincount(parts, minlength=len(PARTS))
        look.largest = max(look.largest, len(table))
    return look


def learn(
    pieces: Iterable[Piece],
    targets: Sequence[str],
    asked: Asked = GUESSED,
    readers: Readers = BY_ITSELF,
) -> Learned:
    """Look at every row, and learn from those to train on.

    Of several readers, each looks at pieces of its own, and all learn from all rows.
    What does not add up to the last digit: the number of different texts that is told
    of a column with too many, since each reader stops counting by itself.

    Inputs of one unit share one mean and deviation: what hardly varies, such as the
    pixels of a picture's edge, is not blown up. A target of whole numbers that takes
    few values is of classes. Texts that hardly repeat, and columns with nothing in
    them, are left out.

    Raises:
      ValueError: missing values that are to be refused, infinities, a text among
        numbers, a target with one value only, a class without a row to train on,
        targets that no head predicts together, numbers too large to square, no column
        to learn from.

    Example:
      >>> from jaxdnn.data.tables import Table
      >>> table = Table("t", {"x": np.array([1.0, 3.0]), "y": np.array([0.0, 1.0])})
      >>> learned = learn([(table, np.array([TRAIN, TRAIN]))], ["y"])
      >>> [column.name for column in learned.preprocessing.columns]
      ['x']
      >>> learned.found, learned.sizes
      ({'y': Counter({'0': 1, '1': 1})}, {'train': 2})
    """
    seen, *others = readers.everyones(lambda: _look(pieces, targets, asked))
    for other in others:
        seen.merge(other)
    source, sizes, gaps = seen.source, seen.sizes, seen.gaps
    learners = {name: _fitting(source, name, of) for name, of in seen.learners.items()}
    try:
        if not sizes[TRAIN]:
            raise ValueError("no rows to train on")
        if gaps and asked.missing == "error":
            raise ValueError(f"missing values in {gaps}")
        aims = {name: learners.pop(name) for name in targets}
        useless = {
            name: why for name, l in learners.items() if (why := l.useless) is not None
        }
        columns = _columns(
            [l for l in learners.values() if l.name not in useless], seen.one_unit
        )
        if not columns:
            raise ValueError(
                "no column to learn from: "
                + "; ".join(f"{name!r} has {why}" for name, why in useless.items())
            )
        preprocessing = Preprocessing(
            columns, _targets(aims), missing=asked.missing, left_out=tuple(useless)
        )
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
    return Learned(
        preprocessing,
        {name: aim.found for name, aim in aims.items()},
        {name: int(n) for name, n in zip(PARTS, sizes, strict=True) if n},
        seen.largest,
        gaps,
        useless,
        {name: l.stray for name, l in learners.items() if getattr(l, "stray", None)},
    )


def _fitting(source: str, name: str, candidates: list[Learner]) -> Any:
    for learner in candidates:
        if learner.fits:
            if isinstance(learner, NumbersLearner) and learner.refusal is not None:
                raise learner.refusal
            return learner
    raise ValueError(
        f"{source}: column {name!r}: numbers in some pieces, text in others"
    )


def _columns(learners: list[Any], one_unit: bool) -> tuple[Any, ...]:
    if not one_unit:
        return tuple(learner.column() for learner in learners)
    each = (l.moments for l in learners if isinstance(l, NumbersLearner))
    shared = reduce(Moments.plus, each)
    return tuple(shared.column(learner.name) for learner in learners)


def _targets(aims: dict[str, Any]) -> tuple[Any, ...]:
    """The columns to predict, of one kind if there are several.

    A head predicts several targets if each is one of its outputs: numbers, counts, or
    two classes each.
    """
    for name, aim in aims.items():
        if aim.only is not None:
            raise ValueError(
                f"column {name!r} is {aim.only!r} in every row: with one class only "
                "there is nothing to learn"
            )
        if (why := aim.useless) is not None:
            raise ValueError(
                f"column {name!r}: {why}; a class must come back to be learnt"
            )
    columns = tuple(aim.column() for aim in aims.values())
    kinds = {(column.head, column.outputs) for column in columns}
    if len(columns) > 1 and (len(kinds) > 1 or columns[0].outputs > 1):
        said = [f"{c.name!r} {len(c.classes) or 'no'} classes" for c in columns]
        raise ValueError(
            "several targets must all be numbers, or all of two classes: "
            f"{', '.join(said)}; say what they are (task), or predict them one by one"
        )
    return columns
