"""What an example counts for beside its own weight: the weight of its class."""

from collections.abc import Mapping
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._checks import is_concrete, readable
from jaxdnn._refusals import BadTypeError, BadValueError
from jaxdnn.architecture import Network
from jaxdnn.arrays import HOST, AnyArray, ArrayLike, Scalar

ClassWeight = Mapping[int, Scalar] | Literal["balanced"] | None


def are_labels(network: Network, Y: ArrayLike) -> bool:
    """Whether Y are class labels, not columns of targets.

    Example:
      >>> are_labels(Network((2, 3), output="softmax"), np.array([0, 2, 1]))
      True
    """
    return np.ndim(Y) == 1 and _picks_one(network)


def _picks_one(network: Network) -> bool:
    """Whether the outputs are the classes, of which the head picks one."""
    n_L = network.layer_dims[-1]
    return n_L > 1 and network.head.classes(n_L) == n_L


def check_class_weight(network: Network, class_weight: Any) -> None:
    """Refuse weights of classes for a head without any, or of unknown classes."""
    if class_weight is None:
        return
    n_L = network.layer_dims[-1]
    yes_or_no = n_L == 1 and network.head.classes(n_L) == 2
    if not yes_or_no and not _picks_one(network):
        raise BadValueError(
            "class_weight goes with a softmax or with one sigmoid output, not with "
            f"{n_L} {network.head.name} output{'s' * (n_L > 1)}"
        )
    classes = 2 if yes_or_no else n_L
    if isinstance(class_weight, Mapping):
        unknown = set(class_weight) - set(range(classes))
        if unknown or not all(map(_is_weight, class_weight.values())):
            raise BadValueError(
                f"class_weight must map classes 0 to {classes - 1} to weights >= 0, "
                f"got {dict(class_weight)}"
            )
    elif not isinstance(class_weight, str):
        raise BadTypeError(
            'class_weight must be "balanced" or a mapping from classes to weights, got '
            f"{type(class_weight).__name__}"
        )
    elif class_weight != "balanced":
        raise BadValueError(
            'class_weight must be "balanced" or a mapping from classes to weights, got '
            f"{class_weight!r}"
        )


def _is_weight(value: Any) -> bool:
    if not is_concrete(value):
        return True
    try:
        return 0 <= float(value) < np.inf
    except (TypeError, ValueError):
        return False


def of_classes(
    network: Network, Y: AnyArray, class_weight: ClassWeight
) -> Mapping[int, Scalar] | None:
    """Class -> weight, where it is balanced: over Y (n_L, m), or labels (m,).

    Example:
      >>> weights = of_classes(Network((2, 1)), np.array([[1, 0, 0, 0]]), "balanced")
      >>> [float(weight) for weight in weights.values()]
      [0.66..., 2.0]
    """
    if class_weight is None or isinstance(class_weight, Mapping):
        return class_weight
    labels, classes = classes_of(network, Y), np.arange(class_count(network))
    return balanced((classes[:, None] == labels[None, :]).sum(axis=1))


def class_count(network: Network) -> int:
    """How many classes the network tells apart: one output tells two.

    Example:
      >>> class_count(Network((2, 1))), class_count(Network((2, 3), output="softmax"))
      (2, 3)
    """
    return max(2, network.layer_dims[-1])


def each_class(network: Network, weights: Mapping[int, Scalar]) -> list[Scalar]:
    """Every class's weight; 1 for a class without one.

    Example:
      >>> each_class(Network((2, 1)), {1: 3.0})
      [1.0, 3.0]
    """
    return [weights.get(k, 1.0) for k in range(class_count(network))]


def balanced(counts: AnyArray) -> Mapping[int, Scalar]:
    """Class -> weight, by how many examples each has: all count for as much.

    Example:
      >>> [float(weight) for weight in balanced(np.array([3, 1])).values()]
      [0.66..., 2.0]
    """
    numbers: Any = np if isinstance(counts, np.ndarray) else jnp
    shares = numbers.maximum(counts, 1) * (counts > 0).sum()
    weights = (counts.sum() / shares).astype(jnp.result_type(float))
    return {k: weights[k] for k in range(len(counts))}


def by_class(network: Network, Y: AnyArray, weights: Mapping[int, Scalar]) -> Array:
    """The weight of each example's class (m,).

    Example:
      >>> by_class(Network((2, 1)), np.array([[1, 0]]), {1: 3.0}).tolist()
      [3.0, 1.0]
    """
    labels, of = classes_of(network, Y), each_class(network, weights)
    # In NumPy nothing compiles for so many examples.
    if isinstance(labels, np.ndarray) and all(map(is_concrete, of)):
        return HOST.array(of, jnp.result_type(float))[labels]
    return jnp.array(of)[labels]


def classes_of(network: Network, Y: AnyArray) -> Any:
    """The class of each example (m,).

    Example:
      >>> classes_of(Network((2, 1)), np.array([[0.0, 1.0]])).tolist()
      [0, 1]
    """
    Y = np.asarray(Y) if readable(Y) else Y
    if are_labels(network, Y):
        return Y
    return (Y[0] > 0.5).astype(int) if len(Y) == 1 else Y.argmax(axis=0)
