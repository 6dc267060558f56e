"""verify_gradient: somebody else's loss and gradient, whatever the tree."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from jaxdnn._refusals import BadValueError, public
from jaxdnn.arrays import PyTree
from jaxdnn.verification.derivatives.autodiff import gradient_of
from jaxdnn.verification.derivatives.refuse import refuse_autodiff
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.functions.budget import OutOfTimeError
from jaxdnn.verification.functions.claim import Claim
from jaxdnn.verification.functions.function import (
    Function,
    flatten,
    fresh,
    function,
    hold,
    name_of,
)
from jaxdnn.verification.functions.judging import Judge, examine, limited, report
from jaxdnn.verification.report import Report
from jaxdnn.verification.units import Values
from jaxdnn.verification.verdicts import Findings


@public
def verify_gradient(
    loss: Callable[..., Any],
    grad: Any,
    params: PyTree = None,
    *data: PyTree,
    has_gradient: bool = False,
    seed: int = 0,
    rtol: float = 0.0,
    budget: float | None = None,
    **named: PyTree,
) -> Report:
    """Verify any hand-derived gradient of any scalar loss, leaf by leaf.

    Everything is computed in float64; the process is left as it was. Functions that JAX
    can trace are handed JAX arrays, others NumPy arrays; data that are no plain arrays
    (sparse, masked, with an index) are handed on as they are.

    Args:
      loss: loss(params, *data) -> number, or an array of one; JAX or NumPy,
        deterministic.
      grad: grad(params, *data) -> the gradient, a tree as params. Called right after
        loss, so that it may read what loss has left behind.
      params: any tree of floating-point arrays or numbers.
      data: whatever else both functions take; held fixed.
      has_gradient: loss returns (loss, gradient), and there is no grad:
        verify_gradient(loss, params, *data, has_gradient=True).
      seed: of the random directions and signs.
      rtol: an inaccuracy of the loss itself, relative to its gradient, that is granted:
        of a solver, a quadrature, a guard in a denominator.
      budget: seconds after which nothing more is looked at.
      named: more data, by name.

    Returns:
      A Report with one row for each leaf of params. "unresolved" where rounding, a kink
      or a derivative that JAX itself gets wrong leaves the question open.

    Raises:
      ValueError: params without floating-point leaves, or not finite; a loss that is
        not one finite number; a gradient of another tree or other shapes; either
        function not deterministic, or raising.
      TypeError: traced params, or a grad that is autodiff itself.

    Example:
      >>> import numpy as np
      >>> def loss(p, X, y):
      ...     return 0.5 * np.mean((X @ p["w"] + p["b"] - y) ** 2)
      >>> def grad(p, X, y):
      ...     error = X @ p["w"] + p["b"] - y
      ...     return {"w": X.T @ error / len(y), "b": error.sum()}
      >>> rng = np.random.default_rng(0)
      >>> p = {"w": rng.normal(size=3), "b": 0.5}
      >>> report = verify_gradient(loss, grad, p, rng.normal(size=(20, 3)), np.ones(20))
      >>> report.verdict_line, report.hints
      ('verdict: WRONG at db (1 of 2 equations)',
       {'db': 'factor 20 (= data[0].shape[0])'})
    """
    if has_gradient:
        loss, grad, params, data = _apart(loss, grad, params, data)
    else:
        refuse_autodiff(grad)
    judge = Judge.of(seed, rtol)
    with exact_arithmetic():
        leaves = flatten(params)
        look = partial(_findings, loss, grad, leaves, (data, named), judge)
        findings = limited(budget, look)
    count = sum(leaf.size for leaf in leaves[1])
    title = f"verify_gradient  {name_of(grad, 'grad')}   {count} parameters"
    return report(title, findings, judge)


def _findings(
    loss: Any, grad: Any, leaves: Any, data: PyTree, judge: Judge
) -> Findings:
    """What there is to say of grad at these leaves of params, and of its data."""
    names, x, tree = leaves
    rest, rebuild = hold(data)

    def call(f: Any, x: Sequence[Values], rest: PyTree) -> Any:
        data, named = rebuild(rest)
        return f(jax.tree.unflatten(tree, list(x)), *data, **named)

    def at(x: Sequence[Values], rest: PyTree) -> list[Any]:
        return [_number(call(loss, x, rest))]

    def by_hand(x: Sequence[Values], rest: PyTree) -> list[Any]:
        found, other = jax.tree.flatten(call(grad, x, rest[0]))
        if other != tree:
            raise BadValueError(
                f"{name_of(grad, 'grad')} must return the tree of params, {tree}, "
                f"got {other}"
            )
        return found

    values = function(name_of(loss, "loss"), at, x, rest)
    _check_number(values, x, rest)
    one = [np.ones(())]
    claim = Claim(
        [f"d{name}" for name in names],
        x,
        rest,
        one,
        values,
        _hand(name_of(grad, "grad"), by_hand, at, x, (rest, one)),
        function("autodiff", gradient_of(at), x, (rest, one), twice=False),
        _lengths(data[0]),
    )
    return examine(claim, judge) + _writes(claim)


def _apart(both: Any, grad: Any, params: PyTree, data: PyTree) -> Any:
    """loss, grad, params and data, where one function returns both."""
    refuse_autodiff(both)

    def loss(*arguments: Any, **named: Any) -> Any:
        return both(*arguments, **named)[0]

    def gradient(*arguments: Any, **named: Any) -> Any:
        return both(*arguments, **named)[1]

    loss.__name__ = gradient.__name__ = name_of(both, "loss")
    if grad is None:
        return loss, gradient, params, data
    # Nobody wrote None in the place of the grad that there is not.
    more = () if params is None and not data else (params, *data)
    return loss, gradient, grad, more


def _number(value: Any) -> Any:
    """An array of one number as that number."""
    if isinstance(value, np.ndarray) and not np.ma.is_masked(value):
        value = np.asarray(value)
    return np.reshape(value, ()) if np.ndim(value) and np.size(value) == 1 else value


def _check_number(loss: Function, x: Sequence[Values], rest: PyTree) -> None:
    values = loss.run(x, rest)
    value = values[0] if len(values) == 1 else np.array(None)
    if value.shape != () or value.dtype.kind not in "fiuV" or not np.isfinite(value):
        got = f"shape {value.shape}" if value.shape else f"{value}"
        raise BadValueError(
            f"{loss.name} must return one finite real number, got {got}"
        )


def _hand(
    name: str, by_hand: Any, loss: Any, x: Sequence[Values], rest: PyTree
) -> Function:
    """grad alone where JAX can trace it, else with the loss before it."""

    def after_loss(x: Sequence[Values], rest: PyTree) -> list[Any]:
        loss(*fresh((x, rest[0])))
        return by_hand(x, rest)

    alone = function(name, by_hand, x, rest)
    return alone if alone.program is not None else function(name, after_loss, x, rest)


def _lengths(data: PyTree) -> dict[str, float]:
    """Factors with a name: what an author may have divided by, or forgotten to."""
    return {
        f"data[{i}].shape[{axis}]": float(n)
        for i, value in enumerate(data)
        for axis, n in enumerate(np.shape(value) if hasattr(value, "shape") else ())
    }


def _writes(claim: Claim) -> Findings:
    """Who writes into its data, where there is time left to see."""
    there = (claim.values, claim.data), (claim.hand, claim.rest)
    try:
        writers = [f.name for f, data in there if f.changes_data(claim.x, data)]
    except OutOfTimeError:
        return Findings()
    return Findings(
        notes=tuple(
            f"{name} changes its data: it was handed a copy each time"
            for name in writers
        )
    )
