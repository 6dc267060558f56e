"""Costs and gradients of extreme but finite numbers, against exact ones.

For every dtype, head, activation and scale: where the cost and its gradient, computed
in float64 from the same numbers, fit the dtype, and so do all values on the way, none
that comes out may be NaN or infinite.

    python -m scripts.soak --parts extremes
"""

import warnings
from collections.abc import Iterator
from itertools import product
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import jaxdnn as dnn
from jaxdnn.propagation import forward

DTYPES = ("float16", "bfloat16", "float32")
SCALES = (1e-8, 1e-3, 1.0, 30.0, 3e3)
# Enough examples that their sum leaves half precision.
COUNTS = (6, 70_000)
L2 = (0.0, "zero array", 0.1)


class Case(NamedTuple):
    """One configuration."""

    what: str
    outcome: str


def outcomes(counts: Any = COUNTS, hidden: Any = None) -> Iterator[Case]:
    """Every case."""
    names = hidden or dnn.ACTIVATIONS
    settings = product(DTYPES, names, dnn.HEADS, SCALES, counts, L2)
    for dtype, activation, head, scale, m, l2 in settings:
        network = dnn.Network((3, 4, 2), activation, head)
        given = _drawn(network, scale, m, jnp.dtype(dtype))
        strength = np.zeros((), dtype) if l2 == "zero array" else l2
        what = f"{dtype} {activation} {head} scale {scale:g} m {m} l2 {l2}"
        yield Case(what, _outcome(network, given, strength, jnp.dtype(dtype)))


def _drawn(network: dnn.Network, scale: float, m: int, dtype: Any) -> Any:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3, m)) * scale
    draws = rng.random((2, m))
    Y = {
        "sigmoid": draws,
        "softmax": np.eye(2)[:, np.arange(m) % 2],
        "identity": draws * scale,
        "exp": np.floor(draws * 9),
    }[str(network.output)]
    params = dnn.initialize_parameters(jax.random.key(0), network.layer_dims)
    return jax.tree.map(lambda of: jnp.asarray(of, dtype), (params, X, Y))


def _outcome(network: dnn.Network, given: Any, l2: Any, dtype: Any) -> str:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        params, X, Y = given
        with jax.enable_x64(True):
            wide = jax.tree.map(lambda of: jnp.asarray(of, "float64"), given)
            exact = dnn.cost_and_gradients(network, *wide, l2=float(l2))
            ZL, caches = forward(network, wide[0], wide[1])
            on_the_way = jax.tree.leaves((ZL, caches))
            losses = network.head.losses(ZL, wide[2])
        largest = float(jnp.finfo(dtype).max)
        fits = all(
            bool((abs(np.asarray(of, float)) < largest).all())
            for of in (*jax.tree.leaves(exact), *on_the_way, losses)
        )
        if not fits:
            return "does not fit"
        found = dnn.cost_and_gradients(network, params, X, Y, l2=l2)
    finite = all(
        bool(np.isfinite(np.asarray(of, float)).all()) for of in jax.tree.leaves(found)
    )
    return "finite" if finite else "NaN or infinite"
