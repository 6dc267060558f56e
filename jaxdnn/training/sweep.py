"""Many runs in one compiled program: seeds, rates, L2, dropout, clipping, hidden sizes.

Every combination of the options is a lane. The lanes are the loop of `fit` under `vmap`
(all at once) or `lax.map` (one after the other): side by side, small networks share
every operation's fixed cost; large ones only wait for each other's memory.

Hidden layers of several sizes are padded to the largest: see `padding`.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Literal, NamedTuple
from warnings import warn

import jax
import numpy as np
from jax import Array
from jax.sharding import Mesh
from numpy.typing import NDArray

from jaxdnn._checks import (
    check_choice,
    check_outside,
    check_scalar,
    check_seed,
    count,
    count_or_none,
)
from jaxdnn._programs import compiled
from jaxdnn._refusals import BadValueError, public
from jaxdnn.architecture import Network
from jaxdnn.arguments import check_network
from jaxdnn.arrays import ArrayLike, PyTree, on_device
from jaxdnn.blocks import unfold
from jaxdnn.parameters import Method, Parameters
from jaxdnn.training.batch_objective import L2Over
from jaxdnn.training.checks import check_config, check_mesh, recorded
from jaxdnn.training.examples import (
    Columns,
    Rows,
    arranged,
    count_of,
    examples_of,
)
from jaxdnn.training.lanes import Lane, Lanes, Several, networks, several
from jaxdnn.training.optimizers import Optimizer, Schedule
from jaxdnn.training.padding import ones, padded, unpadded
from jaxdnn.training.placing import share_lanes
from jaxdnn.training.prepare import (
    Given,
    Placed,
    Prepared,
    initial_parameters,
    place_examples,
    prepare,
    split_run_key,
)
from jaxdnn.training.programs import cost_and_score, history_room, run_epochs
from jaxdnn.training.snapshots import as_key_like, key_bits
from jaxdnn.training.source import Source
from jaxdnn.training.stopping import Watch
from jaxdnn.training.types import (
    Config,
    Constants,
    History,
    Record,
    Run,
    Settings,
    State,
)
from jaxdnn.training.weights import ClassWeight

Strategy = Literal["vmap", "map"]

# Activations in a step of one lane, above which lanes are faster one by one: measured
# by `scripts/benchmark.py --parts sweeps`.
VMAP_ACTIVATIONS = 3000


@public
def sweep(
    network: Network,
    X: ArrayLike,
    Y: ArrayLike,
    *,
    seeds: int | Sequence[int] | NDArray[np.integer] = 0,
    learning_rate: Several | Schedule | None = None,
    l2: Several = 0.0,
    keep_prob: Several = 1.0,
    clip_examples: Several | None = None,
    noise_multiplier: Several = 0.0,
    hidden_sizes: Sequence[int | Sequence[int]] | None = None,
    params: Parameters | None = None,
    method: Method = "he",
    optimizer: Optimizer = None,
    epochs: int = 1000,
    batch_size: int | None = None,
    shuffle: bool = True,
    order: ArrayLike | None = None,
    l2_over: L2Over = "all",
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight = None,
    validation: tuple[ArrayLike, ...] | None = None,
    watch: Watch | None = None,
    patience: int | None = None,
    min_delta: float = 0.0,
    record: Collection[Record] = (),
    strategy: Strategy | None = None,
    mesh: Mesh | None = None,
) -> Lanes:
    """Train every combination of the options in one compiled program.

    Each lane is the run `fit(lane.network, X, Y, key=jax.random.key(lane.seed), ...)`,
    but for rounding.

    Args:
      network: the description; its hidden sizes stand where hidden_sizes is None.
      X, Y, params, method, optimizer, epochs, batch_size, shuffle: as for `fit`. Other
        hidden sizes than the network's start from no given parameters.
      order, l2_over, sample_weight, class_weight, validation: as for `fit`.
      watch, patience, min_delta, record: as for `fit`.
      seeds, learning_rate, l2, keep_prob: one or several, as for `fit`.
      clip_examples, noise_multiplier: one or several, as for `fit`; the networks then
        have one size, since noise is drawn by the parameters' shapes.
      hidden_sizes: for each network to try, the size of every hidden layer, or a tuple
        with one of each.
      strategy: "vmap" or "map"; by the size of a step if None.
      mesh: devices to share the lanes; the examples are on each. Its processes give the
        same arguments, and are given all lanes.

    Returns:
      A tuple of lanes, shown as a table; the last option varies fastest, in the order
      of this signature. Lanes in which nothing watched was ever finite have a
      RuntimeWarning and their last parameters.

    Raises:
      ValueError: what `fit` refuses, no lanes, another number of hidden layers,
        several hidden sizes beside clip_examples.

    Example:
      >>> X = np.linspace(-1.0, 1.0, 20)[None, :]
      >>> lanes = sweep(
      ...     Network((1, 4, 1), "tanh"),
      ...     X,
      ...     abs(X) > 0.5,
      ...     learning_rate=(0.1, 1.0),
      ...     hidden_sizes=(1, 4),
      ... )
      >>> [(lane.learning_rate, lane.network.layer_dims[1]) for lane in lanes]
      [(0.1, 1), (0.1, 4), (1.0, 1), (1.0, 4)]
      >>> min(lanes, key=lambda lane: lane.cost).score
      1.0
    """
    check_outside()
    check_network(network)
    check_choice("strategy", strategy, (None, "vmap", "map"))
    check_mesh(mesh)
    options = (
        several("seeds", seeds),
        several("learning_rate", learning_rate),
        several("l2", l2),
        several("keep_prob", keep_prob),
        several("clip_examples", clip_examples),
        several("noise_multiplier", noise_multiplier),
        networks(network, hidden_sizes),
    )
    _check_options(options)
    base = Config(
        method=method,
        optimizer=optimizer,
        epochs=count("epochs", epochs),
        batch_size=count_or_none("batch_size", batch_size),
        shuffle=shuffle,
        l2_over=l2_over,
        watch=watch,
        patience=count_or_none("patience", patience),
        min_delta=min_delta,
        record=recorded(record),
    )
    configs = _configs(base, options[1:-1])
    for config in configs:
        check_config(config, validation=validation)
    examples = examples_of(
        network,
        X,
        Y,
        weight=sample_weight,
        class_weight=class_weight,
        batch_size=base.batch_size,
    )
    if isinstance(examples, Source):
        raise BadValueError("X must be an array: all lanes read the same examples")
    given = Given(examples, None, params, validation, class_weight, order)
    run, lanes, examples = _lanes(options, configs, given)
    strategy = strategy or _faster(run, count_of(given.examples))
    run, lanes, last = on_device((run, lanes, np.int32(base.epochs)))
    room = history_room(base.epochs)
    ends = share_lanes(
        mesh, _run_lanes, lanes, (run, examples, last), strategy=strategy, room=room
    )
    columns: Any = examples_of(network, X, Y)
    whole = arranged(network, columns, ends[0][0].W.dtype)
    shown = on_device((whole.X, whole.Y))
    scores = share_lanes(mesh, _scores, ends[0], shown, network=run.plan.network)
    ends = jax.device_get((*ends, scores))
    found = Lanes(
        _lane(option, jax.tree.map(lambda of, i=i: of[i], ends))
        for i, option in enumerate(product(*options))
    )
    if watched := run.plan.watched:
        _warn_of_none_finite(watched, found)
    return found


def _faster(run: Run, m: int) -> Strategy:
    """By the size of a step."""
    size = activations(run.plan.network, run.plan.batch_size or m)
    return "vmap" if size <= VMAP_ACTIVATIONS else "map"


# Lanes differ in these and share all else of a run.
class _Own(NamedTuple):
    settings: Settings
    constants: Constants
    state: State


def _check_options(options: tuple[tuple[Any, ...], ...]) -> None:
    """Refuse values out of range, and clipping in some lanes only or beside padding."""
    seeds, _, penalties, keeps, clips, noises, nets = options
    for seed in seeds:
        check_seed("seeds", seed)
    for l2 in penalties:
        check_scalar("l2", l2, low=0)
    for keep_prob in keeps:
        check_scalar("keep_prob", keep_prob, low=0, high=1, low_open=True)
    for noise in noises:
        check_scalar("noise_multiplier", noise, low=0)
    unclipped = [clip is None for clip in clips]
    if all(unclipped):
        return
    if any(unclipped):
        raise BadValueError("clip_examples must be None alone, or numbers")
    if len(nets) > 1:
        raise BadValueError("clip_examples needs hidden_sizes of one size")


def _configs(base: Config, options: tuple[tuple[Any, ...], ...]) -> list[Config]:
    """The configuration of each combination of what is no seed and no size."""
    rates, penalties, keeps, clips, noises = options
    if len(rates) > 1 and any(map(callable, rates)):
        raise BadValueError("a schedule cannot be one of several learning rates")
    # In one program a term that one lane has is there for all: arrays are no literals.
    if any(map(_is_not(0), penalties)):
        penalties = tuple(map(np.asarray, penalties))
    if any(map(_is_not(1), keeps)):
        keeps = tuple(map(np.asarray, keeps))
    if any(map(_is_not(0), noises)):
        noises = tuple(map(np.asarray, noises))
    names = "learning_rate", "l2", "keep_prob", "clip_examples", "noise_multiplier"
    return [
        replace(base, **dict(zip(names, each, strict=True)))
        for each in product(rates, penalties, keeps, clips, noises)
    ]


def _is_not(neutral: float) -> Callable[[Any], bool]:
    return lambda value: value != neutral


def _lanes(
    options: tuple[tuple[Any, ...], ...], configs: list[Config], given: Given
) -> tuple[Run, _Own, Any]:
    """What the lanes share, and what is each one's own, stacked; the examples."""
    nets: tuple[Network, ...] = options[-1]
    widest = replace(
        nets[0],
        layer_dims=tuple(map(max, zip(*(n.layer_dims for n in nets), strict=True))),
    )
    placed: Placed | None = None
    first: Prepared | None = None
    own: list[_Own] = []
    for seed, config, network in product(options[0], configs, nets):
        with jax.transfer_guard("allow"):  # a seed is on the host
            key = jax.random.key(seed)
        drawn = initial_parameters(network, given, split_run_key(key)[0], config.method)
        lane = given._replace(key=key, params=padded(drawn, widest))
        placed = placed or place_examples(widest, lane, config, drawn[0].W.dtype)
        found = prepare(widest, lane, config, placed)
        settings = found.run.settings._replace(order=None)
        if len(nets) > 1:
            mask = padded(ones(network, drawn[0].W.dtype), widest)
            settings = settings._replace(mask=found.layout.blocks(mask))
        first = first or found
        own.append(_Own(settings, found.run.constants, found.start.state))
    if first is None:
        raise BadValueError("there are no lanes")
    # One lane's divergence must not end the others.
    run = replace(first.run, plan=replace(first.run.plan, sentinel=False))
    return run, _stack(own), first.examples


@compiled(static_argnames=("strategy", "room"))
def _run_lanes(
    lanes: _Own,
    run: Run,
    examples: Columns | Rows,
    epochs: Array,
    *,
    strategy: Strategy,
    room: int,
) -> tuple[Any, History, Array]:
    """The best parameters of every lane, its history with room, and epochs done."""

    def one(own: _Own) -> Any:
        settings = own.settings._replace(order=run.settings.order)
        lane = replace(run, settings=settings, constants=own.constants)
        state, history, _ = run_epochs(lane, own.state, examples, epochs, room)
        best = state.best
        if best is not None:
            history = replace(history, best_epoch=best.epoch)
        return state.params if best is None else best.params, history, state.epoch

    return jax.vmap(one)(lanes) if strategy == "vmap" else jax.lax.map(one, lanes)


@compiled(static_argnames="network")
def _scores(params: PyTree, X: Array, Y: Array, *, network: Network) -> Array:
    """Of every lane, on examples as many as there are."""
    return jax.lax.map(lambda of: cost_and_score(network, of, X, Y)[1], params)


def _lane(option: Any, end: Any) -> Lane:
    seed, learning_rate, l2, keep_prob, clip, noise, network = option
    blocks, history, done, score = end
    history = jax.tree.map(lambda of: of[: int(done)] if of.ndim else of, history)
    if history.best_epoch is not None and history.best_epoch < 0:
        history = replace(history, best_epoch=None)
    return Lane(
        network=network,
        seed=seed,
        learning_rate=learning_rate,
        l2=l2,
        keep_prob=keep_prob,
        params=unpadded(unfold(blocks), network),
        history=history,
        score=float(score),
        clip_examples=clip,
        noise_multiplier=None if clip is None else noise,
    )


def _warn_of_none_finite(watched: str, lanes: tuple[Lane, ...]) -> None:
    """Of lanes that did not diverge, and still have no best epoch."""
    lost = [
        lane
        for lane in lanes
        if lane.history.best_epoch is None and np.isfinite(lane.cost)
    ]
    if lost:
        told = f"the {watched.replace('_', ' ')} was never finite in {len(lost)}"
        told = f"sweep: {told} of {len(lanes)} lanes: they have their last parameters"
        warn(told, RuntimeWarning, stacklevel=4)


def _stack(trees: Sequence[Any]) -> Any:
    """One tree of all the lanes', stacked on the host, where nothing compiles."""
    return jax.tree.map(
        lambda *of: as_key_like(
            of[0], jax.device_put(np.stack([key_bits(x) for x in of]))
        ),
        *trees,
    )


def activations(network: Network, m: int) -> int:
    """How many a step over m examples computes, m Σ_l n_l.

    Example:
      >>> activations(Network((4, 16, 3)), 16)
      304
    """
    return m * sum(network.layer_dims[1:])
