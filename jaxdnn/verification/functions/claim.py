"""A function and what is claimed to be its gradient, and ways to measure the truth."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from jaxdnn.arrays import PyTree
from jaxdnn.verification.derivatives.along import Along, Line, Way
from jaxdnn.verification.derivatives.directional import WAYS
from jaxdnn.verification.functions.function import Function
from jaxdnn.verification.functions.stochastic import perturbed, spread
from jaxdnn.verification.units import COARSEST, RESOLUTION, Values

# What is exact needs a witness at least this good.
WITNESS = 1e-3
# Numbers that one step suits: none smaller than ALIKE times the largest. What is
# smaller than in PARTS - 1 parts is of the last.
ALIKE, PARTS = 1e-3, 5
# How much nearer a witness must look that contradicts autodiff.
NEARER = 1e-6


class Part(NamedTuple):
    """Where the entries of a leaf are that one step suits, and how large they are."""

    here: Any
    size: float


@dataclass(frozen=True)
class Claim:
    """The gradient of Σ ȳ y(x), and what is claimed to be it.

    Args:
      names: what the rows are called.
      x: what the gradient is taken of. data: whatever else the functions take.
      cotangents: ȳ, one for each output y.
      values: (x, data) -> outputs.
      hand: (x, (data, cotangents)) -> one gradient for each x, and perhaps more.
      autodiff: the same; None where there is nothing to differentiate.
      named: factors with a name, for the hints.
      output: the only output that counts, where a rule is judged output by output.
    """

    names: list[str]
    x: list[Values]
    data: PyTree
    cotangents: list[Values]
    values: Function
    hand: Function
    autodiff: Function | None
    named: dict[str, float] = field(default_factory=dict[str, float])
    output: int | None = None

    @property
    def rest(self) -> Any:
        """What the gradients take beside x."""
        return self.data, self.cotangents

    def number(self, x: Any) -> float:
        """Σ ȳ y(x)."""
        return float(self._weighed(self.values.answer(x, self.data)))

    def complex_number(self, x: Any) -> Any:
        """The same of an x that may be complex."""
        return self._weighed(self.values.complex_answer(x, self.data))

    def _weighed(self, outputs: list[Any]) -> Any:
        pairs = zip(self.cotangents, outputs, strict=True)
        return sum((cotangent * np.asarray(y)).sum() for cotangent, y in pairs)

    def parts(self, i: int) -> list["Part"]:
        """Leaf i in parts of about one size each; none if it is one, or large."""
        *_, last_way = WAYS.values()
        if self.x[i].size > last_way.most:
            return []
        size, left = abs(self.x[i]), np.ones(self.x[i].shape, bool)
        parts: list[Part] = []
        while left.any():
            last = len(parts) == PARTS - 1
            here = left & (last | (size >= ALIKE * size[left].max()))
            parts.append(Part(here, rms(size[here]) or 1.0))
            left &= ~here
        one = len(parts) == 1 and parts[0].size >= ALIKE * self._rms
        return [] if one else parts

    @property
    def _rms(self) -> float:
        return rms(np.concatenate([leaf.ravel() for leaf in self.x]))

    def line(self, i: int, v: Values, typical: float, size: float = 0.0) -> Line:
        """The function along v in leaf i, the others held.

        typical: the size of a derivative. size: of x there, a guess where it is 0.
        """
        V = [v if k == i else np.zeros_like(leaf) for k, leaf in enumerate(self.x)]
        whole, own = self._rms, rms(self.x[i])
        # A typical size of the leaf, for the steps of an extrapolation.
        size = size or (own if own > ALIKE * whole else whole) or 1.0
        return Line(self.complex_number, self.number, self.x, V, size, typical)

    def slope(self, i: int) -> tuple[Values, Values] | None:
        """y and ȳ, where entry k of y reads no other entry of x_i than entry k."""
        if self.output is None:
            return None
        x, y = self.x[i], self.values.answer(self.x, self.data)[self.output]
        if y.shape != x.shape or not y.size:
            return None
        even = np.arange(y.size).reshape(y.shape) % 2 == 0
        for part in (even, ~even):
            moved = [*self.x]
            moved[i] = np.where(part, 0.9 * x, x)
            there = self.values.answer(moved, self.data)[self.output]
            if not np.array_equal(y[~part], there[~part]):
                return None
        return y, self.cotangents[self.output]


class Measured(NamedTuple):
    """The derivative along a line, and what the last of WAYS says of it."""

    along: Along
    witness: Along

    def confirmed(self, size: float) -> bool:
        """Whether both say the same of a derivative of this size, and closely."""
        reach = self.witness.bar + 1e-9 * abs(self.witness.value)
        return abs(
            self.along.value - self.witness.value
        ) <= reach and self.witness.bar <= WITNESS * (size + abs(self.witness.value))


def measured(line: Line, hand: float, guess: float | None, slack: float) -> Measured:
    """The derivative along a line: by the first way that a witness confirms.

    The last of WAYS is heard in any case: what stops autodiff at a value may stop
    numbers that are exact there, too. It stands alone where it confirms nothing.

    Args:
      hand: the derivative that is claimed. guess: autodiff's, within slack of the truth
        if it is right; None if there is none.
    """
    *exact, last = WAYS.values()
    witness = _looked_at_again(line, last, hand, guess, slack)
    other = hand if guess is None else guess
    undecided = abs(other - witness.value) <= witness.bar + slack
    if guess is None:  # nobody but the witness may say that hand is wrong
        undecided &= witness.bar > COARSEST * (line.typical + abs(witness.value))
    for way in exact:
        found = way.along(line)
        if found is None or abs(found.value - witness.value) > (
            witness.bar + 1e-9 * abs(witness.value)
        ):
            continue
        # NaN in the slack is a gradient that nobody can resolve, not an error.
        agrees = not abs(found.value - other) > slack
        if guess is not None and agrees:
            return Measured(found, witness)
        believed = agrees or not undecided
        if believed and Measured(found, witness).confirmed(line.typical):
            return Measured(found._replace(bar=_doubt(line, way, found)), witness)
    return Measured(witness, witness)


def _looked_at_again(
    line: Line, way: Way, hand: float, guess: float | None, slack: float
) -> Along:
    """The derivative by a way whose steps may be larger than what there is to see.

    Where it contradicts autodiff, a nearer look has to contradict that, too; where
    there is only the hand gradient to contradict, it must not side with that.
    """
    found = way.along(line) or Along(0.0, np.inf, way.name)
    other = hand if guess is None else guess
    if not abs(other - found.value) > found.bar + slack:
        return found
    near = way.along(line._replace(size=NEARER * line.size)) or found
    same = abs(near.value - found.value) <= near.bar + found.bar
    sharp = abs(near.value - other) > near.bar + slack
    stands = same or sharp if guess is None else same and sharp
    return found if stands else found._replace(bar=np.inf)


def _doubt(line: Line, way: Way, found: Along) -> float:
    """What rounding of the arguments does to an exact way."""

    def again(x: Any, _: Any) -> list[Any]:
        there = way.along(line._replace(x=x))
        return [np.asarray(np.nan if there is None else there.value)]

    answers = perturbed(Function(way.name, again, None), line.x, (), 0)
    (S,) = spread(answers, [np.asarray(found.value)])
    return RESOLUTION * float(np.nan_to_num(S, nan=np.inf))


def coordinates(
    claim: Claim, i: int, way: Way, hand: Values, parts: list[Part]
) -> tuple[Values, Values] | None:
    """One leaf's derivatives one by one with their bars; None if too many.

    parts: of the leaf, where they have to be looked at one by one.
    """
    x = claim.x[i]
    if x.size > way.most:
        return None
    values, bars = np.full(x.shape, np.nan), np.zeros(x.shape)
    for here, size in parts or [Part(np.ones(x.shape, bool), 0.0)]:
        for where in np.argwhere(here):
            place, typical = tuple(where), rms(hand[here])
            found = way.along(claim.line(i, unit(x, place), typical, size))
            if found is not None:
                values[place], bars[place] = found.value, found.bar
    return values, bars


def unit(x: Values, place: tuple[int, ...]) -> Values:
    """The direction of one coordinate."""
    v = np.zeros_like(x)
    v[place] = 1.0
    return v


def rms(a: Values) -> float:
    """The root mean square, 0 of nothing."""
    return float(np.sqrt(np.mean(a**2))) if a.size else 0.0
