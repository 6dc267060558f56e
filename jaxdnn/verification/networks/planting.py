"""Does the checker see bugs here? Plant every mutation that applies, and look."""

from dataclasses import dataclass
from typing import Any

import jax
from jax import Array

from jaxdnn._html import BAD, GOOD, PLAIN, table
from jaxdnn._refusals import public
from jaxdnn.arrays import ArrayLike, Scalar
from jaxdnn.network import Network
from jaxdnn.parameters import Parameters
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.networks.evidence import Evidence, compare, gather
from jaxdnn.verification.networks.judging import Asked, judge
from jaxdnn.verification.networks.mutations import MUTATIONS, Case, Mutation
from jaxdnn.verification.networks.seams import right_backward
from jaxdnn.verification.networks.trial import set_up

# A mutation counts when it moves some coordinate by more than this share of its leaf:
# far above rounding, far below anything that matters.
ALIVE = 1e-8


@dataclass(frozen=True)
class Planted:
    """One mutation here: what it did, and what was made of it.

    Args:
      name: the mutation's.
      equations: those it breaks.
      effect: the largest change of a coordinate, relative to its leaf's largest.
      exact, step: whether autodiff, and whether the complex step alone, disagreed.
      named: the equations that were called wrong.
      hints: the hints given for them.
      recognised: whether a hint says what was planted; None where none is meant to.
    """

    name: str
    equations: tuple[str, ...]
    effect: float
    exact: bool
    step: bool
    named: tuple[str, ...]
    hints: tuple[str, ...]
    recognised: bool | None

    @property
    def alive(self) -> bool:
        """Whether it changes this gradient by more than rounding."""
        return self.effect > ALIVE

    @property
    def caught(self) -> bool:
        """Whether it was called wrong."""
        return self.exact or self.step

    @property
    def outcome(self) -> str:
        """Whether it was caught, in a word of the table."""
        return ("yes" if self.caught else "NO") if self.alive else "no effect"

    @property
    def well_named(self) -> bool:
        """Whether equations were named, and only such as it breaks."""
        return bool(self.named) and set(self.named) <= set(self.equations)


@dataclass(frozen=True)
class SelfTest:
    """What came of every mutation that applies; `print(result)` shows it."""

    planted: tuple[Planted, ...]

    @property
    def alive(self) -> tuple[Planted, ...]:
        """Those that change this gradient."""
        return tuple(each for each in self.planted if each.alive)

    @property
    def ok(self) -> bool:
        """Whether every one of them was caught."""
        return all(each.caught for each in self.alive)

    @property
    def verdict_line(self) -> str:
        """The last line of the table."""
        caught = sum(each.caught for each in self.alive)
        return f"{caught} of {len(self.alive)} caught here"

    def __repr__(self) -> str:
        missed = [each.name for each in self.alive if not each.caught]
        told = f"; not: {', '.join(missed)}" if missed else ""
        return f"SelfTest: {self.verdict_line}{told}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows: as `print` does."""
        printer.text(str(self))

    def _repr_html_(self) -> str:
        """What a notebook shows: what came of each mistake first."""
        rows = [
            (
                {"yes": GOOD, "NO": BAD}.get(each.outcome, PLAIN),
                [each.outcome, each.name, ", ".join(each.named), "; ".join(each.hints)],
            )
            for each in self.planted
        ]
        colour = GOOD if self.ok else BAD
        heads = ["caught", "planted", "named", "hint"]
        return table(self.verdict_line, colour, "planted mistakes", heads, rows)

    def __str__(self) -> str:
        lines = [f"{'planted':34}{'caught':>8}  named"]
        for each in self.planted:
            hints = f"   hint: {'; '.join(each.hints)}" if each.hints else ""
            named = ", ".join(each.named)
            lines.append(f"{each.name:34}{each.outcome:>9}  {named}{hints}".rstrip())
        return "\n".join([*lines, self.verdict_line])


@public
def selftest(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
) -> SelfTest:
    """Plant every mutation that applies to this network, and say which were caught.

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight, seed: as for `verify`.

    Returns:
      A SelfTest: `result.ok`, `print(result)`, `result.planted`.

    Raises:
      ValueError: as for `verify`.

    Example:
      >>> import jax, jax.numpy as jnp, jaxdnn as dnn
      >>> network = dnn.Network((2, 4, 1), hidden="tanh")
      >>> params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> X = jax.random.normal(jax.random.key(1), (2, 20))
      >>> result = selftest(network, params, X, (X[:1] > 0).astype(float), l2=0.7)
      >>> result.ok, str(result).splitlines()[-1]
      (True, '39 of 39 caught here')
    """
    with exact_arithmetic():
        trial = set_up(network, params, X, Y, l2, key, keep_prob, sample_weight)
        evidence, case = gather(trial, seed), Case.of(trial)
        return SelfTest(
            tuple(
                plant(evidence, case, mutation, seed)
                for mutation in MUTATIONS
                if mutation.layers(case)
            )
        )


def plant(evidence: Evidence, case: Case, mutation: Mutation, seed: int) -> Planted:
    """One mutation, planted and judged."""
    mutant = mutation.plant(case)
    right, hand = (
        jax.tree.leaves(evidence.trial.gradient(backward))
        for backward in (right_backward, mutant)
    )
    report = judge(evidence, Asked(mutant), seed)
    leaves = compare(evidence, hand).values()
    hints = tuple(report.hints.values())
    return Planted(
        mutation.name,
        tuple(sorted(mutation.equations(case))),
        max(_relative(a, b) for a, b in zip(hand, right, strict=True)),
        any(leaf.off for leaf in leaves),
        any(leaf.missed for leaf in leaves),
        report.wrong,
        hints,
        mutation.recognised(hints),
    )


def _relative(found: Array, right: Array) -> float:
    largest = float(abs(right).max())
    return float(abs(found - right).max()) / largest if largest else 0.0
