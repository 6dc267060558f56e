"""`jaxdnn.verify` beside the gradient checks people use, on the same gradients.

    python -m scripts.verification.compare_checkers   the table
    python -m scripts.verification.compare_checkers --list   and every miss
    python -m scripts.verification.compare_checkers --cases "l2 = 1e6" "tanh softmax L2"

The wrong gradients are the live mutations of `verify_gradients.py --mutations`, the
correct ones those of the cases that no checker may call wrong (`verify` may leave them
unresolved). The cost is `jaxdnn.cost`, from the logits and with fixed dropout masks,
for every checker: none is charged for cancellation in a logarithm of probabilities. In
float32 the gradient is taken from float32 caches: casts to float32 cannot show there.
With g the gradient under test and n a central difference:

    check_grads, float32    jax.test_util.check_grads as it is: |g·v - n·v| <= 0.002 +
    check_grads, float64    0.002 |n·v| along one v, or 1e-5 for both; step 1e-4
    two norms               the course: ‖g - n‖ / (‖g‖ + ‖n‖) <= 2e-7, step 1e-7
    torch gradcheck         |g - n| <= 1e-5 + 0.001 |n| in every entry, step 1e-6
    torch gradcheck, fast   of each leaf only its sum weighted by a random u > 0 with
                            ‖u‖ = 1: |g·u - n·u| <= 1e-5 Σ u + 0.001 |n·u|, step 1e-6
    CS231n, 1e-2 ...        |g - n| / max(|g|, |n|) in every entry, step 1e-5

A checker that names a place is right if that is in a layer where the mutation is: torch
names the first leaf that fails, CS231n the entry with the largest error, `verify` the
wrong equations. Costs are those of one verdict in the largest case; a forward is one
cost in float64. Where there are more than MOST_ENTRIES parameters, entries are drawn at
random, and the one that each mutation moves most is taken too; the cost is then scaled
up to all entries, and marked ~.

Exit code 1 if `verify` misses a live mutation, names an equation that is right, or
calls a correct gradient wrong.

References:
  https://docs.jax.dev/en/latest/jax.test_util.html
  https://docs.pytorch.org/docs/stable/notes/gradcheck.html
  https://cs231n.github.io/neural-networks-3/
  deeplearning.ai, Improving Deep Neural Networks, week 1: Gradient Checking
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads

from jaxdnn import backward, cost, forward, verify
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.networks import mutations
from jaxdnn.verification.networks.mutations import Mutation
from scripts._table import print_table
from scripts.verification._liveness import live_mutations
from tests.gradient_cases import Case, catching_cases, named_cases

MOST_ENTRIES = 500
REPEATS = 5


class Suspect(NamedTuple):
    """A backward, the equations that are wrong in it, and its gradient, one vector."""

    name: str
    backward: Any
    broken: frozenset[str]
    gradient: Any


class Point:
    """A cost as a function of all parameters in one vector, and where it is looked at.

    suspects: the backwards to judge here. right: one that is. entries: where checkers
    of every entry look.
    """

    def __init__(self, case: Case, planted: Sequence[Mutation] = ()):
        self.case, trial = case, case.trial
        leaves, tree = jax.tree.flatten(trial.problem.params)
        self.theta, shapes = flatten(leaves), [leaf.shape for leaf in leaves]
        self.leaves = [
            f"d{kind}{l + 1}" for l in range(len(leaves) // 2) for kind in "Wb"
        ]
        ends = np.cumsum([leaf.size for leaf in leaves])
        self.leaf_of = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))

        def at(theta: Any) -> tuple[Any, ...]:
            """The parameters, X, Y and the options, in the dtype of theta."""
            parts = zip(jnp.split(theta, ends[:-1]), shapes, strict=True)
            params = tree.unflatten([a.reshape(shape) for a, shape in parts])
            return jax.tree.map(
                lambda a: a.astype(theta.dtype) if isinstance(a, np.ndarray) else a,
                (params, case.X, case.Y, case.options),
            )

        def J(theta: Any) -> Any:
            params, X, Y, options = at(theta)
            return cost(case.network, params, X, Y, **options)

        self.at, self.J = at, jax.jit(J)
        kind = mutations.Case.of(trial)
        self.right = self.suspect("", backward)
        self.suspects = [
            self.suspect(each.name, each.plant(kind), each.equations(kind))
            for each in planted
        ] or [self.right]
        self.entries = np.arange(self.theta.size)
        if self.theta.size > MOST_ENTRIES:
            g = self.right.gradient
            moved = [int(abs(each.gradient - g).argmax()) for each in self.suspects]
            rng = np.random.default_rng(0)
            drawn = rng.choice(self.theta.size, MOST_ENTRIES, replace=False)
            self.entries = np.union1d(drawn, moved)

    def suspect(self, name: str, own: Any, broken: Iterable[str] = ()) -> Suspect:
        return Suspect(name, own, frozenset(broken), self.gradient(own))

    def gradient(self, backward: Any, dtype: Any = np.float64) -> Any:
        """What a backward returns for caches of this dtype."""
        params, X, Y, options = self.at(jnp.asarray(self.theta, dtype))
        dropout = {k: options.pop(k) for k in ("key", "keep_prob") if k in options}
        _, caches = forward(self.case.network, params, X, **dropout)
        return flatten(backward(self.case.network, params, caches, Y, **options))

    def slope(self, v: Any, h: float) -> float:
        """The central difference along v."""
        above, below = self.J(self.theta + h * v), self.J(self.theta - h * v)
        return (float(above) - float(below)) / (2 * h)


def flatten(params: Any) -> Any:
    """All entries as one vector: W_1, b_1, W_2, ..."""
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(params)])


@cache
def entry_slopes(point: Point, h: float) -> Any:
    """The central difference at every one of the point's entries."""
    v, slopes = np.zeros_like(point.theta), []
    for i in point.entries:
        v[i] = 1.0
        slopes.append(point.slope(v, h))
        v[i] = 0.0
    return np.array(slopes)


# ---- the checkers: the places that each calls wrong; None, nothing is ---------------

Places = list[str] | None


def by_check_grads(x64: bool, point: Point, suspect: Suspect) -> Places:
    dtype = np.float64 if x64 else np.float32
    with jax.enable_x64(x64):
        theta = jnp.asarray(point.theta, dtype)
        g = jnp.asarray(point.gradient(suspect.backward, dtype), dtype)
        J = jax.custom_vjp(point.J)
        J.defvjp(lambda theta: (point.J(theta), None), lambda _, dJ: (dJ * g,))
        try:
            check_grads(J, (theta,), order=1, modes=["rev"])
        except AssertionError:
            return []
    return None


def by_two_norms(point: Point, suspect: Suspect) -> Places:
    n, g = entry_slopes(point, 1e-7), suspect.gradient[point.entries]
    norm = np.linalg.norm
    return None if norm(g - n) <= 2e-7 * (norm(g) + norm(n)) else []


def by_torch(point: Point, suspect: Suspect) -> Places:
    n, g = entry_slopes(point, 1e-6), suspect.gradient[point.entries]
    far = ~(abs(g - n) <= 1e-5 + 1e-3 * abs(n))
    leaf = point.leaf_of[point.entries[far]]
    return [point.leaves[leaf[0]]] if far.any() else None


def by_torch_fast(point: Point, suspect: Suspect) -> Places:
    rng = np.random.default_rng(0)
    for leaf, name in enumerate(point.leaves):
        u = np.where(point.leaf_of == leaf, rng.random(point.theta.size), 0.0)
        u /= np.linalg.norm(u)
        n, g = point.slope(u, 1e-6), suspect.gradient @ u
        if not abs(g - n) <= 1e-5 * u.sum() + 1e-3 * abs(n):
            return [name]
    return None


def by_relative_error(limit: float, point: Point, suspect: Suspect) -> Places:
    n, g = entry_slopes(point, 1e-5), suspect.gradient[point.entries]
    larger = np.maximum(abs(g), abs(n))
    error = abs(g - n) / np.where(larger == 0, 1.0, larger)
    worst = point.leaf_of[point.entries[error.argmax()]]
    return None if error.max() <= limit else [point.leaves[worst]]


def by_verify(point: Point, suspect: Suspect) -> Places:
    case, own = point.case, suspect.backward if suspect.broken else None
    report = verify(*case.arguments, **case.options, backward=own)
    return list(report.wrong) if report.verdict == "wrong" else None


class Checker(NamedTuple):
    """A checker, what it names, and whether it looks at every entry by itself."""

    places: Callable[[Point, Suspect], Places]
    names: str = ""
    each_entry: bool = False


OURS = "jaxdnn.verify"
CHECKERS = {
    "jax check_grads, float32": Checker(partial(by_check_grads, False)),
    "jax check_grads, float64": Checker(partial(by_check_grads, True)),
    "two norms": Checker(by_two_norms, each_entry=True),
    "torch gradcheck": Checker(by_torch, "leaf", True),
    "torch gradcheck, fast": Checker(by_torch_fast, "leaf"),
    **{
        f"CS231n, {limit}": Checker(
            partial(by_relative_error, float(limit)), "entry", True
        )
        for limit in ("1e-2", "1e-4", "1e-7")
    },
    OURS: Checker(by_verify, "equation"),
}


# ---- the comparison ----------------------------------------------------------------


class Ruling(NamedTuple):
    """What a checker made of one suspect."""

    case: Case
    suspect: Suspect
    places: Places

    @property
    def caught(self) -> bool:
        return bool(self.suspect.broken) and self.places is not None

    @property
    def passed(self) -> bool:
        return not self.suspect.broken and self.places is None

    @property
    def perfect(self) -> bool:
        """Whether it is passed, or caught and only what is wrong is named."""
        named = bool(self.places) and self.suspect.broken.issuperset(self.places or [])
        return self.passed or named

    @property
    def right_layer(self) -> bool:
        layers = {name[2:] for name in self.suspect.broken}
        return bool(self.places) and layers.issuperset(p[2:] for p in self.places or [])

    def __str__(self) -> str:
        network, told = self.case.network, ", ".join(self.places or [])
        where = ", ".join((self.case.name, *dict.fromkeys(network.hidden)))
        where += f", {network.output}"
        if not self.suspect.broken:
            return f"false alarm{f' {told}' if told else ''}: {where}"
        return f"{f'named {told}' if told else 'missed'}: {self.suspect.name}, {where}"


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    rulings: dict[str, list[Ruling]] = {name: [] for name in CHECKERS}
    points: list[Point] = []
    # The checkers' own overflows are theirs to judge.
    with exact_arithmetic(), np.errstate(all="ignore"):
        for point in every_point(options.cases):
            points.append(point)
            for suspect, (name, checker) in product(point.suspects, CHECKERS.items()):
                places = checker.places(point, suspect)
                rulings[name].append(Ruling(point.case, suspect, places))
        largest = max(points, key=lambda point: point.theta.size)
        costs = measure(largest)
    wrong = sum(bool(each.suspect.broken) for each in rulings[OURS])
    correct = len(rulings[OURS]) - wrong
    print_table(
        (
            *("checker", f"caught of {wrong}", f"passed of {correct}"),
            *("names", "right layer", "forwards", "seconds"),
        ),
        [(name, *counts(name, rulings[name]), *costs[name]) for name in CHECKERS],
    )
    print(f"forwards and seconds: {largest.case.name}")
    for point in points:
        if len(point.entries) < len(point.theta):
            what = f"{len(point.entries)} of {len(point.theta)} entries"
            print(f"{what}: {point.case.name}, {point.case.network.output}")
    print_mistakes(rulings, list(CHECKERS) if options.list else [OURS])
    return int(not all(each.perfect for each in rulings[OURS]))


def print_mistakes(rulings: dict[str, list[Ruling]], names: list[str]) -> None:
    for name in names:
        for each in rulings[name]:
            fine = each.perfect if name == OURS else each.caught or each.passed
            if not fine:
                print(f"{name}: {each}")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = {each.name: None for each in (*catching_cases(), *named_cases())}
    parser.add_argument("--cases", nargs="+", choices=known, default=list(known))
    parser.add_argument("--list", action="store_true", help="misses and false alarms")
    return parser.parse_args(arguments)


def every_point(names: Sequence[str]) -> Iterator[Point]:
    """The catching cases with their live mutations, then the correct ones."""
    for case in catching_cases():
        if case.name in names:
            yield Point(case, live_mutations(case.trial))
    for case in named_cases():
        if case.name in names:
            yield Point(case)


def counts(name: str, rulings: list[Ruling]) -> tuple[str, ...]:
    caught, passed, right_layer = (
        str(sum(getattr(each, what) for each in rulings))
        for what in ("caught", "passed", "right_layer")
    )
    names = CHECKERS[name].names
    return caught, passed, names, right_layer if names else ""


def measure(point: Point) -> dict[str, tuple[str, str]]:
    """What one verdict on a correct gradient costs each checker here, compiled."""
    calls = range(100)
    once = seconds(lambda: [float(point.J(point.theta)) for _ in calls]) / len(calls)
    costs = {}
    for name, checker in CHECKERS.items():
        # A copy: what was computed for the point itself is not there again.
        took = seconds(
            lambda judge=checker.places: judge(copy(point), point.right),
            repeats=1 if checker.each_entry else REPEATS,
        )
        sign = ""
        if checker.each_entry and len(point.entries) < len(point.theta):
            sign, took = "~", took * len(point.theta) / len(point.entries)
        costs[name] = (sign + short(took / once), sign + short(took))
    return costs


def short(number: float) -> str:
    """Two digits."""
    return f"{float(f'{number:.2g}'):,.10g}"


def seconds(call: Callable[[], Any], repeats: int = REPEATS) -> float:
    """The least: whatever else runs on the machine only adds to it."""
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        took.append(time.perf_counter() - began)
    return min(took)


if __name__ == "__main__":
    sys.exit(main())
