"""Any function and a gradient of it, judged leaf by leaf.

Oracle one is autodiff, coordinate by coordinate; oracle two a derivative along a random
direction of each leaf that autodiff has no part in (`directional`). Where JAX has no
derivative there is oracle two only. The limit is the package's, K u S, with S measured
in random arithmetic (`stochastic`).
"""

from collections.abc import Callable
from dataclasses import replace
from math import log10
from typing import Any, NamedTuple

import numpy as np

from jaxdnn._checks import check_scalar, check_seed
from jaxdnn._refusals import BadValueError
from jaxdnn.verification.derivatives.along import direction
from jaxdnn.verification.derivatives.directional import WAYS
from jaxdnn.verification.functions.budget import OutOfTimeError, budgeted
from jaxdnn.verification.functions.claim import (
    Claim,
    Measured,
    Part,
    coordinates,
    measured,
    rms,
    unit,
)
from jaxdnn.verification.functions.function import told
from jaxdnn.verification.functions.hints import hint
from jaxdnn.verification.functions.stochastic import LEAST, perturbed, spread
from jaxdnn.verification.report import Report, Row
from jaxdnn.verification.units import (
    COARSEST,
    LIMIT,
    RESOLUTION,
    TINY,
    Values,
    norm,
    worst,
)
from jaxdnn.verification.verdicts import Due, Findings, Judged, judge_leaf

# What may hide an error of a function, in words.
BLINDS = "rounding or a kink"


class Judge(NamedTuple):
    """How claims are judged.

    Args:
      seed: of the random directions and signs.
      rtol: the share of a gradient that the function itself may be off by.
    """

    seed: int
    rtol: float

    @classmethod
    def of(cls, seed: int, rtol: float) -> "Judge":
        """The same, checked."""
        check_seed("seed", seed)
        check_scalar("rtol", rtol, low=0)
        return cls(seed, float(rtol))


def limited(budget: float | None, look: Callable[[], Findings]) -> Findings:
    """What comes of a look in so many seconds."""
    try:
        with budgeted(budget):
            return look()
    except OutOfTimeError:
        return Findings(doubts=("the budget was over before anything was judged",))


def report(title: str, findings: Findings, judge: Judge) -> Report:
    """The report, and what was granted."""
    title = f"{title}   float64   seed {judge.seed}"
    if not judge.rtol:
        return findings.report(title, judge.seed, BLINDS)
    granted = f"an inaccuracy of the function of {judge.rtol:g} of a gradient"
    findings += Findings(notes=(f"rtol: {granted} is granted",))
    # Twice: what is granted is not all that may hide an error.
    coarsest = max(COARSEST, 2 * judge.rtol)
    return findings.report(title, judge.seed, BLINDS, coarsest)


class Known(NamedTuple):
    """What is known of all leaves: lists of arrays shaped as x.

    autodiff: None for a leaf where it has no answer, or one that is not finite. S: the
    rounding scale of each coordinate. at_zero: the same with arguments of 0 left in
    their place; None where there are none. share: of a typical entry, that S is at
    least.
    """

    hand: list[Values]
    autodiff: list[Values | None]
    S: list[Values]
    at_zero: list[Values] | None
    share: float

    def of(self, i: int, here: Any) -> "Known":
        """The same of a part of leaf i alone: all else in it is 0."""

        def cut(leaves: Any) -> Any:
            if leaves is None or leaves[i] is None:
                return leaves
            return [
                np.where(here, a, 0.0) if k == i else a for k, a in enumerate(leaves)
            ]

        hand, autodiff, S, at_zero = map(cut, (*self,)[:4])
        return Known(hand, autodiff, S, at_zero, self.share)


class Look(NamedTuple):
    """A leaf beside what it should be.

    own: how far autodiff is off along v, in units; None where it has no answer. parts:
    of the leaf, where it was looked at in parts.
    """

    due: Due
    found: Measured
    judged: Judged
    own: float | None
    parts: list[Part]


def examine(claim: Claim, judge: Judge) -> Findings:
    """Both oracles against every leaf of a gradient."""
    findings = Findings()
    left = [i for i, x in enumerate(claim.x) if x.size]
    try:
        hand = _hand(claim)
        known, findings = _known(claim, hand, judge)
        rng = np.random.default_rng(judge.seed)
        for i in list(left):
            findings += _leaf(claim, i, known, direction(rng, hand[i].shape), judge)
            left.remove(i)
    except OutOfTimeError:
        names = ", ".join(claim.names[i] for i in left)
        findings += Findings(doubts=(f"the budget was over before {names}",))
    return findings


def _hand(claim: Claim) -> list[Values]:
    hand = claim.hand.run(claim.x, claim.rest)[: len(claim.x)]
    for name, g, x in zip(claim.names, hand, claim.x, strict=True):
        if g.shape != x.shape or g.dtype.kind not in "fiuV":
            raise BadValueError(
                f"{name} from {claim.hand.name} must be real of shape "
                f"{x.shape}, got {g.dtype} of shape {g.shape}"
            )
    return [g.astype(np.float64) for g in hand]


def _known(claim: Claim, hand: list[Values], judge: Judge) -> tuple[Known, Findings]:
    """Autodiff's answer, or why there is none; and the scales."""
    answer, findings = _autodiff(claim)
    # A 0 * inf on its way is not a wrong derivative but none.
    finite = [a if np.isfinite(a).all() else None for a in answer or ()]
    autodiff = finite or [None for _ in hand]

    def scales(nudge: bool) -> list[Values]:
        S = _scales(claim, hand, judge.seed, nudge)
        if answer is not None and claim.autodiff is not None:
            answers = perturbed(
                claim.autodiff,
                claim.x,
                claim.rest,
                judge.seed,
                own_dtypes=True,
                nudge=nudge,
            )
            both = zip(S, spread(answers, answer), finite, strict=True)
            S = [s if a is None else np.hypot(s, more) for s, more, a in both]
        return S

    zeros = any((abs(x) < TINY).any() for x in claim.x)
    with np.errstate(all="ignore"):
        at_zero = scales(False) if zeros else None
        # Arithmetic that cannot be looked into: a typical entry is granted to all.
        share = judge.rtol / RESOLUTION + claim.hand.opaque
        known = Known(hand, autodiff, scales(True), at_zero, share)
    return known, findings + _without_answer(claim.names, finite)


def _without_answer(names: list[str], finite: list[Values | None]) -> Findings:
    """Which leaves autodiff knows nothing of, where it knows of others."""
    lost = ", ".join(n for n, a in zip(names, finite, strict=False) if a is None)
    if not lost:
        return Findings()
    why = f"autodiff's own {lost} is not finite"
    return Findings(notes=(f"{why}: judged without it, along one random direction",))


def _scales(claim: Claim, hand: list[Values], seed: int, nudge: bool) -> list[Values]:
    """S of the hand gradient's own arithmetic."""
    if not all(np.isfinite(g).all() for g in hand):
        return [np.zeros_like(g) for g in hand]
    return spread(perturbed(claim.hand, claim.x, claim.rest, seed, nudge=nudge), hand)


def _autodiff(claim: Claim) -> tuple[list[Values] | None, Findings]:
    """Autodiff's gradient, or None and why there is none."""
    alone = "judged without autodiff, along one random direction of each leaf"
    if claim.autodiff is None:
        return None, Findings(notes=(f"its own rules are under test: {alone}",))
    if claim.values.program is None:
        return None, Findings(notes=(f"JAX cannot trace {claim.values.name}: {alone}",))
    try:
        if claim.autodiff.program is not None:
            return claim.autodiff.answer(claim.x, claim.rest), Findings()
        why = claim.autodiff.untraced
    except Exception as error:
        why = told(error)
    return None, Findings(notes=(f"no autodiff ({why}): {alone}",))


def _leaf(claim: Claim, i: int, known: Known, v: Values, judge: Judge) -> Findings:
    """Judge one leaf: a row, its resolution, and what there is to say."""
    name, hand = claim.names[i], known.hand[i]
    if not np.isfinite(hand).all():
        return _not_finite(claim, i, known)
    due, found, judged, own, parts = _look(claim, i, known, v)
    # Autodiff, held along v as a hand gradient is.
    astray = own is not None and not own <= LIMIT
    findings = Findings()
    if astray:
        doubt = f"autodiff's own {name} is not the derivative of the values"
        note = f"{doubt}: a stop_gradient or a custom rule in {claim.values.name}?"
        findings += Findings(doubts=(doubt,), notes=(note,))
    first, *_ = WAYS
    if found.along.method != first:
        note = f"{name}: {found.along.method} in place of the {first}"
        findings += Findings(notes=(note,))
    if judged.resolution is not None:
        findings += Findings(resolution={name: judged.resolution})
    off = judged.off and not astray
    if judged.missed or off:
        due = due if off else due._replace(autodiff=None)
        return findings + _wrong(claim, i, known, due, judged, parts, judge)
    zeros = int((hand == 0).sum())
    silent = f"{zeros} of {hand.size} coordinates of {name} are exactly 0"
    row = judged.row(name, _written(claim, i))
    return findings + Findings((row,), not_exercised=(silent,) if zeros else ())


def _look(claim: Claim, i: int, known: Known, v: Values) -> Look:
    """The leaf along v; in parts, each along its own v, where one step suits not all.

    Steps far beyond what there is to see show no slope at all, and no doubt of it: what
    is off along the whole without autodiff has to be off in a part.
    """

    def look(known: Known, v: Values, size: float) -> Look:
        due, found = _due(claim, i, known, v, size)
        own = None if due.autodiff is None else due.step(due.autodiff)
        return Look(due, found, judge_leaf(known.hand[i], due), own, [])

    whole = look(known, v, 0.0)
    coarse = whole.judged.resolution or 0.0
    doubted = whole.judged.missed and whole.due.autodiff is None
    size = norm(known.hand[i])
    parts = claim.parts(i) if size and (doubted or coarse > COARSEST) else []
    looks = [
        look(known.of(i, part.here), np.where(part.here, v, 0.0), part.size)
        for part in parts
    ]
    finest = float(np.max([_coarseness(each, size) for each in looks], initial=0.0))
    if not looks or not (doubted or finest < coarse):
        return whole
    worst = max(looks, key=lambda each: each.judged.step or 0.0)
    S = sum((each.due.S for each in looks), np.zeros_like(v))
    due = worst.due._replace(autodiff=whole.due.autodiff, S=S)
    judged = Judged(whole.judged.worst, worst.judged.step, finest)
    owns = [each.own for each in looks if each.own is not None]
    return Look(due, worst.found, judged, max(owns, default=None), parts)


def _coarseness(look: Look, size: float) -> float:
    """The smallest relative error seen; beside the leaf's size where a part's is 0."""
    if look.judged.resolution is not None:
        return look.judged.resolution
    return max(RESOLUTION * norm(look.due.S), look.found.along.bar) / size


def _not_finite(claim: Claim, i: int, known: Known) -> Findings:
    hand = known.hand[i]
    where = tuple(int(k) for k in np.argwhere(~np.isfinite(hand))[0])
    autodiff = known.autodiff[i]
    other = None if autodiff is None else float(autodiff[where])
    name, text = claim.names[i], "it is not finite"
    values = float(hand[where]), other
    row = Row(name, _written(claim, i), np.inf, None, where, *values, "WRONG", text)
    return Findings((row,))


def _written(claim: Claim, i: int) -> str:
    """The leaf's name and its shape."""
    name, shape = claim.names[i], claim.x[i].shape
    return f"{name} {shape}" if shape else name


def _due(
    claim: Claim, i: int, known: Known, v: Values, size: float
) -> tuple[Due, Measured]:
    """What the leaf should be: by autodiff where it is finite, and along v."""
    hand, autodiff = known.hand[i], known.autodiff[i]
    granted = known.share * rms(hand[v != 0]) * (v != 0)
    S = np.maximum(known.S[i], granted)
    slack = _slack(S, v, hand)
    guess = None if autodiff is None else float(np.vdot(autodiff, v))
    typical = norm(hand * v)
    line = claim.line(i, v, typical, size)
    found = measured(line, float(np.vdot(hand, v)), guess, RESOLUTION * slack)
    if known.at_zero is not None and found.confirmed(typical):
        # Nothing happens at the point itself, whatever a step off 0 does there.
        T = np.maximum(known.at_zero[i], granted)
        there = Due(autodiff, T, v, found.along, _slack(T, v, hand))
        if not judge_leaf(hand, there).wrong:
            return there, found
    return Due(autodiff, S, v, found.along, slack), found


def _wrong(
    claim: Claim,
    i: int,
    known: Known,
    due: Due,
    judged: Judged,
    parts: list[Part],
    judge: Judge,
) -> Findings:
    """The row of a wrong leaf: where it is most wrong, and what that looks like.

    By autodiff, or one coordinate at a time without it where that is None.
    """
    name, hand = claim.names[i], known.hand[i]
    row = replace(judged.row(name, _written(claim, i)), status="WRONG")
    way = WAYS[due.along.method if due.along else ""]
    expected, S = due.autodiff, due.S
    if expected is None:
        found = coordinates(claim, i, way, hand, parts)
        if found is None:
            return Findings((row,))
        expected, bars = found
        S = S + bars / RESOLUTION
    at = worst(hand, expected, S)
    one, by = at.expected, way.name
    if due.autodiff is not None and way.exact:
        there = way.along(claim.line(i, unit(hand, at.where), rms(hand)))
        one = one if there is None else there.value
    elif due.autodiff is not None:
        by = "autodiff"
    place = list(at.where) if at.where else ""
    share = max(
        float(abs(hand - expected)[here].max()) / (rms(expected[here]) or 1.0)
        for here in [part.here for part in parts] or [np.ones(hand.shape, bool)]
    )
    small = share <= COARSEST
    digits = min(17, 3 - int(log10(share))) if small else 7
    note = f"{name}{place}: by hand {at.found:.{digits}g}, {by} {one:.{digits}g}"
    text = hint(claim, i, hand, expected, S)
    if not text:
        note += f", {share:.0e} of a typical entry apart"
    row = replace(row, where=at.where, hand=at.found, hint=text)
    if (autodiff := known.autodiff[i]) is not None:
        row = replace(row, autodiff=float(autodiff[at.where]))
    if not small or text or judge.rtol:
        return Findings((row,), notes=(note,))
    # Nothing that somebody writes by mistake is as small as that.
    doubt = (
        f"{name} is off by {share:.0e} of a typical entry, which an inaccuracy of "
        f"{claim.values.name} itself could explain (rtol= grants it one)"
    )
    return Findings((replace(row, status=""),), notes=(note,), doubts=(doubt,))


def _slack(S: Values, v: Values, hand: Values) -> float:
    """S of the derivative along v: rounding errors add as squares, jumps do not."""
    size = abs(S * v)
    jumps = ~(COARSEST * rms(hand) >= RESOLUTION * S)
    return norm(size[~jumps]) + float(size[jumps].sum()) + LEAST
