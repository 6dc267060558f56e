"""Examples that come in pieces, anew every epoch, and leave the host cut to batches.

A source is anything that can be iterated over and over, such as a list or an object
with __iter__: each time it gives the same pieces, X (n_x, k) and Y (n_L, k) or labels
(k,), and weights (k,) if all pieces have them, with any k >= 1. Where several processes
train, each has a source of its own, and brings its rows of every batch.

The order is drawn here, from the run's key and the epoch: within so many rows as the
first piece has, and across pieces through a buffer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from jax import Array
from jax.typing import DTypeLike
from numpy.typing import NDArray

from jaxdnn._checks import check_shape, check_weights
from jaxdnn._refusals import BadValueError, within
from jaxdnn.architecture import Network
from jaxdnn.arrays import ArrayLike, Pieces, Scalar, admitted
from jaxdnn.training.checks import check_examples
from jaxdnn.training.weights import (
    ClassWeight,
    are_labels,
    balanced,
    by_class,
    class_count,
    classes_of,
    each_class,
)

_PUT_AT_A_TIME = 4096  # rows

# From what gives this process's numbers (n,) to those of all (processes, n).
Everyones = Callable[[Callable[[], NDArray[np.float64]]], NDArray[np.float64]]


class Source(NamedTuple):
    """Pieces that come anew every epoch; labels, weighted: have they labels, weights?

    m, total: how many examples all processes have, and Σⱼ wⱼ. of_class: class -> weight
    of its examples, or None. rows, most_rows: how many this process has, and the one
    with most of them. piece_rows: the largest first piece's.
    """

    pieces: Pieces
    m: int
    total: float
    dtype: np.dtype
    labels: bool
    weighted: bool
    of_class: Mapping[int, Scalar] | None
    rows: int
    most_rows: int
    piece_rows: int


class Share(NamedTuple):
    """Of a batch, how many rows are this process's, and the places given to them."""

    rows: int
    places: int


class Batches(NamedTuple):
    """k batches as they come: X (k, size, n_x), targets (k, size, n_L) or labels.

    weight (k, size) of mean 1 over the run, or None; real (k, size): what counts. The
    rest is copies, as any head can take them.
    """

    X: Array
    targets: Array
    weight: Array | None
    real: Any  # Array, or None of one batch in which all counts


class _Seen(NamedTuple):
    """What a look at all pieces told: X's dtype; whether there are labels, weights.

    counts, weights: examples of each class and what they weigh; of all, where classes
    are no matter. first: the first piece's rows.
    """

    first: int
    dtype: np.dtype
    labels: bool
    weighted: bool
    counts: NDArray[np.int_]
    weights: NDArray[np.float64]


def source_of(
    network: Network,
    pieces: Pieces,
    class_weight: ClassWeight = None,
    everyones: Everyones | None = None,
) -> Source:
    """The source, every piece of it looked at once.

    Raises:
      ValueError: no pieces, pieces that do not come anew, that the network cannot take
        or that are not alike.

    Example:
      >>> piece = np.ones((2, 5)), np.array([[1, 0, 0, 0, 0]])
      >>> source_of(Network((2, 1)), [piece, piece], "balanced").of_class[1]
      np.float32(2.5)
    """
    if iter(pieces) is pieces:
        raise BadValueError(
            "pieces must come anew every epoch: give a list, or an object with "
            f"__iter__, not a {type(pieces).__name__}"
        )
    looks: list[_Seen] = []

    def look() -> NDArray[np.float64]:
        seen = _seen(network, pieces, by_classes=class_weight is not None)
        looks.append(seen)
        kind = [seen.dtype.itemsize, ord(seen.dtype.kind), seen.labels, seen.weighted]
        return np.array([seen.first, *kind, *seen.counts, *seen.weights], float)

    said = look()[None] if everyones is None else everyones(look)
    [seen] = looks
    first, kinds = said[:, 0], said[:, 1:5]
    counts, weights = np.split(said[:, 5:], 2, axis=1)
    own, everyone = seen.counts.sum(), counts.sum(axis=1)
    if (none := np.flatnonzero(everyone == 0)).size:
        where = f" in process {none[0]}" if len(said) > 1 else ""
        raise BadValueError(f"there are no pieces to learn from{where}")
    if (unlike := np.flatnonzero((kinds != kinds[0]).any(axis=1))).size:
        raise BadValueError(
            "pieces must be alike in all processes, of one dtype, with labels or "
            f"columns, with weights or without; process {unlike[0]}'s differ from "
            "process 0's"
        )
    of_class, total = None, weights.sum()
    if class_weight is not None:
        given = isinstance(class_weight, Mapping)
        of_class = class_weight if given else balanced(counts.sum(axis=0))
        each = np.array(each_class(network, of_class), float)
        total = weights.sum(axis=0) @ each
    if not total > 0:
        raise BadValueError("the weights of all pieces must not all be 0")
    return Source(
        pieces,
        int(everyone.sum()),
        float(total),
        seen.dtype,
        seen.labels,
        seen.weighted,
        of_class,
        int(own),
        int(everyone.max()),
        int(first.max()),
    )


def batches_of(
    network: Network,
    source: Source,
    share: Share,
    dtype: DTypeLike,
    draws: np.random.Generator | None = None,
    buffer: int = 0,
) -> Iterator[Batches]:
    """An epoch's batches: so many at a time as the first piece gives, rounded up.

    All processes are given equally many times the same number of batches; of who has
    fewer rows the last ones are not real.

    Args:
      draws: what shuffles; None for the order in which the rows come.
      buffer: rows held back to be mixed with those of later pieces.

    Raises:
      ValueError: not the rows that there were before.

    Example:
      >>> pieces = [(np.ones((2, k)), np.ones((1, k))) for k in (3, 4)]
      >>> network = Network((2, 1))
      >>> source = source_of(network, pieces)
      >>> found = batches_of(network, source, Share(2, 2), np.float32)
      >>> [(of.X.shape, int(of.real.sum())) for of in found]
      [((2, 2, 2), 4), ((2, 2, 2), 3)]
    """
    size = _rows_at_a_time(source, share)
    # Pieces of another dtype become it where they are put: no copy of them is made.
    kinds = (dtype, np.int32 if source.labels else dtype, dtype)
    rows = _rows(network, source)
    if draws is not None and buffer:
        rows = _mixed(rows, buffer, kinds, draws)
    arrays: _Rows = ()
    for arrays, real in _filled(rows, source.rows, size, kinds, draws):
        yield _cut(arrays, real, share)
    for _ in range(-(-source.rows // size), times_of(source, share)):
        yield _cut(arrays, 0, share)


def _rows_at_a_time(source: Source, share: Share) -> int:
    return -(-source.piece_rows // share.rows) * share.rows


def times_of(source: Source, share: Share) -> int:
    """How many times an epoch gives batches.

    Example:
      >>> pieces = 3 * [(np.ones((2, 3)), np.ones((1, 3)))]
      >>> times_of(source_of(Network((2, 1)), pieces), Share(2, 2))
      3
    """
    return -(-source.most_rows // _rows_at_a_time(source, share))


def empty_batches(
    network: Network, source: Source, share: Share, dtype: DTypeLike
) -> Batches:
    """As many batches as are given at a time, in which nothing is real.

    Example:
      >>> network, piece = Network((2, 1)), (np.ones((2, 7)), np.ones((1, 7)))
      >>> none = empty_batches(network, source_of(network, [piece]), Share(4, 4), float)
      >>> none.X.shape, none.targets.shape, none.weight, int(none.real.sum())
      ((2, 4, 2), (2, 4, 1), None, 0)
    """
    size = _rows_at_a_time(source, share)
    n_x, n_L = network.layer_dims[0], network.layer_dims[-1]
    targets = (
        np.zeros(size, np.int32) if source.labels else np.zeros((size, n_L), dtype)
    )
    weighted = source.weighted or source.of_class is not None
    weight = [np.zeros(size, dtype)] * weighted
    return _cut((np.zeros((size, n_x), dtype), targets, *weight), 0, share)


# X (k, n_x), targets (k, ...) and, where there are weights, those (k,).
_Rows = tuple[NDArray[Any], ...]
_Kinds = tuple[DTypeLike, ...]  # that those become


def _rows(network: Network, source: Source) -> Iterator[_Rows]:
    """The pieces as rows, the weights of mean 1 over the run."""
    for piece in source.pieces:
        X, Y, *weights = map(_as_it_is, piece)
        if source.of_class is not None:
            weights.append(np.asarray(by_class(network, Y, source.of_class)))
        if weights:
            weights = [np.prod(weights, axis=0) * (source.m / source.total)]
        yield X.T, Y.T, *weights


def _as_it_is(array: ArrayLike) -> NDArray[Any]:
    """NumPy's real numbers, which were looked at before, without a copy."""
    if type(array) is np.ndarray and array.dtype.kind in "biuf":
        return array
    return np.asarray(admitted("X, Y", array))


def _mixed(
    rows: Iterator[_Rows], buffer: int, kinds: _Kinds, draws: np.random.Generator
) -> Iterator[_Rows]:
    """The rows through a buffer: when new ones come, as many of both are drawn."""
    held: _Rows = ()
    filled = 0
    for new in rows:
        held = held or _room(new, buffer, kinds)
        free = min(buffer - filled, len(new[0]))
        _put(held, np.arange(filled, filled + free), [of[:free] for of in new])
        filled += free
        k = len(new[0]) - free
        drawn = draws.choice(buffer + k, k, replace=False)
        places, passing = drawn[drawn < buffer], free + drawn[drawn >= buffer] - buffer
        yield tuple(of[places] for of in held)
        yield tuple(of[passing] for of in new)
        staying = np.setdiff1d(np.arange(free, free + k), passing)
        _put(held, places, [of[staying] for of in new])
    order = draws.permutation(filled)
    yield tuple(of[order] for of in held)


def _filled(
    rows: Iterator[_Rows],
    m: int,
    size: int,
    kinds: _Kinds,
    draws: np.random.Generator | None,
) -> Iterator[tuple[_Rows, int]]:
    """Rows `size` at a time, and how many of them are real; shuffled, if at all."""
    done = filled = real = 0
    arrays: _Rows = ()
    order = np.arange(0)
    for new in rows:
        taken = 0
        while taken < len(new[0]):
            if filled == real:
                real, filled = min(size, m - done), 0
                if not real:
                    raise BadValueError(f"pieces must hold {m} rows again, got more")
                arrays = _room(new, size, kinds)
                order = np.arange(real) if draws is None else draws.permutation(real)
            some = min(real - filled, len(new[0]) - taken)
            part = [of[taken : taken + some] for of in new]
            _put(arrays, order[filled : filled + some], part)
            filled, taken = filled + some, taken + some
            if filled == real:
                done += real
                for array in arrays:
                    array[real:] = array[:1]
                yield arrays, real
    if done < m:
        raise BadValueError(f"pieces must hold {m} rows again, got {done + filled}")


def _cut(rows: _Rows, real: int, share: Share) -> Batches:
    """Cut to batches, each filled up with copies of its last row."""

    def cut(of: NDArray[Any], **how: Any) -> Any:
        of = of.reshape(-1, share.rows, *of.shape[1:])
        missing = share.places - share.rows
        wider = (0, 0), (0, missing), *((0, 0),) * (of.ndim - 2)
        return np.pad(of, wider, **how) if missing else of

    X, targets, *weight = (cut(of, mode="edge") for of in rows)
    real_ones = cut(np.arange(len(rows[0])) < real)
    return Batches(X, targets, weight[0] if weight else None, real_ones)


def _room(rows: _Rows, size: int, kinds: _Kinds) -> _Rows:
    """Room for rows, each of its dtype; those of weights go unused without."""
    pairs = zip(rows, kinds, strict=False)
    return tuple(np.empty((size, *of.shape[1:]), kind) for of, kind in pairs)


def _put(arrays: _Rows, at: NDArray[np.intp], rows: Iterable[NDArray[Any]]) -> None:
    for array, of in zip(arrays, rows, strict=True):
        # NumPy copies what goes to places, in their dtype: a few thousand rows.
        for start in range(0, len(at), _PUT_AT_A_TIME):
            some = slice(start, start + _PUT_AT_A_TIME)
            array[at[some]] = of[some]


def _seen(network: Network, pieces: Pieces, *, by_classes: bool) -> _Seen:
    """A look at all pieces; an error names the one it is about."""
    classes = class_count(network) if by_classes else 1
    counts, weights = np.zeros(classes, int), np.zeros(classes)
    seen = _Seen(0, np.dtype(float), False, False, counts, weights)
    for i, piece in enumerate(pieces):
        X, Y, weight = _checked(network, i, piece)
        k = X.shape[1]
        if i == 0:
            labels, weighted = Y.ndim == 1, weight is not None
            seen = seen._replace(
                first=k, dtype=X.dtype, labels=labels, weighted=weighted
            )
        _check_alike(i, "Y", seen.labels, Y.ndim == 1, "labels", "columns of targets")
        has = weight is not None
        _check_alike(i, "weight", seen.weighted, has, "weights", "none")
        of = classes_of(network, Y) if by_classes else np.zeros(k, int)
        seen.counts[:] += np.bincount(of, minlength=classes)
        seen.weights[:] += np.bincount(of, weight, minlength=classes)
    return seen


def _check_alike(i: int, name: str, had: bool, has: bool, yes: str, no: str) -> None:
    if had != has:
        raise BadValueError(
            f"piece {i}: {name} must be {yes if had else no}, as in piece 0, got "
            f"{yes if has else no}"
        )


def _checked(network: Network, i: int, piece: Any) -> tuple[Any, Any, Any]:
    """X, Y and weight or None of piece i, or an error that names it."""
    try:
        X, Y, weight = piece if len(piece) == 3 else (*piece, None)
    except (TypeError, ValueError):
        raise BadValueError(
            f"piece {i} must be a pair (X, Y), or (X, Y, weight), got "
            f"{type(piece).__name__}"
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
        check_examples(network, X, Y)
        if weight is not None:
            weight = np.asarray(admitted("weight", weight))
            check_shape("weight", weight, (k,), "k from X")
            check_weights(weight, some=False)
    return X, Y, weight
