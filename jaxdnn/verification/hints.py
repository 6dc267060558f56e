"""Stage 7: what the error of a wrong equation looks like.

Every hint is a formula somebody writes by mistake. It is given only where the formula
reproduces the wrong values to nine digits; a name beside a factor is a suggestion.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxdnn.verification.elementwise import elementwise
from jaxdnn.verification.equations import Bench, Reading, units
from jaxdnn.verification.evidence import Evidence
from jaxdnn.verification.problem import LIMIT, UNIT_ROUNDOFF
from jaxdnn.verification.scales import RESOLUTION

FIT = 1e-9
Candidates = Iterator[tuple[str, Any]]


def hint(reading: Reading, name: str) -> str:
    """The first formula that fits a wrong equation of a network, or ''."""
    equation, bench = reading.equations[name], reading.bench
    l = int(name[2:]) - 1
    with np.errstate(all="ignore"):
        candidates = {"dZ": _cotangent, "dW": _weights, "db": _bias}[name[:2]]
        for text, values in candidates(reading, l):
            if _fits(equation.found, values):
                return text
        rest = bench.decay * bench.layers[l].W if name[1] == "W" else 0.0
        found, expected = equation.found - rest, equation.expected - rest
        # On these few examples; the caller's batch has another m.
        m, batch = bench.m, bench.setting.problem.X.shape[1]
        for text, value, power in (("m", batch, m), ("1/m", 1 / batch, 1 / m)):
            if m > 2 and _fits(found, power * expected):
                return f"factor {value:.7g} (= {text})"
        named = {
            "keep_prob": bench.setting.keep_prob,
            "n_L": len(bench.Y),
            f"n_{l + 1}": len(bench.layers[l].W),
        }
        return (
            _factor(found, expected, named)
            or _moved(found, expected)
            or _confined(found, expected, equation.units)
            or _shorter(equation.found, equation.expected)
        )


def hint_any(found: Any, expected: Any, units: Any, named: dict[str, float]) -> str:
    """What the error of one wrong leaf of any gradient looks like, or ''.

    Args:
      found, expected, units: arrays of one shape; units: |found - expected| in limits.
      named: factors that have a name here, such as {"m": 20}.

    Example:
      >>> g = np.array([1.0, 2.0])
      >>> hint_any(g / 20, g, np.full(2, 1e9), {"m": 20})
      'factor 0.05 (= 1/m)'
    """
    if not (np.isfinite(found).all() and np.isfinite(expected).all()):
        return ""
    with np.errstate(all="ignore"):
        if not found.any():
            return "it is zero"
        return (
            _factor(found, expected, named)
            or _moved(found, expected)
            or _confined(found, expected, units)
            or _shorter(found, expected)
        )


def hint_activation(evidence: Evidence, l: int) -> str:
    """What is wrong with g' of hidden layer l (from 0), whoever uses it; '' if nothing.

    The activation's backward, on dA = 1, against the slope measured without autodiff.
    """
    g, Z = evidence.setting.network.activations[l], evidence.oracle.Z[l]
    A, (slope, bar), scale = (
        evidence.oracle.A[l],
        evidence.slopes[l],
        evidence.scales.slopes[l],
    )
    try:
        reads = A if g.reads == "A" else Z
        found, _ = elementwise(g.backward, np.ones_like(Z), reads)
    except Exception:
        # It takes no JAX arrays: whoever calls it says so.
        return ""
    error = scale.formula + scale.error + bar / RESOLUTION
    # At a kink it is a convention.
    error = np.where(Z == 0, np.inf, error)
    return hint_slope(("g'", f"g' of {g.name!r}", "Z"), Z, found, slope, error, A)


def hint_slope(
    names: tuple[str, str, str], Z: Any, found: Any, slope: Any, error: Any, A: Any
) -> str:
    """Where a slope is most wrong, and what it looks like; '' if right everywhere.

    Args:
      names: of the slope, in short and in full, and of its argument.
      Z, found, slope, error, A: the argument; what the code under test gives there,
        what is right, and the rounding scale of that; g(Z).

    Example:
      >>> Z = np.array([0.5, 3.0])
      >>> print(hint_slope(("g'", "g' of 'square'", "Z"), Z, Z, 2 * Z, 2 * Z, Z**2))
      g' of 'square' is wrong: at Z = 0.5 it gives 0.5, the slope of forward is 1
      (factor 1/2)
    """
    short, full, argument = names
    with np.errstate(all="ignore"):
        far = units(found, slope, error)
        if (far <= LIMIT).all():
            return ""
        place = np.unravel_index(int(far.argmax()), far.shape)
        looks = _factor(found, slope, {})
        for text, values in () if looks else slope_mistakes(slope, A, short):
            if _fits(found, values):
                looks = text
                break
    values = (f"{float(a[place]):.4g}" for a in (Z, found, slope))
    told = "at {} = {} it gives {}, the slope of forward is {}".format(
        argument, *values
    )
    return f"{full} is wrong: {told}" + (f" ({looks})" if looks else "")


def slope_mistakes(slope: Any, A: Any, g: str) -> Candidates:
    """What is written for a slope g'(Z), where A = g(Z)."""
    yield f"{g} is missing", np.ones_like(slope)
    yield f"{g} is squared", slope**2
    yield f"1 - {g} for {g}", 1 - slope
    yield f"{g} with its units reversed", slope[::-1]
    yield f"1 - |a| for 1 - a²: {g} of tanh", 1 - abs(A)
    yield f"1 - a for 1 - a²: {g} of tanh", 1 - A
    yield f"a for a (1 - a): {g} of sigmoid", A
    for leak in (0.01, 0.1, 0.2, 0.3):
        yield f"a leak of {leak} in {g}", np.where(slope > 0, slope, leak)


def _fits(found: Any, values: Any) -> bool:
    values = np.asarray(values)
    if values.shape != found.shape or not np.isfinite(found).all():
        return False
    return bool((abs(found - values) <= FIT * abs(found).max()).all())


def _factor(found: Any, expected: Any, named: dict[str, float]) -> str:
    """A constant factor, and what it may be."""
    factor = float((found * expected).sum() / (expected**2).sum())
    if not _fits(found, factor * expected) or abs(factor - 1) <= FIT:
        return ""
    if abs(factor + 1) <= FIT:
        return "the sign"
    for text, value in (("2", 2.0), ("1/2", 0.5), ("-2", -2.0), ("-1/2", -0.5)):
        if abs(factor - value) <= FIT:
            return f"factor {text}"
    for name, value in named.items():
        for text, power in ((name, value), (f"1/{name}", 1 / value)):
            if value != 1 and abs(factor - power) <= FIT * power:
                return f"factor {factor:.7g} (= {text})"
    # A lone number is a factor of any other: only a round one says something.
    round_one = abs(factor - float(f"{factor:.7g}")) <= FIT * abs(factor)
    return f"factor {factor:.7g}" if found.size > 1 or round_one else ""


def _cotangent(reading: Reading, l: int) -> Candidates:
    bench = reading.bench
    found, expected = reading.cotangents[l], reading.equations[f"dZ{l + 1}"].expected
    yield "it is zero: nothing flows back", np.zeros_like(found)
    if l == len(bench.layers) - 1:
        yield from _output(bench, expected)
        return
    layer, dZ, W = bench.layers[l], reading.cotangents[l + 1], bench.layers[l + 1].W
    slope, keep, mask = layer.slope.value, layer.keep, (layer.keep > 0) * 1.0
    dA = W.T @ dZ
    yield "the sign", -expected
    for text, value in slope_mistakes(slope, layer.A, "g'"):
        yield text, keep * dA * value
    yield "the dropout mask is missing", keep.max() * dA * slope
    yield "mask and 1/keep_prob are missing", dA * slope
    yield "1/keep_prob is missing", mask * dA * slope
    yield "1/keep_prob twice", keep**2 * dA * slope
    yield "the dropout mask of other units", np.roll(keep, 1, axis=0) * dA * slope
    yield "negative dA clipped at 0", keep * np.maximum(dA, 0) * slope
    yield "g' at A for Z", _slope_at_A(reading, l, keep * dA)
    yield "examples shifted by one", np.roll(expected, 1, axis=1)
    if W.shape[0] == W.shape[1]:
        yield "W is not transposed", keep * (W @ dZ) * slope
    for k, other in enumerate(bench.layers):
        if other.W.shape == W.shape and k != l + 1:
            yield (
                f"W{k + 1} for W{l + 2}",
                keep * (other.W.T @ dZ) * slope,
            )


def _slope_at_A(reading: Reading, l: int, dA: Any) -> Any:
    g, A = reading.bench.setting.network.activations[l], reading.bench.layers[l].A
    reads = elementwise(g.forward, A)[0] if g.reads == "A" else A
    return elementwise(g.backward, dA, reads)[0]


def _output(bench: Bench, expected: Any) -> Candidates:
    AL, Y, weights = bench.AL, bench.Y, bench.weights
    yield "the sign: Y - A", -expected
    for shift in (1, -1):
        yield (
            "labels shifted by one example",
            (AL - np.roll(Y, shift, axis=1)) * weights,
        )
    yield "g' applied on top of A - Y", expected * AL * (1 - AL)
    yield "the mean over examples is missing", expected * bench.m
    yield "divided by n_L", expected / len(AL)
    yield "examples left unweighted", AL - Y
    for bound in (0.01, 0.1, 0.5, 1.0):
        yield f"clipped at ±{bound}", np.clip(expected, -bound, bound)
    across = AL / AL.sum(axis=1, keepdims=True)
    yield "AL sums to one over the examples", (across - Y) * weights


def _weights(reading: Reading, l: int) -> Candidates:
    bench, dZ = reading.bench, reading.cotangents[l]
    layer, m = bench.layers[l], bench.m
    data, decay = dZ @ layer.A_prev.T / m, bench.decay * layer.W
    yield "it is zero", np.zeros_like(data)
    if bench.decay:
        yield "the L2 term is missing", data
        yield "L2: λ for λ/m", data + bench.setting.l2 * layer.W
        yield "L2: half of it", data + decay / 2
        yield "L2: twice", data + 2 * decay
        yield "L2: its sign", data - decay
    if data.shape[0] == data.shape[1]:
        yield "transposed", data.T + decay
    for shift in (1, -1):
        rolled = np.roll(layer.A_prev, shift, axis=1)
        yield "A_prev's examples shifted by one", dZ @ rolled.T / m + decay
    yield "the last example is dropped", dZ[:, :-1] @ layer.A_prev[:, :-1].T / m + decay
    if l > 0:
        before = bench.layers[l - 1]
        yield (
            f"A{l} without its dropout mask",
            dZ @ before.A.T / m + decay,
        )
        yield f"Z{l} for A{l}", dZ @ before.Z.T / m + decay
        X = bench.layers[0].A_prev
        if X.shape == layer.A_prev.shape:
            yield f"X for A{l}", dZ @ X.T / m + decay


def _bias(reading: Reading, l: int) -> Candidates:
    bench, dZ = reading.bench, reading.cotangents[l]
    layer, m = bench.layers[l], bench.m
    total = dZ.sum(axis=1, keepdims=True)
    yield "it is zero", np.zeros_like(total)
    yield "the last example is dropped", dZ[:, :-1].sum(axis=1, keepdims=True) / m
    yield "summed over the wrong axis", np.full_like(total, dZ.sum() / m)
    if dZ.shape[0] <= m:
        columns = dZ.sum(axis=0)[: len(dZ), None]
        yield "summed over the wrong axis", columns / m
        yield "summed over the wrong axis", columns / len(dZ)
    if bench.decay:
        yield "L2 on the biases", total / m + bench.decay * layer.b


def _moved(found: Any, expected: Any) -> str:
    """The right entries in other places."""
    if found.ndim == 2 and _fits(found, expected.T):
        return "transposed"
    for axis in range(found.ndim):
        if found.shape[axis] > 1:
            where = f"axis {axis}" if found.ndim > 1 else "its only axis"
            if _fits(found, np.flip(expected, axis)):
                return f"reversed along {where}"
            for shift in (1, -1):
                if _fits(found, np.roll(expected, shift, axis)):
                    return f"shifted by one along {where}"
    return ""


def _confined(found: Any, expected: Any, units: Any) -> str:
    """One entry, two swapped ones, a row or a column."""
    wrong = [tuple(int(i) for i in place) for place in np.argwhere(~(units <= LIMIT))]
    if len(wrong) == 1 and found.size > 1:
        ratio = found[wrong[0]] / expected[wrong[0]]
        factor = f", factor {ratio:.7g}" if np.isfinite(ratio) else ""
        return f"only entry {list(wrong[0])}{factor}"
    if len(wrong) == 2:
        one, two = wrong
        if _fits(
            np.array([found[one], found[two]]), np.array([expected[two], expected[one]])
        ):
            return f"entries {list(one)} and {list(two)} swapped"
    for axis in range(found.ndim):
        if (
            found.ndim > 1
            and found.shape[axis] > 1
            and len({p[axis] for p in wrong}) == 1
        ):
            kind = ("row", "column")[axis] if found.ndim == 2 else f"axis {axis}, index"
            return f"only {kind} {wrong[0][axis]}"
    return ""


def _shorter(found: Any, expected: Any) -> str:
    """Where a shorter dtype was used on the way."""
    if _fits(found, expected.astype(np.float16)):
        return "rounded to float16"
    roundoff = float(np.finfo(np.float32).eps) / 2
    error = abs(found - expected).max() / abs(expected).max()
    least = max(roundoff / 100, LIMIT * UNIT_ROUNDOFF)
    return "rounded to float32" if least <= error <= 8 * roundoff else ""
