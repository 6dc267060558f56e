"""Many runs in one compiled program: seeds, learning rates, L2, dropout, hidden sizes.

Every combination of the options is a lane. The lanes are the loop of `fit` under `vmap`
(all at once) or `lax.map` (one after the other): side by side, small networks share
every operation's fixed cost; large ones only wait for each other's memory.

Hidden layers of several sizes are padded to the largest with units whose weights are 0
and whose updates are masked: they add nothing to any sum, and stay 0. An optimizer that
looks across a whole matrix (its norm, its rows) sees the zeros, though.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise, product
from typing import Any, Literal, NamedTuple

import jax
import numpy as np
from jax import Array

from jaxdnn._checks_where import check_scalar
from jaxdnn.network import Network, score
from jaxdnn.parameters import Layer, Method, Parameters
from jaxdnn.training.batches import Data
from jaxdnn.training.labels import ClassWeight, weigh_classes
from jaxdnn.training.loop import (
    History,
    Plan,
    Settings,
    Validation,
    room_for,
    run_epochs,
)
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
from jaxdnn.training.state import bare, clothe

Strategy = Literal["vmap", "map"]

# Activations in a step of one lane, above which lanes are faster one by one: measured
# by `python -m scripts.benchmark --parts sweeps`.
VMAP_ACTIVATIONS = 3000


class Lane(NamedTuple):
    """One run of a sweep: the arguments of `fit` that were its own, and its end.

    cost is the last epoch's; score is that of the training examples. Both validation
    fields are those of the best epoch, None without validation data. A lane that
    diverged has the cost NaN.
    """

    network: Network
    seed: int
    learning_rate: float | None
    l2: float
    keep_prob: float
    params: Parameters
    history: History
    cost: float
    score: float
    validation_cost: float | None
    validation_score: float | None


def sweep(
    network: Network,
    X: Any,
    Y: Any,
    *,
    seeds: int | Sequence[int] = 0,
    learning_rate: float | Sequence[float] | None = None,
    l2: float | Sequence[float] = 0.0,
    keep_prob: float | Sequence[float] = 1.0,
    hidden_sizes: Sequence[int | Sequence[int]] | None = None,
    method: Method = "he",
    optimizer: Optimizer = None,
    epochs: int = 1000,
    batch_size: int | None = None,
    shuffle: bool = True,
    sample_weight: Any = None,
    class_weight: ClassWeight = None,
    validation: tuple[Any, Any] | None = None,
    strategy: Strategy | None = None,
) -> tuple[Lane, ...]:
    """Train every combination of the options in one compiled program.

    Each lane is the run `fit(lane.network, X, Y, key=jax.random.key(lane.seed), ...)`,
    but for rounding.

    Args:
      network: the description; its hidden sizes stand where hidden_sizes is None.
      X, Y, method, optimizer, epochs, batch_size, shuffle, sample_weight, class_weight,
        validation: as for `fit`.
      seeds, learning_rate, l2, keep_prob: one or several, as for `fit`.
      hidden_sizes: for each network to try, the size of every hidden layer, or a tuple
        with one of each.
      strategy: "vmap" or "map"; by the size of a step if None.

    Returns:
      The lanes; the last option varies fastest, in the order of this signature.

    Raises:
      ValueError: what `fit` refuses, no lanes, another number of hidden layers.

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
    check_counts("sweep", epochs=epochs, batch_size=batch_size)
    if strategy not in (None, "vmap", "map"):
        raise ValueError(
            f"sweep: strategy must be 'vmap', 'map' or None, got {strategy!r}"
        )
    X, Y = as_array("sweep", "X", X), as_array("sweep", "Y", Y)
    if sample_weight is not None:
        sample_weight = as_array("sweep", "sample_weight", sample_weight)
    seeds, rates, penalties, keeps = (
        _several(name, values)
        for name, values in (
            ("seeds", seeds),
            ("learning_rate", learning_rate),
            ("l2", l2),
            ("keep_prob", keep_prob),
        )
    )
    if len(rates) > 1 and any(map(callable, rates)):
        raise ValueError("sweep: a schedule cannot be one of several learning rates")
    networks = _networks(network, hidden_sizes)
    widest = replace(
        network,
        layer_dims=tuple(map(max, zip(*(n.layer_dims for n in networks), strict=True))),
    )
    keys = [three_keys(jax.random.key(seed)) for seed in seeds]

    def draw(network: Network, key: Array) -> Parameters:
        return _pad(begin("sweep", network, None, key, method, X), widest)

    drawn = [[draw(n, init_key) for init_key, _, _ in keys] for n in networks]
    params = drawn[0][0]
    check_data(
        *("sweep", widest, params, X, Y, penalties[0], keys[0][1], keeps[0]),
        sample_weight,
    )
    for penalty, keep in product(penalties, keeps):
        check_scalar("sweep", "l2", penalty, low=0)
        check_scalar("sweep", "keep_prob", keep, low=0, high=1, low_open=True)
    checked = [check_rate("sweep", optimizer, rate) for rate in rates]
    schedule = checked[0][1]
    dropped = any(keep != 1 for keep in keeps)

    options = (seeds, rates, penalties, keeps, networks)
    choices = np.array(list(product(*map(range, map(len, options)))))
    of_seed, of_rate, of_penalty, of_keep, of_network = choices.T
    settings = make_settings(
        params,
        None if checked[0][0] is None else np.array([c[0] for c in checked])[of_rate],
        np.array(penalties)[of_penalty] if any(penalties) else None,
        np.array(keeps)[of_keep] if dropped else None,
        None,
        np.zeros(len(choices)),
    )
    if len(networks) > 1:
        masks = [_pad(_ones(n, params[0].W.dtype), widest) for n in networks]
        settings = settings._replace(mask=_stack([masks[n] for n in of_network]))
    starts = _stack([drawn[n][s] for n, s in zip(of_network, of_seed, strict=True)])

    watched = check_validation("sweep", widest, params, validation)
    weight = weigh_classes("sweep", network, Y, sample_weight, class_weight)
    check_weights("sweep", weight)
    dtype = params[0].W.dtype
    data = arrange(widest, X, Y, weight, dtype, batch_size)
    ragged = batch_size is not None and data.real % batch_size != 0
    plan = Plan(widest, optimizer, schedule, batch_size, ragged, sentinel=False)
    shuffled = shuffle and batch_size is not None
    of_dropout, of_shuffle = (
        _stack([keys[s][which] for s in of_seed]) if used else None
        for which, used in ((1, dropped), (2, shuffled))
    )
    if strategy is None:
        m = batch_size or X.shape[1]
        strategy = "vmap" if activations(widest, m) <= VMAP_ACTIVATIONS else "map"
    room = room_for(epochs)
    whole = data if batch_size is None else arrange(widest, X, Y, None, dtype, None)
    ends: Any = jax.device_get(
        _run_lanes(
            *(plan, strategy, settings, (starts, of_dropout, of_shuffle)),
            *(data, watched, whole, epochs, room),
        )
    )
    return tuple(
        _lane(option, jax.tree.map(lambda of, i=i: of[i], ends), epochs)
        for i, option in enumerate(product(*options))
    )


@partial(jax.jit, static_argnames=("plan", "strategy", "room"))
def _run_lanes(
    plan: Plan,
    strategy: Strategy,
    settings: Settings,
    begun: tuple[Parameters, Array | None, Array | None],
    data: Data,
    validation: Validation | None,
    whole: Data,
    epochs: Any,
    room: int,
) -> tuple[Parameters, History, Any, Array]:
    """Parameters, history, best epoch and training score of every lane.

    begun: each lane's first parameters, its key of dropout and that of its shuffle.
    """

    def one(lane: Any) -> Any:
        settings, (start, *keys) = lane
        rate = settings.learning_rate
        inner = init_optimizer(plan.optimizer, plan.schedule, rate, start)
        state = first_state(start, inner, validation, tuple(keys), None)
        state, history, _ = run_epochs(
            *(plan, settings, state._replace(history=None), data, validation),
            *(epochs, room),
        )
        params = state.params if state.best is None else state.best.params
        best = None if state.best is None else state.best.epoch
        return params, history, best, score(plan.network, params, whole.X, whole.Y)

    if strategy == "vmap":
        return jax.vmap(one)((settings, begun))
    return jax.lax.map(one, (settings, begun))


def _several(name: str, given: Any) -> tuple[Any, ...]:
    values = tuple(given) if np.ndim(given) else (given,)
    if not values:
        raise ValueError(f"sweep: {name} must be one value or several, got none")
    return values


def _networks(network: Network, hidden_sizes: Any) -> tuple[Network, ...]:
    if hidden_sizes is None:
        return (network,)
    n_x, *hidden, n_L = network.layer_dims
    if not hidden:
        raise ValueError("sweep: hidden_sizes needs a network with hidden layers")
    networks = []
    for sizes in hidden_sizes:
        sizes = tuple(sizes) if np.ndim(sizes) else (sizes,) * len(hidden)
        if len(sizes) != len(hidden):
            raise ValueError(
                f"sweep: hidden_sizes must give {len(hidden)} sizes a lane (as "
                f"{network.layer_dims} has), got {sizes}"
            )
        networks.append(replace(network, layer_dims=(n_x, *sizes, n_L)))
    if not networks:
        raise ValueError("sweep: hidden_sizes must hold one entry a lane, got none")
    return tuple(networks)


def _stack(trees: Sequence[Any]) -> Any:
    """One tree of all the lanes', stacked on the host, where nothing compiles."""
    return jax.tree.map(
        lambda *of: clothe(of[0], jax.device_put(np.stack([bare(x) for x in of]))),
        *trees,
    )


def _pad(params: Parameters, widest: Network) -> Parameters:
    """The parameters with units of weight 0 up to the widest network's sizes."""
    pad: Any = np.pad
    return tuple(
        Layer(
            pad(W, ((0, n - W.shape[0]), (0, n_prev - W.shape[1]))),
            pad(b, ((0, n - b.shape[0]), (0, 0))),
        )
        for (W, b), (n_prev, n) in zip(params, pairwise(widest.layer_dims), strict=True)
    )


def _ones(network: Network, dtype: Any) -> Parameters:
    ones: Any = np.ones
    return tuple(
        Layer(ones((n, n_prev), dtype), ones((n, 1), dtype))
        for n_prev, n in pairwise(network.layer_dims)
    )


def _unpad(params: Parameters, network: Network) -> Parameters:
    return tuple(
        Layer(W[:n, :n_prev], b[:n])
        for (W, b), (n_prev, n) in zip(
            params, pairwise(network.layer_dims), strict=True
        )
    )


def activations(network: Network, m: int) -> int:
    """How many a step over m examples computes, m Σ_l n_l.

    Example:
      >>> activations(Network((4, 16, 3)), 16)
      304
    """
    return m * sum(network.layer_dims[1:])


def _lane(option: Any, end: Any, epochs: int) -> Lane:
    seed, learning_rate, l2, keep_prob, network = option
    params, history, best, score = end
    history = jax.tree.map(lambda of: of[:epochs], history)
    at_best = None, None
    if best is not None:
        epoch = max(int(best) - 1, 0)
        at_best = (
            float(history.validation_cost[epoch]),
            float(history.validation_score[epoch]),
        )
    return Lane(
        network=network,
        seed=seed,
        learning_rate=learning_rate,
        l2=l2,
        keep_prob=keep_prob,
        params=_unpad(params, network),
        history=history,
        cost=float(history.cost[-1]),
        score=float(score),
        validation_cost=at_best[0],
        validation_score=at_best[1],
    )
