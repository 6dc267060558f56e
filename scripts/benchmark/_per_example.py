"""Every example's gradient, and curvature, beside autodiff's ways to the same numbers.

All under jit. Of many calls that take turns the first decile counts: what else runs on
the machine slows down most of them, and a lucky one says little. What autodiff does
with `vmap` takes turns of its own, `per_example_norms` among them: it displaces what
the others find in the caches. Products and bytes are counted in the compiled programs,
where no load touches them.
"""

import importlib.util
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

import jaxdnn as dnn
from scripts.benchmark._peers import make_problem

UNIT, NORMS, PRODUCT = (
    "cost_and_gradients",
    "per_example_norms",
    "hessian_vector_product",
)
GRADIENTS = "vmap(grad)"


class ExampleSize(NamedTuple):
    """A network, its number of examples, and how many turns make a repeat."""

    network: dnn.Network
    m: int
    turns: int

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.network.layer_dims))}x{self.m}"


EXAMPLE_SIZES = (
    ExampleSize(dnn.Network((784, 256, 128, 10), output="softmax"), 512, 30),
    ExampleSize(dnn.Network((64, 100, 10), output="softmax"), 200, 120),
)


def measure_examples(size: ExampleSize, options: Any) -> dict[str, Any]:
    """Everything about one size, as it goes into the report."""
    network, params, X, Y, *_ = make_problem(size.network, size.m)
    every = calls(network)
    arguments = dict.fromkeys(every, (params, X, Y))
    arguments |= {name: (params, X, Y, params) for name in every if name in ALONG}
    vmapped = {name: every[name] for name in every if GRADIENTS in name}
    others = {name: every[name] for name in every if name not in vmapped}
    vmapped = {NORMS: every[NORMS]} | vmapped
    return {
        "name": size.name,
        "layer_dims": network.layer_dims,
        "m": size.m,
        "call_s": times(others, arguments, options.repeats * size.turns),
        "vmapped_call_s": times(vmapped, arguments, options.repeats),
        "programs": {name: program(every[name], arguments[name]) for name in every},
    }


def times(
    some: Mapping[str, Callable[..., Any]], arguments: Mapping[str, Any], turns: int
) -> dict[str, float]:
    """Seconds of a call of each: the first decile of its turns."""
    taken: dict[str, list[float]] = {name: [] for name in some}
    for turn in range(turns + 1):
        for name, function in some.items():
            start = time.perf_counter()
            jax.block_until_ready(function(*arguments[name]))
            if turn:  # the first compiles
                taken[name].append(time.perf_counter() - start)
    return {name: sorted(of)[len(of) // 10] for name, of in taken.items()}


def program(function: Callable[..., Any], arguments: Any) -> dict[str, int]:
    """Products and bytes of the compiled function."""
    compiled: Any = jax.jit(function).lower(*arguments).compile()
    memory = compiled.memory_analysis()
    return {
        "products": len(re.findall(r"= \S+ dot\(", compiled.as_text())),
        "temporary_bytes": memory.temp_size_in_bytes,
        "result_bytes": memory.output_size_in_bytes,
    }


# What takes a vector as well.
ALONG = ("gauss_newton_vector_product", PRODUCT, "jvp of grad")


def calls(network: dnn.Network) -> dict[str, Callable[..., Any]]:
    """Name -> a compiled function of (params, X, Y), or of a vector too."""

    def ours(function: Callable[..., Any], **more: Any) -> Callable[..., Any]:
        return lambda *of: function(network, *of, **more)

    def one(params: Any, x: Any, y: Any) -> Any:
        return dnn.cost(network, params, x[:, None], y[:, None])

    gradients = jax.vmap(jax.grad(one), (None, 1, 1))

    def norms(params: Any, X: Any, Y: Any) -> Any:
        leaves = jax.tree.leaves(gradients(params, X, Y))
        return jnp.sqrt(sum(jnp.square(leaf).sum(axis=(1, 2)) for leaf in leaves))

    def forward_over_reverse(params: Any, X: Any, Y: Any, v: Any) -> Any:
        slope = jax.grad(lambda params: dnn.cost(network, params, X, Y))
        return jax.jvp(slope, (params,), (v,))[1]

    both = ours(dnn.cost_and_gradients), ours(dnn.per_example_norms)
    found = {
        UNIT: both[0],
        NORMS: both[1],
        "gradient and norms": lambda *of: [each(*of) for each in both],
        "clipped_gradients": ours(dnn.clipped_gradients, max_norm=1.0),
        "gradient_noise_scale": ours(dnn.gradient_noise_scale),
        "fisher_diagonal": ours(dnn.fisher_diagonal),
        "gauss_newton_vector_product": ours(dnn.gauss_newton_vector_product),
        PRODUCT: ours(dnn.hessian_vector_product),
        "jvp of grad": forward_over_reverse,
        "norms of vmap(grad)": norms,
        GRADIENTS: gradients,
    }
    if importlib.util.find_spec("optax") is not None:
        found["vmap(grad), clipped by Optax"] = by_optax(gradients)
    return {name: jax.jit(function) for name, function in found.items()}


def by_optax(gradients: Callable[..., Any]) -> Callable[..., Any]:
    """The mean of clipped gradients as Optax makes it of all of them."""
    import optax

    def clipped(params: Any, X: Any, Y: Any) -> Any:
        leaves, tree = jax.tree.flatten(gradients(params, X, Y))
        sums, _ = optax.per_example_global_norm_clip(leaves, 1.0)
        return jax.tree.unflatten(tree, [of / X.shape[1] for of in sums])

    return clipped
