"""verify_gradient: somebody else's loss and gradient, whatever the tree."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxdnn._refusals import BadValueError, public
from jaxdnn.verification.derivatives.refuse import refuse_autodiff
from jaxdnn.verification.exact import exact_arithmetic
from jaxdnn.verification.functions.function import flatten, function, hold, name_of
from jaxdnn.verification.functions.judging import BLINDS, Claim, examine
from jaxdnn.verification.report import Report


@public
def verify_gradient(
    loss: Callable[..., Any],
    grad: Callable[..., Any],
    params: Any,
    *data: Any,
    seed: int = 0,
) -> Report:
    """Verify any hand-derived gradient of any scalar loss, leaf by leaf.

    Everything is computed in float64; the process is left as it was. Functions that JAX
    can trace are handed JAX arrays, others NumPy arrays.

    Args:
      loss: loss(params, *data) -> number; JAX or NumPy, deterministic.
      grad: grad(params, *data) -> the gradient, a tree as params.
      params: any tree of floating-point arrays or numbers.
      data: whatever else both functions take; held fixed.
      seed: of the random directions and signs.

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
    refuse_autodiff(grad)
    with exact_arithmetic():
        names, x, tree = flatten(params)
        rest, rebuild = hold(data)

        def at(x: Any, rest: Any) -> list[Any]:
            return [loss(jax.tree.unflatten(tree, list(x)), *rebuild(rest))]

        def by_hand(x: Any, rest: Any) -> list[Any]:
            found = grad(jax.tree.unflatten(tree, list(x)), *rebuild(rest))
            leaves, other = jax.tree.flatten(found)
            if other != tree:
                raise BadValueError(
                    f"{name_of(grad, 'grad')} must return the tree of params, {tree}, "
                    f"got {other}"
                )
            return leaves

        named = {
            f"data[{i}].shape[{axis}]": float(n)
            for i, value in enumerate(data)
            for axis, n in enumerate(np.shape(value) if hasattr(value, "shape") else ())
        }
        findings = examine(
            Claim(
                [f"d{name}" for name in names],
                x,
                rest,
                function(name_of(loss, "loss"), at, x, rest),
                function(name_of(grad, "grad"), by_hand, x, rest),
                named,
            ),
            seed,
        )
    count = sum(leaf.size for leaf in x)
    title = f"verify_gradient  {name_of(grad, 'grad')}   {count} parameters   float64"
    return findings.report(f"{title}   seed {seed}", seed, BLINDS)
