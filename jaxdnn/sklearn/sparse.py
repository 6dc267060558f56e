"""Rows in a program, dense or sparse: of sparse ones only what is not 0 is multiplied.

    Z_1 = W_1 X      Z_1[:, j] += x W_1[:, k]         over the entries (j, k, x) of X
    dW_1 = dZ_1 Xᵀ   dW_1[:, k] += x dZ_1[:, j]

Some entries at a time, so that their products stay where they are made.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from scipy.sparse import issparse

from jaxdnn import propagation
from jaxdnn.answers import Answers, answers
from jaxdnn.architecture import Network
from jaxdnn.arrays import AnyArray
from jaxdnn.dropout import Dropout
from jaxdnn.linear import mean_contract
from jaxdnn.objective import Mean, loss_backward
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.training.buckets import room_for

# Entries at a time.
_PIECE = 1024


class Entries(NamedTuple):
    """What is not 0 of sparse rows: values, rows and columns, each (room, _PIECE).

    pieces: how many are filled, if not to the end: what is in no row is added nowhere.
    """

    values: AnyArray
    rows: AnyArray
    columns: AnyArray
    pieces: Array | int


def pieces_for(X: Any, count: int) -> int:
    """How many pieces hold the entries of any `count` rows of X; 0 if it is dense.

    Example:
      >>> from scipy.sparse import csr_array
      >>> pieces_for(csr_array(np.ones((100, 200))), 50)
      16
    """
    if not issparse(X):
        return 0
    each = np.sort(np.diff(X.indptr))
    return room_for(-(-int(each[-count:].sum()) // _PIECE))


def entries_of(X: Any, pieces: int) -> Entries:
    """Those of SciPy's sparse rows, which so many pieces hold.

    Example:
      >>> from scipy.sparse import csr_array
      >>> entries = entries_of(csr_array([[0.0, 2.0], [0.0, 0.0]]), 8)
      >>> entries.values[0, 0].item(), entries.columns[0, 0].item(), entries.pieces
      (2.0, 1, 1)
    """
    X = X.tocoo()

    def shaped(of: NDArray[Any], nothing: int) -> NDArray[Any]:
        full = np.full((pieces, _PIECE), nothing, of.dtype)
        full.reshape(-1)[: X.nnz] = of
        return full

    row, column = (of.astype(np.int32) for of in X.coords)
    nowhere = np.iinfo(np.int32).max
    return Entries(
        values=shaped(X.data, 0),
        rows=shaped(row, nowhere),
        columns=shaped(column, nowhere),
        pieces=-(-X.nnz // _PIECE),
    )


def _added(
    X: Entries, start: Array, to: AnyArray, by: AnyArray, factor: Array
) -> Array:
    """start[to] += x factor[by] over all entries."""

    def add(i: Array, total: Array) -> Array:
        taken = factor.at[by[i]].get(mode="clip") * X.values[i][:, None]
        return total.at[to[i]].add(taken, mode="drop")

    return jax.lax.fori_loop(0, X.pieces, add, start)


def _after_first(
    network: Network, params: Parameters, identity: Callable[..., Any]
) -> tuple[Network, Parameters]:
    """What is left once W_1 X is there: nothing of the first layer but its bias."""
    (_, b), *above = params
    network = replace(network, layer_dims=(len(b), *network.layer_dims[1:]))
    return network, (Layer(identity(len(b), dtype=b.dtype), b), *above)


def _in_forward(
    network: Network, params: Parameters, X: Any, m: int
) -> tuple[Network, Parameters, Array]:
    """What `propagation.forward` takes to make ZL of m rows."""
    if not isinstance(X, Entries):
        return network, params, X.T
    (W, b), *_ = params
    Z = _added(X, jnp.zeros((m, len(b)), W.dtype), X.rows, X.columns, W.T)
    return *_after_first(network, params, jnp.eye), Z.T


def answers_of(network: Network, params: Parameters, X: Any) -> Answers:
    """`answers`, where the rows may be SciPy's sparse ones.

    Example:
      >>> from scipy.sparse import csr_array
      >>> params = (Layer(np.ones((1, 2)), np.zeros((1, 1))),)
      >>> answers_of(Network((2, 1)), params, csr_array([[0, 2.0]])).ZL.tolist()
      [[2.0]]
    """
    if not issparse(X):
        return answers(network, params, X)
    return answers(*_after_first(network, params, np.eye), X @ params[0].W.T)


def cost(
    network: Network,
    params: Parameters,
    examples: Any,
    mean: Mean,
    dropout: Dropout | None = None,
) -> Array:
    """J of examples, whose X is rows or `Entries`."""
    inner = _in_forward(network, params, examples.X, len(examples.Y))
    ZL, _ = propagation.forward(*inner, dropout)
    return propagation.cost(network, params, ZL, examples.Y.T, mean)


def cost_and_gradients(
    network: Network,
    params: Parameters,
    examples: Any,
    mean: Mean,
    dropout: Dropout | None = None,
) -> tuple[Array, Parameters]:
    """`cost`, and its gradient."""
    X, Y = examples.X, examples.Y.T
    if not isinstance(X, Entries):
        return propagation.cost_and_gradients(network, params, X.T, Y, mean, dropout)
    inner = _in_forward(network, params, X, len(examples.Y))
    ZL, caches = propagation.forward(*inner, dropout)

    def read(dZ: Array, A_prev: Array) -> tuple[Array, ...]:
        return dZ, *mean_contract(dZ, A_prev, mean.total)

    dZL = loss_backward(caches[-1].activation, Y, mean)
    (dZ, _, db), *above = propagation.sweep(*inner[:2], caches, dZL, read)
    dW = _added(X, jnp.zeros_like(params[0].W.T), X.columns, X.rows, dZ.T / mean.total)
    grads = [(dW.T, db), *(of[1:] for of in above)]
    J = propagation.cost(network, params, ZL, Y, mean)
    return J, propagation.decayed(params, grads, mean.decay)
