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

from jaxdnn._checks import (
    BadValueError,
    check_key,
    check_layer_dims,
    check_parameters,
    check_scalar,
    is_concrete,
    public,
    shape_of,
)
from jaxdnn.arrays import admitted


class Layer(NamedTuple):
    """One layer's parameters, or their gradients: W (n, n_prev) and b (n, 1)."""

    W: Array
    b: Array


Parameters = tuple[Layer, ...]
Method = Literal["zeros", "normal", "he", "xavier", "lecun"]

DEFAULT_SCALE = 0.01


@public
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
      TypeError: key is no key.

    References:
      He et al. (2015), ICCV; Glorot & Bengio (2010), AISTATS; LeCun et al. (1998),
      Efficient BackProp.

    Example:
      >>> params = initialize_parameters(jax.random.key(0), (2, 10, 1), method="he")
      >>> [layer.W.shape for layer in params]
      [(10, 2), (1, 10)]
    """
    if method not in get_args(Method):
        raise BadValueError(
            f"method must be one of {', '.join(get_args(Method))}, got {method!r}"
        )
    if scale is not None and method != "normal":
        raise BadValueError(f"scale goes with method='normal', got {method!r}")
    scale = DEFAULT_SCALE if scale is None else scale
    check_scalar("scale", scale, low=0)
    if dtype is not None and not jnp.issubdtype(dtype, jnp.floating):
        raise BadValueError(f"dtype must be floating, got {dtype}")
    dtype = jnp.result_type(dtype or float)
    check_layer_dims(layer_dims)
    check_key("key", key)
    sizes = list(pairwise(map(int, layer_dims)))
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


def admitted_parameters(params: Any, layer_dims: tuple[int, ...]) -> Parameters:
    """The caller's parameters for these sizes, NumPy's admitted as all arrays are.

    Example:
      >>> W, b = np.ones((1, 2), ">f4"), [[0]]
      >>> admitted_parameters([(W, b)], (2, 1))[0].b.dtype
      dtype('float32')
    """
    if all(isinstance(of, Array) for layer in params for of in layer):
        check_parameters(params, layer_dims)
        return params
    whole = jnp.result_type(float)
    layers = tuple(
        Layer(admitted(f"W{l}", W, whole), admitted(f"b{l}", b, whole))
        for l, (W, b) in enumerate(params, start=1)
    )
    check_parameters(layers, layer_dims)
    return layers


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


@public
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
    L = len(dictionary) // 2
    wanted = [f"{name}{l}" for l in range(1, L + 1) for name in ("W", "b")]
    if L == 0 or set(dictionary) != set(wanted):
        raise BadValueError(
            f"keys must be W1, b1, ..., WL, bL, got {sorted(dictionary)}"
        )
    layers = tuple(
        Layer(jnp.asarray(dictionary[f"W{l}"]), jnp.asarray(dictionary[f"b{l}"]))
        for l in range(1, L + 1)
    )
    for l, (W, _) in enumerate(layers, start=1):
        if len(shape_of(f"W{l}", W)) != 2:
            raise BadValueError(f"W{l} must have shape (n, n_prev), got {W.shape}")
    dims = (layers[0].W.shape[1], *(W.shape[0] for W, _ in layers))
    check_parameters(layers, dims)
    return layers
