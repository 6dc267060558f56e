"""Per-example gradients and curvature by autodiff, whole: what the hand is held to."""

import importlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import cost
from jaxdnn.arguments import admitted_problem
from jaxdnn.propagation import forward
from tests.gradient_cases import Case, case, dropout

WEIGHTS = np.random.default_rng(3).uniform(0.0, 2.0, 7)
WEIGHTS[2] = 0.0

# Every head and every activation; L2, dropout and weights each with and without.
CASES = {
    each.name: each
    for each in (
        case("smooth softmax", (3, 4, 4, 3, 3), ("tanh", "gelu", "silu"), "softmax", 7),
        case("one layer", (3, 2), (), "sigmoid", 7, options={"l2": 0.7}),
        case(
            "kinks, dropout, L2",
            (3, 5, 4, 4, 2),
            ("relu", "leaky_relu", "elu"),
            "sigmoid",
            7,
            options=dropout(0.7) | {"l2": 0.7},
        ),
        case(
            "counts, weights, L2",
            (3, 4, 4, 2),
            ("sigmoid", "softplus"),
            "exp",
            7,
            options={"sample_weight": WEIGHTS, "l2": 0.3},
        ),
        case(
            "numbers, dropout, weights",
            (3, 5, 4, 2),
            ("gelu_tanh", "tanh"),
            "identity",
            7,
            options=dropout(0.8) | {"sample_weight": WEIGHTS},
        ),
    )
}

# Where wrong factors are planted. No other test has this network: what is compiled for
# it stays wrong.
PLANTED = case(
    "planted",
    (2, 3, 2),
    "tanh",
    "softmax",
    7,
    seed=1,  # of a finite noise scale
    options={"sample_weight": WEIGHTS},
)
BY_NAME = CASES | {PLANTED.name: PLANTED}
OFF = 1 + 1e-6


def spoil_columns(columns_of: Any) -> Any:
    """dZ_1 a millionth too large, for whoever asks for the columns."""

    def spoiled(network: Any, problem: Any) -> Any:
        (dZ, A_prev), *rest = columns_of(network, problem)
        return ((OFF * dZ, A_prev), *rest)

    return spoiled


def spoil_field(name: str) -> Any:
    """A field of what a function returns, a millionth too large."""

    def spoil(function: Any) -> Any:
        def spoiled(*arguments: Any) -> Any:
            found = function(*arguments)
            return found._replace(**{name: OFF * getattr(found, name)})

        return spoiled

    return spoil


def fails_if_planted(
    monkeypatch: pytest.MonkeyPatch, place: str, spoil: Any, test: Any
) -> None:
    """With a spoiled function at this place, the test of what it is for must fail.

    The test is of that alone: what it spoiled before is still compiled so.
    """
    module, _, name = place.rpartition(".")
    right = getattr(importlib.import_module(module), name)
    monkeypatch.setattr(place, spoil(right))
    with jax.enable_x64(True), pytest.raises(AssertionError):
        test()


def without_l2(case: Case) -> dict[str, Any]:
    """The options of a function that knows no L2."""
    return {name: of for name, of in case.options.items() if name != "l2"}


def weights_of(case: Case) -> Any:
    """The examples' weights, ones where the case has none."""
    return np.asarray(case.options.get("sample_weight", np.ones(case.X.shape[1])))


def logits(case: Case, params: Any) -> Any:
    """ZL (n_L, m) of these parameters."""
    network, _, X, Y = case.arguments
    problem = admitted_problem(network, params, X, Y, **case.options)
    return forward(network, problem.params, problem.X, problem.dropout)[0]


def in_a_row(case: Case) -> tuple[Any, Any]:
    """The parameters' numbers in a row, and what makes parameters of such a row."""
    leaves, tree = jax.tree.flatten(case.params)
    ends = np.cumsum([leaf.size for leaf in leaves])[:-1]

    def shaped(row):
        parts = zip(leaves, jnp.split(row, ends), strict=True)
        return tree.unflatten([part.reshape(leaf.shape) for leaf, part in parts])

    return flat(case.params), shaped


def example_gradients(case: Case) -> Any:
    """The Jacobian of the examples' losses, unweighted: (m, number of parameters)."""
    row, shaped = in_a_row(case)

    def losses(row):
        return case.network.head.losses(logits(case, shaped(row)), jnp.asarray(case.Y))

    return np.asarray(jax.jit(jax.jacrev(losses))(row))


def hessian(case: Case) -> Any:
    """The Hessian of the cost, whole."""
    row, shaped = in_a_row(case)

    def J(row):
        return cost(case.network, shaped(row), case.X, case.Y, **case.options)

    return np.asarray(jax.jit(jax.jacfwd(jax.grad(J)))(row))


def gauss_newton(case: Case) -> Any:
    """Σⱼ wⱼ Jⱼᵀ Hⱼ Jⱼ / Σⱼ wⱼ + δ on the diagonal of weights, whole."""
    row, shaped = in_a_row(case)
    losses, w = case.network.head.losses, weights_of(case)
    bend = jax.vmap(jax.hessian(lambda z, y: losses(z[:, None], y[:, None])[0]))

    @jax.jit
    def bends_and_slopes(row):
        ZL = lambda row: logits(case, shaped(row))
        return bend(ZL(row).T, jnp.asarray(case.Y).T), jax.jacrev(ZL)(row)

    H, J = jax.device_get(bends_and_slopes(row))
    G = np.einsum("j,kjp,jkl,ljq->pq", w, J, H, J, optimize=True) / w.sum()
    penalised = [(np.ones_like(W), np.zeros_like(b)) for W, b in case.params]
    return G + case.options.get("l2", 0.0) / w.sum() * np.diag(flat(penalised))


def flat(tree: Any) -> Any:
    """All numbers of a tree in a row, as `ravel_pytree` has them."""
    return np.concatenate([np.asarray(leaf).ravel() for leaf in jax.tree.leaves(tree)])


def close(found: Any, due: Any, within: float = 1e-11) -> bool:
    """Whether they agree to this much of the largest number that is due."""
    found, due = np.asarray(found), np.asarray(due)
    assert found.shape == due.shape
    return bool(np.abs(found - due).max() <= within * np.abs(due).max())
