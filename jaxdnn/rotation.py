"""Gradient descent commutes with rotations of the input space.

Let the columns of Q be orthonormal (QᵀQ = I) and span those of X and of W_1ᵀ. Then

    W_1 X = (W_1 Q)(Qᵀ X),     dW_1 Q = dZ_1 (Qᵀ X)ᵀ / m + (λ / m) W_1 Q,

and ||W_1 Q|| = ||W_1||: descending on W_1 Q over Qᵀ X is descending on W_1 over X, at
every step and with L2 too. With few examples and many inputs (a picture has 12,288) the
rotated problem has m + n_1 inputs instead of n_x, and its steps cost that much less.

The descent stays exact, not approximate: only rounding differs.

References:
  Schölkopf, Herbrich & Smola (2001), COLT (the representer theorem); Golub & Van Loan
  (2013), §5.2 (Householder QR).
"""

import jax.numpy as jnp
from jax import Array

from jaxdnn._programs import compiled
from jaxdnn.parameters import Parameters


def rotation_pays(n_x: int, n_1: int, m: int, epochs: int) -> bool:
    """Whether a run is long enough, and its inputs many enough, to rotate them first.

    Example:
      >>> rotation_pays(12288, 20, 209, epochs=2500), rotation_pays(784, 128, 60000, 9)
      (True, False)
    """
    r = m + n_1
    # The factorisation takes about n_x r² products, each at twice the time of one in
    # the 4 n_x n_1 m of a step; and at n_x = 2 r what is left of a step is half of it.
    return n_x >= 2 * r and 2 * n_1 * m * epochs >= 8 * r**2


@compiled
def input_basis(params: Parameters, X: Array) -> Array:
    """Q (n_x, r), r = m + n_1: orthonormal columns that span those of X and W_1ᵀ.

    Example:
      >>> import jax
      >>> from jaxdnn.parameters import initialize_parameters
      >>> params = initialize_parameters(jax.random.key(0), (50, 3, 1))
      >>> input_basis(params, jnp.ones((50, 8))).shape
      (50, 11)
    """
    return jnp.linalg.qr(jnp.concatenate([X, params[0].W.T], axis=1))[0]


@compiled
def rotate_inputs(Q: Array, X: Array) -> Array:
    """Qᵀ X (r, m), from X (n_x, m).

    Example:
      >>> rotate_inputs(jnp.eye(3)[:, ::-1], jnp.array([[1.0], [2.0], [3.0]])).tolist()
      [[3.0], [2.0], [1.0]]
    """
    return Q.T @ X


@compiled
def rotate(params: Parameters, Q: Array) -> Parameters:
    """W_1 Q (n_1, r) in place of W_1.

    Example:
      >>> import jax
      >>> from jaxdnn.parameters import initialize_parameters
      >>> params = initialize_parameters(jax.random.key(0), (50, 3, 1))
      >>> X = jax.random.normal(jax.random.key(1), (50, 8))
      >>> Q = input_basis(params, X)
      >>> again = rotate(params, Q)[0].W @ rotate_inputs(Q, X)
      >>> bool(jnp.allclose(again, params[0].W @ X, atol=1e-5))
      True
    """
    return (params[0]._replace(W=params[0].W @ Q), *params[1:])


@compiled
def rotate_back(params: Parameters, Q: Array) -> Parameters:
    """W_1 = (W_1 Q) Qᵀ: exact, because W_1ᵀ lies in the span of Q's columns.

    Example:
      >>> import jax
      >>> from jaxdnn.parameters import initialize_parameters
      >>> params = initialize_parameters(jax.random.key(0), (50, 3, 1))
      >>> Q = input_basis(params, jnp.ones((50, 8)))
      >>> back = rotate_back(rotate(params, Q), Q)
      >>> bool(jnp.allclose(back[0].W, params[0].W, atol=1e-6))
      True
    """
    return (params[0]._replace(W=params[0].W @ Q.T), *params[1:])
