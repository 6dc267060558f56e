"""The bugs people write into a backward, one a line: what selftest plants.

A mutation changes the value at one seam of `seams`' backward, in one layer or in every
layer it can be in.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jax.typing import DTypeLike

from jaxdnn.network import Network
from jaxdnn.verification.names import KINDS, Equation
from jaxdnn.verification.networks.seams import Box, Change, Seam, backward_with
from jaxdnn.verification.networks.trial import Backward, Trial
from jaxdnn.verification.units import Values


@dataclass(frozen=True)
class Case:
    """What decides which mutations can be planted."""

    network: Network
    l2: bool
    dropout: bool
    weighted: bool
    m: int

    @classmethod
    def of(cls, trial: Trial) -> "Case":
        """The case that a trial is."""
        return cls(
            trial.network,
            trial.l2 > 0,
            trial.key is not None,
            trial.sample_weight is not None,
            trial.problem.m,
        )

    @property
    def L(self) -> int:
        """The number of layers."""
        return len(self.network.layer_dims) - 1

    def shape(self, l: int) -> tuple[int, int]:
        """W's in layer l."""
        dims = self.network.layer_dims
        return dims[l + 1], dims[l]


Where = Callable[[Case], Sequence[int]]


def every(case: Case) -> Sequence[int]:
    """Every layer."""
    return range(case.L)


def last(case: Case) -> Sequence[int]:
    """The output layer."""
    return [case.L - 1]


def hidden(case: Case) -> Sequence[int]:
    """The hidden layers."""
    return range(case.L - 1)


def fed(case: Case) -> Sequence[int]:
    """The layers fed by a hidden one."""
    return range(1, case.L)


def only(where: Where, condition: Callable[[Case, int], object]) -> Where:
    """Those of `where` for which the condition holds."""
    return lambda case: [l for l in where(case) if condition(case, l)]


decayed = only(every, lambda case, _: case.l2)
dropped = only(hidden, lambda case, _: case.dropout)
mixing = only(every, lambda case, _: case.m > 1)
wide = only(every, lambda case, l: min(case.shape(l)) > 1)
square = only(wide, lambda case, l: case.shape(l)[0] == case.shape(l)[1])
below_square = only(hidden, lambda case, l: l + 1 in square(case))


def _named(name: str) -> Where:
    return only(hidden, lambda case, l: case.network.activations[l].name == name)


def _headed(*heads: str) -> Where:
    return only(last, lambda case, _: case.network.head.name in heads)


def _twin(case: Case, l: int) -> list[int]:
    return [k for k in range(case.L) if k != l and case.shape(k) == case.shape(l)]


def _pair(case: Case) -> Sequence[int]:
    for l in range(case.L):
        if _twin(case, l):
            return [l, _twin(case, l)[0]]
    return []


def _other_W(box: Box) -> Values:
    shape = box.W_above.shape
    same = [k for k, layer in enumerate(box.params) if layer.W.shape == shape]
    return next(box.params[k].W for k in same if k != box.l + 1)


def _entry(factor: float) -> Change:
    def change(box: Box, dW: Values) -> Values:
        dW = dW.copy()
        dW[len(dW) // 2, dW.shape[1] // 2] *= factor
        return dW

    return change


def _swap_entries(box: Box, dW: Values) -> Values:
    dW = dW.copy()
    dW[0, 0], dW[-1, -1] = dW[-1, -1], dW[0, 0]
    return dW


def _turn_column(box: Box, dW: Values) -> Values:
    return dW * np.where(np.arange(dW.shape[1]) == dW.shape[1] - 1, -1, 1)


def _cast(dtype: DTypeLike) -> Change:
    return lambda box, value: value.astype(dtype).astype(np.float64)


def _short_product(box: Box, dW: Values) -> Values:
    dZ, A_prev = box.dZ.astype(np.float32), box.A_prev.astype(np.float32)
    return box.product(dZ, A_prev).astype(np.float64)


def _another_draw(box: Box) -> Values:
    dropout: Any = box.caches[box.l].dropout
    kept = np.asarray(dropout.keep_prob)
    return (np.random.default_rng(1).random(box.dA.shape) < kept) / kept


def _wrong_axis(box: Box, db: Values) -> Values:
    return box.dZ.sum(axis=0)[: len(db), None] / box.m


@dataclass(frozen=True)
class Mutation:
    """A bug: its name, its seam, what it does there, and where it can be.

    It is planted in the middle one of the possible layers, or in all of them. `hint` is
    the part of a hint that recognises it, "" where none can be given.
    """

    name: str
    seam: Seam
    change: Change
    where: Where
    hint: str
    everywhere: bool = False

    def layers(self, case: Case) -> Sequence[int]:
        """Where it is planted in this case: nowhere if it cannot be."""
        possible = self.where(case)
        return possible if self.everywhere else possible[len(possible) // 2 :][:1]

    def plant(self, case: Case) -> Backward:
        """A backward with this bug."""
        return backward_with(self.seam, self.change, self.layers(case))

    def recognised(self, hints: Sequence[str]) -> bool | None:
        """Whether one of these hints says what it is; None where none can."""
        return any(re.search(self.hint, text) for text in hints) if self.hint else None

    def equations(self, case: Case) -> set[str]:
        """The names of the equations that it breaks."""
        Z, W, b = KINDS[:1], KINDS[1:2], KINDS[2:]
        kinds = {"dW": W, "decay": W, "db": b, "result": W + b}
        broken = kinds.get(self.seam, Z)
        return {str(Equation(k, l + 1)) for k in broken for l in self.layers(case)}


def _unchanged(box: Box, value: Values) -> Values:
    return value


MUTATIONS: tuple[Mutation, ...] = (
    # dZ_L = AL - Y
    Mutation("output: sign", "output", lambda box, dZ: -dZ, last, "sign"),
    Mutation(
        "output: mean missing",
        "output",
        lambda box, dZ: dZ * box.m,
        only(last, lambda case, _: case.m > 1),
        "mean",
    ),
    Mutation(
        "output: divided by n_L",
        "output",
        lambda box, dZ: dZ / len(dZ),
        only(last, lambda case, l: case.shape(l)[0] > 1),
        "n_L",
    ),
    Mutation(
        "output: labels shifted",
        "output",
        lambda box, dZ: (box.AL - np.roll(box.Y, 1, axis=1)) * box.weights,
        only(last, lambda case, _: case.m > 1),
        "labels shifted",
    ),
    Mutation(
        "output: g' on top of A - Y",
        "output",
        lambda box, dZ: dZ * box.AL * (1 - box.AL),
        _headed("sigmoid", "softmax"),
        "on top",
    ),
    Mutation(
        "output: clipped",
        "output",
        lambda box, dZ: np.clip(dZ, -0.1, 0.1),
        last,
        "clipped",
    ),
    Mutation("output: float16", "output", _cast(np.float16), last, "float16"),
    Mutation("output: float32", "output", _cast(np.float32), last, "float32"),
    Mutation(
        "output: sums to one over examples",
        "output",
        lambda box, dZ: (
            (box.AL / box.AL.sum(axis=1, keepdims=True) - box.Y) * box.weights
        ),
        only(_headed("softmax"), lambda case, _: case.m > 1),
        "over the examples",
    ),
    Mutation(
        "output: weights ignored",
        "output",
        lambda box, dZ: box.AL - box.Y,
        only(last, lambda case, _: case.weighted),
        "unweighted",
    ),
    # dW = dZ A_prevᵀ / m
    Mutation("dW: twice", "dW", lambda box, dW: 2 * dW, every, "2|twice"),
    Mutation("dW: 1/m twice", "dW", lambda box, dW: dW / box.m, mixing, "1/m"),
    Mutation(
        "dW: last example dropped",
        "dW",
        lambda box, dW: box.product(box.dZ[:, :-1], box.A_prev[:, :-1]),
        mixing,
        "last example",
    ),
    Mutation("dW: transposed", "dW", lambda box, dW: dW.T, square, "transposed"),
    Mutation("dW: one coordinate 1 %", "dW", _entry(1.01), every, "entry|1.01"),
    Mutation("dW: one coordinate zero", "dW", _entry(0.0), every, "entry|zero"),
    Mutation(
        "dW: factor 1 + 1e-6",
        "dW",
        lambda box, dW: dW * (1 + 1e-6),
        every,
        "1.000001",
    ),
    Mutation(
        "dW: two entries swapped", "dW", _swap_entries, wide, "swapped|transposed"
    ),
    Mutation(
        "dW: last column's sign",
        "dW",
        _turn_column,
        only(every, lambda case, l: case.shape(l)[1] > 1),
        "column|entry",
    ),
    Mutation("dW: float32 product", "dW", _short_product, every, "float32"),
    Mutation(
        "dW: A without its mask",
        "dW",
        lambda box, dW: box.product(box.dZ, box.A(box.l - 1)),
        only(fed, lambda case, _: case.dropout),
        "without its dropout",
    ),
    Mutation(
        "dW: Z for A",
        "dW",
        lambda box, dW: box.product(box.dZ, box.Z(box.l - 1)),
        fed,
        "Z. for A",
    ),
    Mutation(
        "dW: examples shifted",
        "dW",
        lambda box, dW: box.product(box.dZ, np.roll(box.A_prev, 1, axis=1)),
        mixing,
        "shifted",
    ),
    Mutation(
        "dW: X for A",
        "dW",
        lambda box, dW: box.product(box.dZ, np.asarray(box.caches[0].A_prev)),
        only(fed, lambda case, l: case.shape(l)[1] == case.shape(0)[1]),
        "X for A",
    ),
    Mutation(
        "dW: stale A",
        "dW",
        lambda box, dW: box.product(box.dZ, box.A(box.l - 1, 1.01)),
        only(fed, lambda case, _: not case.dropout),
        "",
    ),
    # db = Σ dZ / m
    Mutation("db: times 4", "db", lambda box, db: 4 * db, every, "= 4|factor 4"),
    Mutation("db: 1/m twice", "db", lambda box, db: db / box.m, mixing, "1/m"),
    Mutation("db: sum for mean", "db", lambda box, db: db * box.m, mixing, "m"),
    Mutation("db: zero", "db", lambda box, db: 0 * db, every, "zero"),
    Mutation(
        "db: wrong axis",
        "db",
        _wrong_axis,
        only(wide, lambda case, l: case.shape(l)[0] <= min(case.m, 7)),
        "axis",
    ),
    Mutation(
        "db: last example dropped",
        "db",
        lambda box, db: box.dZ[:, :-1].sum(axis=1, keepdims=True) / box.m,
        mixing,
        "last example",
    ),
    # (λ / m) W
    Mutation("L2: missing", "decay", lambda box, W: 0 * W, decayed, "missing"),
    Mutation(
        "L2: λ for λ/m", "decay", lambda box, W: W * box.total, decayed, "λ for λ/m"
    ),
    Mutation("L2: half", "decay", lambda box, W: W / 2, decayed, "half"),
    Mutation("L2: sign", "decay", lambda box, W: -W, decayed, "sign"),
    Mutation(
        "L2: last layer only",
        "decay",
        lambda box, W: 0 * W,
        only(hidden, lambda case, _: case.l2),
        "missing",
        True,
    ),
    Mutation(
        "L2: on biases too",
        "db",
        lambda box, db: db + box.decay * box.b,
        decayed,
        "on the biases",
        True,
    ),
    # dA = W_aboveᵀ dZ
    Mutation(
        "dA: W not transposed",
        "dA",
        lambda box, dA: box.W_above @ box.dZ,
        below_square,
        "not transposed",
    ),
    Mutation(
        "dA: W after its update",
        "dA",
        lambda box, dA: (box.W_above - 0.1 * box.grads[0].W).T @ box.dZ,
        hidden,
        "",
    ),
    Mutation("dA: stopped", "dA", lambda box, dA: 0 * dA, hidden, "zero"),
    Mutation(
        "dA: clipped at 0",
        "dA",
        lambda box, dA: np.maximum(dA, 0),
        hidden,
        "clipped",
    ),
    Mutation(
        "dA: another layer's W",
        "dA",
        lambda box, dA: _other_W(box).T @ box.dZ,
        only(hidden, lambda case, l: _twin(case, l + 1)),
        r"W\d+ for W|not transposed",
    ),
    # dA * D / keep_prob
    Mutation(
        "dropout: no mask",
        "dropout",
        lambda box, dA: box.dA_undropped * box.keep.max(),
        dropped,
        "mask is missing",
    ),
    Mutation(
        "dropout: no 1/keep",
        "dropout",
        lambda box, dA: dA / box.keep.max(),
        dropped,
        "1/keep_prob is missing",
    ),
    Mutation(
        "dropout: 1/keep twice",
        "dropout",
        lambda box, dA: dA * box.keep.max(),
        dropped,
        "twice",
    ),
    Mutation(
        "dropout: another unit's mask",
        "dropout",
        lambda box, dA: box.dA_undropped * np.roll(box.keep, 1, axis=0),
        only(dropped, lambda case, l: case.shape(l)[0] > 1),
        "other units",
    ),
    Mutation(
        "dropout: another key's mask",
        "dropout",
        lambda box, dA: box.dA_undropped * _another_draw(box),
        dropped,
        "",
    ),
    # dA * g'(Z)
    Mutation("g': missing", "slope", lambda box, dZ: box.dA, hidden, "g' is missing"),
    Mutation(
        "g': at A for Z",
        "slope",
        lambda box, dZ: box.pull(box.dA, box.one_too_far),
        hidden,
        "at A",
    ),
    Mutation(
        "g': units reversed",
        "slope",
        lambda box, dZ: box.dA * box.slope[::-1],
        only(hidden, lambda case, l: case.shape(l)[0] > 1),
        "reversed",
    ),
    Mutation("g': 1 - g'", "slope", lambda box, dZ: box.dA - dZ, hidden, "1 - g'|sign"),
    Mutation("g': squared", "slope", lambda box, dZ: dZ * box.slope, hidden, "squared"),
    Mutation(
        "g': a leak in relu",
        "slope",
        lambda box, dZ: np.where(box.slope > 0, dZ, 0.01 * box.dA),
        _named("relu"),
        "leak",
    ),
    Mutation(
        "g': 1 - |a| for 1 - a²",
        "slope",
        lambda box, dZ: box.dA * (1 - abs(box.A_here)),
        _named("tanh"),
        r"1 - \|a\|",
    ),
    # the whole
    Mutation("gradients of two layers swapped", "result", _unchanged, _pair, "", True),
)
