"""verify_vjp: a function with a rule of its own against the function as it is."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn._refusals import BadTypeError, BadValueError, public
from jaxdnn.arrays import PyTree
from jaxdnn.verification.derivatives.autodiff import gradient_of
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.functions.claim import Claim
from jaxdnn.verification.functions.function import Flat, Function, function, name_of
from jaxdnn.verification.functions.judging import Judge, examine, limited, report
from jaxdnn.verification.functions.moving import (
    Moving,
    moving_of,
    on_lines,
    values_of,
)
from jaxdnn.verification.functions.programs import RULES, holds
from jaxdnn.verification.functions.stochastic import perturbed, spread
from jaxdnn.verification.report import Report, Row
from jaxdnn.verification.units import LIMIT, RESOLUTION, Values, norm, worst
from jaxdnn.verification.verdicts import Findings


@public
def verify_vjp(
    f: Callable[..., Any],
    primals: tuple[PyTree, ...],
    *,
    primal: Callable[..., Any] | None = None,
    seed: int = 0,
    rtol: float = 0.0,
    budget: float | None = None,
    **named: PyTree,
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
        moving = moving_of(primals, named, static, f)
        refused = frozenset[int]() if rule else _refused(f, moving)
        if refused:
            moving = moving_of(primals, named, static, f, refused)
        plain = _plain(undecorated, moving)
        if undecorated is f:
            _check_ruled(f, plain, moving)
        look = partial(_examine, f, undecorated, plain, moving, _pulled, judge)
        findings = limited(budget, look)
    if moving.fixed:
        note = f"{moving.fixed} of {moving.leaves} arguments are not differentiated"
        findings += Findings(notes=(note,))
    return report(f"verify_vjp  {name_of(f, 'f')}", findings, judge)


def verify_mode(
    f: Callable[..., Any], args: tuple[PyTree, ...], mode: str, *, seed: int = 0
) -> Report:
    """Verify what JAX makes of any function, whether or not a rule is in it.

    Args:
      f, args: as for verify_vjp.
      mode: "rev", every coordinate of what reverse mode gives; "fwd", what forward mode
        gives along a random direction of each argument.
      seed: of the cotangents and directions.

    Example:
      >>> import jax.numpy as jnp
      >>> verify_mode(jnp.sin, (0.3,), "fwd").verdict
      'verified'
    """
    judge = Judge.of(seed, 0.0)
    rule, undecorated = _undecorated(f, None)
    static: set[int] = set(getattr(rule, "nondiff_argnums", ()))
    with exact_arithmetic():
        moving = moving_of(args, {}, static, f)
        derivative = _pulled if mode == "rev" else _pushed
        moving = moving if mode == "rev" else on_lines(moving, seed)
        plain = _plain(undecorated, moving)
        findings = _examine(f, undecorated, plain, moving, derivative, judge)
    return report(f"{mode}  {name_of(f, 'f')}", findings, judge)


def _plain(undecorated: Any, moving: Moving) -> Function:
    call = values_of(undecorated, moving)
    return function(name_of(undecorated, "primal"), call, moving.x, moving.held)


def _check_ruled(f: Any, plain: Function, moving: Moving) -> None:
    """Refuse a function without any rule: what is autodiff's own needs no verdict."""
    if plain.program is None:
        plain.run(moving.x, moving.held)
    if plain.program is None or not holds(plain.program, RULES):
        raise BadTypeError(
            "f must be a jax.custom_vjp function or contain one, or primal be given, "
            f"got {type(f).__name__} {name_of(f, '')}".rstrip()
        )


def _refused(f: Any, moving: Moving) -> frozenset[int]:
    """The leaves that f's rule wants held, where it wants some: it raises for them."""

    def pulls(moved: list[int]) -> bool:
        def alone(some: Any) -> Any:
            x = [*moving.x]
            for i, leaf in zip(moved, some, strict=True):
                x[i] = leaf
            return values_of(f, moving)(x, moving.held)

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


def _pulled(ruled: Flat) -> Flat:
    """The gradient of Σ ȳ y by reverse mode, and y."""

    def gradient(x: Sequence[Values], rest: PyTree) -> list[Any]:
        held, cotangents = rest
        found, pull = jax.vjp(lambda x: ruled(x, held), list(x))
        kinds = [c.astype(y.dtype) for c, y in zip(cotangents, found, strict=True)]
        return [*pull(kinds)[0], *found]

    return gradient


def _pushed(ruled: Flat) -> Flat:
    """The same by forward mode, of an x of single numbers."""

    def gradient(x: Sequence[Values], rest: PyTree) -> list[Any]:
        held, cotangents = rest
        found: list[Any] = []
        rates: list[Any] = []
        for i in range(len(x)):
            one = [jnp.full_like(leaf, float(k == i)) for k, leaf in enumerate(x)]
            found, moved = jax.jvp(lambda x: ruled(x, held), (list(x),), (one,))
            pairs = zip(cotangents, moved, strict=True)
            rates.append(sum((c * rate).sum() for c, rate in pairs))
        return [*rates, *found]

    return gradient


def _examine(
    f: Any,
    undecorated: Any,
    plain: Function,
    moving: Moving,
    derivative: Any,
    judge: Judge,
) -> Findings:
    """The rule's forward, then each output's cotangent through the rule."""
    names, x, held, name = moving.names, moving.x, moving.held, name_of(f, "f")
    outputs = plain.run(x, held)
    if not outputs:
        raise BadValueError(f"{name} has no floating-point output")
    rng = np.random.default_rng(judge.seed)
    cotangents = [rng.uniform(0.5, 1.5, y.shape) for y in outputs]
    rest = (held, cotangents)
    rule = derivative(values_of(f, moving))
    hand = function(f"{name}'s rule", rule, x, rest)
    autodiff = None
    if undecorated is not f:
        autodiff = function("autodiff", gradient_of(plain.call), x, rest, twice=False)
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


def _same_values(
    plain: Function,
    wanted: list[Values],
    hand: Function,
    x: list[Values],
    rest: PyTree,
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
    scales = _widened(spread(answers, wanted), granted)
    far = _furthest(got, wanted, scales)
    least: dict[str, float] = {}
    if not far <= LIMIT:
        # The rule may well compute the same in a less accurate way.
        answers = perturbed(hand, x, rest, judge.seed)
        scales = _widened(scales, spread(answers, [*x, *got])[len(x) :])
        far = _furthest(got, wanted, scales)
        least["forward"] = max(
            RESOLUTION * norm(S) / (norm(y) or 1.0)
            for S, y in zip(scales, wanted, strict=True)
        )
    good = far <= LIMIT
    hint = "" if good else "it is not what the undecorated function returns"
    row = Row("forward", "forward", far, status="ok" if good else "WRONG", hint=hint)
    return Findings((row,), resolution=least)


def _widened(scales: list[Values], more: list[Values]) -> list[Values]:
    return [np.hypot(S, other) for S, other in zip(scales, more, strict=True)]


def _furthest(got: list[Values], wanted: list[Values], scales: list[Values]) -> float:
    """How far the worst entry of all is off, in units."""
    return max(worst(*leaf).units for leaf in zip(got, wanted, scales, strict=True))
