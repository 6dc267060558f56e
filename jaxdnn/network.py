"""The public functions over a network: checked, compiled, composable.

Each checks its arguments by their shapes, and their values where they are concrete,
and calls the mathematics of `propagation` as one compiled program.
"""

import jax.numpy as jnp
from jax import Array

from jaxdnn import propagation
from jaxdnn._checks import check_finite, check_shape, check_targets
from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import (
    Problem,
    admitted_beside_caches,
    admitted_dropout,
    admitted_inputs,
    admitted_l2,
    admitted_problem,
    admitted_targets,
    answer,
    check_values,
)
from jaxdnn.arrays import ArrayLike, Scalar, admitted, on_device
from jaxdnn.blocks import Caches, LayerCache
from jaxdnn.dropout import Dropout
from jaxdnn.objective import mean_over
from jaxdnn.parameters import Parameters
from jaxdnn.sharding import record_dtype


@public
def forward(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    *,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
) -> tuple[Array, tuple[LayerCache, ...]]:
    """Run the network on every column of X.

    Args:
      network: the description.
      params: one Layer(W (n_l, n_{l-1}), b (n_l, 1)) per layer.
      X: (n_x, m), one column per example.
      key: a PRNG key; given one, the hidden activations are dropped out.
      keep_prob: () in (0, 1], the probability that a hidden activation is kept.

    Returns:
      AL (n_L, m) and the caches that `backward` reads.

    Raises:
      ValueError: shapes disagree, keep_prob outside (0, 1] or given without a key.
      TypeError: X are no real numbers, key is no key: see `arrays`.

    Example:
      >>> import jax
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network = Network((2, 3, 1))
      >>> params = initialize_parameters(jax.random.key(0), (2, 3, 1), method="zeros")
      >>> AL, caches = forward(network, params, jnp.ones((2, 4)))
      >>> AL.tolist()
      [[0.5, 0.5, 0.5, 0.5]]
    """
    params, X = admitted_inputs(network, params, X)
    return _forward(network, params, X, admitted_dropout(params, key, keep_prob))


@public
def cost(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> Array:
    """The cost J, from the logits: the (weighted) mean of the losses, plus L2.

    Args:
      network, params, X, key, keep_prob: as for `forward`.
      Y: (n_L, m) targets: 0/1 or probabilities (sigmoid), columns that sum to one
        (softmax), numbers (identity), counts (exp).
      l2: () >= 0, the λ of (λ / 2m) Σ ||W||².
      sample_weight: (m,), >= 0. Weight 0 leaves an example out, weight 2 counts it
        twice, in the mean and in L2's m.

    Returns:
      J, a scalar.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    Example:
      >>> import jax
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network = Network((2, 3, 1))
      >>> params = initialize_parameters(jax.random.key(0), (2, 3, 1), method="zeros")
      >>> f"{cost(network, params, jnp.ones((2, 4)), jnp.ones((1, 4))):.4f}"
      '0.6931'
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight, l2)
    return answer(_cost, network, problem)


@public
def backward(
    network: Network,
    params: Parameters,
    caches: Caches,
    Y: ArrayLike,
    *,
    l2: Scalar = 0.0,
    sample_weight: ArrayLike | None = None,
) -> Parameters:
    """The gradient of `cost`, by the hand-derived equations of `propagation`.

    Args:
      network, params: as for `forward`.
      caches: what `forward` returned for these params.
      Y, l2, sample_weight: as for `cost`.

    Returns:
      The gradient: a Layer(dW, db) for each layer, shaped like params.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    Example:
      >>> import jax
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network, X = Network((2, 1)), jnp.ones((2, 4))
      >>> params = initialize_parameters(jax.random.key(0), (2, 1), method="zeros")
      >>> AL, caches = forward(network, params, X)
      >>> backward(network, params, caches, jnp.ones((1, 4)))[0].W.tolist()
      [[-0.5, -0.5]]
    """
    params = admitted_beside_caches(network, params, caches)
    Y, sample_weight = admitted_targets(params, Y, sample_weight)
    check_targets(network, caches[0].A_prev.shape[1], Y, l2, sample_weight)
    given = Y, admitted_l2(params, l2), sample_weight
    Y, strength, sample_weight = on_device(given)
    grads = _backward(network, params, caches, Y, strength, sample_weight)
    check_values(network, Y, sample_weight)  # while the device is at work
    return grads


@public
def cotangents(
    network: Network, params: Parameters, caches: Caches, dZL: ArrayLike
) -> tuple[Array, ...]:
    """Pull any cotangent of the logits back to every layer: dZ_1, ..., dZ_L.

        dZ_l = (W_{l+1}ᵀ dZ_{l+1}) * g_l'(Z_l)

    Column j of dZ_l depends on column j of dZL alone. What follows from it: per-example
    gradients are the outer products of dZ_l[:, j] and A_{l-1}[:, j], the gradient with
    respect to the inputs is W_1ᵀ dZ_1, `backward` sums over the examples.

    Args:
      network, params: as for `forward`.
      caches: what `forward` returned for these params.
      dZL: (n_L, m); for the gradient of each example's own loss, AL - Y.

    Returns:
      dZ_l (n_l, m) for l = 1, ..., L.

    Raises:
      ValueError: shapes disagree.

    References:
      Rumelhart, Hinton & Williams (1986), Nature 323; Nielsen (2015), ch. 2, BP1-BP2.

    Example:
      >>> network, X = Network((2, 1, 1), "identity"), jnp.ones((2, 4))
      >>> W_1, W_2, b = jnp.ones((1, 2)), jnp.full((1, 1), 3.0), jnp.zeros((1, 1))
      >>> from jaxdnn import Layer
      >>> params = (Layer(W_1, b), Layer(W_2, b))
      >>> AL, caches = forward(network, params, X)
      >>> dZ_1, dZ_2 = cotangents(network, params, caches, jnp.ones((1, 4)))
      >>> dZ_1.tolist()
      [[3.0, 3.0, 3.0, 3.0]]
    """
    params = admitted_beside_caches(network, params, caches)
    dZL = admitted("dZL", dZL, params[0].W.dtype)
    wanted = (network.layer_dims[-1], caches[0].A_prev.shape[1])
    check_shape("dZL", dZL, wanted, "n_L from layer_dims, m from caches")
    return _cotangents(network, params, caches, dZL)


@public
def cost_and_gradients(
    network: Network,
    params: Parameters,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    l2: Scalar = 0.0,
    key: Array | None = None,
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
) -> tuple[Array, Parameters]:
    """`cost` and its gradient in one pass: forward once, backward once.

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight: as for `cost`.

    Returns:
      J, a scalar, and a Layer(dW, db) for each layer, shaped like params.

    Raises:
      ValueError: shapes disagree, or a value that is not traced is out of its range.

    Example:
      >>> import jax
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network, X, Y = Network((2, 1)), jnp.ones((2, 4)), jnp.ones((1, 4))
      >>> params = initialize_parameters(jax.random.key(0), (2, 1), method="zeros")
      >>> J, grads = cost_and_gradients(network, params, X, Y)
      >>> f"{J:.4f}", grads[0].b.tolist()
      ('0.6931', [[-0.5]])
    """
    problem = admitted_problem(network, params, X, Y, key, keep_prob, sample_weight, l2)
    return answer(_cost_and_gradients, network, problem)


@public
def predict_proba(network: Network, params: Parameters, X: ArrayLike) -> Array:
    """AL (n_L, m): probabilities, or for identity and exp heads the predicted values.

    Args:
      network, params, X: as for `forward`.

    Raises:
      ValueError: shapes disagree, X that is not finite (and not traced).

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.zeros((1, 2)), jnp.zeros((1, 1))),)
      >>> predict_proba(Network((2, 1)), params, jnp.ones((2, 3))).tolist()
      [[0.5, 0.5, 0.5]]
    """
    params, X = admitted_inputs(network, params, X)
    AL = _forward(network, params, X, None)[0]
    check_finite("X", X)  # while the device is at work
    return AL


@public
def predict(network: Network, params: Parameters, X: ArrayLike) -> Array:
    """What the network says of every column of X.

    Args:
      network, params, X: as for `forward`.

    Returns:
      sigmoid: (n_L, m) int, 1 where ZL > 0, so where the probability is above 1/2;
      softmax: (1, m) int, the most probable class; identity and exp: (n_L, m), the
      values; a head of one's own: its decision.

    Raises:
      ValueError: shapes disagree, X that is not finite (and not traced).

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.ones((1, 2)), jnp.zeros((1, 1))),)
      >>> X = jnp.array([[1.0, -1.0], [1.0, -1.0]])
      >>> predict(Network((2, 1)), params, X).tolist()
      [[1, 0]]
    """
    params, X = admitted_inputs(network, params, X)
    said = _predict(network, params, X)
    check_finite("X", X)  # while the device is at work
    return said


@public
def score(network: Network, params: Parameters, X: ArrayLike, Y: ArrayLike) -> Array:
    """How good the predictions are: accuracy, or R² where the head gives numbers.

    Args:
      network, params, X, Y: as for `cost`.

    Returns:
      (): the fraction of outputs (sigmoid) or of examples (softmax) that `predict` gets
      right; identity and exp: 1 - Σ (AL - Y)² / Σ (Y - mean of Y)².

    Raises:
      ValueError: shapes disagree, X or Y that is not finite (and not traced).

    Example:
      >>> from jaxdnn import Layer
      >>> params = (Layer(jnp.ones((1, 2)), jnp.zeros((1, 1))),)
      >>> X = jnp.array([[1.0, -1.0], [1.0, -1.0]])
      >>> float(score(Network((2, 1)), params, X, jnp.array([[1.0, 1.0]])))
      0.5
    """
    params, X = admitted_inputs(network, params, X)
    Y, _ = admitted_targets(params, Y)
    check_targets(network, X.shape[1], Y)
    found = _score(network, params, X, Y)
    check_finite("X", X)  # while the device is at work
    check_values(network, Y)
    return found


@compiled(static_argnums=0)
def _forward(
    network: Network, params: Parameters, X: Array, dropout: Dropout | None
) -> tuple[Array, tuple[LayerCache, ...]]:
    _, caches = propagation.forward(network, params, X, dropout)
    return caches[-1].activation, caches


@compiled(static_argnums=0)
def _cost(network: Network, problem: Problem) -> Array:
    params, X, Y, *_, dropout = problem
    ZL, _ = propagation.forward(network, params, X, dropout)
    return propagation.cost(network, params, ZL, Y, problem.mean).astype(ZL.dtype)


@compiled(static_argnums=0)
def _backward(
    network: Network,
    params: Parameters,
    caches: Caches,
    Y: Array,
    l2: Array | None,
    sample_weight: Array | None,
) -> Parameters:
    mean = mean_over(Y.shape[1], sample_weight, l2)
    return propagation.gradients(network, params, caches, Y, mean)


@compiled(static_argnums=0)
def _cotangents(
    network: Network, params: Parameters, caches: Caches, dZL: Array
) -> tuple[Array, ...]:
    return propagation.sweep(network, params, caches, dZL, lambda dZ, A_prev: dZ)


@compiled(static_argnums=0)
def _cost_and_gradients(network: Network, problem: Problem) -> tuple[Array, Parameters]:
    params, X, Y, *_, dropout = problem
    mean = problem.mean
    J, grads = propagation.cost_and_gradients(network, params, X, Y, mean, dropout)
    return J.astype(grads[-1].W.dtype), grads


@compiled(static_argnums=0)
def _predict(network: Network, params: Parameters, X: Array) -> Array:
    return network.head.decide(propagation.forward(network, params, X)[0])


@compiled(static_argnums=0)
def _score(network: Network, params: Parameters, X: Array, Y: Array) -> Array:
    ZL, _ = propagation.forward(network, params, X)
    head = network.head
    return head.score(head.decide(ZL), jnp.asarray(Y, record_dtype(ZL.dtype)))
