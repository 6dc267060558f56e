"""Any scalar function and a gradient of it, judged leaf by leaf.

Oracle one is autodiff, coordinate by coordinate; oracle two a derivative along a random
direction of each leaf that autodiff has no part in (`directional`). A function that JAX
cannot trace has oracle two only. The limit is the package's, K u S, with S measured in
random arithmetic (`stochastic`).
"""

import jax
import numpy as np

from jaxdnn._refusals import BadValueError
from jaxdnn.verification.derivatives.along import Along, direction
from jaxdnn.verification.derivatives.autodiff import gradient_of
from jaxdnn.verification.derivatives.directional import WAYS
from jaxdnn.verification.functions.claim import (
    Claim,
    coordinates,
    measured,
    rms,
    unit,
)
from jaxdnn.verification.functions.function import compiled_if_large, told
from jaxdnn.verification.functions.hints import hint
from jaxdnn.verification.functions.stochastic import LEAST, perturbed, spread
from jaxdnn.verification.report import Row
from jaxdnn.verification.units import COARSEST, LIMIT, RESOLUTION, Values, worst
from jaxdnn.verification.verdicts import Due, Findings, Judged, judge_leaf

# What may hide an error of a function, in words.
BLINDS = "rounding or a kink"


def examine(claim: Claim, seed: int) -> Findings:
    """Both oracles against every leaf of a gradient."""
    (value,) = claim.loss.run(claim.x, claim.rest)
    if value.shape != () or value.dtype.kind not in "fiu" or not np.isfinite(value):
        got = f"shape {value.shape}" if value.shape else f"{value}"
        raise BadValueError(
            f"{claim.loss.name} must return one finite real number, got {got}"
        )
    hand = _hand(claim)
    answers, findings = _autodiff(claim, seed)
    S = _scales(claim, hand, seed)
    if answers is None:
        autodiff = [np.full(g.shape, np.nan) for g in hand]
    else:
        autodiff, scale = answers
        S = [np.hypot(a, b) for a, b in zip(S, scale, strict=True)]
    rng = np.random.default_rng(seed)
    for i, leaf in enumerate(zip(hand, autodiff, S, strict=True)):
        findings += _leaf(claim, i, *leaf, direction(rng, claim.x[i].shape))
    return findings


def _hand(claim: Claim) -> list[Values]:
    hand = claim.hand.run(claim.x, claim.rest)
    for name, g, x in zip(claim.names, hand, claim.x, strict=True):
        if g.shape != x.shape or g.dtype.kind not in "fiuV":
            raise BadValueError(
                f"{name} from {claim.hand.name} must be real of shape "
                f"{x.shape}, got {g.dtype} of shape {g.shape}"
            )
    return [g.astype(np.float64) for g in hand]


def _scales(claim: Claim, hand: list[Values], seed: int) -> list[Values]:
    """S of the hand gradient's own arithmetic."""
    traced = claim.hand.traced
    if not all(np.isfinite(g).all() for g in hand):
        return [np.zeros_like(g) for g in hand]
    with np.errstate(all="ignore"):
        answers = perturbed(claim.hand.call, claim.x, claim.rest, seed, traced=traced)
    S = spread(answers, hand)
    if traced:
        return S
    # Its arithmetic cannot be looked into: grant a leaf's typical entry to all of it.
    return [np.maximum(s, rms(g)) for s, g in zip(S, hand, strict=True)]


def _autodiff(
    claim: Claim, seed: int
) -> tuple[tuple[list[Values], list[Values]] | None, Findings]:
    """Autodiff's gradient and its S, or None; and why there is none."""
    loss = claim.loss
    if not loss.traced:
        why = (
            f"JAX cannot trace {loss.name}: judged without autodiff, along one random "
            "direction of each leaf"
        )
        return None, Findings(notes=(why,))
    gradient = gradient_of(lambda x, rest: loss.call(x, rest)[0])
    try:
        arguments = jax.device_put((claim.x, claim.rest))
        run = compiled_if_large(gradient, arguments)
        answer = [np.asarray(g) for g in run(*arguments)]
        answers = perturbed(
            gradient, claim.x, claim.rest, seed, traced=True, own_dtypes=True
        )
    except Exception as error:
        return None, Findings(notes=(f"no autodiff: {told(error)}",))
    return (answer, spread(answers, answer)), Findings()


def _leaf(
    claim: Claim, i: int, hand: Values, autodiff: Values, S: Values, v: Values
) -> Findings:
    """Judge one leaf: a row, its resolution, and what there is to say."""
    name, equation = claim.names[i], _written(claim, i)
    if not np.isfinite(hand).all():
        where = tuple(int(k) for k in np.argwhere(~np.isfinite(hand))[0])
        two = float(hand[where]), float(autodiff[where])
        text = "it is not finite"
        row = Row(name, equation, np.inf, None, where, *two, "WRONG", text)
        return Findings((row,))
    due, along = _due(claim, i, hand, autodiff, S, v)
    judged = judge_leaf(hand, due)
    own = None if due.autodiff is None else due.step(due.autodiff)
    # Autodiff, held along v as a hand gradient is.
    astray = claim.loss.traced and (own is None or not own <= LIMIT)
    doubts: list[str] = []
    notes: list[str] = []
    if astray:
        doubts.append(f"autodiff's own {name} is not the derivative of the values")
        why = "a stop_gradient, a custom rule or a 0 * inf"
        notes.append(f"{doubts[0]}: {why} in {claim.loss.name}?")
    first, *_ = WAYS
    if along.method != first:
        notes.append(f"{name}: {along.method} in place of the {first}")
    resolution = {} if judged.resolution is None else {name: judged.resolution}
    findings = Findings(resolution=resolution, notes=tuple(notes), doubts=tuple(doubts))
    off = judged.off and not astray
    if not (judged.missed or off):
        zeros = int((hand == 0).sum())
        silent = f"{zeros} of {hand.size} coordinates of {name} are exactly 0"
        row = judged.row(name, equation)
        return findings + Findings((row,), not_exercised=(silent,) if zeros else ())
    return findings + _wrong(
        claim, i, hand, due.autodiff if off else None, due, judged, along.method
    )


def _written(claim: Claim, i: int) -> str:
    """The leaf's name and its shape."""
    name, shape = claim.names[i], claim.x[i].shape
    return f"{name} {shape}" if shape else name


def _due(
    claim: Claim, i: int, hand: Values, autodiff: Values, S: Values, v: Values
) -> tuple[Due, Along]:
    """What the leaf should be: by autodiff where it is finite, and along v."""
    known = bool(np.isfinite(autodiff).all())
    slack = _slack(S, v, hand)
    guess = float(np.vdot(autodiff, v)) if known else None
    typical = float(np.linalg.norm(hand * v))
    along = measured(claim.line(i, v), typical, guess, RESOLUTION * slack)
    return Due(autodiff if known else None, S, v, along, slack), along


def _wrong(
    claim: Claim,
    i: int,
    hand: Values,
    autodiff: Values | None,
    due: Due,
    judged: Judged,
    method: str,
) -> Findings:
    """The row of a wrong leaf: where it is most wrong.

    By autodiff, or by this method one coordinate at a time where that is None.
    """
    name, equation = claim.names[i], _written(claim, i)
    far = None if judged.worst is None else judged.worst.units
    way, expected, S = WAYS[method], autodiff, due.S
    if expected is None:
        found = coordinates(claim, i, way)
        if found is None:
            row = Row(name, equation, far, judged.step, status="WRONG")
            return Findings((row,))
        expected, bars = found
        S = S + bars / RESOLUTION
    at = worst(hand, expected, S)
    one, by = at.expected, way.name
    if autodiff is not None and way.exact:
        there = way.along(claim.line(i, unit(hand, at.where)))
        one = one if there is None else there.value
    elif autodiff is not None:
        by = "autodiff"
    place = list(at.where) if at.where else ""
    note = f"{name}{place}: by hand {at.found:.7g}, {by} {one:.7g}"
    other = None if due.autodiff is None else float(due.autodiff[at.where])
    text = hint(claim, i, hand, expected, S)
    row = Row(
        name, equation, far, judged.step, at.where, at.found, other, "WRONG", text
    )
    return Findings((row,), notes=(note,))


def _slack(S: Values, v: Values, hand: Values) -> float:
    """S of the derivative along v: rounding errors add as squares, jumps do not."""
    size = abs(S * v)
    jumps = ~(COARSEST * rms(hand) >= RESOLUTION * S)
    return float(np.linalg.norm(size[~jumps]) + size[jumps].sum()) + LEAST
