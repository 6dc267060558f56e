"""Every function on meshes of automatic and explicit axes, and inside shard_map.

Four devices are made of one; values must be those of one device. A function that closes
over arrays on explicit axes has to be in the mesh's context: JAX asks for that.

    python -m scripts.soak --parts meshes
"""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import jaxdnn as dnn
from scripts.soak.modes import Case, plain_numbers

jax.config.update("jax_num_cpu_devices", 4)

NETWORK = dnn.Network((3, 8, 4, 2), ("tanh", "relu"), "softmax")
DEEP = dnn.Network((3, *10 * (4,), 2), "tanh", "softmax")
KEY = jax.random.key(0)

# In short: these come by what others do,
WITHIN_OTHERS = {"forward", "cost", "compute_cost", "predict_proba", "fit"}
WITHIN_OTHERS |= {"fit, dropout", "sweep, map"}
# and these alone see automatic axes, which are the compiler's, and the context of a
# mesh, which is told to whole programs.
ELSEWHERE = {"cost_and_gradients", "fit, batches", "sweep, vmap", "verify"}


def examples() -> tuple[Any, Any, Any]:
    """X (3, 8), Y (2, 8) and weights (8,)."""
    X = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    Y = np.eye(2, dtype=np.float32)[:, np.arange(8) % 2]
    return X, Y, np.linspace(0.5, 1.5, 8, dtype=np.float32)


def uses(
    network: dnn.Network, params: Any, given: Any, short: bool = False
) -> dict[str, Callable[[], Any]]:
    """What is called: (network, params, X, Y, weights) closed over."""
    X, Y, weights = given
    AL, caches = dnn.forward(network, params, X)
    W, b = params[0]
    weighed = {"l2": 0.1, "sample_weight": weights}
    drops = {"key": KEY, "keep_prob": 0.5}
    fit = {"params": params, "key": KEY, "epochs": 3}

    def layer(g: str) -> Any:
        Z, cache = dnn.linear_activation_forward(X, W, b, g)
        return dnn.linear_activation_backward(Z, cache, g)

    def dropped() -> Any:
        A, cache = dnn.dropout_forward(KEY, X, 0.5)
        return dnn.dropout_backward(A, cache)

    def train(**options: Any) -> Any:
        return dnn.fit(network, X, Y, **(fit | options)).params

    def lanes(strategy: str) -> Any:
        found = dnn.sweep(
            network,
            X,
            Y,
            params=params,
            learning_rate=(0.1, 0.2),
            epochs=3,
            strategy=strategy,
        )
        return [lane.params for lane in found]

    found = {
        "forward": lambda: dnn.forward(network, params, X, **drops)[0],
        "cost": lambda: dnn.cost(network, params, X, Y, **weighed),
        "cost_and_gradients": lambda: dnn.cost_and_gradients(
            network, params, X, Y, **weighed, **drops
        ),
        "backward": lambda: dnn.backward(network, params, caches, Y, **weighed),
        "cotangents": lambda: dnn.cotangents(network, params, caches, AL - Y),
        "predict": lambda: dnn.predict(network, params, X),
        "predict_proba": lambda: dnn.predict_proba(network, params, X),
        "score": lambda: dnn.score(network, params, X, Y),
        "linear_activation_backward": lambda: layer("relu"),
        "dropout_backward": dropped,
        "compute_cost": lambda: dnn.compute_cost(AL, Y),
        "compute_cost_backward": lambda: dnn.compute_cost_backward(AL, Y),
        "head_backward": lambda: dnn.head_backward(AL, Y),
        "fit": train,
        "fit, dropout": lambda: train(keep_prob=0.8),
        "fit, batches": lambda: train(batch_size=3),
        "fit, validation": lambda: train(sample_weight=weights, validation=(X, Y)),
        "sweep, vmap": lambda: lanes("vmap"),
        "sweep, map": lambda: lanes("map"),
        "verify": lambda: dnn.verify(network, params, X, Y),
    }
    return without(found, WITHIN_OTHERS) if short else found


def without(found: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """What has none of these names."""
    return {name: use for name, use in found.items() if name not in names}


def outcomes(short: bool = False) -> Iterator[Case]:
    """Every case; short: one network, and one case of those that differ by little.

    Automatic axes ask for no context, and check_vma=False only checks less.
    """
    for network in (NETWORK,) if short else (NETWORK, DEEP):
        params = dnn.initialize_parameters(KEY, network.layer_dims)
        expected = {
            name: plain_numbers(use())
            for name, use in uses(network, params, examples(), short).items()
        }
        for kind in (AxisType.Explicit, AxisType.Auto):
            for inside in (False, True):
                mesh = jax.make_mesh((4,), ("d",), axis_types=(kind,))
                mode = f"{kind.name} mesh, {'' if inside else 'not '}in its context"
                with jax.set_mesh(mesh) if inside else nullcontext():
                    placed = on_mesh(mesh, network, params, short)
                    explicit = kind is AxisType.Explicit
                    if short and (inside or not explicit):
                        placed = without(placed, {*placed} - ELSEWHERE)
                    found = placed.items() if inside or explicit or not short else ()
                    yield from (judged(n, mode, use, expected) for n, use in found)
                    jitted = inside if explicit else not (inside and short)
                    if network is NETWORK and jitted:
                        yield from in_jit(mode, placed, expected)
    yield from parallel_model(short)
    for check in (True,) if short else (True, False):
        yield from in_shard_map(check, short)


def on_mesh(
    mesh: Mesh, network: dnn.Network, params: Any, short: bool
) -> dict[str, Callable[[], Any]]:
    """The uses, with the examples shared by the mesh's devices."""
    X, Y, weights = examples()
    specs = P(None, "d"), P(None, "d"), P("d")
    given = [
        jax.device_put(of, NamedSharding(mesh, spec))
        for of, spec in zip((X, Y, weights), specs, strict=True)
    ]
    return uses(network, params, given, short)


def in_jit(mode: str, placed: Any, expected: Any) -> Iterator[Case]:
    """The uses in a caller's jit."""
    for name, use in placed.items():
        if not name.startswith(("verify", "sweep")):
            yield judged(name, f"jit, {mode}", jax.jit(use), expected)


def parallel_model(short: bool) -> Iterator[Case]:
    """Examples along one axis, a layer's units along the other."""
    params = dnn.initialize_parameters(KEY, NETWORK.layer_dims)
    expected = {
        name: plain_numbers(use())
        for name, use in uses(NETWORK, params, examples(), short).items()
    }
    mesh = jax.make_mesh((2, 2), ("d", "t"))
    first, second, last = params
    rows, columns = (NamedSharding(mesh, spec) for spec in (P("t"), P(None, "t")))
    shared = (
        dnn.Layer(*jax.device_put(tuple(first), rows)),
        second._replace(W=jax.device_put(second.W, columns)),
        last,
    )
    for name, use in on_mesh(mesh, NETWORK, shared, short).items():
        yield judged(name, "units shared too", use, expected)


def in_shard_map(check: bool, short: bool) -> Iterator[Case]:
    """Each device's own part, as if it were alone."""
    mesh = jax.make_mesh((4,), ("d",))
    X, Y, weights = examples()
    params = dnn.initialize_parameters(KEY, NETWORK.layer_dims)
    alone = uses(NETWORK, params, (X[:, :2], Y[:, :2], weights[:2]), short)
    specs = P(), P(None, "d"), P(None, "d"), P("d")
    given = [
        jax.device_put(of, jax.tree.map(lambda _, s=s: NamedSharding(mesh, s), of))
        for of, s in zip((params, X, Y, weights), specs, strict=True)
    ]
    for name, use in alone.items():
        if name.startswith(("verify", "sweep")):
            continue

        def part(params: Any, X: Any, Y: Any, w: Any, name: str = name) -> Any:
            found = uses(NETWORK, params, (X, Y, w))[name]()
            return jax.tree.map(lambda of: of[None], found)

        mapped = jax.shard_map(
            part, mesh=mesh, in_specs=specs, out_specs=P("d"), check_vma=check
        )

        def first(mapped: Any = mapped) -> Any:
            found = jax.jit(mapped)(*given)
            return jax.tree.map(lambda of: np.asarray(of)[0], found)

        mode = f"shard_map, check_vma={check}"
        yield judged(name, mode, first, {name: plain_numbers(use())})


def judged(name: str, mode: str, use: Callable[[], Any], expected: Any) -> Case:
    """Whether the use gives what one device gives."""
    try:
        found = plain_numbers(use())
    except Exception as error:
        return Case(name, mode, "fails", f"{type(error).__name__}: {error}")
    pairs = zip(found, expected[name], strict=True)
    same = all(np.allclose(one, other, 1e-4, 1e-5) for one, other in pairs)
    return Case(name, mode, "works" if same else "differs", "")
