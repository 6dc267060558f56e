"""Targets as people have them: class labels, and weights of classes.

Labels are (m,) whole numbers 0, ..., n_L - 1 and go with a softmax. Classes have
weights with a softmax, and with a single sigmoid output, whose classes are 0 and 1.
"""

from collections.abc import Mapping
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._checks_where import is_concrete
from jaxdnn.network import Network

ClassWeight = Mapping[int, float] | Literal["balanced"] | None


def are_labels(network: Network, Y: Any) -> bool:
    """Whether Y are class labels, not columns of targets.

    Example:
      >>> are_labels(Network((2, 3), output="softmax"), np.array([0, 2, 1]))
      True
    """
    return network.output == "softmax" and np.ndim(Y) == 1


def check_labels(where: str, network: Network, Y: Any, m: int) -> None:
    """Refuse labels that are not m whole numbers below n_L.

    Example:
      >>> check_labels("fit", Network((2, 3), output="softmax"), np.array([0, 3]), 2)
      Traceback (most recent call last):
      ValueError: fit: labels must be 0 to 2 (n_L from layer_dims), got 0 to 3
    """
    if Y.shape != (m,):
        raise ValueError(
            f"{where}: labels must have shape ({m},) (m from X), got {Y.shape}"
        )
    if not np.issubdtype(Y.dtype, np.integer):
        raise TypeError(f"{where}: labels must be whole numbers, got {Y.dtype}")
    n_L = network.layer_dims[-1]
    if is_concrete(Y) and not (Y.min() >= 0 and Y.max() < n_L):
        raise ValueError(
            f"{where}: labels must be 0 to {n_L - 1} (n_L from layer_dims), got "
            f"{Y.min()} to {Y.max()}"
        )


def weigh_classes(
    where: str,
    network: Network,
    Y: Any,
    sample_weight: Any,
    class_weight: ClassWeight,
) -> Any:
    """sample_weight (m,) times the weight of each example's class; None for neither.

    Args:
      where: who asks, for messages.
      network: the description.
      Y: labels (m,) or targets (n_L, m).
      sample_weight: (m,) or None.
      class_weight: class -> weight, 1 where a class is left out; or "balanced":
        m / (classes * examples of the class).

    Raises:
      ValueError: a head without classes, unknown classes, weights below 0.

    Example:
      >>> Y = jnp.array([[0.0, 0.0, 0.0, 1.0]])
      >>> weigh_classes("fit", Network((2, 1)), Y, None, {1: 3.0}).tolist()
      [1.0, 1.0, 1.0, 3.0]
      >>> weigh_classes("fit", Network((2, 1)), Y, None, "balanced").tolist()
      [0.6666666865348816, 0.6666666865348816, 0.6666666865348816, 2.0]
    """
    if class_weight is None:
        return sample_weight
    n_L = network.layer_dims[-1]
    classes = 2 if network.output == "sigmoid" and n_L == 1 else n_L
    if network.output != "softmax" and classes != 2:
        raise ValueError(
            f"{where}: class_weight goes with a softmax or with one sigmoid output, "
            f"not with {n_L} {network.output} outputs"
        )
    labels = _labels(network, Y)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(
                f'{where}: class_weight must be "balanced" or a mapping from classes '
                f"to weights, got {class_weight!r}"
            )
        counts = jnp.bincount(labels, length=classes)
        weights = labels.size / (jnp.maximum(counts, 1) * (counts > 0).sum())
    else:
        unknown = sorted(set(class_weight) - set(range(classes)))
        if unknown or any(
            is_concrete(weight) and not weight >= 0 for weight in class_weight.values()
        ):
            raise ValueError(
                f"{where}: class_weight must map classes 0 to {classes - 1} to weights "
                f">= 0, got {dict(class_weight)}"
            )
        weights = jnp.array([class_weight.get(k, 1.0) for k in range(classes)])
    return weights[labels] if sample_weight is None else sample_weight * weights[labels]


def _labels(network: Network, Y: Any) -> Array:
    if are_labels(network, Y):
        return jnp.asarray(Y)
    if network.output == "softmax":
        return jnp.asarray(Y).argmax(axis=0)
    return (jnp.asarray(Y)[0] > 0.5).astype(int)
