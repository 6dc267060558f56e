"""A loss and what is claimed to be its gradient, and ways to measure the truth."""

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from jaxdnn.verification.derivatives.along import Along, Line, Way
from jaxdnn.verification.derivatives.directional import WAYS
from jaxdnn.verification.functions.function import Function, compiled_if_large
from jaxdnn.verification.functions.stochastic import perturbed, spread
from jaxdnn.verification.units import RESOLUTION, Values

# What is exact needs a witness at least this good.
WITNESS = 1e-3


@dataclass(frozen=True)
class Claim:
    """A scalar function of a list of arrays, and what is claimed to be its gradient.

    names: what the rows are called. named: factors with a name, for the hints.
    slopes: for an x_i that the function works on element by element, its value y and
    the cotangent of that, ȳ.
    """

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

    def line(self, i: int, v: Values) -> Line:
        """The function along v in leaf i, the others held."""
        V = [v if k == i else np.zeros_like(leaf) for k, leaf in enumerate(self.x)]
        whole = rms(np.concatenate([leaf.ravel() for leaf in self.x]))
        own = rms(self.x[i])
        # A typical size of the leaf, for the steps of an extrapolation.
        size = (own if own > 1e-3 * whole else whole) or 1.0
        return Line(self.once, self.many, self.x, V, size)


def measured(line: Line, hand: float, guess: float | None, slack: float) -> Along:
    """The derivative along a line: by the first way that a witness confirms.

    The first witness is autodiff, the second the last of WAYS, which stands alone where
    it confirms nothing.

    Args:
      hand: a typical size of the derivative. guess: autodiff's, within slack of the
        truth if it is right.
    """
    *exact, last = WAYS.values()
    answers = [(way, found) for way in exact if (found := way.along(line)) is not None]
    for _, found in answers:
        # NaN in the slack is a gradient that nobody can resolve, not an error.
        if guess is not None and not abs(found.value - guess) > slack:
            return found
    witness = last.along(line) or Along(0.0, np.inf, last.name)
    undecided = guess is not None and abs(guess - witness.value) <= witness.bar + slack
    rough = witness.bar > WITNESS * (hand + abs(witness.value))
    for way, found in answers:
        reach = witness.bar + 1e-9 * abs(witness.value)
        if abs(found.value - witness.value) <= reach and not rough and not undecided:
            return found._replace(bar=_doubt(line, way, found))
    return witness


def _doubt(line: Line, way: Way, found: Along) -> float:
    """What rounding of the arguments does to an exact way."""

    def again(x: Any, _: Any) -> list[Any]:
        there = way.along(line._replace(x=x))
        return [np.asarray(np.nan if there is None else there.value)]

    answers = perturbed(again, line.x, (), 0, traced=False)
    (S,) = spread(answers, [np.asarray(found.value)])
    return RESOLUTION * float(np.nan_to_num(S, nan=np.inf))


def coordinates(claim: Claim, i: int, way: Way) -> tuple[Values, Values] | None:
    """One leaf's derivatives one by one with their bars; None if too many."""
    x = claim.x[i]
    if x.size > way.most:
        return None
    values, bars = np.full(x.shape, np.nan), np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        found = way.along(claim.line(i, unit(x, place)))
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
