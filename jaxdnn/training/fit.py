"""fit: a run from the host's side. What is trained is in `programs`, on the device."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Literal
from warnings import warn

from jax import Array
from jax.sharding import Mesh
from jax.typing import DTypeLike

from jaxdnn._checks import check_function, check_kind, count, count_or_none
from jaxdnn._refusals import BadValueError, foreign, public
from jaxdnn.architecture import Network
from jaxdnn.arrays import ArrayLike, Pieces, Scalar, on_device
from jaxdnn.parameters import Method, Parameters
from jaxdnn.training.batch_objective import L2Over
from jaxdnn.training.checks import (
    check_config,
    check_mesh,
    check_untraced,
    recorded,
)
from jaxdnn.training.driver import Edge, Outcome, drive, stream, trace
from jaxdnn.training.examples import examples_of
from jaxdnn.training.optimizers import Optimizer, Schedule
from jaxdnn.training.order import host_draws
from jaxdnn.training.placing import shard_batches, share_of
from jaxdnn.training.prepare import Given, Prepared, is_concrete_tree, prepare
from jaxdnn.training.source import (
    Batches,
    Source,
    batches_of,
    empty_batches,
    times_of,
)
from jaxdnn.training.stopping import Watch
from jaxdnn.training.together import Together, exchange_of
from jaxdnn.training.types import (
    Config,
    FitResult,
    History,
    Progress,
    Record,
    Snapshot,
    State,
)
from jaxdnn.training.weights import ClassWeight


@public
def fit(
    network: Network,
    X: ArrayLike | Pieces,
    Y: ArrayLike | None = None,
    *,
    key: Array | None = None,
    params: Parameters | None = None,
    method: Method = "he",
    learning_rate: Scalar | Schedule | None = None,
    optimizer: Optimizer = None,
    epochs: int = 1000,
    batch_size: int | None = None,
    shuffle: bool = True,
    shuffle_buffer: int | None = None,
    order: ArrayLike | None = None,
    l2: Scalar = 0.0,
    l2_over: L2Over = "all",
    keep_prob: Scalar = 1.0,
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight = None,
    validation: tuple[ArrayLike, ...] | None = None,
    watch: Watch | None = None,
    patience: int | None = None,
    min_delta: Scalar = 0.0,
    clip_examples: Scalar | None = None,
    noise_multiplier: Scalar = 0.0,
    compute_dtype: DTypeLike | None = None,
    layout: Literal["auto", "plain"] = "auto",
    record: Collection[Record] = (),
    report_every: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    resume: Snapshot | Mapping[str, ArrayLike] | None = None,
    mesh: Mesh | None = None,
) -> FitResult:
    """Train, the whole loop one compiled program.

    Compiled once per network, shape, optimizer and batch size: other learning rates,
    l2 > 0, keep probabilities < 1, patience and min_delta, and other numbers of epochs
    up to the next power of two, reuse the program, and so do a few examples more or
    less, unless the run takes far longer than a compilation.
    Where inputs far outnumber examples, full-batch gradient descent takes place in the
    span of the inputs: see `rotation`.

    Args:
      network: the description.
      X, Y: (n_x, m) and (n_L, m), as for `cost`; Y may be (m,) class labels for a
        softmax; see `arrays`. Or, for mini-batches of more than memory holds, NumPy
        memory maps, or as X alone a source of pieces: see `training.examples`.
      key: a PRNG key, for the initial parameters, the dropout masks and the shuffle.
      params: where to start; drawn from key by `method` if None.
      method: as for `initialize_parameters`.
      learning_rate: α > 0 (0.0075 if None), or a schedule: a function from the number
        of updates done to α, that JAX can trace.
      optimizer: gradient descent if None; an Optax gradient transformation, given the
        batch's value, grad and value_fn if it asks for them (`optax.lbfgs`); or a
        function from a learning rate to one, such as `optax.adam`.
      epochs: how often all examples are seen, >= 1, those of a resumed run included.
      batch_size: examples per update; all of them if None. The last batch of an epoch
        may hold fewer.
      shuffle: whether each epoch draws a new order of the examples; of pieces, within
        so many rows as the first piece has.
      shuffle_buffer: rows of pieces held back to be mixed with those of later ones.
      order: (epochs, m) whole numbers, which examples each epoch sees in which order,
        in place of a shuffle.
      l2, keep_prob: as for `cost`; every step draws new masks.
      l2_over: whose weight divides λ: "all", so that all batches weigh the L2 term
        alike, as in the cost of all examples; or "batch", that of the batch.
      sample_weight: (m,), as for `cost`.
      class_weight: class -> weight of its examples, or "balanced".
      validation: X and Y, or X, Y and weights (m,), whose cost and score enter the
        history. class_weight weighs their classes as it does those of the training.
      watch: what decides which parameters are the best, the result's: the lowest
        "cost" of validation (if None, where there is such data), its highest "score"
        (of equal ones, that of the lowest cost); without validation data, the lowest
        "cost" of training.
      patience: epochs without one better by more than min_delta (>= 0) after which the
        run stops; None never stops it. The best are the best whatever min_delta is.
      clip_examples: C > 0: each example's gradient, that of w_j ℓ_j without L2, is
        clipped to this norm before the mean is taken: see `clipped_gradients`.
      noise_multiplier: σ >= 0, of the noise that is then added. What privacy it buys an
        accountant says, from σ, batch_size / m and the number of updates.
      compute_dtype: jnp.bfloat16 to take the products of each step in it, added up in
        float32; parameters, costs and updates stay in their dtype. How far that moves
        the gradient `verify(compute_dtype=)` says.
      layout: "auto", or "plain" for the parameters as they are: see `layouts`.
      record: "gradient_norm" for its mean over each epoch's batches in the history,
        which takes a few hundredths of a step's time.
      report_every: epochs between calls of on_progress; if None, about half a second.
        With a source of pieces it is one epoch.
      on_progress: called on the host after each chunk of epochs. Chunks change no bit
        of the result.
      resume: a result's or progress's snapshot, or the dictionary that
        `snapshot_to_dict` made of it: the run goes on from there, to the same bits as
        one that was never interrupted, given the same other arguments, `epochs`
        included.
      mesh: devices to share the examples; parameters are replicated. Its processes give
        the same arguments, but each the pieces (or memory maps) of its own rows, which
        make up its share of every batch. Where devices do not divide a batch, dropout
        draws other masks than one device would.

    Returns:
      FitResult(params, snapshot, divergence), and from the snapshot its history. A run
      whose cost, gradient or parameters stop being finite ends there, with a
      RuntimeWarning and the last finite parameters. Where what is watched was finite
      after no epoch, there is a RuntimeWarning and the parameters are the last epoch's.

    Raises:
      ValueError: shapes disagree, a value is out of its range, neither key nor params,
        dropout or shuffle without a key, a snapshot of another run.
      TypeError: X or Y that are no real numbers, a key that is none, an optimizer of
        none of these kinds or that asks for what there is not; pieces, mesh or
        on_progress in a traced function.

    References:
      Robbins & Monro (1951), Ann. Math. Stat. 22; Prechelt (1998), Early Stopping.

    Example:
      >>> import jax
      >>> import jax.numpy as jnp
      >>> X = jnp.array([[0.0, 1.0, 2.0, 3.0]])
      >>> Y = jnp.array([[0.0, 0.0, 1.0, 1.0]])
      >>> result = fit(Network((1, 1)), X, Y, key=jax.random.key(0), learning_rate=1.0)
      >>> result.history.cost.shape, bool(result.history.cost[-1] < 0.1)
      ((1000,), True)
    """
    config = Config(
        method=method,
        learning_rate=learning_rate,
        optimizer=optimizer,
        epochs=count("epochs", epochs),
        batch_size=count_or_none("batch_size", batch_size),
        shuffle=shuffle,
        l2=l2,
        l2_over=l2_over,
        keep_prob=keep_prob,
        watch=watch,
        patience=count_or_none("patience", patience),
        min_delta=min_delta,
        layout=layout,
        clip_examples=clip_examples,
        noise_multiplier=noise_multiplier,
        compute_dtype=compute_dtype,
        record=recorded(record),
    )
    check_config(config, validation=validation)
    _check_host(on_progress, resume, mesh)
    report_every = count_or_none("report_every", report_every)
    together = Together(exchange_of(mesh))
    examples = examples_of(
        network,
        X,
        Y,
        weight=sample_weight,
        class_weight=class_weight,
        batch_size=config.batch_size,
        everyones=together.everyones,
    )
    source = examples if isinstance(examples, Source) else None
    if order is not None and (source is not None or batch_size is None):
        raise BadValueError("order goes with mini-batches of examples in memory")
    shuffle_buffer = count_or_none("shuffle_buffer", shuffle_buffer)
    if shuffle_buffer is not None and not (source and shuffle):
        raise BadValueError("shuffle_buffer goes with pieces that are shuffled")
    given = Given(examples, key, params, validation, class_weight, order, resume, mesh)
    given = given._replace(concrete=is_concrete_tree((given, config)))
    if not given.concrete:
        check_untraced(pieces=source, mesh=mesh, on_progress=on_progress)
    prepared = prepare(network, given, config)
    edge = None
    if on_progress is not None:
        report = partial(_report, prepared, config.epochs, foreign(on_progress))
        edge = together.watched(report)
    buffer = shuffle_buffer or 0
    outcome = _run(prepared, config, mesh, together, buffer, report_every, edge)
    together.end()
    if told := _told(prepared, outcome):
        warn(f"fit: {told}", RuntimeWarning, stacklevel=3)
    snapshot = _snapshot(prepared, outcome.state, on_device(outcome.history))
    return FitResult(snapshot.best_params, snapshot, outcome.divergence)


def _check_host(on_progress: Any, resume: Any, mesh: Any) -> None:
    """Refuse what is not of the kind that the host works with."""
    check_function("on_progress", on_progress)
    if resume is not None:
        wanted = "a Snapshot or the dictionary of one"
        check_kind("resume", resume, (Snapshot, Mapping), wanted)
        for name in () if isinstance(resume, Snapshot) else resume:
            check_kind("resume's names", name, str, "texts")
    check_mesh(mesh)


def _run(
    prepared: Prepared,
    config: Config,
    mesh: Mesh | None,
    together: Together,
    shuffle_buffer: int,
    report_every: int | None,
    edge: Edge | None,
) -> Outcome:
    """Drive the run as its examples ask for."""
    run, snapshot, examples, _ = prepared
    start, epochs = (snapshot.state, snapshot.history), config.epochs
    if not isinstance(examples, Source):
        if not run.plan.sentinel:
            return trace(run, start, examples, epochs)
        return drive(run, start, examples, epochs, report_every, edge, together.agree)
    network, dtype = run.plan.network, snapshot.state.params[0].W.dtype
    share = share_of(mesh, run.plan.batch_size or 1)
    times = times_of(examples, share)
    empty = partial(empty_batches, network, examples, share, dtype)

    def place(batches: Batches) -> Batches:
        return on_device(batches if mesh is None else shard_batches(mesh, batches))

    def pieces(epoch: int) -> Iterator[Batches]:
        draws = host_draws(run.constants.shuffle_key, epoch)
        made = batches_of(network, examples, share, dtype, draws, shuffle_buffer)
        return map(place, together.epoch(made, times, empty))

    return stream(run, start, pieces, epochs, edge)


def _told(prepared: Prepared, outcome: Outcome) -> str | None:
    """What the caller is warned of, if anything."""
    if outcome.divergence is not None:
        return f"{outcome.divergence}; it ended there"
    plan, history = prepared.run.plan, outcome.history
    # What a traced run watches cannot be looked at.
    done = plan.sentinel and len(history.cost) > 0
    if not done or plan.watched is None or history.best_epoch is not None:
        return None
    return (
        f"the {plan.watched.replace('_', ' ')} was never finite: the parameters are "
        "the last epoch's"
    )


def _report(
    prepared: Prepared,
    epochs: int,
    on_progress: Callable[[Progress], None],
    state: State,
    history: History,
) -> None:
    on_progress(Progress(_snapshot(prepared, state, history), epochs))


def _snapshot(prepared: Prepared, state: State, history: History) -> Snapshot:
    """The start's, gone on to this state."""
    state = prepared.layout.back(state)
    return replace(prepared.start, state=state, history=history)
