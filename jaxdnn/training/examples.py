"""What X and Y are, decided once: columns, rows, or a source of pieces.

Full batches are columns, one example each. Mini-batches are gathered from rows, because
an example's numbers then lie together. A source is anything that can be iterated over
and over, such as a list or an object with __iter__: each time it gives the same pieces,
X (n_x, k) and Y (n_L, k) or labels (k,), with any k >= 1.

Labels are (m,) whole numbers 0, ..., n_L - 1 and go with a head that picks one output.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxdnn._checks import (
    check_accepted,
    check_finite,
    check_input_columns,
    check_shape,
    check_weights,
)
from jaxdnn._refusals import BadTypeError, BadValueError, shown, within
from jaxdnn.architecture import Network
from jaxdnn.arguments import check_network
from jaxdnn.arrays import admitted
from jaxdnn.training.checks import check_labels
from jaxdnn.training.weights import (
    ClassWeight,
    are_labels,
    by_class,
    check_class_weight,
    of_classes,
)

# Bytes of X in a piece cut from arrays that lie in a file.
_PIECE_BYTES = 64 << 20


class Columns(NamedTuple):
    """X (n_x, m), Y (n_L, m), weight (m,) or None; total: Σⱼ wⱼ."""

    X: Any
    Y: Any
    weight: Any
    total: Any


class Rows(NamedTuple):
    """X (m, n_x), targets (m, n_L) or labels (m,), weight (m,) of mean 1, or None.

    The first `real` of them count; total: Σⱼ wⱼ before the weights were divided.
    """

    X: Any
    targets: Any
    weight: Any
    real: Any
    total: Any


class Source(NamedTuple):
    """Pieces that come anew every epoch, m examples in all; labels: are Y labels?"""

    pieces: Iterable[Any]
    m: int
    dtype: Any
    labels: bool


class FilePieces:
    """X (n_x, m) and Y (n_L, m), or labels (m,), that lie in a file, piece by piece.

    Example:
      >>> pieces = FilePieces(np.ones((2, 5)), np.ones((1, 5)), columns=3)
      >>> [X.shape for X, _ in pieces]
      [(2, 3), (2, 2)]
    """

    def __init__(self, X: Any, Y: Any, columns: int | None = None) -> None:
        self.X, self.Y = X, Y
        self.columns = columns or max(1, _PIECE_BYTES // (4 * X.shape[0]))

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for start in range(0, self.X.shape[1], self.columns):
            cut = slice(start, start + self.columns)
            yield self.X[:, cut], self.Y[..., cut]


def examples_of(
    network: Network,
    X: Any,
    Y: Any = None,
    *,
    weight: Any = None,
    class_weight: ClassWeight = None,
    batch_size: int | None = None,
) -> Columns | Rows | Source:
    """The examples of a run, checked; where they lie they still lie.

    Args:
      network: the description.
      X, Y: (n_x, m) and (n_L, m) or labels (m,); memory maps; or, as X, a source.
      weight, class_weight: of the examples and of their classes, as for `fit`.
      batch_size: None for full batches.

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
        without = {"sample_weight": weight, "class_weight": class_weight}
        without |= {} if on_disk else {"Y": Y}
        for name, value in without.items():
            if value is not None:
                raise BadValueError(f"{name} does not go with pieces")
        if on_disk and not isinstance(Y, np.memmap):
            Y = admitted("Y", Y)
        return _source_of(network, FilePieces(X, Y) if on_disk else X)
    X, Y = admitted("X", X), admitted("Y", Y)
    if weight is not None:
        weight = admitted("sample_weight", weight)
    _check_examples(network, X, Y)
    if weight is not None:
        check_shape("sample_weight", weight, (X.shape[1],), "m from X")
    if (weights := of_classes(network, Y, class_weight)) is not None:
        of_class = by_class(network, Y, weights)
        weight = of_class if weight is None else weight * of_class
    check_weights(weight)
    m = X.shape[1]
    if batch_size is None:
        return Columns(X, Y, weight, m if weight is None else weight.sum())
    return Rows(X.T, Y.T, weight, m, m if weight is None else weight.sum())


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


def targets_of(examples: Columns | Rows | Source) -> Any:
    """Y (n_L, m) or labels (m,); None of a source.

    Example:
      >>> targets_of(Columns(np.ones((2, 5)), np.ones((1, 5)), None, 5)).shape
      (1, 5)
    """
    if isinstance(examples, Source):
        return None
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


def one_hot(labels: Any, classes: int, dtype: Any) -> Any:
    """Labels (m,) as columns (classes, m); NumPy's stay NumPy's.

    Example:
      >>> one_hot(np.array([1, 0]), 2, int).tolist()
      [[0, 1], [1, 0]]
    """
    return (np.arange(classes)[:, None] == labels[None, :]).astype(dtype)


def arranged(
    network: Network, examples: Any, dtype: Any, size: int | None = None
) -> Any:
    """Columns or rows with arrays of their own in the run's dtype.

    Up to `size` they are filled with the first example at weight 0, as any head can
    take it.

    Example:
      >>> X = np.ones((2, 3))
      >>> columns = Columns(X, X[:1], None, 3)
      >>> arranged(Network((2, 1)), columns, np.float32, 4).weight.tolist()
      [1.0, 1.0, 1.0, 0.0]
    """
    X, Y, weight, *_ = examples
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
    return type(examples)(X, Y, weight, *examples[3:])


def _own(array: Any, dtype: Any, axis: int, missing: int) -> Any:
    if missing:
        first = np.take(np.asarray(array), [0] * missing, axis)
        return np.concatenate([np.asarray(array), first], axis).astype(dtype, "C")
    if isinstance(array, Array):
        return jnp.asarray(array, dtype)
    # A copy: what the caller does to the array afterwards is not seen.
    return np.array(array, dtype, order="C")


def pieces_as_rows(source: Source, batch_size: int, dtype: Any) -> Iterator[Rows]:
    """A source's examples as rows, so many at a time as its first piece, rounded up.

    They are cut to whole batches, so that no piece's edge makes a small batch.

    Example:
      >>> pieces = FilePieces(np.ones((2, 7)), np.ones((1, 7)), columns=3)
      >>> found = pieces_as_rows(Source(pieces, 7, None, False), 2, np.float32)
      >>> [(rows.X.shape, rows.real) for rows in found]
      [((4, 2), 4), ((4, 2), 3)]
    """
    size = filled = 0
    rows = targets = np.empty(0)
    for X, Y in source.pieces:
        X, Y = np.asarray(admitted("X", X)), np.asarray(admitted("Y", Y))
        size = size or -(-X.shape[1] // batch_size) * batch_size
        taken = 0
        while taken < X.shape[1]:
            if filled == 0:
                # Anew each time: the device may go on reading those before.
                rows = np.empty((size, X.shape[0]), dtype)
                kind = np.int32 if source.labels else dtype
                targets = np.empty((size, *Y.shape[:-1]), kind)
            some = min(size - filled, X.shape[1] - taken)
            rows[filled : filled + some] = X[:, taken : taken + some].T
            targets[filled : filled + some] = Y[..., taken : taken + some].T
            filled, taken = filled + some, taken + some
            if filled == size:
                yield Rows(rows, targets, None, size, source.m)
                filled = 0
    if filled:
        rows[filled:], targets[filled:] = rows[0], targets[0]
        yield Rows(rows, targets, None, filled, source.m)


def _source_of(network: Network, pieces: Iterable[Any]) -> Source:
    """The source, every piece of it looked at once."""
    if iter(pieces) is pieces:
        raise BadValueError(
            "pieces must come anew every epoch: give a list, or an object with "
            f"__iter__, not a {type(pieces).__name__}"
        )
    m, dtype, labels = 0, None, False
    for i, piece in enumerate(pieces):
        X, Y = _check_piece(network, i, piece)
        if i == 0:
            dtype, labels = X.dtype, Y.ndim == 1
        if labels != (Y.ndim == 1):
            kinds = "columns of targets", "labels"
            raise BadValueError(
                f"piece {i}: Y must be {kinds[labels]}, as in piece 0, got "
                f"{kinds[not labels]}"
            )
        m += X.shape[1]
    if not m:
        raise BadValueError("there are no pieces to learn from")
    return Source(pieces, m, dtype, labels)


def _check_piece(network: Network, i: int, piece: Any) -> tuple[Any, Any]:
    """X and Y of piece i, or an error that names it."""
    try:
        X, Y = piece
    except (TypeError, ValueError):
        raise BadValueError(
            f"piece {i} must be a pair (X, Y), got {type(piece).__name__}"
        ) from None
    with within(f"piece {i}"):
        X, Y = (np.asarray(admitted(*of)) for of in (("X", X), ("Y", Y)))
    n_x, n_L = network.layer_dims[0], network.layer_dims[-1]
    k = X.shape[-1] if X.ndim else 0
    wanted = Y.shape if are_labels(network, Y) else (n_L, k)
    if X.shape != (n_x, k) or k < 1 or Y.shape != wanted:
        raise BadValueError(
            f"piece {i} must be X ({n_x}, k) and Y ({n_L}, k), k >= 1, got {X.shape} "
            f"and {Y.shape}"
        )
    with within(f"piece {i}"):
        _check_examples(network, X, Y)
    return X, Y


def _check_examples(network: Network, X: Any, Y: Any) -> None:
    check_input_columns(network, X)
    check_finite("X", X)
    n_L, m = network.layer_dims[-1], X.shape[1]
    if are_labels(network, Y):
        check_labels(network, Y, m)
    else:
        check_shape("Y", Y, (n_L, m), "n_L from layer_dims, m from X")
        check_accepted(network, Y)


def read_validation(
    network: Network, given: Any, dtype: Any, class_weight: ClassWeight = None
) -> tuple[Any, Any, Any] | None:
    """X, Y and weight in columns of the run's dtype, checked as the examples are."""
    if given is None:
        return None
    if not isinstance(given, (tuple, list)) or len(given) not in (2, 3):
        items = isinstance(given, (tuple, list))
        found = f"{len(given)} items" if items else shown(given)
        raise BadValueError(
            f"validation must be (X, Y) or (X, Y, sample_weight), got {found}"
        )
    X, Y, weight = (*given, None)[:3]
    with within("validation"):
        columns: Any = examples_of(
            network, X, Y, weight=weight, class_weight=class_weight
        )
        if columns.weight is not None and not network.head.weighs():
            raise BadTypeError(
                f"the decision of {network.head.name!r} has a score of (said, Y); to "
                "be weighed it must take (said, Y, weight)"
            )
    return arranged(network, columns, dtype)[:3]
