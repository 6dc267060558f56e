"""Stage 2: each hand-derived equation alone, so that one bug hides no other.

A backward is a closed box that returns only dW and db. But dW_l = dZ_l A_prevᵀ / m is
linear in A_prev, and A_prev is an argument: a cache whose A_prev_l holds m times the
unit vectors makes dW_l the box's own dZ_l, entry by entry. So every equation can be fed
the very cotangent that the box gave it,

    dZ_L = AL - Y      dZ_l = (W_{l+1}ᵀ dZ_{l+1}) * g'(Z_l)      dW_l, db_l from dZ_l

and one that is wrong is wrong by itself, not because of what came from above. What is
read through a wrong dW_l is wrong too: where dZ_l looks wrong, db_l and the next dZ
say which of the two it is.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import jax
import numpy as np

from jaxdnn.blocks import Caches
from jaxdnn.network import LayerCache
from jaxdnn.verification.names import KINDS, Equation
from jaxdnn.verification.networks.trial import Backward, Trial
from jaxdnn.verification.units import TINY, Columns, Values, Worst, sum_growth, units

# Prime, so that a factor 1/m is not taken for a factor 1/2, 1/4 or 1/8.
EXAMPLES = 7
MOST_CALLS = 2000

_Tree = TypeVar("_Tree")


def take_examples(tree: _Tree, columns: Columns) -> _Tree:
    """These columns of every array; what is not an array of columns stays."""
    return jax.tree.map(
        lambda leaf: leaf[:, columns] if np.ndim(leaf) == 2 else leaf, tree
    )


@dataclass(frozen=True)
class Checked:
    """An equation's value in the box, what it should be, and how far it is off."""

    found: Values
    expected: Values
    units: Values
    worst: Worst

    @property
    def wrong(self) -> bool:
        """Whether any entry is off by more than rounding."""
        return self.worst.wrong

    def in_short(self) -> "Checked":
        """If it is right, only its worst entry: the arrays may be as large as W."""
        if self.wrong:
            return self
        k = self.worst.where
        found, expected, far = (
            a[k][None] for a in (self.found, self.expected, self.units)
        )
        return Checked(found, expected, far, self.worst)


@dataclass(frozen=True)
class BenchLayer:
    """What the equations of one layer read, on the examples looked at.

    A is g(Z) before dropout (AL in the last layer); slope, a Slope, and keep are a
    hidden layer's, None in the last.
    """

    W: Any
    b: Any
    A_prev: Any
    Z: Values
    A: Values
    slope: Any
    keep: Any


@dataclass(frozen=True)
class Bench:
    """A few examples of the problem, with everything the equations read."""

    trial: Trial
    caches: tuple[LayerCache, ...]
    Y: Values
    weights: Values
    decay: float
    layers: tuple[BenchLayer, ...]
    sample_weight: Values | None

    @property
    def m(self) -> int:
        """How many examples."""
        return self.Y.shape[1]

    @property
    def AL(self) -> Values:
        """What the network says of them, as the caches have it."""
        return self.caches[-1].activation

    def call(self, backward: Backward, caches: Caches) -> list[Values]:
        """The backward on these examples: [dW_1, db_1, dW_2, ...]."""
        grads = self.trial.call(backward, caches, self.Y, self.sample_weight)
        return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(grads)]

    def read_back(self, backward: Backward, l: int) -> tuple[Values, Values]:
        """The box's own dZ_l (n_l, m), dW_l when A_prev is m times unit vectors.

        And what is left of dW_l when A_prev is zero: the L2 term, right or wrong.
        """
        n_prev, m = self.layers[l].A_prev.shape

        def dW(A_prev: Values) -> Values:
            caches = list(self.caches)
            caches[l] = caches[l]._replace(A_prev=A_prev)
            return self.call(backward, tuple(caches))[2 * l]

        zero = np.zeros((n_prev, m))
        rest = dW(zero) if self.decay else np.zeros_like(self.layers[l].W)
        blocks = [
            (dW(m * np.eye(n_prev, m, start)) - rest)[:, : m - start]
            for start in range(0, m, n_prev)
        ]
        return np.concatenate(blocks, axis=1), rest

    def pull(self, l: int, dZ_above: Values) -> tuple[Values, Values]:
        """dZ_l from the dZ above it, and the rounding scale of reading it."""
        slope, keep, W = self.layers[l].slope, self.layers[l].keep, self.layers[l + 1].W
        dA = keep * (W.T @ dZ_above)
        known = sum_growth(len(W)) * dZ_above**2 + self.blur2[l + 1]
        edA2 = keep**2 * ((W**2).T @ known) + dA**2
        scale2 = edA2 * slope.steepest**2 + dA**2 * (slope.formula**2 + slope.error**2)
        return dA * slope.value, np.sqrt(scale2 + self.blur2[l] + TINY)

    def output(self) -> tuple[Values, Values]:
        """dZ_L = AL - Y, weighted, and the rounding scale of reading it."""
        scale2 = (abs(self.AL) + abs(self.Y)) ** 2 * self.weights**2
        dZ = (self.AL - self.Y) * self.weights
        return dZ, np.sqrt(scale2 + self.blur2[-1] + TINY)

    def product(self, l: int, dZ: Values, decay: Values) -> tuple[Values, Values]:
        """dW_l = dZ_l A_prevᵀ / m + the L2 term, and its rounding scale."""
        A_prev, m = self.layers[l].A_prev, self.m
        # In place: these are as large as W.
        dW = dZ @ A_prev.T
        dW /= m
        dW += decay
        scale2 = (sum_growth(m) / m**2 * (dZ**2 + self.blur2[l])) @ (A_prev**2).T
        scale2 += decay**2
        scale2 += dW**2
        scale2 += TINY
        return dW, np.sqrt(scale2, out=scale2)

    def total(self, l: int, dZ: Values) -> tuple[Values, Values]:
        """db_l = Σ dZ_l / m, and its rounding scale."""
        scale2 = (dZ**2 + self.blur2[l]).sum(axis=1, keepdims=True) * sum_growth(self.m)
        return dZ.sum(axis=1, keepdims=True) / self.m, np.sqrt(
            scale2 / self.m**2 + TINY
        )

    @cached_property
    def blur2(self) -> list[float]:
        """What the L2 term costs a reading of dZ_l, which is cleared of it: squared."""
        return [float((self.decay * abs(layer.W).max()) ** 2) for layer in self.layers]


def check(found: Values, expected: tuple[Values, Values]) -> Checked:
    """Compare what was found with (value, rounding scale)."""
    error = units(found, *expected)
    worst = Worst.of(error, found, expected[0])
    return Checked(found, expected[0], error, worst)


@dataclass(frozen=True)
class Reading:
    """The equations of a closed box, output first, and the dZ that it really holds."""

    bench: Bench
    equations: dict[Equation, Checked] = field(default_factory=dict[Equation, Checked])
    cotangents: dict[int, Values] = field(default_factory=dict[int, Values])

    @property
    def wrong(self) -> list[Equation]:
        """The wrong equations, output first."""
        return [name for name, checked in self.equations.items() if checked.wrong]


@np.errstate(all="ignore")
def read_equations(bench: Bench, backward: Backward) -> Reading:
    """Open the box layer by layer, from the output."""
    L = len(bench.layers)
    grads = bench.call(backward, bench.caches)
    reading = Reading(bench)
    below = bench.read_back(backward, L - 1)
    for l in reversed(range(L)):
        read = below
        below = bench.read_back(backward, l - 1) if l else read
        due = bench.output() if l == L - 1 else bench.pull(l, reading.cotangents[l + 1])
        dZ = check(read[0], due)
        if dZ.wrong and _misread(bench, l, dZ, read[1], below[0], grads):
            dZ = check(due[0], due)
        reading.cotangents[l] = dZ.found
        product = bench.product(l, dZ.found, bench.decay * bench.layers[l].W)
        dW = check(grads[2 * l], product)
        db = check(grads[2 * l + 1], bench.total(l, dZ.found))
        for kind, checked in zip(KINDS, (dZ, dW, db), strict=True):
            reading.equations[Equation(kind, l + 1)] = checked.in_short()
    return reading


def _misread(
    bench: Bench,
    l: int,
    dZ: Checked,
    rest: Values,
    below: Values,
    grads: list[Values],
) -> bool:
    """Whether it is dW_l, through which dZ_l was read, that is wrong, and not dZ_l.

    rest: what is left of dW_l when A_prev is zero; below: dZ_{l-1} as it was read.
    """

    def fits(cotangent: Values) -> list[bool]:
        tests = [check(grads[2 * l + 1], bench.total(l, cotangent))]
        if l > 0:
            tests.append(check(below, bench.pull(l - 1, cotangent)))
        return [not test.wrong for test in tests]

    found, W = dZ.found, bench.layers[l].W
    # dW_l is not even the product of what was read and A_prev, or it reads no A_prev.
    if check(grads[2 * l], bench.product(l, found, rest)).wrong or (
        not found.any() and not np.array_equal(rest, bench.decay * W)
    ):
        return True
    for by_read, by_due in zip(fits(dZ.found), fits(dZ.expected), strict=True):
        if by_read != by_due:
            return by_due
    return True


def calls(bench: Bench) -> int:
    """How often read_equations calls the backward."""
    return sum(2 + bench.m // len(layer.A_prev) for layer in bench.layers)
