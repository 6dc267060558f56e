"""A network, or its cost, as one function in anybody's JAX model.

Its derivative is the hand-derived backward, whatever autodiff is around it:

    AL = f(params, X)        dZL = (∂AL/∂ZL)ᵀ dAL        dX = W_1ᵀ dZ_1
    J = f(params, X, Y, w)   ∂J/∂w_j = (ℓ_j - J) / Σᵢ wᵢ
                             ∂J/∂λ = Σ_l ||W_l||² / (2 Σᵢ wᵢ)

They go under jit, vmap, scan, checkpoint, jacrev, reverse over reverse and forward over
reverse (`jax.hessian`), and inside shard_map. Forward mode alone is refused by JAX: a
rule for reverse mode is none for it.

References:
  JAX documentation, Custom derivative rules; Rumelhart, Hinton & Williams (1986).
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn import propagation
from jaxdnn._checks import check_dropout, check_scalar, is_concrete
from jaxdnn._programs import compiled
from jaxdnn._refusals import public
from jaxdnn.architecture import Network
from jaxdnn.arguments import (
    admitted_inputs,
    admitted_problem,
    check_head_bends,
    check_network,
    check_values,
)
from jaxdnn.arrays import ArrayLike, Scalar, number, on_device
from jaxdnn.blocks import Caches
from jaxdnn.dropout import Dropout
from jaxdnn.linear import contract, pull
from jaxdnn.objective import l2_cost, l2_or_none, loss_backward, mean_over, weigh
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.sharding import varying_alike


@public
def as_function(network: Network, *, keep_prob: Scalar = 1.0) -> Callable[..., Array]:
    """(params, X, key=None) -> AL, differentiated by hand.

    Args:
      network: the description.
      keep_prob: () in (0, 1], of dropout where the function is given a key; may be
        traced, with the cotangent that it has while the masks stay.

    Returns:
      A function of params (one Layer(W, b) per layer), X (n_x, m) and a PRNG key, or
      None for no dropout. It gives AL (n_L, m), with cotangents for params and X. Where
      a sigmoid saturates, or an exp head is beyond its knee, the cotangent of ZL is 0
      as that of the values is: train on `cost_as_function`, which never saturates.

    Raises:
      ValueError: a head of one's own without output_backward, keep_prob out of range;
        called, what `forward` refuses.

    Example:
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network = Network((2, 3, 1), "tanh")
      >>> params = initialize_parameters(jax.random.key(0), network.layer_dims)
      >>> f, X = as_function(network), jnp.ones((2, 4))
      >>> grads = jax.grad(lambda params: f(params, X).sum())(params)
      >>> [layer.W.shape for layer in grads]
      [(3, 2), (1, 3)]
    """
    check_network(network)
    check_scalar("keep_prob", keep_prob, low=0, high=1, low_open=True)
    check_head_bends(network)
    pull_output: Any = network.head.output_backward

    def outputs(
        params: Parameters, X: Array, dropout: Dropout | None
    ) -> tuple[Array, Any]:
        ZL, caches = propagation.forward(network, params, X, dropout)
        return caches[-1].activation, (params, ZL, caches, dropout)

    @jax.custom_vjp
    def rule(params: Parameters, X: Array, dropout: Dropout | None) -> Array:
        return outputs(params, X, dropout)[0]

    def backward(kept: Any, dAL: Array) -> tuple[Any, ...]:
        params, ZL, caches, dropout = kept
        dZL = pull_output(dAL, ZL, caches[-1].activation)
        dparams, dX = _pulled(network, params, caches, dZL)
        return dparams, dX, _pulled_dropout(params, dparams, dropout)

    rule.defvjp(outputs, backward)
    call = _one_program(rule)

    @public
    def network_function(
        params: Parameters, X: ArrayLike, key: Array | None = None
    ) -> Array:
        params, X = admitted_inputs(network, params, X)
        X = jnp.asarray(on_device(X), params[0].W.dtype)
        dropout = None
        if key is not None:
            check_dropout(key, keep_prob)
            dropout = Dropout(key, on_device(number("keep_prob", keep_prob, float)))
        return call(*varying_alike((params, X, dropout)))

    return network_function


@public
def cost_as_function(network: Network, *, l2: Scalar = 0.0) -> Callable[..., Array]:
    """(params, X, Y, sample_weight=None) -> J, differentiated by hand.

    Args:
      network: the description.
      l2: () >= 0, as for `cost`; may be traced, and differentiated.

    Returns:
      A function of params, X (n_x, m), Y (n_L, m) and weights (m,) or None. It gives J,
      with cotangents for all four; that of Y is NaN for a head of one's own without a
      targets_backward.

    Raises:
      ValueError: l2 out of range; called, what `cost` refuses.

    Example:
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network, X = Network((2, 1)), jnp.ones((2, 4))
      >>> params = initialize_parameters(jax.random.key(0), (2, 1), method="zeros")
      >>> J = cost_as_function(network)
      >>> jax.grad(J)(params, X, jnp.ones((1, 4)))[0].b.tolist()
      [[-0.5]]
    """
    check_network(network)
    check_scalar("l2", l2, low=0)
    strength = l2_or_none(l2 if isinstance(l2, Array) else float(l2))

    def costed(
        params: Parameters, X: Array, Y: Array, weights: Array | None, l2: Array | None
    ) -> tuple[Array, Any]:
        mean = mean_over(X.shape[1], weights, l2)
        ZL, caches = propagation.forward(network, params, X)
        J = propagation.cost(network, params, ZL, Y, mean)
        return J.astype(ZL.dtype), (params, ZL, caches, Y, mean, J)

    @jax.custom_vjp
    def rule(
        params: Parameters, X: Array, Y: Array, weights: Array | None, l2: Array | None
    ) -> Array:
        return costed(params, X, Y, weights, l2)[0]

    def backward(kept: Any, dJ: Array) -> tuple[Any, ...]:
        params, ZL, caches, Y, mean, J = kept
        share = (dJ / mean.total).astype(ZL.dtype)
        dZL = share * loss_backward(caches[-1].activation, Y, mean)
        dparams, dX = _pulled(network, params, caches, dZL)
        dl2 = None
        if mean.decay is not None:
            dparams = propagation.decayed(params, dparams, dJ * mean.decay)
            dl2 = dJ * l2_cost([W for W, _ in params], 1 / mean.total)
            dl2 = dl2.astype(float)
        dY = jnp.full_like(Y, jnp.nan)
        if network.head.targets_backward is not None:
            dY = weigh(share * network.head.targets_backward(ZL, Y), mean)
        dw = None
        if mean.weights is not None:
            losses = network.head.losses(ZL, Y).astype(J.dtype)
            dw = (dJ * (losses - J) / mean.total).astype(mean.weights.dtype)
        return dparams, dX, dY, dw, dl2

    rule.defvjp(costed, backward)
    call = _one_program(rule)

    @public
    def cost_function(
        params: Parameters,
        X: ArrayLike,
        Y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Array:
        problem = admitted_problem(
            network, params, X, Y, sample_weight=sample_weight, l2=l2
        )
        check_values(network, problem.Y, problem.sample_weight)
        given = (problem.X, problem.Y, problem.sample_weight)
        dtype = problem.params[-1].W.dtype
        X, *others = jax.tree.map(lambda of: jnp.asarray(of, dtype), given)
        traced = on_device(number("l2", strength, float))
        return call(*varying_alike((problem.params, X, *others, traced)))

    return cost_function


def _one_program(rule: Callable[..., Array]) -> Callable[..., Array]:
    """The rule, as one compiled program where nothing is traced."""
    program = compiled(rule)

    def call(*given: Any) -> Array:
        if all(map(is_concrete, jax.tree.leaves(given))):
            return program(*on_device(given))
        return rule(*given)

    return call


def _pulled(
    network: Network, params: Parameters, caches: Caches, dZL: Array
) -> tuple[Parameters, Array]:
    """From dZL to the cotangents of the parameters and of X."""

    def read(dZ: Array, A_prev: Array) -> tuple[Array, ...]:
        return dZ, *contract(dZ, A_prev)

    found = propagation.sweep(network, params, caches, dZL, read)
    dparams = tuple(
        Layer(dW.astype(W.dtype), db.astype(b.dtype))
        for (W, b), (_, dW, db) in zip(params, found, strict=True)
    )
    return dparams, pull(found[0][0], params[0].W)


def _pulled_dropout(
    params: Parameters, dparams: Parameters, dropout: Dropout | None
) -> Any:
    """From dW to the cotangent of keep_prob: -Σ <W_l, dW_l> / keep_prob, l = 2, ..., L.

    A~ = A * D / keep_prob has the slope -A~ / keep_prob, and <dA~, A~> is <W, dW> of
    the layer above. That the mask follows from keep_prob has none.
    """
    if dropout is None:
        return None
    above = zip(params[1:], dparams[1:], strict=True)
    met = sum((W * dW).sum() for (W, _), (dW, _) in above)
    slope = jnp.asarray(-met / dropout.keep_prob, float)
    return dropout._replace(key=None, keep_prob=slope)
