"""Parameters: an immutable tuple of layers, how to draw it, and its dictionary form.

params[l - 1].W is W_l (n_l, n_{l-1})        params[l - 1].b is b_l (n_l, 1)
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from math import sqrt
from typing import Any, NamedTuple, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.dtypes import canonicalize_dtype
from jax.typing import DTypeLike

from jaxdnn._checks import (
    REAL,
    check_choice,
    check_key,
    check_kind,
    check_layer_dims,
    check_parameters,
    check_scalar,
    check_shape,
    is_concrete,
)
from jaxdnn._names import Method
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadTypeError, BadValueError, public, shown
from jaxdnn._shown import by_field
from jaxdnn.arrays import ArrayLike, Scalar, admitted, number


class Layer(NamedTuple):
    """One layer's parameters, or their gradients: W (n, n_prev) and b (n, 1)."""

    W: Array
    b: Array

    def __repr__(self) -> str:
        return by_field(self)


Parameters = tuple[Layer, ...]

DEFAULT_SCALE = 0.01


@public
def initialize_parameters(
    key: Array,
    layer_dims: Sequence[int],
    *,
    method: Method = "he",
    scale: Scalar | None = None,
    dtype: DTypeLike | None = None,
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
      MemoryError: more parameters than memory holds.

    References:
      He et al. (2015), ICCV; Glorot & Bengio (2010), AISTATS; LeCun et al. (1998),
      Efficient BackProp.

    Example:
      >>> params = initialize_parameters(jax.random.key(0), (2, 10, 1), method="he")
      >>> [layer.W.shape for layer in params]
      [(10, 2), (1, 10)]
    """
    check_choice("method", method, get_args(Method))
    if scale is not None and method != "normal":
        raise BadValueError(f"scale goes with method='normal', got {method!r}")
    scale = DEFAULT_SCALE if scale is None else scale
    check_scalar("scale", scale, low=0)
    dtype = _floating_dtype(dtype)
    scale = number("scale", scale, dtype)
    check_layer_dims(layer_dims)
    check_key("key", key)
    sizes = list(pairwise(map(int, layer_dims)))
    ends = list(accumulate(n_prev * n for n_prev, n in sizes))
    # One draw for all layers, because the generator takes long to compile; cut on the
    # host where that can be, because nothing compiles there.
    draws = _drawn(key, ends[-1], dtype)
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


def _drawn(key: Array, count: int, dtype: DTypeLike) -> Array:
    """So many numbers; a MemoryError where memory does not hold them."""
    try:
        # Waited for: read before it has failed, a draw too large ends the process.
        return jax.block_until_ready(_normal(key, count, dtype))
    except jax.errors.JaxRuntimeError as error:
        if "RESOURCE_EXHAUSTED" not in str(error):
            raise
        raise MemoryError(
            f"initialize_parameters: memory does not hold {count:,} parameters"
        ) from error


@compiled(static_argnums=(1, 2))
def _normal(key: Array, count: int, dtype: DTypeLike) -> Array:
    return jax.random.normal(key, (count,), dtype)


def _floating_dtype(dtype: DTypeLike | None) -> np.dtype:
    """JAX's default for None; a refusal of what is no floating dtype."""
    try:
        found = jnp.result_type(float) if dtype is None else jnp.dtype(dtype)
    except (TypeError, ValueError):
        found = None
    if found is None or found not in REAL or not jnp.issubdtype(found, jnp.floating):
        raise BadValueError(f"dtype must be floating, got {shown(dtype)}")
    return canonicalize_dtype(found)


def admitted_parameters(params: Any, layer_dims: tuple[int, ...]) -> Parameters:
    """The caller's parameters for these sizes, NumPy's admitted as all arrays are.

    Example:
      >>> W, b = np.ones((1, 2), ">f4"), [[0]]
      >>> admitted_parameters([(W, b)], (2, 1))[0].b.dtype
      dtype('float32')
    """
    layers = admitted_layers("params", params, "W", "b")
    check_parameters(layers, layer_dims)
    return layers


def admitted_layers(name: str, layers: Any, W: str, b: str) -> Parameters:
    """A tuple of Layers of floating numbers, or a refusal; W and b name their arrays.

    Example:
      >>> admitted_layers("grads", [([[1.0]], [[2]])], "dW", "db")[0].b.dtype
      dtype('float32')
    """
    if type(layers) is tuple and all(map(_is_plain, layers)):
        return layers  # pyright: ignore[reportUnknownVariableType]
    floating = jnp.result_type(float)
    return tuple(
        Layer(*(_floating(f"{of}{l}", array, floating) for of, array in named))
        for l, named in enumerate(_pairs(name, layers, W, b), start=1)
    )


def admitted_alike(
    name: str, layers: Any, like: Parameters, like_name: str
) -> Parameters:
    """Gradients of the sizes of `like`; the names are those of a refusal.

    Example:
      >>> one = (Layer(np.ones((1, 2)), np.ones((1, 1))),)
      >>> admitted_alike("grads", (), one, "params")
      Traceback (most recent call last):
      jaxdnn._refusals.BadValueError: grads must have 1 layers (from params), got 0
    """
    layers = admitted_layers(name, layers, "dW", "db")
    if len(layers) != len(like):
        raise BadValueError(
            f"{name} must have {len(like)} layers (from {like_name}), got {len(layers)}"
        )
    for l, (layer, wanted) in enumerate(zip(layers, like, strict=True), start=1):
        check_shape(f"dW{l}", layer.W, wanted.W.shape, f"of {like_name}")
        check_shape(f"db{l}", layer.b, wanted.b.shape, f"of {like_name}")
    return layers


def _is_plain(layer: object) -> bool:
    """Whether it is a Layer of JAX's floating arrays, as nearly all are."""
    return type(layer) is Layer and all(
        isinstance(of, Array)
        and jnp.issubdtype(of.dtype, jnp.floating)
        and not (is_concrete(of) and (of.dtype not in REAL or of.is_deleted()))
        for of in layer
    )


def _floating(name: str, value: Any, dtype: DTypeLike) -> Array:
    array = admitted(name, value, dtype)
    return array.astype(dtype) if array.dtype.kind in "biu" else array


def _pairs(name: str, layers: Any, W: str, b: str) -> Iterator[list[tuple[str, Any]]]:
    """((W, its array), (b, its array)) of each layer."""
    wanted = f"{name} must be a tuple of Layer({W}, {b})"
    if isinstance(layers, Mapping):
        raise BadTypeError(f"{wanted}, got a dictionary: params_from_dict takes those")
    if hasattr(layers, "params"):
        kind = type(layers).__name__
        raise BadTypeError(f"{wanted}, got {kind}: its .params are that")
    if not isinstance(layers, (tuple, list)):
        raise BadTypeError(f"{wanted}, got {shown(layers)}")
    for l, layer in enumerate(layers, start=1):
        if not isinstance(layer, (tuple, list)) or len(layer) != 2:
            raise BadTypeError(f"{wanted}, got {shown(layer)} for layer {l}")
        yield list(zip((W, b), layer, strict=True))


@public
def params_to_dict(params: Parameters) -> dict[str, Array]:
    """{"W1": W_1, "b1": b_1, ..., "WL": W_L, "bL": b_L}: the course's form.

    Example:
      >>> list(params_to_dict((Layer(jnp.ones((1, 2)), jnp.zeros((1, 1))),)))
      ['W1', 'b1']
    """
    return {
        f"{name}{l}": array
        for l, pair in enumerate(_pairs("params", params, "W", "b"), start=1)
        for name, array in pair
    }


@public
def params_from_dict(dictionary: Mapping[str, ArrayLike]) -> Parameters:
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
    check_kind("dictionary", dictionary, Mapping, "a mapping from names to arrays")
    L = len(dictionary) // 2
    wanted = [f"{name}{l}" for l in range(1, L + 1) for name in ("W", "b")]
    if L == 0 or set(dictionary) != set(wanted):
        found = shown(sorted(map(str, dictionary)))
        raise BadValueError(f"keys must be W1, b1, ..., WL, bL, got {found}")
    pairs = [(dictionary[f"W{l}"], dictionary[f"b{l}"]) for l in range(1, L + 1)]
    layers = jax.tree.map(jnp.asarray, admitted_layers("dictionary", pairs, "W", "b"))
    for l, (W, _) in enumerate(layers, start=1):
        if W.ndim != 2:
            raise BadValueError(f"W{l} must have shape (n, n_prev), got {W.shape}")
    dims = (layers[0].W.shape[1], *(W.shape[0] for W, _ in layers))
    check_parameters(layers, dims)
    return layers
