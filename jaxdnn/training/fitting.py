"""fit: a run from the host's side. What is trained happens in `loop`, on the device."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple
from warnings import warn

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh

from jaxdnn._checks_where import check_scalar, is_concrete
from jaxdnn.blocks import fold, unfold
from jaxdnn.network import Network
from jaxdnn.parameters import Method, Parameters
from jaxdnn.rotation import (
    input_basis,
    rotate,
    rotate_back,
    rotate_inputs,
    rotation_pays,
)
from jaxdnn.training.divergence import Divergence
from jaxdnn.training.driver import Run, drive, stream, trace
from jaxdnn.training.labels import ClassWeight, weigh_classes
from jaxdnn.training.loop import History, Plan, TrainingState
from jaxdnn.training.optimizers import Optimizer, init_optimizer
from jaxdnn.training.setup import (
    arrange,
    as_array,
    begin,
    check_counts,
    check_data,
    check_rate,
    check_validation,
    check_weights,
    first_state,
    make_settings,
    three_keys,
)
from jaxdnn.training.sharding import replicate, shard
from jaxdnn.training.state import restore_state, state_to_dict
from jaxdnn.training.streaming import ColumnChunks, count_examples, is_source, parts


class ChunkInfo(NamedTuple):
    """The edge of a chunk: epochs done, epochs in all, the latest cost, parameters.

    state is what `fit(resume=...)` goes on from, with the history so far.
    """

    epoch: int
    epochs: int
    cost: float
    params: Parameters
    state: TrainingState


class FitResult(NamedTuple):
    """What `fit` returns.

    params: the last parameters, or the best ones where there was validation data;
    history: one entry per epoch; state: for `fit(resume=...)`; divergence: where the
    run stopped being finite, or None; data_bytes: the examples held at one time.

    After a divergence among mini-batches the state is that of a step inside an epoch: a
    run that goes on from it sees all of that epoch's batches again.
    """

    params: Parameters
    history: History
    state: TrainingState
    divergence: Divergence | None
    data_bytes: int


def fit(
    network: Network,
    X: Any,
    Y: Any = None,
    *,
    key: Array | None = None,
    params: Parameters | None = None,
    method: Method = "he",
    learning_rate: Any = None,
    optimizer: Optimizer = None,
    epochs: int = 1000,
    batch_size: int | None = None,
    shuffle: bool = True,
    l2: Any = 0.0,
    keep_prob: Any = 1.0,
    sample_weight: Any = None,
    class_weight: ClassWeight = None,
    validation: tuple[Any, Any] | None = None,
    patience: Any = None,
    min_delta: Any = 0.0,
    chunk: int | None = None,
    on_chunk: Callable[[ChunkInfo], None] | None = None,
    resume: TrainingState | Mapping[str, Any] | None = None,
    mesh: Mesh | None = None,
) -> FitResult:
    """Train, the whole loop one compiled program.

    Compiled once per network, shape, optimizer and batch size: other learning rates,
    l2 > 0, keep probabilities < 1, patience and min_delta, and other numbers of epochs
    up to the next power of two, reuse the program.
    Where inputs far outnumber examples, full-batch gradient descent takes place in the
    span of the inputs: see `rotation`.

    Args:
      network: the description.
      X, Y: (n_x, m) and (n_L, m), as for `cost`; Y may be (m,) class labels for a
        softmax. Or, for mini-batches of more than memory holds, NumPy memory maps, or
        as X alone a source of chunks: see `training.streaming`.
      key: a PRNG key, for the initial parameters, the dropout masks and the shuffle.
      params: where to start; drawn from key by `method` if None.
      method: as for `initialize_parameters`.
      learning_rate: α > 0 (0.0075 if None), or a schedule: a function from the number
        of updates done to α, that JAX can trace.
      optimizer: gradient descent if None; an Optax gradient transformation; or a
        function from a learning rate to one, such as `optax.adam`.
      epochs: how often all examples are seen, >= 1, those of a resumed run included.
      batch_size: examples per update; all of them if None. The last batch of an epoch
        may hold fewer.
      shuffle: whether each epoch draws a new order of the examples.
      l2, keep_prob: as for `cost`; every step draws new masks. All batches weigh the L2
        term alike, as in the cost of all examples.
      sample_weight: (m,), as for `cost`.
      class_weight: class -> weight of its examples, or "balanced".
      validation: X and Y to watch: their cost and score enter the history, and the
        result has the parameters of the lowest cost.
      patience: epochs without a validation cost lower by more than min_delta (>= 0)
        after which the run stops; None never stops it.
      chunk: epochs between calls of on_chunk; if None, about half a second. With a
        source of chunks it is one epoch.
      on_chunk: called on the host at the edge of each chunk. Chunks change no bit of
        the result.
      resume: a result's or chunk's state, or the dictionary that `state_to_dict` made
        of it: the run goes on from there, to the same bits as one that was never
        interrupted, given the same other arguments, `epochs` included.
      mesh: devices to share the examples; parameters are replicated. Where they do not
        divide a full batch, dropout draws other masks than one device would.

    Returns:
      FitResult(params, history, state, divergence, data_bytes). A run whose cost,
      gradient or parameters stop being finite ends there, with a RuntimeWarning and the
      last finite parameters.

    Raises:
      ValueError: shapes disagree, a value is out of its range, neither key nor params,
        dropout or shuffle without a key, a state of another run.
      TypeError: X or Y that are no real numbers, an optimizer of none of these kinds;
        chunks, mesh or on_chunk in a traced function.

    References:
      Robbins & Monro (1951), Ann. Math. Stat. 22; Prechelt (1998), Early Stopping.

    Example:
      >>> X = jnp.array([[0.0, 1.0, 2.0, 3.0]])
      >>> Y = jnp.array([[0.0, 0.0, 1.0, 1.0]])
      >>> result = fit(Network((1, 1)), X, Y, key=jax.random.key(0), learning_rate=1.0)
      >>> result.history.cost.shape, bool(result.history.cost[-1] < 0.1)
      ((1000,), True)
    """
    learning_rate, schedule = check_rate("fit", optimizer, learning_rate)
    if sample_weight is not None:
        sample_weight = as_array("fit", "sample_weight", sample_weight)
    check_counts(
        "fit", epochs=epochs, chunk=chunk, batch_size=batch_size, patience=patience
    )
    check_scalar("fit", "min_delta", min_delta, low=0)
    if patience is not None and validation is None:
        raise ValueError("fit: patience needs validation data")
    source, examples, X, Y = _open_source(
        *(network, X, Y, batch_size),
        sample_weight=sample_weight,
        class_weight=class_weight,
        mesh=mesh,
    )
    init_key = dropout_key = shuffle_key = None
    if key is not None:
        init_key, dropout_key, shuffle_key = three_keys(key)
    start: Parameters = begin("fit", network, params, init_key, method, X)
    l2 = check_data(
        "fit", network, start, X, Y, l2, dropout_key, keep_prob, sample_weight
    )
    weight = weigh_classes("fit", network, Y, sample_weight, class_weight)
    check_weights("fit", weight)
    if isinstance(keep_prob, (int, float)) and keep_prob == 1:
        dropout_key = keep_prob = None
    if batch_size is None or not shuffle:
        shuffle_key = None
    elif shuffle_key is None:
        raise ValueError("fit: give a key to shuffle by, or shuffle=False")
    numbers = (learning_rate, l2, keep_prob, min_delta)
    given = (X, Y, start, weight, dropout_key, shuffle_key, numbers, validation, resume)
    concrete = all(map(is_concrete, jax.tree.leaves(given)))
    if not concrete:
        hosts = {"chunks": source, "mesh": mesh, "on_chunk": on_chunk}
        for name, value in hosts.items():
            if value is not None:
                raise TypeError(f"fit: {name} cannot be given in a traced function")

    watched = check_validation("fit", network, start, validation)
    data = arrange(network, X, Y, weight, start[0].W.dtype, batch_size)

    basis = None
    if optimizer is None and batch_size is None and mesh is None and concrete:
        basis = _basis(network, start, data.X, epochs, resume)
    if basis is not None:
        dims = (basis.shape[1], *network.layer_dims[1:])
        network, start = replace(network, layer_dims=dims), rotate(start, basis)
        data = data._replace(X=rotate_inputs(basis, data.X))
        if watched is not None:
            watched = watched._replace(X=rotate_inputs(basis, watched.X))
    if optimizer is None and mesh is None and concrete:
        start = fold(network, start)  # pyright: ignore[reportAssignmentType]
    settings = make_settings(start, learning_rate, l2, keep_prob, patience, min_delta)
    inner = init_optimizer(optimizer, schedule, settings.learning_rate, start)
    state = first_state(start, inner, watched, (dropout_key, shuffle_key), basis)
    if resume is not None:
        saved = state_to_dict(resume) if isinstance(resume, TrainingState) else resume
        state = restore_state("fit", state, saved)
    if mesh is not None:
        history = state.history
        state, settings, watched = replicate(
            mesh, (state._replace(history=None), settings, watched)
        )
        state = state._replace(history=history)
        data = shard(mesh, data, rows=batch_size is not None)

    ragged = batch_size is not None and (
        source is not None or data.real % batch_size != 0
    )
    plan = Plan(network, optimizer, schedule, batch_size, ragged, sentinel=concrete)
    run = Run(plan, settings, watched, epochs)
    edge = None if on_chunk is None else partial(_report, on_chunk, epochs)
    held = data.X.nbytes + data.Y.nbytes
    divergence = None
    if source is not None and batch_size is not None:
        cut = partial(parts, "fit", network, source, batch_size, data.X.dtype)
        state, divergence, held = stream(run, state, cut, examples, edge)
    elif concrete:
        state, divergence = drive(run, state, data, chunk, edge)
    else:
        state = trace(run, state, data)
    if divergence is not None:
        warn(f"fit: {divergence}; it ended there", RuntimeWarning, stacklevel=2)
    history = jax.device_put(state.history)
    return FitResult(_trained(state), history, state, divergence, held)


def _open_source(
    network: Network, X: Any, Y: Any, batch_size: int | None, **others: Any
) -> tuple[Iterable[Any] | None, int, Any, Any]:
    """The source of chunks, its number of examples, and a stand-in for X and Y.

    For arrays, None, 0, X and Y.
    """
    on_disk = isinstance(X, np.memmap) and batch_size is not None
    if not on_disk and not is_source(X):
        return None, 0, as_array("fit", "X", X), as_array("fit", "Y", Y)
    if batch_size is None:
        raise ValueError("fit: chunks need a batch_size")
    for name, value in others.items():
        if value is not None:
            raise ValueError(f"fit: {name} does not go with chunks")
    if not on_disk and Y is not None:
        raise ValueError("fit: Y does not go with chunks, which bring their own")
    source = ColumnChunks(X, Y) if on_disk else X
    examples, dtype = count_examples("fit", network, source)
    dims = network.layer_dims
    X, Y = np.zeros((dims[0], 1), dtype), np.full((dims[-1], 1), 1 / dims[-1])
    return source, examples, X, Y


def _basis(
    network: Network, params: Parameters, X: Array, epochs: int, resume: Any
) -> Array | None:
    """What to rotate the inputs by, or None: see `rotation`."""
    if isinstance(resume, TrainingState):
        return resume.basis
    if resume is not None:
        return jnp.asarray(resume[".basis"]) if ".basis" in resume else None
    n_x, n_1 = network.layer_dims[:2]
    if X.dtype.itemsize < 4:  # there is no factorisation in half precision
        return None
    if rotation_pays(n_x, n_1, X.shape[1], epochs):
        return input_basis(params, X)
    return None


def _report(
    on_chunk: Callable[[ChunkInfo], None], epochs: int, state: TrainingState
) -> None:
    """Tell the caller what an edge is like."""
    J = float(state.history.cost[-1])
    on_chunk(ChunkInfo(int(state.epoch), epochs, J, _trained(state), state))


def _trained(state: TrainingState) -> Parameters:
    """The parameters a run gives back, over the inputs it was given."""
    params = state.params if state.best is None else state.best.params
    if state.basis is not None:
        params = rotate_back(params, state.basis)
    return unfold(params)
