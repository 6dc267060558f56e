"""What is asked of a column that is learned: as what, and what of its gaps."""

from typing import NamedTuple


class Role(NamedTuple):
    """How a learner is to take its column.

    target: whether it is to be predicted; asked: whether somebody said that it is of
    this kind, so that nothing is left to a guess; missing: one of `_names.MISSING`.
    """

    target: bool = False
    asked: bool = False
    missing: str = "mean"


INPUT = Role()
