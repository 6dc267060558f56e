"""Every example's gradient itself, for those who want it: one outer product each."""

import numpy as np
from jax import Array

from jaxdnn._checks import is_concrete, readable
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadTypeError, BadValueError, public, shown
from jaxdnn.architecture import Network
from jaxdnn.arguments import Problem, admitted_problem, answer
from jaxdnn.arrays import ArrayLike, Scalar, admitted, on_device
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.per_example.columns import columns_of
from jaxdnn.sharding import outer, rows_at


@public
def per_example_gradients(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    examples: ArrayLike | slice | None = None,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Parameters:
    """The gradient g_j of every example's own w_j ℓ_j, or of some examples' only.

        dW_l of g_j = dZ_l[:, j] A_{l-1}[:, j]ᵀ           db_l of g_j = dZ_l[:, j]

    The backward is that of all the examples, whichever are asked for, so dropout's
    masks are those of the whole. L2 belongs to no example and is left out.

    Args:
      network, params, X, Y, key, keep_prob, sample_weight: as for `cost`.
      examples: a slice, or (k,) whole numbers from -m to m - 1; all m if None. The
        result is k times as large as the parameters.

    Returns:
      A Layer(dW (k, n_l, n_{l-1}), db (k, n_l, 1)) for each layer.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.
      TypeError: examples are neither a slice nor whole numbers.

    References:
      Goodfellow (2015), arXiv:1510.01799.

    Example:
      >>> import jax.numpy as jnp
      >>> params = (Layer(jnp.zeros((1, 2)), jnp.zeros((1, 1))),)
      >>> X, Y = jnp.array([[0.0, 2.0], [0.0, 4.0]]), jnp.ones((1, 2))
      >>> [layer] = per_example_gradients(
      ...     Network((2, 1)), params, X, Y, examples=slice(1, None)
      ... )
      >>> layer.W.tolist(), layer.b.tolist()
      ([[[-1.0, -2.0]]], [[[-0.5]]])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight)
    places = None if examples is None else _places(examples, problem.X.shape[1])
    return answer(_gradients, network, problem, places)


def _places(examples: ArrayLike | slice, m: int) -> Array:
    """Which columns are meant, from 0 to m - 1."""
    if isinstance(examples, slice):
        try:
            return on_device(np.arange(m)[examples])
        except (TypeError, ValueError):
            ends = examples.start, examples.stop, examples.step
            found = shown(examples) if all(map(is_concrete, ends)) else "traced ones"
            raise BadTypeError(
                f"examples must be a slice of whole numbers, got {found}"
            ) from None
    places = admitted("examples", examples)
    if places.ndim != 1 or places.dtype.kind not in "iu":
        found = f"{places.dtype} of shape {places.shape}"
        raise BadTypeError(
            f"examples must be a slice or (k,) whole numbers, got {found}"
        )
    if not readable(places):
        # The narrow dtypes do not hold m.
        return places.astype(np.int32) % m
    found = np.asarray(places)
    outside = (found < -m) | (found >= m)
    if outside.any():
        raise BadValueError(
            f"examples must be from {-m} to {m - 1} (m from X), got "
            f"{shown(int(found[outside][0]))}"
        )
    return on_device(found.astype(np.int32) % m)


@compiled(static_argnums=0)
def _gradients(network: Network, problem: Problem, places: Array | None) -> Parameters:
    grads: list[Layer] = []
    for dZ, A_prev in columns_of(network, problem):
        u, v = dZ.T, A_prev.T
        if places is not None:
            u, v = rows_at(u, places), rows_at(v, places)
        grads.append(Layer(outer(u, v), u[:, :, None]))
    return tuple(grads)
