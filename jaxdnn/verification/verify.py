"""verify: the hand-derived backward of a network, or somebody's own, judged."""

from dataclasses import replace
from typing import Any

import jax
import numpy as np
from jax import Array

from jaxdnn._checks import check_parameters, within
from jaxdnn.network import Network, cost_and_gradients
from jaxdnn.network import backward as core_backward
from jaxdnn.parameters import Parameters
from jaxdnn.verification.autodiff import refuse_autodiff
from jaxdnn.verification.coverage import not_exercised
from jaxdnn.verification.equations import (
    EXAMPLES,
    MOST_CALLS,
    Reading,
    calls,
    read_equations,
    units,
)
from jaxdnn.verification.evidence import (
    Comparison,
    Evidence,
    autodiff_astray,
    bench,
    compare,
    gather,
    resolution,
)
from jaxdnn.verification.hints import hint, hint_activation
from jaxdnn.verification.metamorphic import relations
from jaxdnn.verification.oracle import NUDGE
from jaxdnn.verification.passes import BACKWARD, FORWARD, spend
from jaxdnn.verification.problem import (
    COARSEST,
    LIMIT,
    Backward,
    Setting,
    exact_arithmetic,
    set_up,
)
from jaxdnn.verification.report import Report, Row, Status, Verdict
from jaxdnn.verification.second_order import SecondOrder, second_order


def verify(
    network: Network,
    params: Parameters,
    X: Any,
    Y: Any,
    *,
    l2: Any = 0.0,
    key: Array | None = None,
    keep_prob: Any = 1.0,
    sample_weight: Any = None,
    backward: Backward | None = None,
    order: int = 1,
    seed: int = 0,
) -> Report:
    """Verify every coordinate of a hand-derived gradient, equation by equation.

    Everything is computed in float64; the process is left as it was.

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight: as for `jaxdnn.cost`.
      backward: somebody's own, called as `jaxdnn.backward` is: (network, params,
        caches, Y, *, l2, sample_weight) -> gradients. The library's own if None.
      order: 2 to verify as well that the gradient follows the parameters: its own
        derivative along v must be H v, and H symmetric (see `second_order`). Looked at
        only when the gradient itself is right.
      seed: of the random directions.

    Returns:
      A Report: `report.ok`, `print(report)`, `report.require()`, `report.to_dict()`.

    Raises:
      ValueError: arguments that `jaxdnn.cost` refuses, values that are not finite, a
        backward that raises, returns another tree or other shapes, or is not
        deterministic; an order other than 1 or 2.
      TypeError: traced arguments, or a backward that is autodiff itself.

    Example:
      >>> import jax, jax.numpy as jnp, jaxdnn as dnn
      >>> network = dnn.Network((2, 4, 1), hidden="tanh")
      >>> params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> X = jax.random.normal(jax.random.key(1), (2, 20))
      >>> Y = (X[:1] > 0).astype(float)
      >>> verify(network, params, X, Y, l2=0.7).verdict
      'verified'
      >>> def twice(*arguments, **options):
      ...     first, last = dnn.backward(*arguments, **options)
      ...     return first, last._replace(W=2 * last.W)
      >>> report = verify(network, params, X, Y, backward=twice)
      >>> report.verdict_line, report.hints
      ('verdict: WRONG at dW2 (1 of 6 equations)', {'dW2': 'factor 2'})
    """
    refuse_autodiff("verify", backward)
    if order not in (1, 2):
        raise ValueError(f"verify: order must be 1 or 2, got {order!r}")
    with exact_arithmetic():
        setting = set_up(
            "verify", network, params, X, Y, l2, key, keep_prob, sample_weight
        )
        evidence = gather(setting, seed)
        report = judge(evidence, backward, seed, order)
    return replace(report, title=_title(setting, params[0].W.dtype, seed))


def judge(
    evidence: Evidence, own: Backward | None, seed: int, order: int = 1
) -> Report:
    """The report on one backward (the library's if None), given the evidence."""
    setting, notes = evidence.setting, []
    backward = own or core_backward
    hand = gradient_of("verify", setting, backward)
    found = compare(evidence, hand)
    if any(leaf.wrong for leaf in found) and _at_kink(evidence):
        for nudge, side in ((NUDGE, "above"), (-NUDGE, "below")):
            nudged = gather(setting, seed, nudge=nudge)
            again = compare(nudged, hand)
            if not any(leaf.wrong for leaf in again):
                evidence, found = nudged, again
                notes.append(f"at exactly Z = 0 it takes g' from {side}: a convention")
                break
    del hand
    wrong = any(leaf.wrong for leaf in found)
    resolved, second = resolution(evidence), SecondOrder()
    reading = _read(evidence, backward, wrong)
    rows = _rows(evidence, found, reading)
    verdict: Verdict = "wrong" if wrong else "verified"
    reason = ""
    for name in autodiff_astray(evidence) if wrong else []:
        reason = f"autodiff's own derivative of {name} is not that of its values"
        notes.append(f"{reason}: a stop_gradient or a custom rule in its forward?")
    if wrong and reading is None:
        layers = range(len(evidence.slopes))
        notes += filter(None, (hint_activation(evidence, l) for l in layers))
    if not wrong:
        rows += _relations(evidence, backward, seed)
        if own is None:
            rows.append(_in_one_call(evidence))
        if order == 2:
            second = second_order(evidence, backward, seed)
            rows += second.rows
            notes += second.notes
            resolved |= second.resolution
        if any(row.status == "WRONG" for row in rows):
            verdict = "wrong"
    coarse = [name for name, least in resolved.items() if not least <= COARSEST]
    if verdict == "verified" and coarse:
        verdict = "unresolved"
        name = coarse[0] if coarse[0] in second.resolution else f"d{coarse[0]}"
        reason = (
            f"rounding alone could hide an error of {resolved[coarse[0]]:.0e} in {name}"
        )
    if verdict == "verified" and not resolved:
        verdict, reason = "unresolved", "every gradient is exactly 0"
    return Report(
        title="",
        rows=tuple(rows),
        verdict=verdict,
        reason=reason,
        resolution=resolved,
        not_exercised=not_exercised(evidence),
        notes=tuple(notes),
        seed=seed,
    )


def gradient_of(where: str, setting: Setting, backward: Backward) -> list[Any]:
    """Stage 0: what the backward returns, twice the same, as float64 NumPy arrays."""
    name = getattr(backward, "__name__", "backward")
    dims = setting.network.layer_dims
    answers: list[list[Any]] = []
    for _ in range(2):
        try:
            grads = setting.gradient(backward)
        except Exception as error:
            raise ValueError(
                f"{where}: {name} raised {type(error).__name__}: {error}"
            ) from error
        wanted = jax.tree.structure(setting.problem.params)
        if jax.tree.structure(grads) != wanted:
            raise ValueError(
                f"{where}: {name} must return the tree of params, {wanted}, got "
                f"{jax.tree.structure(grads)}"
            )
        with within(f"{where}: gradient from {name}"):
            check_parameters(grads, dims)
        answers.append(
            [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(grads)]
        )
    for leaf, (first, second) in enumerate(zip(*answers, strict=True)):
        # NaN and NaN are the same bits.
        if not np.array_equal(first.view(np.int64), second.view(np.int64)):
            raise ValueError(
                f"{where}: {name} is not deterministic: two calls differ in "
                f"d{'Wb'[leaf % 2]}{leaf // 2 + 1}"
            )
    return answers[0]


def _at_kink(evidence: Evidence) -> bool:
    return any(bool((Z == 0).any()) for Z in evidence.oracle.Z[:-1])


def _read(evidence: Evidence, backward: Backward, wrong: bool) -> Reading | None:
    """The equations on a few examples; when the gradient is wrong, on enough to see."""
    count, reading = EXAMPLES, None
    while True:
        examples = bench(evidence, count)
        if reading is not None and calls(examples) > MOST_CALLS:
            return reading
        try:
            reading = read_equations(examples, backward)
        except Exception:
            # It returned a gradient before: it takes no other caches than forward's.
            return None
        if not wrong or reading.wrong or count >= evidence.m:
            return reading
        count *= 8


def _rows(
    evidence: Evidence, found: list[Comparison], reading: Reading | None
) -> list[Row]:
    """The equations' rows, output first."""
    setting, leaves = evidence.setting, {leaf.name: leaf for leaf in found}
    bad = {leaf.name for leaf in found if leaf.wrong}
    L = len(setting.problem.params)
    guilty: set[str] = set()
    if bad and reading is not None:
        # A wrong dZ shows in its own layer's dW, db or in those below; a wrong dW or
        # db in itself.
        guilty = {
            name
            for name in reading.wrong
            if f"{name[1]}{name[2:]}" in bad
            or (name[1] == "Z" and any(int(leaf[1:]) <= int(name[2:]) for leaf in bad))
        }
    if bad and not guilty and not autodiff_astray(evidence):
        deepest = max(int(name[1:]) for name in bad)
        guilty = {f"d{name}" for name in bad if int(name[1:]) == deepest}
    rows: list[Row] = []
    for l in reversed(range(1, L + 1)):
        for kind in "ZWb":
            name = f"d{kind}{l}"
            leaf = leaves.get(name[1:])
            read = None if reading is None else reading.equations[name]
            status: Status = "ok"
            if name in guilty:
                status = "WRONG"
            elif name[1:] in bad:
                status = "follows"
            elif kind == "Z" and (read is None or (read.wrong and not bad)):
                status = "unread"
            text = _hint(evidence, reading, name) if status == "WRONG" else ""
            if leaf is None:
                worst = None if read is None else float(read.units.max())
                row = Row(
                    name, _equation(setting, name), worst, status=status, hint=text
                )
                if status == "WRONG" and read is not None:
                    place = np.unravel_index(int(read.units.argmax()), read.units.shape)
                    row = Row(
                        name,
                        row.equation,
                        worst,
                        where=tuple(int(i) for i in place),
                        hand=float(read.found[place]),
                        autodiff=float(read.expected[place]),
                        status=status,
                        hint=text,
                    )
            else:
                row = Row(
                    name,
                    _equation(setting, name),
                    leaf.units,
                    leaf.step,
                    leaf.where,
                    leaf.hand,
                    leaf.autodiff,
                    status,
                    text,
                )
            rows.append(row)
    return rows


def _hint(evidence: Evidence, reading: Reading | None, name: str) -> str:
    l = int(name[2:])
    wrong_slope = ""
    if name[1] == "Z" and l <= len(evidence.slopes):
        wrong_slope = hint_activation(evidence, l - 1)
    return wrong_slope or (hint(reading, name) if reading else "")


def _equation(setting: Setting, name: str) -> str:
    """As it is written on paper."""
    kind, l, L = name[1], int(name[2:]), len(setting.problem.params)
    if kind == "Z" and l == L:
        weighted = setting.sample_weight is not None
        return f"dZ{l} = A{l} - Y" if not weighted else f"dZ{l} = (A{l} - Y) * w"
    if kind == "Z":
        dropped = f" * D{l} / keep" if setting.key is not None else ""
        g = setting.network.activations[l - 1].name
        return f"dZ{l} = W{l + 1}ᵀ dZ{l + 1}{dropped} * {g}'(Z{l})"
    if kind == "W":
        decay = f" + (l2/m) W{l}" if setting.l2 else ""
        above = "Xᵀ" if l == 1 else f"A{l - 1}ᵀ"
        return f"dW{l} = dZ{l} {above}/m{decay}"
    return f"db{l} = Σ dZ{l} /m"


def _relations(evidence: Evidence, backward: Backward, seed: int) -> list[Row]:
    """Stage 5, on the few examples that the equations are read on."""
    examples = bench(evidence, EXAMPLES)
    if examples.m == 1:
        return []
    rows: list[Row] = []
    # Σ over some examples <= Σ over all: S of the few is below m / few times S.
    wider = evidence.m / examples.m
    if evidence.setting.sample_weight is not None:
        wider *= float(examples.weights.max()) * evidence.m
    for name, one, other in relations(examples, backward, seed):
        worst = max(
            float(units(a, b, S).max()) / wider
            for a, b, S in zip(one, other, evidence.S, strict=True)
        )
        rows.append(Row(name, name, worst, status="ok" if worst <= LIMIT else "WRONG"))
    return rows


def _in_one_call(evidence: Evidence) -> Row:
    """cost_and_gradients, the library's hot path, returns the same J and gradient."""
    setting, name = evidence.setting, "cost_and_gradients"
    X, Y = jax.device_put((setting.problem.X, setting.problem.Y))
    spend(FORWARD + BACKWARD)
    J, grads = cost_and_gradients(
        setting.network,
        setting.params,
        X,
        Y,
        l2=setting.l2,
        key=setting.key,
        keep_prob=setting.keep_prob,
        sample_weight=setting.sample_weight,
    )
    found = [J, *jax.tree.leaves(grads)]
    expected = [evidence.oracle.J, *evidence.gradient]
    worst = max(
        float(units(np.asarray(leaf), due, S).max())
        for leaf, due, S in zip(
            found, expected, [evidence.scales.J, *evidence.S], strict=True
        )
    )
    status: Status = "ok" if worst <= LIMIT else "WRONG"
    return Row(name, f"J, gradient of {name}", worst, status=status)


def _title(setting: Setting, dtype: Any, seed: int) -> str:
    network = setting.network
    hidden = dict.fromkeys(g.name for g in network.activations)
    dims = "-".join(map(str, network.layer_dims))
    parts = ["verify ", dims, *hidden, network.head.name]
    if setting.l2:
        parts.append(f"l2={float(setting.l2):g}")
    if setting.key is not None:
        parts.append(f"keep_prob={setting.keep_prob:g}")
    if setting.sample_weight is not None:
        parts.append("weighted")
    cast = "" if str(dtype) == "float64" else f" (parameters {dtype})"
    m = setting.problem.X.shape[1]
    return f"{' '.join(parts)}   batch {m}   float64{cast}   seed {seed}"
