"""What X and Y are, decided once: columns, rows, or a source of pieces.

Full batches are columns, one example each. Mini-batches are gathered from rows, because
an example's numbers then lie together. A source gives them anew every epoch: see
`source`.

Labels are (m,) whole numbers 0, ..., n_L - 1 and go with a head that picks one output.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import DTypeLike

from jaxdnn._checks import check_shape, check_weights
from jaxdnn._refusals import BadTypeError, BadValueError, shown, within
from jaxdnn.architecture import Network
from jaxdnn.arguments import check_network
from jaxdnn.arrays import HOST, ArrayLike, Pieces, Scalar, admitted
from jaxdnn.training.checks import check_examples
from jaxdnn.training.file_pieces import FilePieces
from jaxdnn.training.source import Everyones, Source, source_of
from jaxdnn.training.weights import (
    ClassWeight,
    by_class,
    check_class_weight,
    of_classes,
)


class Columns(NamedTuple):
    """X (n_x, m), Y (n_L, m), weight (m,) or None; total: Σⱼ wⱼ."""

    X: Array
    Y: Array
    weight: Array | None
    total: Scalar


class Rows(NamedTuple):
    """X (m, n_x), targets (m, n_L) or labels (m,), weight (m,) of mean 1, or None.

    The first `real` of them count; total: Σⱼ wⱼ before the weights were divided.
    """

    X: Array
    targets: Array
    weight: Array | None
    real: Array
    total: Scalar


Examples = TypeVar("Examples", bound=Columns | Rows)


def examples_of(
    network: Network,
    X: ArrayLike | Pieces,
    Y: ArrayLike | None = None,
    *,
    weight: ArrayLike | None = None,
    class_weight: ClassWeight = None,
    batch_size: int | None = None,
    everyones: Everyones | None = None,
) -> Columns | Rows | Source:
    """The examples of a run, checked; where they lie they still lie.

    Args:
      network: the description.
      X, Y: (n_x, m) and (n_L, m) or labels (m,); memory maps; or, as X, a source.
      weight, class_weight: of the examples and of their classes, as for `fit`.
      batch_size: None for full batches.
      everyones: of a source, see `source_of`.

    Raises:
      ValueError: shapes disagree, values that are not finite or not the head's.
      TypeError: no real numbers, labels that are no whole numbers.

    Example:
      >>> X, Y = np.ones((2, 5)), np.ones((1, 5))
      >>> type(examples_of(Network((2, 1)), X, Y)).__name__
      'Columns'
      >>> examples_of(Network((2, 1)), X, Y, batch_size=2).X.shape
      (5, 2)
      >>> examples_of(Network((2, 1)), [(X, Y), (X, Y)], batch_size=2).m
      10
    """
    check_network(network)
    check_class_weight(network, class_weight)
    on_disk = isinstance(X, np.memmap) and batch_size is not None
    if on_disk or _is_source(X, Y):
        if batch_size is None:
            raise BadValueError("pieces need a batch_size")
        if weight is not None:
            raise BadValueError(
                "sample_weight does not go with pieces: each brings its own, "
                "(X, Y, weight)"
            )
        if Y is not None and not on_disk:
            raise BadValueError("Y does not go with pieces")
        if on_disk and not isinstance(Y, np.memmap):
            Y = admitted("Y", Y)
        pieces: Any = FilePieces(X, Y) if on_disk else X
        return source_of(network, pieces, class_weight, everyones)
    X, Y = admitted("X", X), admitted("Y", Y)
    if weight is not None:
        weight = admitted("sample_weight", weight)
    check_examples(network, X, Y)
    if weight is not None:
        check_shape("sample_weight", weight, (X.shape[1],), "m from X")
    if (weights := of_classes(network, Y, class_weight)) is not None:
        of_class = by_class(network, Y, weights)
        weight = of_class if weight is None else weight * of_class
    check_weights(weight)
    m = X.shape[1]
    total = m if weight is None else weight.sum()
    if batch_size is None:
        return Columns(X, Y, weight, total)
    return Rows(X.T, Y.T, weight, HOST.int32(m), total)


def _is_source(X: Any, Y: Any) -> bool:
    """Whether X gives pieces: rows of numbers in lists are an array."""
    if hasattr(X, "shape") or not isinstance(X, Iterable):
        return False
    if not isinstance(X, (list, tuple)) or not X:
        return True
    first: Any = X[0]
    if isinstance(first, (str, bytes)) or not isinstance(first, Iterable):
        return Y is None
    if isinstance(first, (list, tuple)):
        return bool(first) and _dimensions(first[0]) > 0
    return _dimensions(first) != 1


def _dimensions(value: Any) -> int:
    """How deep arrays, or lists of them, go; ragged ones as their first part."""
    if isinstance(value, (list, tuple)):
        return 1 + _dimensions(value[0]) if value else 1
    return getattr(value, "ndim", 0)


def targets_of(examples: Columns | Rows) -> Array:
    """Y (n_L, m) or labels (m,).

    Example:
      >>> targets_of(Columns(np.ones((2, 5)), np.ones((1, 5)), None, 5)).shape
      (1, 5)
    """
    return examples.Y if isinstance(examples, Columns) else examples.targets.T


def count_of(examples: Columns | Rows | Source) -> int:
    """How many examples there are.

    Example:
      >>> count_of(Columns(np.ones((2, 5)), np.ones((1, 5)), None, 5))
      5
    """
    if isinstance(examples, Source):
        return examples.m
    return examples.X.shape[1 if isinstance(examples, Columns) else 0]


def one_hot(labels: Array, classes: int, dtype: DTypeLike) -> Array:
    """Labels (m,) as columns (classes, m); NumPy's stay NumPy's.

    Example:
      >>> one_hot(np.array([1, 0]), 2, int).tolist()
      [[0, 1], [1, 0]]
    """
    return (np.arange(classes)[:, None] == labels[None, :]).astype(dtype)


def arranged(
    network: Network, examples: Examples, dtype: DTypeLike, size: int | None = None
) -> Examples:
    """Columns or rows with arrays of their own in the run's dtype.

    Up to `size` they are filled with the first example at weight 0, as any head can
    take it.

    Example:
      >>> X = np.ones((2, 3))
      >>> columns = Columns(X, X[:1], None, 3)
      >>> arranged(Network((2, 1)), columns, np.float32, 4).weight.tolist()
      [1.0, 1.0, 1.0, 0.0]
    """
    X, Y, *_ = examples
    weight: Any = examples.weight
    axis = -1 if isinstance(examples, Columns) else 0
    m = X.shape[axis]
    if Y.ndim == 1 and isinstance(examples, Columns):
        Y = one_hot(Y, network.layer_dims[-1], dtype)
    if isinstance(examples, Columns):
        if size is not None:
            weight = np.ones(m, dtype) if weight is None else np.asarray(weight)
    elif weight is not None:
        weight = weight * (m / examples.total)
    missing = 0 if size is None else size - m
    X = _own(X, dtype, axis, missing)
    Y = _own(Y, np.int32 if Y.ndim == 1 else dtype, axis, missing)
    if weight is not None:
        weight = _own(weight, dtype, 0, 0)
        weight = np.pad(weight, (0, missing)) if missing else weight
    rest: Any = examples[3:]
    return type(examples)(X, Y, weight, *rest)


def _own(array: Any, dtype: DTypeLike, axis: int, missing: int) -> Any:
    if missing:
        first = np.take(np.asarray(array), [0] * missing, axis)
        return np.concatenate([np.asarray(array), first], axis).astype(dtype, "C")
    if isinstance(array, Array):
        return jnp.asarray(array, dtype)
    # A copy: what the caller does to the array afterwards is not seen.
    return np.array(array, dtype, order="C")


def read_validation(
    network: Network, given: Any, dtype: DTypeLike, class_weight: ClassWeight = None
) -> tuple[Array, Array, Array | None] | None:
    """X, Y and weight in columns of the run's dtype, checked as the examples are."""
    if given is None:
        return None
    if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
        items = isinstance(given, (tuple, list))
        found = f"{len(given)} items" if items else shown(given)
        raise BadValueError(
            f"validation must be (X, Y) or (X, Y, sample_weight), got {found}"
        )
    X, Y, *more = given
    with within("validation"):
        # Columns, where no batch size is given.
        columns: Any = examples_of(
            network, X, Y, weight=more[0] if more else None, class_weight=class_weight
        )
        if columns.weight is not None and not network.head.weighs():
            raise BadTypeError(
                f"the decision of {network.head.name!r} has a score of (said, Y); to "
                "be weighed it must take (said, Y, weight)"
            )
    return arranged(network, columns, dtype)[:3]
