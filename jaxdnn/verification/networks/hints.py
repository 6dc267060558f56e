"""Stage 7: what the error of a wrong equation of a network looks like."""

import numpy as np

from jaxdnn.verification.elementwise import elementwise
from jaxdnn.verification.mistakes import fits, mistake, shorter, within_float32
from jaxdnn.verification.names import Equation
from jaxdnn.verification.networks.equations import Bench, Reading
from jaxdnn.verification.networks.evidence import Evidence
from jaxdnn.verification.slopes import Candidates, hint_slope, slope_mistakes
from jaxdnn.verification.units import Values


def hint(reading: Reading, name: Equation) -> str:
    """The first formula that fits a wrong equation of a network, or ''."""
    equation, bench = reading.equations[name], reading.bench
    l = name.l - 1
    with np.errstate(all="ignore"):
        candidates = {"Z": _cotangent, "W": _weights, "b": _bias}[name.kind]
        for text, values in candidates(reading, l):
            if fits(equation.found, values):
                return text
        rest = bench.decay * bench.layers[l].W if name.kind == "W" else 0.0
        found, expected = equation.found - rest, equation.expected - rest
        # On these few examples; the caller's batch has another m.
        m, batch = bench.m, bench.trial.problem.m
        for text, value, power in (("m", batch, m), ("1/m", 1 / batch, 1 / m)):
            if m > 2 and fits(found, power * expected):
                return f"factor {value:.7g} (= {text})"
        named = {
            "keep_prob": bench.trial.keep_prob,
            "n_L": len(bench.Y),
            f"n_{l + 1}": len(bench.layers[l].W),
        }
        values = equation.found, equation.expected
        return (
            mistake(found, expected, equation.units, named)
            or shorter(*values)
            or within_float32(*values)
        )


def hint_activation(evidence: Evidence, l: int) -> str:
    """What is wrong with g' of hidden layer l (from 0), whoever uses it; '' if nothing.

    The activation's backward, on dA = 1, against the slope measured without autodiff.
    """
    g = evidence.trial.network.activations[l]
    Z, A = evidence.oracle.Z[l], evidence.oracle.A[l]
    try:
        reads = A if g.reads == "A" else Z
        found, _ = elementwise(g.backward, np.ones_like(Z), reads)
    except Exception:
        # It takes no JAX arrays: whoever calls it says so.
        return ""
    slope, error = evidence.slope(l)
    error = evidence.scales.slopes[l].formula + error
    # At a kink it is a convention.
    error = np.where(Z == 0, np.inf, error)
    return hint_slope(("g'", f"g' of {g.name!r}", "Z"), Z, found, slope, error, A)


def _cotangent(reading: Reading, l: int) -> Candidates:
    bench = reading.bench
    found = reading.cotangents[l]
    expected = reading.equations[Equation("Z", l + 1)].expected
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


def _slope_at_A(reading: Reading, l: int, dA: Values) -> Values:
    g, A = reading.bench.trial.network.activations[l], reading.bench.layers[l].A
    reads = elementwise(g.forward, A)[0] if g.reads == "A" else A
    return elementwise(g.backward, dA, reads)[0]


def _output(bench: Bench, expected: Values) -> Candidates:
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
        yield "L2: λ for λ/m", data + bench.trial.l2 * layer.W
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
