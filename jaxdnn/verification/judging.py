"""Any scalar function and a gradient of it, judged leaf by leaf.

Oracle one is autodiff, coordinate by coordinate; oracle two a derivative along a random
direction of each leaf that autodiff has no part in (`independent`). A function that JAX
cannot trace has oracle two only. The limit is the package's, K u S, with S measured in
random arithmetic (`stochastic`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn.verification.complex_step import direction
from jaxdnn.verification.equations import units
from jaxdnn.verification.functions import Function, compiled_if_large
from jaxdnn.verification.hints import hint_any, hint_slope
from jaxdnn.verification.independent import Along, complex_derivative, extrapolated
from jaxdnn.verification.problem import COARSEST, LIMIT, Values
from jaxdnn.verification.report import Report, Row, Verdict
from jaxdnn.verification.scales import RESOLUTION
from jaxdnn.verification.stochastic import LEAST, perturbed, spread

# A complex step needs a witness at least this good.
WITNESS = 1e-3
# Coordinates measured one by one, where autodiff cannot say which is wrong.
MOST = {"complex step": 1000, "Ridders extrapolation": 50}


@dataclass(frozen=True)
class Case:
    """One scalar function of a list of arrays, and a gradient of it to judge.

    names: what the rows are called. named: factors with a name, for the hints.
    slopes: for an x_i that the function works on element by element, its value y and
    the cotangent of that, ȳ.
    """

    where: str
    names: list[str]
    x: list[Values]
    rest: Any
    loss: Function
    hand: Function
    named: dict[str, float] = field(default_factory=dict[str, float])
    slopes: dict[int, tuple[Values, Values]] = field(
        default_factory=dict[int, tuple[Values, Values]]
    )

    def many(self, x: Any) -> Any:
        """The function at x, compiled: for the many steps of an extrapolation."""
        return self.loss.compiled(x, self.rest)[0]

    def once(self, x: Any) -> Any:
        """The function at x, which may be complex."""
        arguments = (x, self.rest)
        if not self.loss.traced:
            return self.loss.call(*arguments)[0]
        arguments = jax.device_put(arguments)
        return compiled_if_large(self.loss.call, arguments)(*arguments)[0]


@dataclass
class Finding:
    """What goes into a report."""

    rows: list[Row] = field(default_factory=list[Row])
    resolution: dict[str, float] = field(default_factory=dict[str, float])
    silent: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    doubts: list[str] = field(default_factory=list[str])


def examine(case: Case, seed: int) -> Finding:
    """Both oracles against every leaf of a gradient."""
    found = Finding()
    (value,) = case.loss.run(case.x, case.rest)
    if value.shape != () or value.dtype.kind not in "fiu" or not np.isfinite(value):
        told = f"shape {value.shape}" if value.shape else f"{value}"
        raise ValueError(
            f"{case.where}: {case.loss.name} must return one finite real number, "
            f"got {told}"
        )
    hand = _hand(case)
    autodiff, S = _autodiff(case, found, seed), _scales(case, hand, seed)
    if autodiff is not None:
        answer, scale = autodiff
        S = [np.hypot(a, b) for a, b in zip(S, scale, strict=True)]
    else:
        answer = [np.full(g.shape, np.nan) for g in hand]
    rng = np.random.default_rng(seed)
    for i, name in enumerate(case.names):
        v = direction(rng, case.x[i].shape)
        _leaf(case, found, i, name, hand[i], answer[i], S[i], v)
    return found


def _hand(case: Case) -> list[Values]:
    hand = case.hand.run(case.x, case.rest)
    for name, g, x in zip(case.names, hand, case.x, strict=True):
        if g.shape != x.shape or g.dtype.kind not in "fiuV":
            raise ValueError(
                f"{case.where}: {name} from {case.hand.name} must be real of shape "
                f"{x.shape}, got {g.dtype} of shape {g.shape}"
            )
    return [g.astype(np.float64) for g in hand]


def _scales(case: Case, hand: list[Values], seed: int) -> list[Values]:
    """S of the hand gradient's own arithmetic."""
    traced = case.hand.traced
    if not all(np.isfinite(g).all() for g in hand):
        return [np.zeros_like(g) for g in hand]
    with np.errstate(all="ignore"):
        answers = perturbed(case.hand.call, case.x, case.rest, seed, traced=traced)
    S = spread(answers, hand)
    if traced:
        return S
    # Its arithmetic cannot be looked into: grant a leaf's typical entry to all of it.
    return [np.maximum(s, _rms(g)) for s, g in zip(S, hand, strict=True)]


def _autodiff(
    case: Case, found: Finding, seed: int
) -> tuple[list[Values], list[Values]] | None:
    """Autodiff's gradient and its S, or None."""
    if not case.loss.traced:
        found.notes.append(
            f"JAX cannot trace {case.loss.name}: judged without autodiff, along one "
            "random direction of each leaf"
        )
        return None

    def gradient(x: Any, rest: Any) -> list[Any]:
        return jax.grad(lambda x: jnp.asarray(case.loss.call(x, rest)[0], float))(x)

    try:
        arguments = jax.device_put((case.x, case.rest))
        run = compiled_if_large(gradient, arguments)
        answer = [np.asarray(g) for g in run(*arguments)]
        answers = perturbed(
            gradient, case.x, case.rest, seed, traced=True, own_dtypes=True
        )
    except Exception as error:
        first = str(error).strip().split("\n")[0]
        found.notes.append(f"no autodiff: {type(error).__name__}: {first}")
        return None
    return answer, spread(answers, answer)


def _leaf(
    case: Case,
    found: Finding,
    i: int,
    name: str,
    hand: Values,
    autodiff: Values,
    S: Values,
    v: Values,
) -> None:
    """Judge one leaf: a row, its resolution, and what there is to say."""
    equation = f"{name} {hand.shape}" if hand.shape else name
    bad = ~np.isfinite(hand)
    if bad.any():
        place = _place(bad)
        found.rows.append(
            Row(
                name, equation, np.inf, None, place, float(hand[place]),
                float(autodiff[place]), "WRONG", "it is not finite",
            )
        )  # fmt: skip
        return
    known = bool(np.isfinite(autodiff).all())
    along = _along(case, i, v, hand, autodiff if known else None, S)
    with np.errstate(all="ignore"):
        slack = _slack(S, v, hand) + along.bar / RESOLUTION
        step = float(units(np.vdot(hand, v), along.value, slack))
        error = units(hand, autodiff, S) if known else None
        astray = not known and case.loss.traced
        if known:
            astray = not units(np.vdot(autodiff, v), along.value, slack) <= LIMIT
    if astray:
        found.doubts.append(
            f"autodiff's own {name} is not the derivative of the values"
        )
        found.notes.append(
            f"{found.doubts[-1]}: a stop_gradient, a custom rule or a 0 * inf in "
            f"{case.loss.name}?"
        )
    if along.method != "complex step":
        found.notes.append(f"{name}: {along.method} in place of the complex step")
    off = error is not None and not (error <= LIMIT).all()
    wrong = not step <= LIMIT or (off and not astray)
    size = float(np.linalg.norm(autodiff if known else hand))
    if size:
        with np.errstate(all="ignore"):
            coarse = RESOLUTION * float(np.linalg.norm(S)) / size
            coarse = max(coarse, along.bar / size)
        found.resolution[name[1:]] = float(np.nan_to_num(coarse, nan=np.inf))
    zeros = int((hand == 0).sum())
    if zeros and not wrong:
        found.silent.append(
            f"{zeros} of {hand.size} coordinates of {name} are exactly 0"
        )
    worst = None if error is None else float(error.max())
    if not wrong:
        found.rows.append(Row(name, equation, worst, step, status="ok"))
        return
    expected, scale = autodiff, S
    if error is None or astray or not off:
        expected, bar = _coordinates(case, i, along.method)
        scale = S + bar / RESOLUTION
    if expected is None:
        found.rows.append(Row(name, equation, worst, step, status="WRONG"))
        return
    error = units(hand, expected, scale)
    place = tuple(int(k) for k in np.unravel_index(int(error.argmax()), error.shape))
    one, measured_by = float(expected[place]), along.method
    if expected is autodiff and along.method == "complex step":
        unit = np.zeros_like(v)
        unit[place] = 1.0
        measured = complex_derivative(case.once, case.x, _only(case, i, unit))
        one = one if measured is None else float(measured)
    elif expected is autodiff:
        measured_by = "autodiff"
    found.notes.append(
        f"{name}{list(place) if place else ''}: by hand {hand[place]:.7g}, "
        f"{measured_by} {one:.7g}"
    )
    found.rows.append(
        Row(
            name,
            equation,
            worst,
            step,
            place,
            float(hand[place]),
            float(autodiff[place]) if known else None,
            "WRONG",
            hint_any(hand, expected, error, case.named)
            or _hint_slope(case, i, hand, expected, scale),
        )
    )


def _hint_slope(
    case: Case, i: int, hand: Values, expected: Values, scale: Values
) -> str:
    if i not in case.slopes:
        return ""
    y, cotangent = case.slopes[i]
    found, slope, error = (a / cotangent for a in (hand, expected, scale))
    names = ("f'", "the slope of the rule", case.names[i].split()[0][1:])
    return hint_slope(names, case.x[i], found, slope, error, y)


def _along(
    case: Case, i: int, v: Values, hand: Values, autodiff: Values | None, S: Values
) -> Along:
    """The derivative along v without autodiff: see `independent`."""
    V = _only(case, i, v)
    stepped = complex_derivative(case.once, case.x, V)
    slack = RESOLUTION * _slack(S, v, hand)
    guess = None if autodiff is None else float(np.vdot(autodiff, v))
    # NaN in the slack is a gradient that nobody can resolve, not an error.
    if (
        stepped is not None
        and guess is not None
        and not abs(float(stepped) - guess) > slack
    ):
        return Along(float(stepped), 0.0, "complex step")
    along = extrapolated(case.many, case.x, V, _size(case, i))
    if not (np.isfinite(along.value) and np.isfinite(along.bar)):
        along = Along(0.0, np.inf, along.method)
    if stepped is None:
        return along
    near = abs(float(stepped) - along.value) <= along.bar + 1e-9 * abs(along.value)
    typical = float(np.linalg.norm(hand * v)) + abs(along.value)
    rough = along.bar > WITNESS * typical
    undecided = guess is not None and abs(guess - along.value) <= along.bar + slack
    if not near or rough or undecided:
        return along
    return Along(float(stepped), _doubt(case, V, stepped), "complex step")


def _slack(S: Values, v: Values, hand: Values) -> float:
    """S of the derivative along v: rounding errors add as squares, jumps do not."""
    size = abs(S * v)
    jumps = ~(COARSEST * _rms(hand) >= RESOLUTION * S)
    return float(np.linalg.norm(size[~jumps]) + size[jumps].sum()) + LEAST


def _doubt(case: Case, V: list[Values], stepped: Values) -> float:
    """What rounding of the arguments does to a complex step."""

    def again(x: Any, _: Any) -> list[Any]:
        value = complex_derivative(case.once, x, V)
        return [np.asarray(np.nan if value is None else value)]

    answers = perturbed(again, case.x, (), 0, traced=False)
    (S,) = spread(answers, [stepped])
    return RESOLUTION * float(np.nan_to_num(S, nan=np.inf))


def _coordinates(case: Case, i: int, method: str) -> tuple[Any, Any]:
    """One leaf's derivatives one by one with their bars, or (None, 0) if too many."""
    x = case.x[i]
    if x.size > MOST[method]:
        return None, 0.0
    values, bars = np.zeros(x.shape), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        unit = np.zeros(x.shape)
        unit[place] = 1.0
        V = _only(case, i, unit)
        if method == "complex step":
            values[place] = complex_derivative(case.once, case.x, V)
        else:
            along = extrapolated(case.many, case.x, V, _size(case, i))
            values[place], bars[place] = along.value, along.bar
    return values, bars


def _only(case: Case, i: int, v: Values) -> list[Values]:
    """The direction that is v in leaf i and zero elsewhere."""
    return [v if k == i else np.zeros_like(leaf) for k, leaf in enumerate(case.x)]


def _size(case: Case, i: int) -> float:
    """A typical size of leaf i, for the steps of an extrapolation."""
    whole = _rms(np.concatenate([leaf.ravel() for leaf in case.x]))
    own = _rms(case.x[i])
    return (own if own > 1e-3 * whole else whole) or 1.0


def _rms(a: Values) -> float:
    return float(np.sqrt(np.mean(a**2))) if a.size else 0.0


def _place(bad: Values) -> tuple[int, ...]:
    return tuple(int(k) for k in np.argwhere(bad)[0])


def report(findings: Sequence[Finding], title: str, seed: int) -> Report:
    """One report of several findings."""
    rows = [row for found in findings for row in found.rows]
    resolution = {k: r for found in findings for k, r in found.resolution.items()}
    doubts = [text for found in findings for text in found.doubts]
    coarse = [name for name, least in resolution.items() if not least <= COARSEST]
    verdict: Verdict = "verified"
    reason = ""
    if any(row.status == "WRONG" for row in rows):
        verdict = "wrong"
    elif doubts:
        verdict, reason = "unresolved", doubts[0]
    elif coarse:
        verdict = "unresolved"
        reason = (
            f"rounding or a kink could hide an error of {resolution[coarse[0]]:.0e} in "
            f"d{coarse[0]}"
        )
    elif not resolution:
        verdict, reason = "unresolved", "every gradient is exactly 0"
    return Report(
        title=title,
        rows=tuple(rows),
        verdict=verdict,
        reason=reason,
        resolution=resolution,
        not_exercised=tuple(text for found in findings for text in found.silent),
        notes=tuple(dict.fromkeys(n for found in findings for n in found.notes)),
        seed=seed,
    )
