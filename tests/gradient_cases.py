"""Correct gradients to verify: the cases of the scripts that judge the checker."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxdnn import ACTIVATIONS, HEADS, Layer, Network
from jaxdnn.verification.networks.trial import Trial, set_up

# Random cases with consecutive seeds share their shapes, and so their programs.
STRUCTURE_RUN = 16


class Case(NamedTuple):
    """A cost at a point: what `jaxdnn.cost` is called with."""

    name: str
    network: Network
    params: tuple[Layer, ...]
    X: Any
    Y: Any
    options: dict[str, Any]

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.network, self.params, self.X, self.Y

    @property
    def trial(self) -> Trial:
        """What `verify` makes of it; ask for it inside `exact_arithmetic`."""
        return set_up(*self.arguments, **self.options)


def draw_params(
    rng: Any, dims: tuple[int, ...], weight: float | None, bias: float
) -> tuple[Layer, ...]:
    """W normal with this standard deviation, He's where it is None; b with its own."""
    return tuple(
        Layer(
            rng.normal(size=(n, n_prev))
            * ((2 / n_prev) ** 0.5 if weight is None else weight),
            rng.normal(size=(n, 1)) * bias,
        )
        for n_prev, n in pairwise(dims)
    )


def draw_targets(rng: Any, output: str, n: int, m: int) -> Any:
    """Classes, labels or counts, whichever the head is for."""
    if output == "softmax":
        return np.eye(n)[:, rng.integers(0, n, m)]
    if output == "sigmoid":
        return rng.integers(0, 2, (n, m)).astype(float)
    return rng.poisson(1.5, (n, m)).astype(float)


def case(
    name: str,
    dims: tuple[int, ...],
    hidden: Any,
    output: str,
    m: int,
    *,
    weight: float | None = None,
    bias: float = 0.1,
    inputs: float = 1.0,
    seed: int = 0,
    options: dict[str, Any] | None = None,
) -> Case:
    """A random point of a random problem."""
    rng = np.random.default_rng(seed)
    network = Network(dims, hidden=hidden, output=output)
    X = inputs * rng.normal(size=(dims[0], m))
    Y = draw_targets(rng, output, dims[-1], m)
    params = draw_params(rng, dims, weight, bias)
    return Case(name, network, params, X, Y, options or {})


def dropout(keep_prob: float, seed: int = 0) -> dict[str, Any]:
    """The options of a dropout with this key."""
    return {"key": jax.random.key(seed), "keep_prob": keep_prob}


def catching_cases() -> list[Case]:
    """Where planted mutations are looked for."""
    weights = np.random.default_rng(9).uniform(0.2, 2, 20)
    return [
        case(
            "tanh softmax L2", (5, 4, 4, 3), "tanh", "softmax", 20, options={"l2": 0.7}
        ),
        case(
            "relu sigmoid dropout L2",
            (4, 6, 6, 6, 1),
            "relu",
            "sigmoid",
            30,
            options=dropout(0.8) | {"l2": 0.7},
        ),
        case(
            "sigmoid identity dropout",
            (5, 5, 5, 2),
            "sigmoid",
            "identity",
            15,
            options=dropout(0.6),
        ),
        case("L2-swamped", (4, 5, 5, 2), "tanh", "sigmoid", 20, options={"l2": 1e4}),
        case(
            "weights 0.01", (4, 5, 5, 3), "tanh", "softmax", 20, weight=0.01, bias=0.01
        ),
        case(
            "inputs 1e-6, weighted",
            (4, 5, 5, 1),
            "tanh",
            "sigmoid",
            20,
            inputs=1e-6,
            options={"sample_weight": weights},
        ),
        case(
            "nine hidden layers",
            (4, *[6] * 9, 3),
            "tanh",
            "softmax",
            12,
            options={"l2": 0.1},
        ),
        case("784-128-64-10 relu", (784, 128, 64, 10), "relu", "softmax", 32),
    ]


def named_cases() -> Iterator[Case]:
    """What a checker must never call wrong."""
    small = (3, 4, 4, 2)
    for hidden in ("relu", "tanh", "elu", "leaky_relu"):
        zero = case("zero rows, zero biases", small, hidden, "sigmoid", 8, bias=0.0)
        zero.X[:, ::2] = 0
        yield zero
        start = case("zero initialisation", small, hidden, "sigmoid", 8)
        yield start._replace(params=jax.tree.map(np.zeros_like, start.params))
    near = case("1e-8 from a kink", small, "relu", "sigmoid", 8, bias=0.0)
    X = near.X.copy()
    X[:, 0] = 1e-8 * np.linalg.pinv(near.params[0].W) @ np.array([1.0, -1, 1, -1])
    yield near._replace(X=X)
    yield case("256 examples", (5, 8, 8, 1), "relu", "sigmoid", 256)
    yield case("a wide ReLU net", (784, 128, 64, 10), "relu", "softmax", 32)
    for output in HEADS:
        n = 3 if output == "softmax" else 2
        deep, flat = (8, *[64] * 9, n), (4, 6, n)
        yield case(
            "saturated sigmoids", (4, 6, 6, n), "sigmoid", output, 10, weight=30.0
        )
        yield case("logits of 1e3", (4, n), "relu", output, 10, weight=1e3)
        yield case("nine hidden layers of 64", deep, "tanh", output, 16)
        yield case("inputs of 1e6", flat, "relu", output, 10, inputs=1e6)
        yield case("inputs of 1e-9", flat, "gelu", output, 10, inputs=1e-9)
        yield case("l2 = 1e6", flat, "tanh", output, 10, options={"l2": 1e6})
        yield case("dropout", flat, "relu", output, 10, options=dropout(0.5))
        single = case("float32 parameters", flat, "silu", output, 10)
        params = jax.tree.map(lambda leaf: leaf.astype(np.float32), single.params)
        yield single._replace(params=params)
    ordered = case("sorted labels", (2, 5, 1), "tanh", "sigmoid", 4000)
    order = np.argsort(ordered.Y[0])
    yield ordered._replace(X=ordered.X[:, order], Y=ordered.Y[:, order])
    same = case("one example, 1000 times", (4, 6, 6, 3), "tanh", "softmax", 1000)
    yield same._replace(X=same.X[:, :1] + 0 * same.X, Y=same.Y[:, :1] + 0 * same.Y)


def random_case(seed: int) -> Case:
    """A correct configuration drawn at random."""
    rng = np.random.default_rng([seed // STRUCTURE_RUN, 0])
    depth = int(rng.integers(1, 11))
    widest = int(rng.choice([1, 4, 16, 64, 256], p=[0.1, 0.25, 0.35, 0.2, 0.1]))
    output = str(rng.choice(list(HEADS)))
    dims = [int(n) for n in rng.integers(1, widest + 1, depth + 1)]
    dims[-1] = max(min(dims[-1], 10), 2 if output == "softmax" else 1)
    kinds = list(ACTIVATIONS)
    hidden: Any = str(rng.choice(kinds))
    if rng.random() < 0.3:
        hidden = tuple(str(kind) for kind in rng.choice(kinds, depth - 1))
    m = int(rng.choice([1, 2, 5, 16, 50, 200]))
    with_l2, with_dropout, with_weights = rng.random(3) < 0.4

    rng = np.random.default_rng([seed, 1])
    weight = None if rng.random() < 0.3 else float(10 ** rng.uniform(-2, np.log10(30)))
    inputs = 1.0 if rng.random() < 0.4 else float(10 ** rng.uniform(-9, 6))
    options: dict[str, Any] = {}
    if with_l2:
        options["l2"] = float(10 ** rng.uniform(-3, 6))
    if with_dropout:
        options |= dropout(float(rng.uniform(0.3, 1)), seed)
    if with_weights:
        options["sample_weight"] = rng.uniform(0, 2, m)
    return case(
        f"random {seed}",
        tuple(dims),
        hidden,
        output,
        m,
        weight=weight,
        bias=float(rng.choice([0.0, 0.1, 1.0])),
        inputs=inputs,
        seed=seed,
        options=options,
    )
