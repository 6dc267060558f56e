"""What training refuses, said of its arguments: see `jaxdnn._checks`."""

from typing import Any, get_args

import numpy as np
from jax.sharding import Mesh

from jaxdnn._checks import (
    check_accepted,
    check_choice,
    check_finite,
    check_input_columns,
    check_kind,
    check_products,
    check_scalar,
    check_shape,
    check_truth,
    is_concrete,
    readable,
)
from jaxdnn._refusals import BadTypeError, BadValueError, shown
from jaxdnn.architecture import Network
from jaxdnn.parameters import Method
from jaxdnn.training.batch_objective import L2Over
from jaxdnn.training.optimizers import GradientTransformation
from jaxdnn.training.stopping import Watch
from jaxdnn.training.types import Config, Record
from jaxdnn.training.weights import are_labels


def check_config(config: Config, *, validation: Any) -> None:
    """Refuse values out of their range, and what does not go together."""
    check_choice("method", config.method, get_args(Method))
    check_truth("shuffle", config.shuffle)
    check_optimizer(config.optimizer, config.learning_rate)
    if config.learning_rate is not None and not callable(config.learning_rate):
        check_scalar("learning_rate", config.learning_rate, low=0, low_open=True)
    check_scalar("min_delta", config.min_delta, low=0)
    if config.clip_examples is not None:
        check_scalar("clip_examples", config.clip_examples, low=0, low_open=True)
    check_scalar("noise_multiplier", config.noise_multiplier, low=0)
    if config.clip_examples is None and config.adds_noise:
        raise BadValueError("noise_multiplier needs clip_examples, which it multiplies")
    check_products(config.compute_dtype)
    check_choice("l2_over", config.l2_over, get_args(L2Over))
    check_choice("layout", config.layout, ("auto", "plain"))
    check_choice("watch", config.watch, (None, *get_args(Watch)))
    if validation is None and config.watch == "score":
        raise BadValueError("watch='score' needs validation data")
    if validation is None and config.watch is None and config.patience is not None:
        raise BadValueError("patience needs validation data, or watch='cost'")


def recorded(record: Any) -> tuple[Record, ...]:
    """What a history is asked to hold besides, each once.

    Example:
      >>> recorded(["gradient_norm", "gradient_norm"])
      ('gradient_norm',)
    """
    if not isinstance(record, (tuple, list, set, frozenset)):
        raise BadTypeError(f"record must be a tuple of names, got {shown(record)}")
    for name in record:
        check_choice("record", name, get_args(Record))
    return tuple(dict.fromkeys(record))


def check_optimizer(optimizer: Any, learning_rate: Any) -> None:
    """Refuse what is no optimizer, and a learning rate without effect or missing."""
    if optimizer is None:
        return
    own = isinstance(optimizer, GradientTransformation)
    if not own and not callable(optimizer):
        raise BadTypeError(
            "optimizer must be a gradient transformation (init, update), or a function "
            f"from a learning rate to one, got {type(optimizer).__name__}"
        )
    if own and learning_rate is not None:
        raise BadValueError(
            "this optimizer has a learning rate of its own; leave out learning_rate, "
            "or give the function that makes it: optimizer=optax.adam, not "
            "optax.adam(0.001)"
        )
    if not own and learning_rate is None:
        raise BadValueError(
            "optimizer is a function of the learning rate; give learning_rate"
        )
    try:
        hash(optimizer)
    except TypeError as error:
        raise BadTypeError(f"optimizer must be hashable: {error}") from error


def check_examples(network: Network, X: Any, Y: Any) -> None:
    """Refuse examples that the network cannot take."""
    check_input_columns(network, X)
    check_finite("X", X)
    n_L, m = network.layer_dims[-1], X.shape[1]
    if are_labels(network, Y):
        check_labels(network, Y, m)
    else:
        check_shape("Y", Y, (n_L, m), "n_L from layer_dims, m from X")
        check_accepted(network, Y)


def check_labels(network: Network, Y: Any, m: int) -> None:
    """Refuse labels that are not m whole numbers below n_L."""
    if Y.shape != (m,):
        raise BadValueError(f"labels must have shape ({m},) (m from X), got {Y.shape}")
    if not np.issubdtype(Y.dtype, np.integer):
        raise BadTypeError(f"labels must be whole numbers, got {Y.dtype}")
    n_L = network.layer_dims[-1]
    if is_concrete(Y) and not (Y.min() >= 0 and Y.max() < n_L):
        raise BadValueError(
            f"labels must be 0 to {n_L - 1} (n_L from layer_dims), got {Y.min()} to "
            f"{Y.max()}"
        )


def check_order(order: Any, epochs: int, m: int) -> None:
    """Refuse an order that is not (epochs, m) numbers of examples."""
    shape = np.shape(order)
    if shape != (epochs, m):
        raise BadValueError(
            f"order must have shape ({epochs}, {m}) (epochs, m from X), got {shape}"
        )
    if not np.issubdtype(order.dtype, np.integer):
        raise BadTypeError(f"order must be whole numbers, got {order.dtype}")
    if readable(order) and not (order.min() >= 0 and order.max() < m):
        raise BadValueError(
            f"order must be 0 to {m - 1} (m from X), got {order.min()} to {order.max()}"
        )


def check_mesh(mesh: Any) -> None:
    """Refuse what is no mesh, or has none of this process's devices."""
    if mesh is None:
        return
    check_kind("mesh", mesh, Mesh, "a jax.sharding.Mesh")
    if not mesh.local_devices:
        raise BadValueError("mesh must have devices of every process that trains")


def check_untraced(**hosts: Any) -> None:
    """Refuse what only a host can do in a traced function."""
    for name, value in hosts.items():
        if value is not None:
            raise BadTypeError(f"{name} cannot be given in a traced function")
