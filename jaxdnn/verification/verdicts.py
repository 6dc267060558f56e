"""How a verification ends: leaves judged one by one, and one author of verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from jaxdnn.verification.derivatives.along import Along
from jaxdnn.verification.report import NOTHING, Report, Row, Status, Verdict
from jaxdnn.verification.units import (
    COARSEST,
    LIMIT,
    RESOLUTION,
    Values,
    Worst,
    norm,
    worst,
)


class Due(NamedTuple):
    """What a leaf of a gradient should be, and how well that is known.

    Args:
      autodiff: coordinate by coordinate; None where autodiff has no answer.
      S: the rounding scale of each coordinate.
      v, along: a direction, and the derivative along it without autodiff.
      slack: the rounding scale of a gradient's product with v.
    """

    autodiff: Values | None
    S: Values
    v: Values | None = None
    along: Along | None = None
    slack: float = 0.0

    def step(self, leaf: Values) -> float | None:
        """How far a leaf's product with v is off, in units."""
        if self.v is None or self.along is None:
            return None
        with np.errstate(all="ignore"):
            scale = self.slack + self.along.bar / RESOLUTION
            found = np.asarray(np.vdot(leaf, self.v), np.float64)
        return worst(found, np.asarray(self.along.value), np.asarray(scale)).units

    def resolution(self, leaf: Values) -> float | None:
        """K u rms(S) / rms(g), or the bar along v if larger; None where g is 0."""
        with np.errstate(all="ignore"):
            known = leaf if self.autodiff is None else self.autodiff
            size = norm(known)
            if not size:
                return None
            coarse = RESOLUTION * norm(self.S) / size
            bar = 0.0 if self.along is None else self.along.bar
            coarse = max(coarse, bar / size)
        return np.inf if np.isnan(coarse) else coarse


class Judged(NamedTuple):
    """What came of a leaf.

    Args:
      worst: of its coordinates against autodiff; None where that has no answer.
      step: how far it is off along v, in units; None where nobody looked.
      resolution: the smallest relative error that would have been seen.
    """

    worst: Worst | None
    step: float | None
    resolution: float | None

    @property
    def far(self) -> float:
        """How far its worst coordinate is off, in units."""
        return 0.0 if self.worst is None else self.worst.units

    @property
    def off(self) -> bool:
        """Whether a coordinate is not autodiff's."""
        return self.worst is not None and self.worst.wrong

    @property
    def missed(self) -> bool:
        """Whether it is off along v."""
        return self.step is not None and not self.step <= LIMIT

    @property
    def wrong(self) -> bool:
        """Whether either disagrees by more than rounding."""
        return self.off or self.missed

    def row(
        self, name: str, equation: str, status: Status = "ok", hint: str = ""
    ) -> Row:
        """As a line of the report."""
        return row_of(name, equation, self.worst, self.step, status, hint)


def row_of(
    name: str,
    equation: str,
    worst: Worst | None,
    step: float | None = None,
    status: Status = "ok",
    hint: str = "",
) -> Row:
    """A line of the report about its worst entry."""
    if worst is None:
        return Row(name, equation, None, step, status=status, hint=hint)
    far, where, hand, expected = worst
    return Row(name, equation, far, step, where, hand, expected, status, hint)


def judge_leaf(hand: Values, due: Due) -> Judged:
    """A leaf of a hand gradient against all that is known of it.

    Example:
      >>> g = np.array([1.0, 2.0])
      >>> judge_leaf(2 * g, Due(g, abs(g))).wrong, judge_leaf(g, Due(g, abs(g))).wrong
      (True, False)
    """
    found = None if due.autodiff is None else worst(hand, due.autodiff, due.S)
    return Judged(found, due.step(hand), due.resolution(hand))


@dataclass(frozen=True)
class Findings:
    """What goes into a report; findings add up.

    resolution: for each row of a leaf, the smallest relative error that would have been
    seen. doubts: why nothing can be concluded.
    """

    rows: tuple[Row, ...] = ()
    resolution: Mapping[str, float] = field(default_factory=dict[str, float])
    not_exercised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(
            self.rows + other.rows,
            {**self.resolution, **other.resolution},
            self.not_exercised + other.not_exercised,
            self.notes + other.notes,
            self.doubts + other.doubts,
        )

    def report(
        self, title: str, seed: int, blinds: str, coarsest: float = COARSEST
    ) -> Report:
        """The report; blinds: what may hide an error, in words; coarsest: how large."""
        found = self.rows, self.resolution, self.doubts
        verdict, reason = conclude(*found, blinds, coarsest)
        return Report(
            title=title,
            rows=self.rows,
            verdict=verdict,
            reason=reason,
            resolution={
                name.removeprefix("d"): least for name, least in self.resolution.items()
            },
            not_exercised=self.not_exercised,
            notes=tuple(dict.fromkeys(self.notes)),
            seed=seed,
        )


def conclude(
    rows: Sequence[Row],
    resolution: Mapping[str, float],
    doubts: Sequence[str],
    blinds: str,
    coarsest: float = COARSEST,
) -> tuple[Verdict, str]:
    """Wrong, else unresolved, else verified; and why, where no row says it.

    Example:
      >>> conclude([], {}, [], "rounding alone")
      ('unresolved', 'every gradient is exactly 0')
    """
    if any(row.differs for row in rows):
        named = any(row.status == "WRONG" for row in rows)
        return "wrong", "" if named else next(iter(doubts), "")
    if doubts:
        return "unresolved", doubts[0]
    for name, least in resolution.items():
        if not least <= coarsest:
            hidden = f"an error of {least:.0e} in {name}"
            return "unresolved", f"{blinds} could hide {hidden}"
    if not resolution:
        return "unresolved", NOTHING
    return "verified", ""
