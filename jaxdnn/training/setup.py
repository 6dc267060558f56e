"""The beginning of a run: arguments checked, examples and state arranged."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.dtypes import canonicalize_dtype

from jaxdnn._checks_where import check_cost_arguments, check_scalar, is_concrete
from jaxdnn.network import Network
from jaxdnn.parameters import Layer, Method, Parameters, initialize_parameters
from jaxdnn.training.batches import Data, one_hot, record_dtype
from jaxdnn.training.labels import are_labels, check_labels
from jaxdnn.training.loop import (
    Best,
    Settings,
    TrainingState,
    Validation,
    blank_history,
)
from jaxdnn.training.optimizers import Optimizer, check_optimizer

_LEARNING_RATE = 0.0075


def check_rate(where: str, optimizer: Optimizer, learning_rate: Any) -> tuple[Any, Any]:
    """The learning rate and the schedule, one of which is None, or both."""
    check_optimizer(where, optimizer, learning_rate)
    if callable(learning_rate):
        return None, learning_rate
    if learning_rate is None:
        return (_LEARNING_RATE if optimizer is None else None), None
    check_scalar(where, "learning_rate", learning_rate, low=0, low_open=True)
    return learning_rate, None


def check_counts(where: str, **counts: Any) -> None:
    """Refuse counts that are neither None nor whole and positive."""
    for name, count in counts.items():
        if count is not None and (not isinstance(count, int) or count < 1):
            raise ValueError(f"{where}: {name} must be an int >= 1, got {count!r}")


@jax.jit
def three_keys(key: Array) -> tuple[Array, Array, Array]:
    """A run's keys: of its first parameters, of dropout, of the shuffle.

    One program, where taking keys off an array of three would be another.
    """
    init_key, dropout_key, shuffle_key = jax.random.split(key, 3)
    return init_key, dropout_key, shuffle_key


def begin(
    where: str,
    network: Network,
    params: Parameters | None,
    key: Array | None,
    method: Method,
    X: Any,
) -> Parameters:
    """The parameters given, or else drawn."""
    if params is not None:
        return tuple(Layer(jnp.asarray(W), jnp.asarray(b)) for W, b in params)
    if key is None:
        raise ValueError(f"{where}: give a key to draw parameters from, or params")
    dtype = X.dtype if jnp.issubdtype(X.dtype, jnp.floating) else None
    return initialize_parameters(key, network.layer_dims, method=method, dtype=dtype)


def check_data(
    where: str, network: Network, params: Parameters, X: Any, Y: Any, *others: Any
) -> Any:
    """Refuse data no run can learn from; returns l2, or None for no such term."""
    columns = Y
    if are_labels(network, Y):
        check_labels(where, network, Y, X.shape[-1])
        columns = jax.ShapeDtypeStruct((network.layer_dims[-1], X.shape[-1]), X.dtype)
    l2 = check_cost_arguments(where, network, params, X, columns, *others)
    if _readable(X):
        check_finite(where, X)
    if columns is Y and _readable(Y):
        check_targets(where, network, np.asarray(Y))
    return l2


def check_weights(where: str, weight: Any) -> None:
    """Refuse weights of examples that leave nothing to learn from."""
    if weight is None or not _readable(weight):
        return
    weight = np.asarray(weight)
    if not (np.isfinite(weight).all() and weight.min() >= 0 < weight.sum()):
        raise ValueError(
            f"{where}: sample_weight must be finite and >= 0, not all 0 (class_weight "
            f"included), got values from {weight.min():g} to {weight.max():g}"
        )


def check_finite(where: str, X: Any) -> None:
    """Refuse inputs that are not finite."""
    if not np.isfinite(X).all():
        row, column = np.argwhere(~np.isfinite(X))[0].tolist()
        raise ValueError(
            f"{where}: X must be finite, got {X[row, column]} at [{row}, {column}]"
        )


def check_targets(where: str, network: Network, Y: Any) -> None:
    """Refuse columns of targets that the network's head does not have."""
    if not network.head.accepts(Y):
        raise ValueError(
            f"{where}: Y for a {network.output} output must hold "
            f"{network.head.targets}, got values from {Y.min():g} to {Y.max():g}"
        )


def _readable(value: Any) -> bool:
    """Whether this process has all of it, now."""
    return is_concrete(value) and getattr(value, "is_fully_addressable", True)


def check_validation(
    where: str, network: Network, params: Parameters, given: tuple[Any, Any] | None
) -> Validation | None:
    """Validation data as the loop reads them, refused where they are no such data."""
    if given is None:
        return None
    if len(given) != 2:
        raise ValueError(f"{where}: validation must be X and Y, got {len(given)} items")
    where = f"{where}: validation"
    X, Y = as_array(where, "X", given[0]), as_array(where, "Y", given[1])
    check_data(where, network, params, X, Y, 0.0, None, 1.0, None)
    dtype = params[0].W.dtype
    if are_labels(network, Y):
        Y = one_hot(jnp.asarray(Y), network.layer_dims[-1], dtype)
    return Validation(place(X, dtype), place(Y, dtype))


def arrange(
    network: Network, X: Any, Y: Any, weight: Any, dtype: Any, batch_size: int | None
) -> Data:
    """The examples as the loop reads them: see `Data`."""
    m = X.shape[1]
    labels = are_labels(network, Y)
    mean_weight = 1
    if weight is not None:
        weight = place(weight, dtype)
        mean_weight = weight.sum() / m
    if batch_size is None:
        Y = one_hot(jnp.asarray(Y), network.layer_dims[-1], dtype) if labels else Y
        return Data(place(X, dtype), place(Y, dtype), weight, m, m, mean_weight)
    Y = place(Y, jnp.int32) if labels else place(Y.T, dtype)
    return Data(place(X.T, dtype), Y, weight, m, m, mean_weight)


def as_array(where: str, name: str, value: Any) -> Any:
    """Real numbers as an array: JAX's as it is, all else as NumPy's.

    Floats have the precision JAX would give them; whole numbers keep all their digits.

    Example:
      >>> as_array("fit", "X", [[1.0, 2.0]]).dtype
      dtype('float32')
    """
    value = value if isinstance(value, Array) else np.asarray(value)
    dtype, floating = value.dtype, jnp.issubdtype(value.dtype, jnp.floating)
    if not (floating and dtype.itemsize <= 8) and dtype.kind not in "biu":
        raise TypeError(f"{where}: {name} must be real numbers, got dtype {dtype}")
    if isinstance(value, Array):
        return value
    dtype = dtype.newbyteorder("=")
    return np.asarray(value, canonicalize_dtype(dtype) if floating else dtype)


def place(value: Any, dtype: Any) -> Array:
    """The value on the device, of this dtype.

    What comes from the host is copied and converted there, where nothing compiles.

    Example:
      >>> place(np.arange(2).T, jnp.float32).tolist()
      [0.0, 1.0]
    """
    if isinstance(value, Array):
        return jnp.asarray(value, dtype)
    return jnp.asarray(np.array(value, dtype, order="C"), dtype)


def first_state(
    params: Parameters,
    optimizer: Any,
    watched: Validation | None,
    keys: tuple[Array | None, Array | None],
    basis: Array | None,
) -> TrainingState:
    """Before the first epoch; keys are those of dropout and of the shuffle.

    optimizer: its own state, from `init_optimizer`.
    """
    dtype = params[0].W.dtype
    zero = place(0, jnp.int32)
    history = blank_history(np.zeros(0, record_dtype(dtype)), watched)
    best = None
    if watched is not None:
        best = Best(params, place(np.inf, dtype), zero)
    return TrainingState(
        params,
        optimizer,
        zero,
        zero,
        best,
        *keys,
        basis,
        history,
    )


def make_settings(
    params: Parameters,
    learning_rate: Any,
    l2: Any,
    keep_prob: Any,
    patience: Any,
    min_delta: Any,
) -> Settings:
    """The numbers of a run in its dtype."""
    dtype = params[0].W.dtype
    floats = (learning_rate, l2, keep_prob, min_delta)
    rate, l2, keep_prob, min_delta = (
        None if value is None else place(value, dtype) for value in floats
    )
    patience = None if patience is None else place(patience, jnp.int32)
    return Settings(rate, l2, keep_prob, patience, min_delta)
