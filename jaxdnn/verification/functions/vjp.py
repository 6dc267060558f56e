"""verify_vjp: a jax.custom_vjp function against the function that it decorates."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn._refusals import BadTypeError, BadValueError, public
from jaxdnn.verification.exact import exact_arithmetic, to_float64
from jaxdnn.verification.functions.claim import Claim
from jaxdnn.verification.functions.function import (
    Function,
    function,
    hold,
    is_floating,
    name_of,
)
from jaxdnn.verification.functions.judging import BLINDS, examine
from jaxdnn.verification.functions.stochastic import perturbed, spread
from jaxdnn.verification.report import Report, Row
from jaxdnn.verification.units import LIMIT, Values, worst
from jaxdnn.verification.verdicts import Findings


@public
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
    rule, undecorated = _undecorated(f, primal)
    if not isinstance(primals, tuple):
        raise BadTypeError(
            f"primals must be a tuple of arguments, got {type(primals).__name__}"
        )
    static: set[int] = set(getattr(rule, "nondiff_argnums", ()))
    with exact_arithmetic():
        moving = _moving(primals, static, undecorated)
        findings = _examine(f, undecorated, moving, seed)
    report = findings.report(
        f"verify_vjp  {name_of(f, 'f')}   float64   seed {seed}", seed, BLINDS
    )
    fixed = moving.leaves - len(moving.x)
    if fixed:
        note = f"{fixed} of {moving.leaves} arguments are not differentiated"
        report = replace(report, notes=(*report.notes, note))
    return report


class Moving(NamedTuple):
    """The arguments that a gradient is taken of, apart from those held.

    put: (x, held) -> all arguments as the function takes them; leaves: how many.
    """

    names: list[str]
    x: list[Values]
    held: list[Any]
    put: Callable[[Any, Any], Any]
    leaves: int


def _moving(primals: tuple[Any, ...], static: set[int], f: Any) -> Moving:
    """Floating-point arguments move; integers and static ones do not."""
    paths, tree = jax.tree.flatten_with_path(primals)
    moving = [
        k
        for k, (path, leaf) in enumerate(paths)
        if is_floating(leaf) and path[0].idx not in static
    ]
    if not moving:
        raise BadValueError("primals has no floating-point argument")
    names = [_argument(f, paths[k][0]) for k in moving]
    x = [to_float64(n, paths[k][1]) for n, k in zip(names, moving, strict=True)]
    others = [None if k in moving else leaf for k, (_, leaf) in enumerate(paths)]
    held, rebuild = hold(others)

    def put(x: Any, held: Any) -> Any:
        whole = list(rebuild(held))
        for k, leaf in zip(moving, x, strict=True):
            whole[k] = leaf
        return jax.tree.unflatten(tree, whole)

    return Moving(names, x, held, put, len(paths))


def _examine(f: Any, undecorated: Any, moving: Moving, seed: int) -> Findings:
    """The rule's forward, then each output's cotangent pulled back by the rule."""
    (names, x, held, put, _), name = moving, name_of(f, "f")

    def values(x: Any, rest: Any) -> list[Any]:
        return _floating(undecorated(*put(x, rest[0])))

    def pulled(x: Any, rest: Any) -> tuple[list[Any], Any]:
        return jax.vjp(lambda x: _floating(f(*put(x, rest[0]))), list(x))

    rest: Any = (held, ())
    plain = function(name_of(undecorated, "primal"), values, x, rest)
    outputs = plain.run(x, rest)
    if not outputs:
        raise BadValueError(f"{name} has no floating-point output")
    ruled = function(f"{name}'s rule", lambda x, rest: pulled(x, rest)[0], x, rest)
    findings = _same_values(plain, outputs, ruled.run(x, rest), x, rest, seed)
    rng = np.random.default_rng(seed)
    for o, y in enumerate(outputs):

        def loss(x: Any, rest: Any, o: int = o) -> list[Any]:
            return [(rest[1] * values(x, rest)[o]).sum()]

        def gradient(x: Any, rest: Any, o: int = o) -> list[Any]:
            found, pull = pulled(x, rest)
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
        claim = Claim(
            [f"d{n}{of}" for n in names],
            x,
            rest,
            function(plain.name, loss, x, rest),
            function(f"{name}'s rule", gradient, x, rest),
            slopes=slopes,
        )
        findings += examine(claim, seed)
    return findings


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


def _undecorated(f: Any, primal: Any) -> tuple[Any, Any]:
    """The object that has the rule, and the function without it."""
    rule = f
    while rule is not None and not isinstance(rule, (jax.custom_vjp, jax.custom_jvp)):
        rule = getattr(rule, "__wrapped__", None)
    if primal is not None:
        return rule, primal
    if rule is None:
        raise BadTypeError(
            "f must be a jax.custom_vjp function, or primal be given, got "
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
    plain: Function,
    wanted: list[Values],
    got: list[Values],
    x: list[Values],
    rest: Any,
    seed: int,
) -> Findings:
    """The rule's forward returns what the undecorated function returns."""
    if [y.shape for y in got] != [y.shape for y in wanted]:
        raise BadValueError(
            f"the rule's forward must return shapes {[y.shape for y in wanted]}, got "
            f"{[y.shape for y in got]}"
        )
    answers = perturbed(plain.call, x, rest, seed, traced=plain.traced, own_dtypes=True)
    scales = spread(answers, wanted)
    far = max(worst(*leaf).units for leaf in zip(got, wanted, scales, strict=True))
    good = far <= LIMIT
    hint = "" if good else "it is not what the undecorated function returns"
    row = Row("forward", "forward", far, status="ok" if good else "WRONG", hint=hint)
    return Findings((row,))
