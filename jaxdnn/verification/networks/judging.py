"""verify: the hand-derived backward of a network, or somebody's own, judged."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import jax
import numpy as np
from jax import Array
from jax.typing import DTypeLike

from jaxdnn._checks import (
    check_function,
    check_kind,
    check_outside,
    check_parameters,
    check_products,
    check_seed,
)
from jaxdnn._refusals import BadValueError, public, shown, within
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.network import Network
from jaxdnn.network import backward as core_backward
from jaxdnn.parameters import Parameters
from jaxdnn.verification.derivatives.autodiff import NUDGE
from jaxdnn.verification.derivatives.refuse import refuse_autodiff
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.names import KINDS, Equation
from jaxdnn.verification.networks.coverage import not_exercised
from jaxdnn.verification.networks.equations import (
    EXAMPLES,
    MOST_CALLS,
    Reading,
    calls,
    read_equations,
)
from jaxdnn.verification.networks.evidence import (
    Evidence,
    autodiff_astray,
    bench,
    compare,
    gather,
)
from jaxdnn.verification.networks.hints import hint, hint_activation
from jaxdnn.verification.networks.one_call import in_one_call
from jaxdnn.verification.networks.per_example import per_example as of_each
from jaxdnn.verification.networks.relations import related
from jaxdnn.verification.networks.second_order import second_order
from jaxdnn.verification.networks.shortened import shortened
from jaxdnn.verification.networks.trial import Backward, Trial, set_up
from jaxdnn.verification.report import Report, Row, Status
from jaxdnn.verification.units import Values
from jaxdnn.verification.verdicts import Findings, Judged, row_of


class Asked(NamedTuple):
    """What is to be judged: somebody's own backward, or the library's; and how far."""

    own: Backward | None = None
    order: int = 1
    per_example: bool = False
    compute_dtype: DTypeLike | None = None


class Further(NamedTuple):
    """A kind of evidence beyond the gradient itself, looked at if that is right."""

    wanted: Callable[[Asked], bool]
    look: Callable[[Evidence, Backward, int], Findings]


FURTHER = (
    Further(lambda asked: True, related),
    Further(lambda asked: asked.own is None, in_one_call),
    Further(lambda asked: asked.order == 2, second_order),
    Further(lambda asked: asked.per_example, of_each),
    Further(lambda asked: asked.compute_dtype is not None, shortened),
)


@public
def verify(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
    backward: Backward | None = None,
    order: int = 1,
    per_example: bool = False,
    compute_dtype: DTypeLike | None = None,
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
      per_example: whether to verify the library's `per_example_norms` and
        `hessian_vector_product` as well, when the gradient itself is right.
      compute_dtype: as for `fit`, to be told how far it moves the gradient; what is
        verified is the function in float64 all the same.
      seed: of the random directions.

    Returns:
      A Report: `report.ok`, `print(report)`, `report.require()`, `report.to_dict()`.

    Raises:
      ValueError: arguments that `jaxdnn.cost` refuses, values that are not finite, a
        backward that raises, returns another tree or other shapes, or is not
        deterministic; an order other than 1 or 2; another compute_dtype than `fit`
        takes; per_example or compute_dtype beside a backward.
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
    refuse_autodiff(backward)
    check_outside()
    check_function("backward", backward)
    check_seed("seed", seed)
    if isinstance(order, bool) or not isinstance(order, int) or order not in (1, 2):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise BadValueError(f"order must be 1 or 2, got {shown(order)}")
    check_kind("per_example", per_example, bool, "True or False")
    check_products(compute_dtype)
    asked = Asked(backward, order, per_example, compute_dtype)
    if backward is not None and (per_example or compute_dtype is not None):
        raise BadValueError(
            "per_example and compute_dtype are about the library's own functions: "
            "leave out backward"
        )
    with exact_arithmetic():
        trial = set_up(network, params, X, Y, l2, key, keep_prob, sample_weight)
        report = judge(gather(trial, seed), asked, seed)
    return replace(report, title=_title(trial, seed))


def judge(evidence: Evidence, asked: Asked, seed: int) -> Report:
    """The report on one backward, given the evidence."""
    backward = asked.own or core_backward
    hand = _answer(evidence.trial, backward)
    evidence, judged, notes = _beside_kinks(evidence, hand, seed)
    del hand
    wrong = any(leaf.wrong for leaf in judged.values())
    reading = _read(evidence, backward, wrong)
    doubts = tuple(
        f"autodiff's own derivative of {name} is not that of its values"
        for name in (autodiff_astray(evidence) if wrong else ())
    )
    notes += [
        f"{doubt}: a stop_gradient or a custom rule in its forward?" for doubt in doubts
    ]
    if wrong and reading is None:
        layers = range(len(evidence.slopes))
        notes += filter(None, (hint_activation(evidence, l) for l in layers))
    seen = {name: leaf.resolution for name, leaf in judged.items()}
    findings = Findings(
        _rows(evidence, judged, reading),
        {str(name): least for name, least in seen.items() if least is not None},
        not_exercised(evidence),
        tuple(notes),
        doubts,
    )
    for kind in () if wrong else FURTHER:
        if kind.wanted(asked):
            findings += kind.look(evidence, backward, seed)
    return findings.report("", seed, "rounding alone")


def _answer(trial: Trial, backward: Backward) -> list[Values]:
    """Stage 0: what the backward returns, twice the same, as float64 NumPy arrays."""
    name = getattr(backward, "__name__", "backward")
    answers: list[list[Values]] = []
    for _ in range(2):
        try:
            grads = trial.gradient(backward)
        except Exception as error:
            raise BadValueError(
                f"{name} raised {type(error).__name__}: {error}"
            ) from error
        wanted, found = map(jax.tree.structure, (trial.problem.params, grads))
        if found != wanted:
            raise BadValueError(
                f"{name} must return the tree of params, {wanted}, got {found}"
            )
        with within(f"gradient from {name}"):
            check_parameters(grads, trial.network.layer_dims)
        answers.append(
            [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(grads)]
        )
    for leaf, (first, second) in enumerate(zip(*answers, strict=True)):
        # NaN and NaN are the same bits.
        if not np.array_equal(first.view(np.int64), second.view(np.int64)):
            raise BadValueError(
                f"{name} is not deterministic: two calls differ in "
                f"d{'Wb'[leaf % 2]}{leaf // 2 + 1}"
            )
    return answers[0]


def _beside_kinks(
    evidence: Evidence, hand: list[Values], seed: int
) -> tuple[Evidence, dict[Equation, Judged], list[str]]:
    """The leaves judged, at a kink by the side of it that the backward takes."""
    judged = compare(evidence, hand)
    wrong = any(leaf.wrong for leaf in judged.values())
    if wrong and any((Z == 0).any() for Z in evidence.oracle.Z[:-1]):
        for nudge, side in ((NUDGE, "above"), (-NUDGE, "below")):
            nudged = gather(evidence.trial, seed, nudge=nudge)
            again = compare(nudged, hand)
            if not any(leaf.wrong for leaf in again.values()):
                note = f"at exactly Z = 0 it takes g' from {side}: a convention"
                return nudged, again, [note]
    return evidence, judged, []


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
        if not wrong or reading.wrong or count >= evidence.problem.m:
            return reading
        count *= 8


def _guilty(
    evidence: Evidence, bad: set[Equation], reading: Reading | None
) -> set[Equation]:
    """The equations that are wrong themselves, where these leaves are."""
    guilty: set[Equation] = set()
    if bad and reading is not None:
        # A wrong dZ shows in its own layer's dW, db or in those below; a wrong dW or
        # db in itself.
        guilty = {
            e
            for e in reading.wrong
            if e in bad or (e.kind == "Z" and any(leaf.l <= e.l for leaf in bad))
        }
    if bad and not guilty and not autodiff_astray(evidence):
        deepest = max(leaf.l for leaf in bad)
        guilty = {leaf for leaf in bad if leaf.l == deepest}
    return guilty


def _rows(
    evidence: Evidence, judged: dict[Equation, Judged], reading: Reading | None
) -> tuple[Row, ...]:
    """The equations' rows, output first."""
    bad = {name for name, leaf in judged.items() if leaf.wrong}
    guilty = _guilty(evidence, bad, reading)

    def row(name: Equation) -> Row:
        read = None if reading is None else reading.equations[name]
        status: Status = "ok"
        if name in guilty:
            status = "WRONG"
        elif name in bad:
            status = "follows"
        elif name.kind == "Z" and (read is None or (read.wrong and not bad)):
            status = "unread"
        text = _hint(evidence, reading, name) if status == "WRONG" else ""
        written = _written(evidence.trial, name)
        if name in judged:
            return judged[name].row(str(name), written, status, text)
        worst = None if read is None else read.worst
        return row_of(str(name), written, worst, status=status, hint=text)

    L = len(evidence.problem.params)
    return tuple(row(Equation(k, l)) for l in range(L, 0, -1) for k in KINDS)


def _hint(evidence: Evidence, reading: Reading | None, name: Equation) -> str:
    slope = ""
    if name.kind == "Z" and name.l <= len(evidence.slopes):
        slope = hint_activation(evidence, name.l - 1)
    return slope or (hint(reading, name) if reading else "")


def _written(trial: Trial, name: Equation) -> str:
    """The equation as it is written on paper."""
    (kind, l, _), L = name, len(trial.problem.params)
    if kind == "Z" and l == L:
        weighted = trial.sample_weight is not None
        return f"dZ{l} = A{l} - Y" if not weighted else f"dZ{l} = (A{l} - Y) * w"
    if kind == "Z":
        dropped = f" * D{l} / keep" if trial.key is not None else ""
        g = trial.network.activations[l - 1].name
        return f"dZ{l} = W{l + 1}ᵀ dZ{l + 1}{dropped} * {g}'(Z{l})"
    if kind == "W":
        decay = f" + (l2/m) W{l}" if trial.l2 else ""
        above = "Xᵀ" if l == 1 else f"A{l - 1}ᵀ"
        return f"dW{l} = dZ{l} {above}/m{decay}"
    return f"db{l} = Σ dZ{l} /m"


def _title(trial: Trial, seed: int) -> str:
    network = trial.network
    hidden = dict.fromkeys(g.name for g in network.activations)
    dims = "-".join(map(str, network.layer_dims))
    parts = ["verify ", dims, *hidden, network.head.name]
    if trial.l2:
        parts.append(f"l2={float(trial.l2):g}")
    if trial.key is not None:
        parts.append(f"keep_prob={trial.keep_prob:g}")
    if trial.sample_weight is not None:
        parts.append("weighted")
    cast = "" if trial.dtype == np.float64 else f" (parameters {trial.dtype})"
    m = trial.problem.m
    return f"{' '.join(parts)}   batch {m}   float64{cast}   seed {seed}"
