"""Tiny steps as one kernel of XLA's CPU compiler.

Its runtime pays 0.1 to 0.5 µs a kernel, and a step has some twenty. A call that carries
`xla_cpu_small_call` becomes one kernel, in which products are plain loops: faster while
a step has few multiplications, several times slower beyond. It compiles no longer.

The compiler ends the process where an argument of such a call is left unused: the call
returns its arguments beside what it computes.

JAXDNN_ONE_KERNEL=0 in the environment turns it off; 1 has it on versions of jaxlib that
were not tried, which `python -m scripts.soak --parts kernels` does.

References:
  OpenXLA, xla/service/cpu: small_while_loop_hoisting_pass, ir_emitter.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial, wraps
from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental.xla_metadata import set_xla_metadata
from jax.typing import DTypeLike
from jaxlib import version

from jaxdnn._programs import compiled
from jaxdnn.architecture import Network, multiplications, own_activations
from jaxdnn.heads import HEADS

_T = TypeVar("_T")

# What the program around the call must be compiled with: products of a library cannot
# be in a kernel.
OPTIONS = {"xla_cpu_experimental_ynn_fusion_type": ""}

_TAG = {"xla_cpu_small_call": "true", "inlineable": "false"}

# jaxlib from here to before there: what XLA makes of the tag is promised nowhere.
_TRIED = (0, 8), (0, 13)

# Beyond so many multiplications plain loops are slower than a library's products.
_MULTIPLICATIONS = 8192

# Operations that were tried in such a kernel: those of every head, of every activation
# and of Optax's optimizers, but for random draws.
_OPERATIONS = """
    abs add add_any and bitcast_convert_type broadcast_in_dim concatenate cond
    convert_element_type copy cos custom_jvp_call div dot_general dynamic_slice empty eq
    exp expm1 gather ge gt integer_pow iota is_finite jit le log log1p logistic lt max
    min mul ne neg not or pad pjit pow reduce_and reduce_max reduce_or reduce_sum rem
    reshape rsqrt scan scatter select_n sign slice sqrt square squeeze stop_gradient sub
    tanh transpose while
"""
_KNOWN = frozenset(_OPERATIONS.split())


def fits_one_kernel(network: Network, batch: int, dtype: DTypeLike) -> bool:
    """Whether the kernels of a step over so many examples cost more than its work.

    Functions of one's own may hold anything; erf, which gelu takes, is slow there.

    Example:
      >>> fits_one_kernel(Network((64, 100, 10)), 16, np.float32)
      False
    """
    small = multiplications(network, batch) <= _MULTIPLICATIONS
    known = HEADS.get(network.head.name) == network.head
    known = known and not own_activations(network)
    quick = known and all(g.name != "gelu" for g in network.activations)
    return small and quick and dtype in (np.float32, np.float64) and _is_there()


def _is_there() -> bool:
    """Whether this compiler has it, and nobody turned it off."""
    config: Any = jax.config
    asked = os.environ.get("JAXDNN_ONE_KERNEL")
    jaxlib = tuple(map(int, version.__version__.split(".")[:2]))
    tried = _TRIED[0] <= jaxlib < _TRIED[1] or asked == "1"
    on_cpu = jax.default_backend() == "cpu" and not config.jax_disable_jit
    return tried and on_cpu and asked != "0"


def compiled_by_plan(function: Any = None, **options: Any) -> Any:
    """`compiled` for a function of a run, as the plan of the run has it."""
    if function is None:
        return partial(compiled_by_plan, **options)
    apart: Any = compiled(function, **options)
    at_once: Any = compiled(function, compiler_options=OPTIONS, **options)

    def by_plan(run: Any) -> Any:
        return at_once if run.plan.one_kernel else apart

    @wraps(function)
    def call(run: Any, *args: Any, **kwargs: Any) -> Any:
        return by_plan(run)(run, *args, **kwargs)

    vars(call)["lower"] = lambda run, *args: by_plan(run).lower(run, *args)
    return call


def in_one_kernel(function: Callable[..., _T], *operands: Any) -> _T:
    """function(*operands), in one kernel if all that it does was tried there.

    Example:
      >>> program = jax.jit(
      ...     lambda x: in_one_kernel(lambda x, i: (x @ x, i + 1), x, 3),
      ...     compiler_options=OPTIONS,
      ... )
      >>> square, count = program(np.full((2, 2), 2.0, np.float32))
      >>> square.tolist(), int(count)
      ([[8.0, 8.0], [8.0, 8.0]], 4)
    """

    @partial(jax.jit, keep_unused=True)
    def kernel(*operands: Any) -> Any:
        return function(*operands), operands

    if not _KNOWN.issuperset(_operations(kernel.trace(*operands).jaxpr)):
        return function(*operands)
    found: Any = set_xla_metadata(kernel(*operands), **_TAG)
    return found[0]


def _operations(jaxpr: Any) -> Iterator[str]:
    """The names of all that it does, inside loops and calls too."""
    for equation in jaxpr.eqns:
        yield equation.primitive.name
        for inside in jax.tree.leaves(list(equation.params.values())):
            if hasattr(inside, "eqns"):
                yield from _operations(inside)
