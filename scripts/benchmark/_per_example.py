"""Every example's gradient, and curvature, beside autodiff's ways to the same numbers.

All under jit, in times one `cost_and_gradients` of the same problem. What autodiff does
with `vmap` takes turns of its own, `per_example_norms` among them: it displaces what
the others find in the caches. Products and bytes are counted in the compiled
programs, where no load on the machine touches them.
"""

import importlib.util
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

import jaxdnn as dnn
from scripts.benchmark._peers import LONGEST_RUN, make_problem
from scripts.benchmark._timing import Run, compare, measure

UNIT, NORMS, PRODUCT = (
    "cost_and_gradients",
    "per_example_norms",
    "hessian_vector_product",
)
OURS = (UNIT, NORMS, PRODUCT)
GRADIENTS = "vmap(grad)"


class ExampleSize(NamedTuple):
    """A network, its number of examples, and the calls that a sample of it takes."""

    network: dnn.Network
    m: int
    calls: int

    @property
    def name(self) -> str:
        return f"{'-'.join(map(str, self.network.layer_dims))}x{self.m}"


EXAMPLE_SIZES = (
    ExampleSize(dnn.Network((784, 256, 128, 10), output="softmax"), 512, 20),
    ExampleSize(dnn.Network((64, 100, 10), output="softmax"), 200, 200),
)


def measure_examples(size: ExampleSize, options: Any) -> dict[str, Any]:
    """Everything about one size, as it goes into the report."""
    network, params, X, Y, *_ = make_problem(size.network, size.m)
    every = calls(network)
    arguments = dict.fromkeys(every, (params, X, Y))
    arguments |= {name: (params, X, Y, params) for name in every if name in ALONG}
    vmapped = {name: every[name] for name in every if GRADIENTS in name}
    others = {name: every[name] for name in every if name not in vmapped}

    def timed(some: Mapping[str, Any], count: int) -> dict[str, Any]:
        runs = {name: repeated(some[name], arguments[name]) for name in some}
        timings = measure(
            runs,
            repeats=options.repeats,
            seconds=options.seconds,
            longest=LONGEST_RUN,
            whole=dict.fromkeys(runs, count),
        )
        return compare(timings, ours=OURS)

    few = max(1, size.calls // 20)
    return {
        "name": size.name,
        "layer_dims": network.layer_dims,
        "m": size.m,
        "peers": timed(others, size.calls),
        "vmapped": timed({NORMS: every[NORMS]} | vmapped, few),
        "programs": {name: program(every[name], arguments[name]) for name in every},
    }


def repeated(function: Callable[..., Any], arguments: Any) -> Run:
    """run(n): n calls, each waited for."""

    def run(count: int) -> None:
        for _ in range(count):
            jax.block_until_ready(function(*arguments))

    return run


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
