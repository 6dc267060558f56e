"""Stage 7: what the error of a wrong equation looks like.

Every hint is a formula somebody writes by mistake. It is given only where the formula
reproduces the wrong values to nine digits.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from jaxdnn.verification.elementwise import elementwise
from jaxdnn.verification.equations import LIMIT, Bench, Reading

FIT = 1e-9
Candidates = Iterator[tuple[str, Any]]


def hint(reading: Reading, name: str) -> str:
    """The first formula that fits a wrong equation, or ''."""
    equation, bench = reading.equations[name], reading.bench
    l = int(name[2:]) - 1
    with np.errstate(all="ignore"):
        candidates = {"dZ": _cotangent, "dW": _weights, "db": _bias}[name[:2]]
        for text, values in candidates(reading, l):
            if _fits(equation.found, values):
                return text
        rest = bench.decay * bench.layers[l].W if name[1] == "W" else 0.0
        found, expected = equation.found - rest, equation.expected - rest
        return (
            _factor(found, expected, bench, l)
            or _confined(found, expected, equation.units)
            or _cast(equation.found, equation.expected)
        )


def _fits(found: Any, values: Any) -> bool:
    values = np.asarray(values)
    if values.shape != found.shape or not np.isfinite(found).all():
        return False
    return bool((abs(found - values) <= FIT * abs(found).max()).all())


def _cotangent(reading: Reading, l: int) -> Candidates:
    bench = reading.bench
    found, expected = reading.cotangents[l], reading.equations[f"dZ{l + 1}"].expected
    yield "it is zero: nothing flows back", np.zeros_like(found)
    if l == len(bench.layers) - 1:
        yield from _output(bench, expected)
        return
    layer, dZ, W = bench.layers[l], reading.cotangents[l + 1], bench.layers[l + 1].W
    g, slope, keep, mask = "g'", layer.slope.value, layer.keep, (layer.keep > 0) * 1.0
    dA = W.T @ dZ
    yield "the sign", -expected
    yield f"{g} is missing", keep * dA
    yield f"{g} is squared", expected * slope
    yield f"1 - {g} for {g}", keep * dA * (1 - slope)
    yield f"{g} with its units reversed", keep * dA * slope[::-1]
    yield f"1 - |a| for 1 - a²: {g} of tanh", keep * dA * (1 - abs(layer.A))
    yield f"1 - a for 1 - a²: {g} of tanh", keep * dA * (1 - layer.A)
    yield "a for a (1 - a): g' of sigmoid", keep * dA * layer.A
    for leak in (0.01, 0.1, 0.2, 0.3):
        yield f"a leak of {leak} in {g}", keep * dA * np.where(slope > 0, slope, leak)
    yield "the dropout mask is missing", keep.max() * dA * slope
    yield "mask and 1/keep_prob are missing", dA * slope
    yield "1/keep_prob is missing", mask * dA * slope
    yield "1/keep_prob twice", keep**2 * dA * slope
    yield "the dropout mask of other units", np.roll(keep, 1, axis=0) * dA * slope
    yield "negative dA clipped at 0", keep * np.maximum(dA, 0) * slope
    yield f"{g} at A for Z", _slope_at_A(reading, l, keep * dA)
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


def _factor(found: Any, expected: Any, bench: Bench, l: int) -> str:
    """A constant factor (of what is not L2), with its name if it has one."""
    factor = float((found * expected).sum() / (expected**2).sum())
    if not _fits(found, factor * expected) or abs(factor - 1) <= FIT:
        return ""
    m, (n_L, n) = bench.m, (len(bench.Y), len(bench.layers[l].W))
    keep_prob = bench.setting.keep_prob
    names = {
        "the sign": -1.0,
        "2": 2.0,
        "1/2": 0.5,
        "m": m,
        "1/m": 1 / m,
        "keep_prob": keep_prob,
        "1/keep_prob": 1 / keep_prob,
        "n_L": n_L,
        "1/n_L": 1 / n_L,
        f"n_{l + 1}": n,
        f"1/n_{l + 1}": 1 / n,
    }
    for name, value in names.items():
        if value != 1 and abs(factor - value) <= FIT * abs(value):
            if name in ("the sign", "2", "1/2"):
                return name if name == "the sign" else f"factor {name}"
            return f"factor {name} = {factor:.7g}"
    return f"factor {factor:.7g}"


def _confined(found: Any, expected: Any, units: Any) -> str:
    """Where the error is confined to one entry, two swapped ones, a row or a column."""
    wrong = np.argwhere(~(units <= LIMIT))
    if len(wrong) == 1 and found.size > 1:
        place = tuple(int(i) for i in wrong[0])
        ratio = found[place] / expected[place]
        return f"only entry {list(place)}, factor {ratio:.7g}"
    if len(wrong) == 2:
        one, two = (tuple(int(i) for i in place) for place in wrong)
        if _fits(np.array([found[one], found[two]]), [expected[two], expected[one]]):
            return f"entries {list(one)} and {list(two)} swapped"
    for axis, name in enumerate(("row", "column")):
        if found.shape[axis] > 1 and len(set(wrong[:, axis])) == 1:
            return f"only {name} {int(wrong[0, axis])}"
    return ""


def _cast(found: Any, expected: Any) -> str:
    """Where a shorter dtype was used on the way."""
    if _fits(found, expected.astype(np.float16)):
        return "rounded to float16"
    roundoff = float(np.finfo(np.float32).eps) / 2
    error = abs(found - expected).max() / abs(expected).max()
    return "rounded to float32" if roundoff / 100 <= error <= 8 * roundoff else ""
