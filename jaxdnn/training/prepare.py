"""From what a run is given to what its program takes: numbers, keys, first state."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.sharding import Mesh
from jax.typing import DTypeLike

from jaxdnn._checks import check_dropout, check_key, check_scalar, in_trace, is_concrete
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadValueError
from jaxdnn._same_code import SameCode
from jaxdnn.architecture import Network
from jaxdnn.arrays import (
    HOST,
    ArrayLike,
    PyTree,
    Scalar,
    admitted,
    number,
    on_device,
    on_one_device,
)
from jaxdnn.objective import l2_or_none
from jaxdnn.parameters import (
    Method,
    Parameters,
    admitted_parameters,
    initialize_parameters,
)
from jaxdnn.sharding import record_dtype
from jaxdnn.training.batch_objective import L2Term, OverAll, OverBatch
from jaxdnn.training.buckets import bucket
from jaxdnn.training.checks import check_order
from jaxdnn.training.clipping import Clipping
from jaxdnn.training.examples import (
    Columns,
    Rows,
    arranged,
    count_of,
    read_validation,
    targets_of,
)
from jaxdnn.training.layouts import Layout, folded, plain, run_basis
from jaxdnn.training.one_kernel import fits_one_kernel
from jaxdnn.training.optimizers import init_optimizer
from jaxdnn.training.placing import replicate, rows_shared, shard
from jaxdnn.training.programs import blank_history, history_room
from jaxdnn.training.snapshots import restore_snapshot, snapshot_to_dict
from jaxdnn.training.source import Source
from jaxdnn.training.stopping import best_entry, entry_to_watch, none_yet
from jaxdnn.training.types import (
    Config,
    Constants,
    Plan,
    Run,
    Settings,
    Snapshot,
    State,
    Watched,
)
from jaxdnn.training.weights import ClassWeight, of_classes

_LEARNING_RATE = 0.0075

# Any number: noise's key must be none of those that a run's key is split into.
_NOISE = 0x6E6F6973


class Given(NamedTuple):
    """What a run is given beside its configuration: the arguments of `fit`.

    concrete: whether none of it is traced, nor of the configuration.
    """

    examples: Columns | Rows | Source
    key: Array | None
    params: Parameters | None
    validation: Any
    class_weight: ClassWeight = None
    order: ArrayLike | None = None
    resume: Snapshot | Mapping[str, ArrayLike] | None = None
    mesh: Mesh | None = None
    concrete: bool = True


class Placed(NamedTuple):
    """Examples and validation part on the device, in the run's dtype.

    size: how many rows the program is given for them, or None for just those.
    """

    examples: Columns | Rows | Source
    watched: Watched | None
    size: int | None


class Prepared(NamedTuple):
    """A run ready to be driven; the start's state is in its layout."""

    run: Run
    start: Snapshot
    examples: Columns | Rows | Source
    layout: Layout


def place_examples(
    network: Network, given: Given, config: Config, dtype: DTypeLike
) -> Placed:
    """What runs on the same examples share."""
    examples, mesh = given.examples, given.mesh
    class_weight = given.class_weight
    if given.validation is not None:
        # Balanced, validation's classes weigh what those of the training do.
        class_weight = (
            examples.of_class
            if isinstance(examples, Source)
            else of_classes(network, targets_of(examples), class_weight)
        )
    watched = read_validation(network, given.validation, dtype, class_weight)
    watched = None if watched is None else Watched(*on_device(watched))
    if isinstance(examples, Source):
        return Placed(examples, watched, None)
    size = None
    if mesh is None and given.concrete:
        size = bucket(network, count_of(examples), config)
    examples = arranged(network, examples, dtype, size)
    examples = on_device(examples) if mesh is None else shard(mesh, network, examples)
    return Placed(examples, watched, size)


def prepare(
    network: Network, given: Given, config: Config, placed: Placed | None = None
) -> Prepared:
    """All that a run's program takes, from what `check_config` let through.

    placed: the examples, where other runs share them.

    Raises:
      ValueError: what `fit` refuses of parameters, keys, dropout, L2, the validation
        part, the order and the run to resume.
    """
    if not (config.batch_size is None or isinstance(given.examples, Source)):
        # What a batch has beyond the examples would be computed for nothing.
        fewest = min(config.batch_size, count_of(given.examples))
        config = replace(config, batch_size=fewest)
    init_key, constants = _keys(given, config)
    params = initial_parameters(network, given, init_key, config.method)
    if given.mesh is not None:
        params = replicate(given.mesh, params)
    dtype = params[0].W.dtype
    concrete = given.concrete
    own = placed is None
    examples, watched, size = placed or place_examples(network, given, config, dtype)
    settings = _settings(given, config, dtype, size)
    resume = given.resume
    if isinstance(resume, Snapshot):
        resume = snapshot_to_dict(resume)
    layout = plain(network)
    simple = config.optimizer is None and concrete
    # Noise is drawn for the parameters as they are.
    simple = simple and not config.adds_noise
    if simple and config.layout == "auto":
        basis = run_basis(params, examples, config.epochs, resume) if own else None
        layout = folded(network, basis)
    if isinstance(examples, Columns) and layout.basis is not None:
        examples = examples._replace(X=layout.inputs(examples.X))
        watched = watched and watched._replace(X=layout.inputs(watched.X))
        constants = constants._replace(basis=layout.basis)

    plan = Plan(
        network=layout.network,
        optimizer=SameCode(config.optimizer),
        schedule=SameCode(
            config.learning_rate if callable(config.learning_rate) else None
        ),
        batch_size=config.batch_size,
        ragged=size is not None or _is_ragged(given.examples, config.batch_size),
        sentinel=concrete,
        watched=entry_to_watch(config.watch, watched is not None),
        short=config.compute_dtype is not None,
        record=config.record,
        shared=None if given.mesh is None else rows_shared(given.mesh),
    )
    run = Run(plan, settings, constants, watched)
    start = _first_snapshot(run, layout.start(params))
    if resume is not None:
        start = restore_snapshot(start, resume)
    if given.mesh is not None:
        run, state = replicate(given.mesh, (run, start.state))
        start = replace(start, state=state)
    run, state = replace(run, constants=start.constants), layout.into(start.state)
    if concrete:
        run, state = on_device((run, state))
    if own and _in_one_kernel(layout.network, given, config, dtype):
        read = None if isinstance(examples, Source) else examples
        alone = on_one_device((run, state, read))
        run = replace(run, plan=replace(plan, one_kernel=alone))
    return Prepared(run, replace(start, state=state), examples, layout)


def _in_one_kernel(
    network: Network, given: Given, config: Config, dtype: DTypeLike
) -> bool:
    """Whether each step is small, draws nothing and is in a program of its own."""
    drawn = config.drops_out or config.clip_examples is not None
    if drawn or config.compute_dtype is not None:
        return False
    if given.mesh is not None or not given.concrete:
        return False
    batch = config.batch_size or count_of(given.examples)
    return fits_one_kernel(network, batch, dtype)


def is_concrete_tree(given: PyTree) -> bool:
    """Whether none of it is traced, nor what is computed here.

    Example:
      >>> is_concrete_tree((jnp.ones(3), Config()))
      True
    """
    return all(map(is_concrete, jax.tree.leaves(given))) and not in_trace()


@compiled
def split_run_key(key: Array) -> tuple[Array, Array, Array]:
    """A run's keys: of its first parameters, of dropout, of the shuffle.

    One program, where taking keys off an array of three would be another.
    """
    init_key, dropout_key, shuffle_key = jax.random.split(key, 3)
    return init_key, dropout_key, shuffle_key


def _keys(given: Given, config: Config) -> tuple[Array | None, Constants]:
    """The key of the first parameters, and those that the run goes on drawing from."""
    init_key = dropout_key = shuffle_key = None
    if given.key is not None:
        check_key("key", given.key)
        init_key, dropout_key, shuffle_key = split_run_key(given.key)
    if given.params is None and init_key is None:
        raise BadValueError("give a key to draw parameters from, or params")
    check_dropout(dropout_key, config.keep_prob)
    if not config.drops_out:
        dropout_key = None
    if config.batch_size is None or not config.shuffle or given.order is not None:
        shuffle_key = None
    elif shuffle_key is None:
        raise BadValueError("give a key to shuffle by, or shuffle=False")
    noise_key = None
    if config.adds_noise:
        if given.key is None:
            raise BadValueError("give a key to draw noise from")
        noise_key = jax.random.fold_in(given.key, _NOISE)
    return init_key, Constants(dropout_key, shuffle_key, None, noise_key)


def initial_parameters(
    network: Network, given: Given, key: Array | None, method: Method
) -> Parameters:
    """The parameters given, or else drawn."""
    if given.params is not None:
        layers = admitted_parameters(given.params, network.layer_dims)
        return on_device(layers)
    examples = given.examples
    dtype = examples.dtype if isinstance(examples, Source) else examples.X.dtype
    drawn = dtype if jnp.issubdtype(dtype, jnp.floating) else None
    dims: Any = network.layer_dims
    return initialize_parameters(key, dims, method=method, dtype=drawn)  # pyright: ignore[reportArgumentType]


def _is_ragged(examples: Columns | Rows | Source, batch_size: int | None) -> bool:
    """Whether a batch may be partly empty."""
    if batch_size is None or isinstance(examples, Source):
        return False
    return count_of(examples) % batch_size != 0


def _settings(
    given: Given, config: Config, dtype: DTypeLike, size: int | None
) -> Settings:
    """The numbers of a run in its dtype."""
    examples, rate, order = given.examples, config.learning_rate, given.order
    if rate is None and config.optimizer is None:
        rate = _LEARNING_RATE
    m = count_of(examples)
    if order is not None:
        order = admitted("order", order)
        check_order(order, config.epochs, m)
        room = ((0, history_room(config.epochs) - config.epochs), (0, (size or m) - m))
        order = jnp.asarray(np.pad(order, room) if size else order, jnp.uint32)

    wide = record_dtype(dtype)
    rate = None if callable(rate) else rate
    keep_prob = config.keep_prob if config.drops_out else None
    return Settings(
        learning_rate=number("learning_rate", rate, dtype),
        l2=jax.tree.map(
            lambda of: number("l2 over Σ w", of, wide), _l2_term(examples, config)
        ),
        keep_prob=number("keep_prob", keep_prob, dtype),
        patience=number("patience", config.patience, np.int32),
        min_delta=number("min_delta", config.min_delta, wide),
        examples=HOST.int32(m),
        order=order,
        clipping=_clipping(examples, config, wide),
    )


def _clipping(
    examples: Columns | Rows | Source, config: Config, wide: DTypeLike
) -> Clipping | None:
    if config.clip_examples is None:
        return None
    max_norm = config.clip_examples * _weights_scale(examples)
    noise = config.noise_multiplier if config.adds_noise else None
    return Clipping(
        number("clip_examples", max_norm, wide),
        number("noise_multiplier", noise, wide),
    )


def _weights_scale(examples: Columns | Rows | Source) -> Scalar:
    """What the examples' weights are multiplied by: those of rows have mean 1."""
    if isinstance(examples, Columns):
        return 1
    return count_of(examples) / examples.total


def _l2_term(examples: Columns | Rows | Source, config: Config) -> L2Term | None:
    check_scalar("l2", config.l2, low=0)
    l2 = l2_or_none(config.l2)
    if l2 is None:
        return None
    if config.l2_over == "all" or isinstance(examples, Columns):
        return OverAll(l2 / examples.total)
    return OverBatch(l2 * _weights_scale(examples))


def _first_snapshot(run: Run, params: Parameters) -> Snapshot:
    """Before the first epoch."""
    plan, dtype = run.plan, params[0].W.dtype
    rate = run.settings.learning_rate
    inner = init_optimizer(plan.optimizer, plan.schedule, rate, params)
    best = None if plan.watched is None else none_yet(params, record_dtype(dtype))
    state = State(params, inner, HOST.int32(0), HOST.int32(0), best)
    history = blank_history(HOST.zeros(0, record_dtype(dtype)), run)
    history = replace(history, best_epoch=best_entry(best))
    return Snapshot(state, run.constants, history)
