"""A whole network: its static description, and the functions over it.

    A_0 = X     Z_l = W_l A_{l-1} + b_l     A_l = g_l(Z_l)     AL = output(ZL)

Backwards, with the head's dZL = AL - Y and dW, db as in `linear`:

    dA_l = W_{l+1}ᵀ dZ_{l+1}     dZ_l = dA_l * g_l'(Z_l)     dW_l = dZ_l A_{l-1}ᵀ / m

with dW_l + (λ / m) W_l under L2. Dropout acts on A_1, ..., A_{L-1}, never on X or AL.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn._checks_where import check_columns, check_scalar, check_shape, is_concrete
from jaxdnn.activations import Activation, get_activation
from jaxdnn.costs import (
    HEADS,
    Head,
    head_backward,
    l2_backward,
    l2_cost,
    mean_loss,
    mean_loss_backward,
    total_weight,
)
from jaxdnn.dropout import DropoutCache, dropout_backward, dropout_forward
from jaxdnn.linear import (
    LinearActivationCache,
    LinearCache,
    linear_activation_backward,
    linear_activation_forward,
    linear_backward,
    linear_forward,
)
from jaxdnn.parameters import (
    Layer,
    Parameters,
    check_layer_dims,
    check_parameters,
    depth,
)


@dataclass(frozen=True)
class Network:
    """The static, hashable description of a dense network.

    Args:
      layer_dims: (n_x, n_1, ..., n_L), whole numbers >= 1.
      hidden: the activation of the L - 1 hidden layers: one name or `Activation` for
        all, or one for each.
      output: the head: "sigmoid", "softmax", "identity" or "exp".

    Raises:
      ValueError: sizes below 1, unknown names, a wrong number of hidden activations,
        softmax over a single output.

    Example:
      >>> network = Network((2, 10, 5, 1), hidden="relu", output="sigmoid")
      >>> network.hidden
      ('relu', 'relu')
      >>> Network((2, 3, 1), hidden="rleu")
      Traceback (most recent call last):
      ValueError: unknown activation 'rleu'; known: relu, leaky_relu, ...
    """

    layer_dims: tuple[int, ...]
    hidden: str | Activation | tuple[str | Activation, ...] = "relu"
    output: str = "sigmoid"

    def __post_init__(self) -> None:
        dims = check_layer_dims("Network", self.layer_dims)
        hidden = self.hidden
        if isinstance(hidden, (str, Activation)):
            get_activation(hidden)
            hidden = (hidden,) * (len(dims) - 2)
        if len(hidden) != len(dims) - 2:
            raise ValueError(
                f"Network: hidden must name {len(dims) - 2} activations (one per "
                f"hidden layer of {dims}), got {len(hidden)}"
            )
        for activation in hidden:
            get_activation(activation)
        if self.output not in HEADS:
            raise ValueError(
                f"Network: output must be one of {', '.join(HEADS)}, "
                f"got {self.output!r}"
            )
        if self.output == "softmax" and dims[-1] == 1:
            raise ValueError(
                "Network: softmax over one output is constant; use 'sigmoid', or one "
                "output per class"
            )
        object.__setattr__(self, "layer_dims", dims)
        object.__setattr__(self, "hidden", tuple(hidden))

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The hidden layers' activations, first to last."""
        hidden: Sequence[str | Activation] = self.hidden  # pyright: ignore[reportAssignmentType]
        return tuple(get_activation(activation) for activation in hidden)

    @property
    def head(self) -> Head:
        """The output head."""
        return HEADS[self.output]


class LayerCache(NamedTuple):
    """What the backward of one layer reads, and nothing else.

    A_prev (n_{l-1}, m); activation (n_l, m): Z or A, whichever the activation reads,
    AL in the last layer, and None where it would be the next layer's A_prev again;
    dropout: its cache, or None where nothing was dropped.
    """

    A_prev: Array
    activation: Any
    dropout: DropoutCache | None


def forward(
    network: Network,
    params: Parameters,
    X: Array,
    *,
    key: Array | None = None,
    keep_prob: Any = 1.0,
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

    Example:
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network = Network((2, 3, 1))
      >>> params = initialize_parameters(jax.random.key(0), (2, 3, 1), method="zeros")
      >>> AL, caches = forward(network, params, jnp.ones((2, 4)))
      >>> AL.tolist()
      [[0.5, 0.5, 0.5, 0.5]]
    """
    _check_inputs("forward", network, params, X)
    _check_dropout("forward", key, keep_prob)
    return _forward(network, params, X, key, keep_prob)


def cost(
    network: Network,
    params: Parameters,
    X: Array,
    Y: Array,
    *,
    l2: Any = 0.0,
    key: Array | None = None,
    keep_prob: Any = 1.0,
    sample_weight: Array | None = None,
    total_weight: Any = None,
) -> Array:
    """The cost J, from the logits: the (weighted) mean of the losses, plus L2.

    Args:
      network, params, X, key, keep_prob: as for `forward`.
      Y: (n_L, m) targets: 0/1 or probabilities (sigmoid), columns that sum to one
        (softmax), numbers (identity), counts (exp).
      l2: () >= 0, the λ of (λ / 2m) Σ ||W||².
      sample_weight: (m,), >= 0. Weight 0 leaves an example out, weight 2 counts it
        twice, in the mean and in L2's m.
      total_weight: () > 0, what stands for m in the mean and in L2: Σ sample_weight
        (m without weights) if None. Costs of parts that are given the whole's add up.

    Returns:
      J, a scalar.

    Raises:
      ValueError: shapes disagree, or a value is out of its range.

    Example:
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network = Network((2, 3, 1))
      >>> params = initialize_parameters(jax.random.key(0), (2, 3, 1), method="zeros")
      >>> f"{cost(network, params, jnp.ones((2, 4)), jnp.ones((1, 4))):.4f}"
      '0.6931'
    """
    l2 = check_cost_arguments(
        "cost", network, params, X, Y, l2, key, keep_prob, sample_weight, total_weight
    )
    return _cost(network, params, X, Y, l2, key, keep_prob, sample_weight, total_weight)


def backward(
    network: Network,
    params: Parameters,
    caches: tuple[LayerCache, ...],
    Y: Array,
    *,
    l2: Any = 0.0,
    sample_weight: Array | None = None,
    total_weight: Any = None,
) -> Parameters:
    """The gradient of `cost`, by the hand-derived equations at the top of this file.

    Args:
      network, params: as for `forward`.
      caches: what `forward` returned for these params.
      Y, l2, sample_weight, total_weight: as for `cost`.

    Returns:
      The gradient: a Layer(dW, db) for each layer, shaped like params.

    Raises:
      ValueError: shapes disagree, or a value is out of its range.

    Example:
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network, X = Network((2, 1)), jnp.ones((2, 4))
      >>> params = initialize_parameters(jax.random.key(0), (2, 1), method="zeros")
      >>> AL, caches = forward(network, params, X)
      >>> backward(network, params, caches, jnp.ones((1, 4)))[0].W.tolist()
      [[-0.5, -0.5]]
    """
    _check_parameters("backward", network, params)
    if len(caches) != len(params):
        raise ValueError(
            f"backward: caches must have {len(params)} layers (from params), got "
            f"{len(caches)}"
        )
    X = caches[0].A_prev
    l2 = _check_targets("backward", network, X, Y, l2, sample_weight, total_weight)
    return _backward(network, params, caches, Y, l2, sample_weight, total_weight)


def cost_and_gradients(
    network: Network,
    params: Parameters,
    X: Array,
    Y: Array,
    *,
    l2: Any = 0.0,
    key: Array | None = None,
    keep_prob: Any = 1.0,
    sample_weight: Array | None = None,
    total_weight: Any = None,
) -> tuple[Array, Parameters]:
    """`cost` and its gradient in one pass: forward once, backward once.

    Args:
      network, params, X, Y, l2, key, keep_prob, sample_weight, total_weight: as for
        `cost`.

    Returns:
      J, a scalar, and a Layer(dW, db) for each layer, shaped like params.

    Raises:
      ValueError: shapes disagree, or a value is out of its range.

    Example:
      >>> from jaxdnn.parameters import initialize_parameters
      >>> network, X, Y = Network((2, 1)), jnp.ones((2, 4)), jnp.ones((1, 4))
      >>> params = initialize_parameters(jax.random.key(0), (2, 1), method="zeros")
      >>> J, grads = cost_and_gradients(network, params, X, Y)
      >>> f"{J:.4f}", grads[0].b.tolist()
      ('0.6931', [[-0.5]])
    """
    l2 = check_cost_arguments(
        "cost_and_gradients",
        *(network, params, X, Y, l2, key, keep_prob, sample_weight, total_weight),
    )
    return _cost_and_gradients(
        network, params, X, Y, l2, key, keep_prob, sample_weight, total_weight
    )


def predict_proba(network: Network, params: Parameters, X: Array) -> Array:
    """AL (n_L, m): probabilities, or for identity and exp heads the predicted values.

    Args:
      network, params, X: as for `forward`.

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> params = (Layer(jnp.zeros((1, 2)), jnp.zeros((1, 1))),)
      >>> predict_proba(Network((2, 1)), params, jnp.ones((2, 3))).tolist()
      [[0.5, 0.5, 0.5]]
    """
    _check_inputs("predict_proba", network, params, X)
    return _predict_proba(network, params, X)


def predict(network: Network, params: Parameters, X: Array) -> Array:
    """What the network says of every column of X.

    Args:
      network, params, X: as for `forward`.

    Returns:
      sigmoid: (n_L, m) int, 1 where the probability is above 1/2; softmax: (1, m) int,
      the most probable class; identity and exp: (n_L, m), the values.

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> params = (Layer(jnp.ones((1, 2)), jnp.zeros((1, 1))),)
      >>> X = jnp.array([[1.0, -1.0], [1.0, -1.0]])
      >>> predict(Network((2, 1)), params, X).tolist()
      [[1, 0]]
    """
    _check_inputs("predict", network, params, X)
    return _predict(network, params, X)


def score(network: Network, params: Parameters, X: Array, Y: Array) -> Array:
    """How good the predictions are: accuracy, or R² where the head gives numbers.

    Args:
      network, params, X, Y: as for `cost`.

    Returns:
      (): the fraction of outputs (sigmoid) or of examples (softmax) that `predict` gets
      right; identity and exp: 1 - Σ (AL - Y)² / Σ (Y - mean of Y)².

    Raises:
      ValueError: shapes disagree.

    Example:
      >>> params = (Layer(jnp.ones((1, 2)), jnp.zeros((1, 1))),)
      >>> X = jnp.array([[1.0, -1.0], [1.0, -1.0]])
      >>> float(score(Network((2, 1)), params, X, jnp.array([[1.0, 1.0]])))
      0.5
    """
    _check_inputs("score", network, params, X)
    _check_targets("score", network, X, Y, 0.0, None, None)
    return _score(network, params, X, Y)


def _logits(
    network: Network, params: Parameters, X: Array, key: Array | None, keep_prob: Any
) -> tuple[Array, list[LayerCache]]:
    """ZL and the caches."""
    A = X
    caches: list[LayerCache] = []
    for g, l, layer in _hidden_layers(network, params):
        forward = partial(_hidden_forward, g, key, keep_prob)
        if layer.W.ndim == 3:
            ls = l + jnp.arange(layer.W.shape[0])
            A, cache = jax.lax.scan(forward, A, (ls, layer))
        else:
            A, cache = forward(A, (l, layer))
        caches.append(cache)
    ZL, _ = linear_forward(A, *params[-1])
    caches.append(LayerCache(A, network.head.output(ZL), None))
    return ZL, caches


def _hidden_layers(
    network: Network, params: Parameters
) -> list[tuple[Activation, int, Layer]]:
    """Activation, number of layers below, and parameters of each; stacks are one."""
    found: list[tuple[Activation, int, Layer]] = []
    l = 0
    for layer in params[:-1]:
        (g,) = set(network.activations[l : l + depth(layer)])
        found.append((g, l, layer))
        l += depth(layer)
    return found


def _hidden_forward(
    g: Activation,
    key: Array | None,
    keep_prob: Any,
    A_prev: Array,
    numbered: tuple[Any, Layer],
) -> tuple[Array, LayerCache]:
    l, (W, b) = numbered
    A, (_, activation) = linear_activation_forward(A_prev, W, b, g)
    dropout = None
    if key is not None:
        A, dropout = dropout_forward(jax.random.fold_in(key, l), A, keep_prob)
    return A, LayerCache(A_prev, None if A is activation else activation, dropout)


def _hidden_backward(
    g: Activation, above: tuple[Array, Array], layer: tuple[Layer, LayerCache]
) -> tuple[tuple[Array, Array], Layer]:
    """From dA and A, A_prev of the layer above, to dA_prev and A_prev; dW, db."""
    dA, A = above
    (W, _), (A_prev, activation, dropout) = layer
    if dropout is not None:
        dA = dropout_backward(dA, dropout)
    cache = LinearActivationCache(
        LinearCache(A_prev, W), A if activation is None else activation
    )
    dA_prev, dW, db = linear_activation_backward(dA, cache, g)
    return (dA_prev, A_prev), Layer(dW, db)


def _cost_from_logits(
    network: Network,
    params: Parameters,
    ZL: Array,
    Y: Array,
    l2: Any,
    sample_weight: Array | None,
    total: Any,
) -> Array:
    losses = network.head.losses(ZL, jnp.asarray(Y, ZL.dtype))
    J = mean_loss(losses, sample_weight, total)
    if l2 is None:
        return J
    m = total_weight(ZL.shape[1], sample_weight) if total is None else total
    return J + l2_cost([W for W, _ in params], l2, m)


@partial(jax.jit, static_argnums=0)
def _forward(
    network: Network, params: Parameters, X: Array, key: Array | None, keep_prob: Any
) -> tuple[Array, tuple[LayerCache, ...]]:
    _, caches = _logits(network, params, X, key, keep_prob)
    return caches[-1].activation, tuple(caches)


@partial(jax.jit, static_argnums=0)
def _cost(
    network: Network,
    params: Parameters,
    X: Array,
    Y: Array,
    l2: Any,
    key: Array | None,
    keep_prob: Any,
    sample_weight: Array | None,
    total: Any,
) -> Array:
    ZL, _ = _logits(network, params, X, key, keep_prob)
    return _cost_from_logits(network, params, ZL, Y, l2, sample_weight, total)


@partial(jax.jit, static_argnums=0)
def _backward(
    network: Network,
    params: Parameters,
    caches: Sequence[LayerCache],
    Y: Array,
    l2: Any,
    sample_weight: Array | None,
    total: Any,
) -> Parameters:
    AL = caches[-1].activation
    m = total_weight(AL.shape[1], sample_weight) if total is None else total
    dZL = head_backward(AL, jnp.asarray(Y, AL.dtype))
    dZL = mean_loss_backward(dZL, sample_weight, total)
    dA, dW, db = linear_backward(dZL, LinearCache(caches[-1].A_prev, params[-1].W))
    grads = [Layer(dW, db)]
    above = dA, caches[-1].A_prev
    hidden = zip(_hidden_layers(network, params), caches[:-1], strict=True)
    for (g, _, layer), cache in reversed(list(hidden)):
        backward = partial(_hidden_backward, g)
        if layer.W.ndim == 3:
            above, grad = jax.lax.scan(backward, above, (layer, cache), reverse=True)
        else:
            above, grad = backward(above, (layer, cache))
        grads.insert(0, grad)
    if l2 is None:
        return tuple(grads)
    return tuple(
        Layer(dW + l2_backward(W, l2, m), db)
        for (dW, db), (W, _) in zip(grads, params, strict=True)
    )


@partial(jax.jit, static_argnums=0)
def _cost_and_gradients(
    network: Network,
    params: Parameters,
    X: Array,
    Y: Array,
    l2: Any,
    key: Array | None,
    keep_prob: Any,
    sample_weight: Array | None,
    total: Any,
) -> tuple[Array, Parameters]:
    ZL, caches = _logits(network, params, X, key, keep_prob)
    J = _cost_from_logits(network, params, ZL, Y, l2, sample_weight, total)
    return J, _backward(network, params, caches, Y, l2, sample_weight, total)


@partial(jax.jit, static_argnums=0)
def _predict_proba(network: Network, params: Parameters, X: Array) -> Array:
    _, caches = _logits(network, params, X, None, 1.0)
    return caches[-1].activation


@partial(jax.jit, static_argnums=0)
def _predict(network: Network, params: Parameters, X: Array) -> Array:
    ZL, caches = _logits(network, params, X, None, 1.0)
    if network.output == "sigmoid":
        return (ZL > 0).astype(int)
    if network.output == "softmax":
        return ZL.argmax(axis=0, keepdims=True)
    return caches[-1].activation


@partial(jax.jit, static_argnums=0)
def _score(network: Network, params: Parameters, X: Array, Y: Array) -> Array:
    Y = jnp.asarray(Y, params[0].W.dtype)
    said = _predict(network, params, X)
    if network.output == "sigmoid":
        return (said == (Y > 0.5)).mean(dtype=Y.dtype)
    if network.output == "softmax":
        return (said[0] == Y.argmax(axis=0)).mean(dtype=Y.dtype)
    spread = jnp.square(Y - Y.mean(axis=1, keepdims=True)).sum()
    return 1 - jnp.square(said - Y).sum() / spread


def check_cost_arguments(
    where: str,
    network: Network,
    params: Parameters,
    X: Any,
    Y: Any,
    l2: Any,
    key: Array | None,
    keep_prob: Any,
    sample_weight: Any,
    total_weight: Any = None,
) -> Any:
    """Check all that a cost reads, and return l2, or None for no L2 term at all."""
    _check_inputs(where, network, params, X)
    _check_dropout(where, key, keep_prob)
    return _check_targets(where, network, X, Y, l2, sample_weight, total_weight)


def _check_inputs(where: str, network: Network, params: Parameters, X: Any) -> None:
    _check_parameters(where, network, params)
    check_columns(where, "X", X)
    wanted = (network.layer_dims[0], X.shape[1])
    check_shape(where, "X", X, wanted, "n_x from layer_dims, one column per example")


def _check_parameters(where: str, network: Network, params: Parameters) -> None:
    check_parameters(where, params, network.layer_dims)
    l = 0
    for layer in params[:-1]:
        below, l = l, l + depth(layer)
        if len(set(network.activations[below:l])) > 1:
            raise ValueError(
                f"{where}: W{below + 1} to W{l} cannot be stacked: their activations "
                "differ"
            )


def _check_dropout(where: str, key: Array | None, keep_prob: Any) -> None:
    check_scalar(where, "keep_prob", keep_prob, low=0, high=1, low_open=True)
    if key is None and is_concrete(keep_prob) and float(keep_prob) != 1:
        raise ValueError(
            f"{where}: keep_prob={keep_prob} needs a key (dropout draws from it)"
        )


def _check_targets(
    where: str,
    network: Network,
    X: Any,
    Y: Any,
    l2: Any,
    sample_weight: Any,
    total_weight: Any,
) -> Any:
    """Check what a cost reads; a literal zero l2 becomes None: no L2 term at all."""
    m = X.shape[1]
    wanted = (network.layer_dims[-1], m)
    check_shape(where, "Y", Y, wanted, "n_L from layer_dims, m from X")
    check_scalar(where, "l2", l2, low=0)
    if sample_weight is not None:
        check_shape(where, "sample_weight", sample_weight, (m,), "m from X")
    if total_weight is not None:
        check_scalar(where, "total_weight", total_weight, low=0, low_open=True)
    return None if isinstance(l2, (int, float)) and l2 == 0 else l2
