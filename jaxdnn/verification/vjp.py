"""verify_vjp: a jax.custom_vjp function against the function that it decorates."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn.verification.equations import units
from jaxdnn.verification.functions import function, hold, is_floating, name_of
from jaxdnn.verification.judging import Case, Finding, examine, report
from jaxdnn.verification.problem import LIMIT, exact_arithmetic, to_float64
from jaxdnn.verification.report import Report, Row
from jaxdnn.verification.stochastic import perturbed, spread


def verify_vjp(
    f: Callable[..., Any],
    primals: tuple[Any, ...],
    *,
    primal: Callable[..., Any] | None = None,
    seed: int = 0,
) -> Report:
    """Verify the rule of a custom_vjp function, for every output and every argument.

    Each output in turn gets a random cotangent ȳ; the rule's x̄ must be the gradient of
    Σ ȳ f(x) for the undecorated f, by autodiff and by an independent derivative. And
    the rule's forward must return what the undecorated f returns.

    Args:
      f: a jax.custom_vjp (or custom_jvp) function, jitted or not.
      primals: its arguments; trees, integers and static arguments are welcome. Those
        that are not floating-point have no cotangent and are held fixed.
      primal: the undecorated function, for an f that does not know it.
      seed: of the cotangents and directions.

    Returns:
      A Report with one row for each (output, floating-point argument).

    Raises:
      TypeError: f has no rule of its own and no primal is given; traced primals.
      ValueError: no floating-point argument or output; values that are not finite; a
        rule that raises; functions that are not deterministic.

    Example:
      >>> import jax, jax.numpy as jnp
      >>> @jax.custom_vjp
      ... def scaled_sine(x, scale):
      ...     return scale * jnp.sin(x)
      >>> scaled_sine.defvjp(
      ...     lambda x, scale: (scaled_sine(x, scale), (x, scale)),
      ...     lambda kept, dy: (
      ...         2 * kept[1] * jnp.cos(kept[0]) * dy,
      ...         (jnp.sin(kept[0]) * dy).sum(),
      ...     ),
      ... )
      >>> report = verify_vjp(scaled_sine, (jnp.arange(3.0), 2.0))
      >>> report.verdict_line, report.hints
      ('verdict: WRONG at dx (1 of 3 equations)', {'dx': 'factor 2'})
    """
    where, name = "verify_vjp", name_of(f, "f")
    rule, undecorated = _undecorated(where, f, primal)
    if not isinstance(primals, tuple):
        raise TypeError(
            f"{where}: primals must be a tuple of arguments, got "
            f"{type(primals).__name__}"
        )
    static = set(getattr(rule, "nondiff_argnums", ()))
    with exact_arithmetic():
        paths, tree = jax.tree.flatten_with_path(primals)
        moving = [
            k
            for k, (path, leaf) in enumerate(paths)
            if is_floating(leaf) and path[0].idx not in static
        ]
        if not moving:
            raise ValueError(f"{where}: primals has no floating-point argument")
        names = [_argument(undecorated, paths[k][0]) for k in moving]
        x = [
            to_float64(where, n, paths[k][1])
            for n, k in zip(names, moving, strict=True)
        ]
        others = [None if k in moving else leaf for k, (_, leaf) in enumerate(paths)]
        held, rebuild = hold(others)

        def arguments(x: Any, held: Any) -> Any:
            whole = list(rebuild(held))
            for k, leaf in zip(moving, x, strict=True):
                whole[k] = leaf
            return jax.tree.unflatten(tree, whole)

        def values(x: Any, rest: Any) -> list[Any]:
            return _floating(undecorated(*arguments(x, rest[0])))

        def forward(x: Any, rest: Any) -> list[Any]:
            return jax.vjp(lambda x: _floating(f(*arguments(x, rest[0]))), list(x))[0]

        rest: Any = (held, ())
        plain = function(where, name_of(undecorated, "primal"), values, x, rest)
        outputs = plain.run(x, rest)
        if not outputs:
            raise ValueError(f"{where}: {name} has no floating-point output")
        ruled = function(where, f"{name}'s rule", forward, x, rest)
        findings = [_same_values(plain, outputs, ruled.run(x, rest), x, rest, seed)]
        rng = np.random.default_rng(seed)
        for o, y in enumerate(outputs):

            def loss(x: Any, rest: Any, o: int = o) -> list[Any]:
                return [(rest[1] * values(x, rest)[o]).sum()]

            def rule_gradient(x: Any, rest: Any, o: int = o) -> list[Any]:
                found, pull = jax.vjp(
                    lambda x: _floating(f(*arguments(x, rest[0]))), list(x)
                )
                cotangents = [
                    rest[1].astype(y.dtype) if k == o else jnp.zeros_like(y)
                    for k, y in enumerate(found)
                ]
                return pull(cotangents)[0]

            of = f" of output {o}" if len(outputs) > 1 else ""
            cotangent = rng.uniform(0.5, 1.5, y.shape)
            slopes = {
                i: (y, cotangent)
                for i in range(len(x))
                if _elementwise(plain.call, x, rest, i, o)
            }
            rest = (held, cotangent)
            finding = examine(
                Case(
                    where,
                    [f"d{n}{of}" for n in names],
                    x,
                    rest,
                    function(where, plain.name, loss, x, rest),
                    function(where, f"{name}'s rule", rule_gradient, x, rest),
                    slopes=slopes,
                ),
                seed,
            )
            findings.append(finding)
    result = report(findings, f"{where}  {name}   float64   seed {seed}", seed)
    fixed = len(paths) - len(moving)
    if fixed:
        note = f"{fixed} of {len(paths)} arguments are not differentiated"
        result = replace(result, notes=(*result.notes, note))
    return result


def _elementwise(call: Any, x: list[Any], rest: Any, i: int, o: int) -> bool:
    """Whether entry k of output o reads no other entry of x_i than entry k."""
    y = np.asarray(call(x, rest)[o])
    if y.shape != x[i].shape or not y.size:
        return False
    even = np.arange(y.size).reshape(y.shape) % 2 == 0
    for part in (even, ~even):
        moved = [*x]
        moved[i] = np.where(part, 0.9 * x[i], x[i])
        if not np.array_equal(y[~part], np.asarray(call(moved, rest)[o])[~part]):
            return False
    return True


def _undecorated(where: str, f: Any, primal: Any) -> tuple[Any, Any]:
    """The object that has the rule, and the function without it."""
    rule = f
    while rule is not None and not isinstance(rule, (jax.custom_vjp, jax.custom_jvp)):
        rule = getattr(rule, "__wrapped__", None)
    if primal is not None:
        return rule, primal
    if rule is None:
        raise TypeError(
            f"{where}: f must be a jax.custom_vjp function, or primal be given, got "
            f"{type(f).__name__}"
        )
    return rule, rule.fun


def _floating(outputs: Any) -> list[Any]:
    return [
        leaf
        for leaf in jax.tree.leaves(outputs)
        if is_floating(leaf) or jnp.iscomplexobj(leaf)
    ]


def _argument(f: Any, path: Any) -> str:
    """What its author calls the argument at this path of the primals."""
    try:
        first = list(inspect.signature(f).parameters)[path[0].idx]
    except (ValueError, TypeError, IndexError):
        first = f"argument {path[0].idx}"
    inside = jax.tree_util.keystr(path[1:], simple=True, separator=".")
    return f"{first}.{inside}" if inside else first


def _same_values(
    plain: Any, wanted: list[Any], got: list[Any], x: Any, rest: Any, seed: int
) -> Finding:
    """The rule's forward returns what the undecorated function returns."""
    if [y.shape for y in got] != [y.shape for y in wanted]:
        raise ValueError(
            f"{plain.where}: the rule's forward must return shapes "
            f"{[y.shape for y in wanted]}, got {[y.shape for y in got]}"
        )
    answers = perturbed(plain.call, x, rest, seed, traced=plain.traced, own_dtypes=True)
    errors = [
        units(y, w, S)
        for y, w, S in zip(got, wanted, spread(answers, wanted), strict=True)
    ]
    worst = max(float(error.max(initial=0.0)) for error in errors)
    good = worst <= LIMIT
    hint = "" if good else "it is not what the undecorated function returns"
    row = Row("forward", "forward", worst, status="ok" if good else "WRONG", hint=hint)
    return Finding(rows=[row])
