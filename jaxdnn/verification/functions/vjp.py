"""verify_vjp: a function with a rule of its own against the function as it is."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn._checks import BadTypeError, BadValueError, public
from jaxdnn.verification.derivatives.autodiff import gradient_of
from jaxdnn.verification.exact import exact_arithmetic, to_float64
from jaxdnn.verification.functions.claim import Claim
from jaxdnn.verification.functions.function import (
    Function,
    function,
    hold,
    is_floating,
    is_plain,
    name_of,
)
from jaxdnn.verification.functions.judging import Judge, examine, limited, report
from jaxdnn.verification.functions.programs import RULES, holds
from jaxdnn.verification.functions.stochastic import perturbed, spread
from jaxdnn.verification.report import Report, Row
from jaxdnn.verification.units import LIMIT, RESOLUTION, Values, worst
from jaxdnn.verification.verdicts import Findings


@public
def verify_vjp(
    f: Callable[..., Any],
    primals: tuple[Any, ...],
    *,
    primal: Callable[..., Any] | None = None,
    seed: int = 0,
    rtol: float = 0.0,
    budget: float | None = None,
    **named: Any,
) -> Report:
    """Verify the rule of a custom_vjp function, for every output and every argument.

    Each output in turn gets a random cotangent ȳ; the rule's x̄ must be the gradient of
    Σ ȳ f(x) for the undecorated f, by autodiff and by an independent derivative. And
    the rule's forward must return what the undecorated f returns.

    Args:
      f: a jax.custom_vjp or custom_jvp function, jitted or not; or anything callable
        that contains such (a layer, a partial), which is judged by its own values.
      primals: its arguments; trees, integers and static arguments are welcome. Those
        that are not floating-point have no cotangent and are held fixed. A complex one
        counts as its real and its imaginary part.
      primal: the undecorated function, for an f that does not know it.
      seed: of the cotangents and directions.
      rtol: an inaccuracy of f itself, relative to its gradient, that is granted.
      budget: seconds after which nothing more is looked at.
      named: further arguments of f, by name.

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
    if not isinstance(primals, tuple):
        raise BadTypeError(
            f"primals must be a tuple of arguments, got {type(primals).__name__}"
        )
    judge = Judge.of(seed, rtol)
    rule, undecorated = _undecorated(f, primal)
    static: set[int] = set(getattr(rule, "nondiff_argnums", ()))
    with exact_arithmetic():
        moving = _moving(primals, named, static, f)
        refused = _refused(f, moving)
        if refused:
            moving = _moving(primals, named, static, f, refused)
        findings = limited(budget, lambda: _examine(f, undecorated, moving, judge))
    if moving.fixed:
        note = f"{moving.fixed} of {moving.leaves} arguments are not differentiated"
        findings += Findings(notes=(note,))
    return report(f"verify_vjp  {name_of(f, 'f')}", findings, judge)


class Moving(NamedTuple):
    """The arguments that a gradient is taken of, apart from those held.

    places: which leaf each of them is, or is a part of. put: (x, held) -> the arguments
    as the function takes them, by place and by name. leaves, fixed: how many there are,
    and how many of them are held.
    """

    names: list[str]
    x: list[Values]
    places: list[int]
    held: list[Any]
    put: Callable[[Any, Any], Any]
    leaves: int
    fixed: int


def _moving(
    primals: tuple[Any, ...],
    named: dict[str, Any],
    static: set[int],
    f: Any,
    refused: frozenset[int] = frozenset(),
) -> Moving:
    """Floating-point arguments move, a complex one in two parts; the others do not."""
    paths, tree = jax.tree.flatten_with_path((primals, named))
    names: list[str] = []
    x: list[Values] = []
    places: list[int] = []
    for k, (path, leaf) in enumerate(paths):
        if k in refused or (path[0].idx == 0 and path[1].idx in static):
            continue
        name = _argument(f, path)
        if is_floating(leaf):
            names.append(name)
            x.append(to_float64(name, leaf))
            places.append(k)
        elif is_complex(leaf):
            names += [f"{name}.real", f"{name}.imag"]
            x += [to_float64(name, part(leaf)) for part in (np.real, np.imag)]
            places += [k, k]
    if not x:
        raise BadValueError("primals has no floating-point argument")
    others = [None if k in places else leaf for k, (_, leaf) in enumerate(paths)]
    held, rebuild = hold(others)

    def put(x: Any, held: Any) -> Any:
        whole = list(rebuild(held))
        for k, part in zip(places, x, strict=True):
            # The second part of a complex number finds the first one there.
            first = whole[k]
            whole[k] = part if first is None else jax.lax.complex(first, part)
        return jax.tree.unflatten(tree, whole)

    fixed = len(paths) - len(set(places))
    return Moving(names, x, places, held, put, len(paths), fixed)


def _refused(f: Any, moving: Moving) -> frozenset[int]:
    """The leaves that f's rule wants held, where it wants some: it raises for them."""

    def pulls(moved: list[int]) -> bool:
        def alone(some: Any) -> Any:
            x = [*moving.x]
            for i, leaf in zip(moved, some, strict=True):
                x[i] = leaf
            arguments, named = moving.put(x, moving.held)
            return _real_parts(f(*arguments, **named))

        try:
            jax.eval_shape(lambda x: jax.vjp(alone, x)[0], [moving.x[i] for i in moved])
        except Exception:
            return False
        return True

    every = list(range(len(moving.x)))
    if pulls(every):
        return frozenset()
    refused = frozenset(moving.places[i] for i in every if not pulls([i]))
    # Where it raises for all of them that is not about which of them move.
    return refused if refused != frozenset(moving.places) else frozenset()


def is_complex(leaf: Any) -> bool:
    """Whether it is a complex number, or a plain array of them."""
    if not is_plain(leaf):
        return isinstance(leaf, complex)
    return bool(jnp.issubdtype(leaf.dtype, jnp.complexfloating))


def _examine(f: Any, undecorated: Any, moving: Moving, judge: Judge) -> Findings:
    """The rule's forward, then each output's cotangent pulled back by the rule."""
    (names, x, _, held, put, _, _), name = moving, name_of(f, "f")

    def values(x: Any, held: Any) -> list[Any]:
        arguments, named = put(x, held)
        return _real_parts(undecorated(*arguments, **named))

    def ruled(x: Any, held: Any) -> list[Any]:
        arguments, named = put(x, held)
        return _real_parts(f(*arguments, **named))

    def pulled(x: Any, rest: Any) -> list[Any]:
        held, cotangents = rest
        found, pull = jax.vjp(lambda x: ruled(x, held), list(x))
        kinds = [c.astype(y.dtype) for c, y in zip(cotangents, found, strict=True)]
        return [*pull(kinds)[0], *found]

    plain = function(name_of(undecorated, "primal"), values, x, held)
    own = undecorated is f
    if own and (plain.program is None or not holds(plain.program, RULES)):
        plain.run(x, held)
        raise BadTypeError(
            f"f must be a jax.custom_vjp function or contain one, or primal be given, "
            f"got {type(f).__name__} {name}"
        )
    outputs = plain.run(x, held)
    if not outputs:
        raise BadValueError(f"{name} has no floating-point output")
    rng = np.random.default_rng(judge.seed)
    cotangents = [rng.uniform(0.5, 1.5, y.shape) for y in outputs]
    rest = (held, cotangents)
    hand = function(f"{name}'s rule", pulled, x, rest)
    autodiff = None if own else function("autodiff", gradient_of(values), x, rest)
    findings = _same_values(plain, outputs, hand, x, rest, judge)
    for o, y in enumerate(outputs):
        if not y.size:
            continue
        of = f" of output {o}" if len(outputs) > 1 else ""
        alone = [c if k == o else 0 * c for k, c in enumerate(cotangents)]
        claim = Claim(
            [f"d{n}{of}" for n in names],
            x,
            held,
            alone,
            plain,
            hand,
            autodiff,
            output=o,
        )
        findings += examine(claim, judge)
    return findings


def _undecorated(f: Any, primal: Any) -> tuple[Any, Any]:
    """The object that has the rule, and the function without it: f if nobody knows."""
    rule = f
    while isinstance(rule, jax.stages.Wrapped):  # jitted
        rule = getattr(rule, "__wrapped__", None)
    ruled = isinstance(rule, (jax.custom_vjp, jax.custom_jvp))
    if primal is None:
        primal = rule.fun if ruled else f
    return rule if ruled else None, primal


def _real_parts(outputs: Any) -> list[Any]:
    """The floating-point leaves; of a complex one its real and its imaginary part."""
    found: list[Any] = []
    for leaf in jax.tree.leaves(outputs):
        if jnp.iscomplexobj(leaf):
            found += [jnp.real(leaf), jnp.imag(leaf)]
        elif is_floating(leaf):
            found.append(leaf)
    return found


def _argument(f: Any, path: Any) -> str:
    """What its author calls the argument at this path of (primals, named)."""
    place = path[1]
    if path[0].idx == 1:
        first = str(place.key)
    else:
        try:
            first = list(inspect.signature(f).parameters)[place.idx]
        except (ValueError, TypeError, IndexError):
            first = f"argument {place.idx}"
    inside = jax.tree_util.keystr(path[2:], simple=True, separator=".")
    return f"{first}.{inside}" if inside else first


def _same_values(
    plain: Function,
    wanted: list[Values],
    hand: Function,
    x: list[Values],
    rest: Any,
    judge: Judge,
) -> Findings:
    """The rule's forward returns what the undecorated function returns."""
    got = hand.run(x, rest)[len(x) :]
    if [y.shape for y in got] != [y.shape for y in wanted]:
        raise BadValueError(
            f"the rule's forward must return shapes {[y.shape for y in wanted]}, got "
            f"{[y.shape for y in got]}"
        )
    answers = perturbed(plain, x, rest[0], judge.seed, own_dtypes=True)
    granted = [abs(y) * judge.rtol / RESOLUTION for y in wanted]
    scales = [
        np.hypot(S, more)
        for S, more in zip(spread(answers, wanted), granted, strict=True)
    ]
    far = max(worst(*leaf).units for leaf in zip(got, wanted, scales, strict=True))
    good = far <= LIMIT
    hint = "" if good else "it is not what the undecorated function returns"
    row = Row("forward", "forward", far, status="ok" if good else "WRONG", hint=hint)
    return Findings((row,))
