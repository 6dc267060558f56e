"""What the compiler makes of a step of mini-batches: no load on the machine touches it.

The program of `fit` is counted beside a bare loop: `jax.value_and_grad` of `cost` and
an update, on batches that lie ready, with nothing picked, masked or recorded. A kernel
is an instruction of the loop's body that runs: not one that only names a buffer.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn import Network, Parameters
from jaxdnn.training.examples import examples_of
from jaxdnn.training.prepare import Given, prepare
from jaxdnn.training.programs import run_epochs
from jaxdnn.training.types import Config
from scripts.benchmark._loops import computations, loop_bodies
from scripts.benchmark._peers import Problem, value_and_grad

_NAMES_A_BUFFER = ("parameter", "get-tuple-element", "tuple", "bitcast", "constant")
_INSTRUCTION = re.compile(r"^ .*? = (?:\(.*?\)|\S+) ([a-z][\w-]*)\((.*)", re.MULTILINE)
_CALLS = re.compile(r"(?:calls|to_apply)=%([\w.-]+)")


class Counts(NamedTuple):
    """Of a step: kernels, among them dots and copies; of the program: its bytes."""

    kernels: int
    dots: int
    copies: int
    temporary_bytes: int


def count_batches(problem: Problem) -> dict[str, dict[str, int]]:
    """Of the programs of `fit` and of the bare loop, as they go into the report."""
    loops = {
        "fit": fit_loop(problem),
        "fit, gradient_norm recorded": fit_loop(problem, ("gradient_norm",)),
        "bare loop": _bare_loop(problem),
    }
    return {name: counts(loop)._asdict() for name, loop in loops.items()}


def counts(compiled: Any) -> Counts:
    """Of the loop of a compiled program whose body has most dots of its own."""
    text = compiled.as_text()
    parts = {
        name: list(_INSTRUCTION.findall(lines))
        for name, lines in computations(text).items()
    }
    bodies = [parts[name] for name in loop_bodies(text)]
    body = max(bodies, key=lambda body: len(list(_dots(parts, body))))
    names = [name for name, _ in body if name not in _NAMES_A_BUFFER]
    return Counts(
        len(names),
        len(list(_dots(parts, body))),
        names.count("copy"),
        compiled.memory_analysis().temp_size_in_bytes,
    )


def _dots(parts: dict[str, Any], body: list[tuple[str, str]]) -> Iterator[str]:
    """Those of the computation, and of what is fused in it."""
    for name, said in body:
        if name == "dot":
            yield said
        for called in _CALLS.findall(said):
            yield from _dots(parts, parts[called])


def fit_loop(problem: Problem, record: tuple[Any, ...] = ()) -> Any:
    """The compiled program of `fit`, even where it would be one kernel."""
    network, params, X, Y, rate, size, key = problem
    examples = examples_of(network, X, Y, batch_size=size)
    config = Config(batch_size=size, learning_rate=rate, record=record)
    run, start, rows, _ = prepare(network, Given(examples, key, params, None), config)
    run = replace(run, plan=replace(run.plan, one_kernel=False))
    program: Any = run_epochs
    return program.lower(run, start.state, rows, np.int32(1), 1024).compile()


def _bare_loop(problem: Problem) -> Any:
    network, params, X, Y, rate, size, _ = problem
    assert size is not None
    starts = [*range(0, X.shape[1], size), X.shape[1]]
    whole = [cut for cut in pairwise(starts) if cut[1] - cut[0] == size]
    Xs, Ys = (jnp.stack([of[:, a:b] for a, b in whole]) for of in (X, Y))
    return _descend.lower(network, params, Xs, Ys, np.int32(1), rate).compile()


@partial(jax.jit, static_argnums=0)
def _descend(
    network: Network, params: Parameters, Xs: Any, Ys: Any, steps: Any, rate: Any
) -> Parameters:
    def step(i: Any, params: Parameters) -> Parameters:
        batch = Xs[i], Ys[i]
        _, grads = value_and_grad(network, params, *batch)
        return jax.tree.map(lambda P, dP: P - rate * dP, params, grads)

    return jax.lax.fori_loop(0, steps, step, params)
