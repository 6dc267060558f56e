"""The verifier on gradients that other packages have written, beside what people use.

    python -m scripts.verify_in_the_wild              the table
    python -m scripts.verify_in_the_wild --only jax   of one package

Their packages are those of `pip install jaxdnn[bench]`; what is not installed is left
out, and counted. For each function the table has

    verdict          of verify_gradient or verify_vjp
    off by           the gradient's largest error, beside its largest entry, by central
                     differences of the eighth order: what is true
    check_grad       what scipy.optimize.check_grad returns for a pair, and for a rule
    or check_grads   whether jax.test_util.check_grads passes it in float64
    planted          of three mistakes the verifier caught: the whole off by a
                     thousandth, the largest entry off by a hundredth, the sign
    seconds          of the first verdict, with what it compiles

Exit code 1 if a gradient that is right is called wrong, or a planted mistake verified.
A derivative is right if it is off by less than RIGHT.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np

from jaxdnn.verification import verify_gradient, verify_vjp
from scripts._table import print_table
from scripts.verification._wild import PACKAGES, Pair, Rule

RIGHT = 1e-6
# Of a central difference: what multiplies f(x ± k h), k = 1, 2, 3, 4.
EIGHTH = (4 / 5, -1 / 5, 4 / 105, -1 / 280)

Plant = Callable[[Any], Any]


def largest_off(g: Any) -> Any:
    """One entry, the largest, a hundredth too large."""
    size = abs(g)
    return g * (1 + 0.01 * (size == size.max()))


MISTAKES: tuple[Plant, ...] = (lambda g: 1.001 * g, largest_off, lambda g: -g)


class Line(NamedTuple):
    """What came of one function."""

    verdict: str
    off: float
    other: str
    planted: tuple[str, ...]
    seconds: float

    @property
    def false_alarm(self) -> bool:
        """Whether it is right and called wrong."""
        return self.verdict == "wrong" and self.off < RIGHT

    @property
    def missed(self) -> bool:
        """Whether it, or a planted mistake, is wrong and verified."""
        wrong = self.verdict == "verified" and not self.off < RIGHT
        return wrong or "verified" in self.planted


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PACKAGES, default=[*PACKAGES])
    lines: dict[tuple[str, str], Line] = {}
    missing: list[str] = []
    for package in parser.parse_args(arguments).only:
        try:
            for name, line in judged(package):
                lines[package, name] = line
        except ImportError as error:
            missing.append(f"{package}: {error}")
    print_lines(lines)
    print("\n".join(f"not installed: {each}" for each in missing))
    return int(any(line.false_alarm or line.missed for line in lines.values()))


def judged(package: str) -> Iterator[tuple[str, Line]]:
    # A package's numbers are the same, whatever else is installed.
    for name, make in PACKAGES[package](np.random.default_rng(13)).items():
        given = make()
        yield name, (of_pair(given) if isinstance(given, Pair) else of_rule(given))


def of_pair(pair: Pair) -> Line:
    from scipy.optimize import check_grad

    loss, grad, params = pair
    began = time.perf_counter()
    verdict = verify_gradient(loss, grad, params).verdict
    seconds = time.perf_counter() - began
    planted = tuple(
        verify_gradient(loss, lambda p, plant=plant: plant(grad(p)), params).verdict
        for plant in MISTAKES
    )
    found = np.asarray(grad(params), float)
    other = check_grad(loss, grad, params) / np.linalg.norm(found)
    return Line(verdict, off_by(found, loss, params), f"{other:.0e}", planted, seconds)


def of_rule(rule: Rule) -> Line:
    f, x = rule
    began = time.perf_counter()
    verdict = verify_vjp(f, (x,)).verdict
    seconds = time.perf_counter() - began
    planted = tuple(
        verify_vjp(with_mistake(f, plant), (x,)).verdict for plant in MISTAKES
    )
    with jax.enable_x64(True):
        weigh = lambda x: f(x) if jnp.ndim(f(x)) == 0 else jnp.vdot(f(x), weights)
        weights = np.random.default_rng(0).normal(size=np.shape(f(jnp.asarray(x))))
        found = np.asarray(jax.grad(weigh)(jnp.asarray(x)))
        value = jax.jit(weigh)
        off = off_by(found, lambda x: float(value(x)), x)
        try:
            jax.test_util.check_grads(f, (jnp.asarray(x),), 1, modes=["rev"])
            other = "passes"
        except AssertionError:
            other = "fails"
    return Line(verdict, off, other, planted, seconds)


def with_mistake(f: Callable[[Any], Any], plant: Plant) -> Any:
    """The same function, its rule with a mistake."""
    wrong = jax.custom_vjp(lambda x: f(x))
    backward = lambda x, dy: (plant(jax.vjp(f, x)[1](dy)[0]),)
    wrong.defvjp(lambda x: (f(x), x), backward)
    return wrong


def off_by(found: Any, loss: Callable[[Any], Any], x: Any) -> float:
    """The largest error of a gradient beside its largest entry."""
    due, size = np.zeros_like(found), np.sqrt(np.mean(np.square(x)))
    for place in np.ndindex(found.shape):
        v = np.zeros_like(found)
        v[place] = 1e-3 * (abs(x[place]) or size)
        steps = enumerate(EIGHTH, 1)
        change = sum(
            c * (float(loss(x + k * v)) - float(loss(x - k * v))) for k, c in steps
        )
        due[place] = change / v[place]
    return float(abs(found - due).max() / abs(due).max())


def print_lines(lines: dict[tuple[str, str], Line]) -> None:
    headings = ("function", "verdict", "off by", "check_grad(s)", "planted", "seconds")
    rows = [
        (
            f"{package}: {name}",
            line.verdict,
            f"{line.off:.0e}",
            line.other,
            f"{sum(v == 'wrong' for v in line.planted)} of {len(line.planted)}",
            f"{line.seconds:.2f}",
        )
        for (package, name), line in lines.items()
    ]
    print_table(headings, rows)
    found = list(lines.values())
    print(
        f"{len(found)} functions: "
        + ", ".join(
            f"{sum(line.verdict == verdict for line in found)} {verdict}"
            for verdict in ("verified", "unresolved", "wrong")
        )
        + f"; {sum(line.false_alarm for line in found)} false alarms, "
        f"{sum(line.missed for line in found)} misses; of "
        f"{sum(len(line.planted) for line in found)} planted mistakes "
        f"{sum(v == 'wrong' for line in found for v in line.planted)} caught"
    )


if __name__ == "__main__":
    sys.exit(main())
