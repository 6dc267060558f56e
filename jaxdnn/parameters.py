"""Parameters: an immutable tuple of layers, how to draw it, and its dictionary form.

params[l - 1].W is W_l (n_l, n_{l-1})        params[l - 1].b is b_l (n_l, 1)
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from math import sqrt
from typing import Any, Literal, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._checks_where import check_scalar, check_shape, is_concrete, shape_of


class Layer(NamedTuple):
    """One layer's parameters, or their gradients: W (n, n_prev) and b (n, 1).

    Or k successive hidden layers of one size and activation, stacked: W (k, n, n) and
    b (k, n, 1), which compile as one (see `folding`).
    """

    W: Array
    b: Array


Parameters = tuple[Layer, ...]
Method = Literal["zeros", "normal", "he", "xavier", "lecun"]

DEFAULT_SCALE = 0.01


def initialize_parameters(
    key: Array,
    layer_dims: Sequence[int],
    *,
    method: Method = "he",
    scale: float | None = None,
    dtype: Any = None,
) -> Parameters:
    """Draw W from a normal distribution with a standard deviation set by the method.

        zeros   0                 breaks no symmetry: units of a layer stay equal
        normal  scale             0.01 unless given
        he      sqrt(2 / n_prev)  keeps the variance through ReLU
        xavier  sqrt(2 / (n_prev + n))
        lecun   sqrt(1 / n_prev)

    Biases are zero.

    Args:
      key: a PRNG key, `jax.random.key(seed)`.
      layer_dims: (n_0, n_1, ..., n_L), sizes of the input and of every layer.
      method: which standard deviation.
      scale: the standard deviation, for "normal" only.
      dtype: a floating dtype; JAX's default (float32, or float64 under x64) if None.

    Returns:
      One Layer(W (n_l, n_{l-1}), b (n_l, 1)) per layer.

    Raises:
      ValueError: unknown method, scale with another method, sizes below 1, fewer than
        two sizes, a dtype that is not floating.

    References:
      He et al. (2015), ICCV; Glorot & Bengio (2010), AISTATS; LeCun et al. (1998),
      Efficient BackProp.

    Example:
      >>> params = initialize_parameters(jax.random.key(0), (2, 10, 1), method="he")
      >>> [layer.W.shape for layer in params]
      [(10, 2), (1, 10)]
    """
    where = "initialize_parameters"
    if method not in get_args(Method):
        raise ValueError(
            f"{where}: method must be one of {', '.join(get_args(Method))}, "
            f"got {method!r}"
        )
    if scale is not None and method != "normal":
        raise ValueError(f"{where}: scale goes with method='normal', got {method!r}")
    scale = DEFAULT_SCALE if scale is None else scale
    check_scalar(where, "scale", scale, low=0)
    if dtype is not None and not jnp.issubdtype(dtype, jnp.floating):
        raise ValueError(f"{where}: dtype must be floating, got {dtype}")
    dtype = jnp.result_type(dtype or float)
    sizes = list(pairwise(check_layer_dims(where, layer_dims)))
    ends = list(accumulate(n_prev * n for n_prev, n in sizes))
    # One draw for all layers, because the generator takes long to compile; cut on the
    # host where that can be, because nothing compiles there.
    draws = jax.random.normal(key, (ends[-1],), dtype)
    xp: Any = np if is_concrete(draws) and is_concrete(scale) else jnp
    draws = xp.asarray(draws)
    layers: list[Layer] = []
    for (n_prev, n), end in zip(sizes, ends, strict=True):
        deviation = {
            "zeros": 0.0,
            "normal": scale,
            "he": sqrt(2 / n_prev),
            "xavier": sqrt(2 / (n_prev + n)),
            "lecun": sqrt(1 / n_prev),
        }[method]
        W = xp.asarray(deviation, dtype) * draws[end - n * n_prev : end]
        layers.append(Layer(W.reshape(n, n_prev), xp.zeros((n, 1), dtype)))
    return jax.device_put(tuple(layers))


def check_layer_dims(where: str, layer_dims: Sequence[int]) -> tuple[int, ...]:
    """The sizes as a tuple of ints, or a ValueError that shows what was given."""
    dims = tuple(layer_dims)
    whole = all(isinstance(n, (int, np.integer)) and n >= 1 for n in dims)
    if len(dims) < 2 or not whole:
        raise ValueError(
            f"{where}: layer_dims must be at least two whole numbers >= 1 "
            f"(n_x, n_1, ..., n_L), got {dims}"
        )
    return tuple(map(int, dims))


def check_parameters(
    where: str, params: Parameters, layer_dims: tuple[int, ...]
) -> None:
    """Refuse parameters whose tree or shapes are not those of layer_dims."""
    L = len(layer_dims) - 1
    depths = [depth(layer) for layer in params]
    if sum(depths) != L:
        raise ValueError(
            f"{where}: params must have {L} layers (layer_dims {layer_dims}), got "
            f"{sum(depths)}"
        )
    l = 0
    for k, (W, b) in zip(depths, params, strict=True):
        sizes = set(layer_dims[l : l + k + 1])
        l += k
        n, n_prev = layer_dims[l], layer_dims[l - 1]
        stack = (k,) if len(W.shape) == 3 else ()
        if stack and (len(sizes) > 1 or l == L):
            raise ValueError(
                f"{where}: W{l - k + 1} to W{l} cannot be stacked: only hidden layers "
                f"of one size can (layer_dims {layer_dims})"
            )
        check_shape(where, f"W{l}", W, (*stack, n, n_prev), f"layer_dims {layer_dims}")
        check_shape(where, f"b{l}", b, (*stack, n, 1), f"layer_dims {layer_dims}")


def depth(layer: Layer) -> int:
    """How many layers it stands for: more than one where they are stacked.

    Example:
      >>> depth(Layer(jnp.ones((5, 2, 2)), jnp.ones((5, 2, 1))))
      5
    """
    shape = shape_of("params", "W", layer.W)
    return shape[0] if len(shape) == 3 else 1


def params_to_dict(params: Parameters) -> dict[str, Array]:
    """{"W1": W_1, "b1": b_1, ..., "WL": W_L, "bL": b_L}: the course's form.

    Example:
      >>> list(params_to_dict((Layer(jnp.ones((1, 2)), jnp.zeros((1, 1))),)))
      ['W1', 'b1']
    """
    return {
        f"{name}{l}": array
        for l, layer in enumerate(params, start=1)
        for name, array in zip(("W", "b"), layer, strict=True)
    }


def params_from_dict(dictionary: Mapping[str, Any]) -> Parameters:
    """The parameters held by {"W1": ..., "b1": ..., "W2": ..., ...}.

    Args:
      dictionary: W_l (n_l, n_{l-1}) and b_l (n_l, 1) for l = 1, ..., L; no other keys.

    Raises:
      ValueError: a key is missing or unknown, or shapes do not chain.

    Example:
      >>> params = params_from_dict({"W1": jnp.ones((1, 2)), "b1": jnp.zeros((1, 1))})
      >>> params[0].W.shape
      (1, 2)
    """
    where = "params_from_dict"
    L = len(dictionary) // 2
    wanted = [f"{name}{l}" for l in range(1, L + 1) for name in ("W", "b")]
    if L == 0 or set(dictionary) != set(wanted):
        raise ValueError(
            f"{where}: keys must be W1, b1, ..., WL, bL, got {sorted(dictionary)}"
        )
    layers = tuple(
        Layer(jnp.asarray(dictionary[f"W{l}"]), jnp.asarray(dictionary[f"b{l}"]))
        for l in range(1, L + 1)
    )
    for l, (W, _) in enumerate(layers, start=1):
        if len(shape_of(where, f"W{l}", W)) != 2:
            raise ValueError(
                f"{where}: W{l} must have shape (n, n_prev), got {W.shape}"
            )
    dims = (layers[0].W.shape[1], *(W.shape[0] for W, _ in layers))
    check_parameters(where, layers, dims)
    return layers
