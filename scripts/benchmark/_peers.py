"""The peers: one network, one data set, gradient descent written in several ways.

Each builder takes a Problem and returns `run(epochs)`: so many epochs of gradient
descent from the problem's own parameters, finished when it returns, and the cost before
each update. All of PEERS walk the same trajectory, up to rounding, over the full batch;
those of `_batches` take mini-batches.
"""

import importlib
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxdnn import (
    Network,
    Parameters,
    cost,
    cost_and_gradients,
    fit,
    initialize_parameters,
)
from scripts.benchmark._timing import Run

# The room for the costs of the compiled loops, and so the most epochs of any run.
LONGEST_RUN = 1 << 16
COSTS_COMPARED, COST_TOLERANCE = 4, 1e-5


class Problem(NamedTuple):
    """What every peer is given: X (n_x, m), Y (n_L, m), float32, and where to start.

    key: of the shuffle, where there is a batch size.
    """

    network: Network
    params: Parameters
    X: jax.Array
    Y: jax.Array
    rate: float
    batch_size: int | None = None
    key: jax.Array | None = None


class Peer(NamedTuple):
    """A way to train: its name, the libraries it needs, how to make it run."""

    name: str
    needs: tuple[str, ...]
    build: Callable[[Problem], Run]

    def missing(self) -> str | None:
        """The first library that is not installed, if any."""
        for library in self.needs:
            try:
                importlib.import_module(library)
            except ModuleNotFoundError as error:
                if error.name != library:
                    raise
                return library
        return None


def make_problem(network: Network, m: int, *, rate: float = 0.01) -> Problem:
    """Normal inputs, balanced random labels, He's initial parameters; all seeded."""
    rng = np.random.default_rng(0)
    dims = network.layer_dims
    X = rng.standard_normal((dims[0], m), dtype=np.float32)
    labels = rng.permutation(np.arange(m) % max(2, dims[-1]))
    one_hot = labels == np.arange(dims[-1])[:, None]
    Y = one_hot if network.output == "softmax" else labels[None, :]
    params = initialize_parameters(jax.random.key(0), dims, dtype=np.float32)
    return Problem(network, params, jnp.asarray(X), jnp.asarray(Y, jnp.float32), rate)


def check_costs(name: str, costs: dict[str, Any]) -> None:
    """Refuse to compare peers whose first costs differ: they do different work."""
    first = {
        peer: np.array([float(J) for J in found[:COSTS_COMPARED]])
        for peer, found in costs.items()
    }
    (reference, wanted), *others = first.items()
    for peer, found in others:
        if not np.allclose(found, wanted, rtol=COST_TOLERANCE, atol=0):
            raise RuntimeError(
                f"{name}: {peer} does not train as {reference} does: costs "
                f"{found} against {wanted}"
            )


def build_fit(problem: Problem) -> Run:
    network, params, X, Y, rate, batch_size, key = problem
    options = {"learning_rate": rate, "batch_size": batch_size, "key": key}

    def run(epochs: int) -> jax.Array:
        result = fit(network, X, Y, params=params, epochs=epochs, **options)
        return jax.block_until_ready(result).history.cost

    return run


@partial(jax.jit, static_argnums=(0, 1))
def _descend(
    gradients: Callable[..., Any],
    network: Network,
    params: Parameters,
    costs: jax.Array,
    epochs: Any,
    X: jax.Array,
    Y: jax.Array,
    rate: Any,
) -> tuple[Parameters, jax.Array]:
    def step(epoch: jax.Array, carry: tuple[Parameters, jax.Array]) -> Any:
        params, costs = carry
        J, grads = gradients(network, params, X, Y)
        params = jax.tree.map(lambda value, slope: value - rate * slope, params, grads)
        return params, costs.at[epoch].set(J)

    return jax.lax.fori_loop(0, epochs, step, (params, costs))


value_and_grad = jax.value_and_grad(cost, argnums=1)


def build_compiled_loop(gradients: Callable[..., Any], problem: Problem) -> Run:
    """One compiled loop around gradients(network, params, X, Y) -> (J, grads)."""
    network, params, X, Y, rate, *_ = problem
    costs = jnp.zeros(LONGEST_RUN)

    def run(epochs: int) -> np.ndarray:
        found = _descend(gradients, network, params, costs, epochs, X, Y, rate)
        return np.asarray(jax.block_until_ready(found)[1])[:epochs]

    return run


NUMPY_HIDDEN = {
    "relu": (lambda Z: np.maximum(Z, 0, out=Z), lambda A: A > 0),
    "tanh": (lambda Z: np.tanh(Z, out=Z), lambda A: 1 - A * A),
}


def _numpy_sigmoid(Z: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.floating]:
    E = np.exp(-np.abs(Z))
    losses = np.maximum(Z, 0) - Z * Y + np.log1p(E)
    return np.where(Z > 0, 1, E) / (1 + E), losses.sum(axis=0).mean()


def _numpy_softmax(Z: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.floating]:
    Z = Z - Z.max(axis=0)
    E = np.exp(Z)
    total = E.sum(axis=0)
    return E / total, (np.log(total) - (Y * Z).sum(axis=0)).mean()


NUMPY_HEADS = {"sigmoid": _numpy_sigmoid, "softmax": _numpy_softmax}


def build_numpy(dtype: Any, problem: Problem) -> Run:
    """The course's loop: in place where NumPy can, no gradient of X, stable costs."""
    network, rate = problem.network, problem.rate
    hidden = [NUMPY_HIDDEN[g.name] for g in network.activations]
    head = NUMPY_HEADS[network.output]
    X, Y = np.asarray(problem.X, dtype), np.asarray(problem.Y, dtype)
    L, m = len(problem.params), X.shape[1]

    def run(epochs: int) -> np.ndarray:
        W = [np.array(layer.W, dtype) for layer in problem.params]
        b = [np.array(layer.b, dtype) for layer in problem.params]
        costs = np.empty(epochs, dtype)
        for epoch in range(epochs):
            A = [X]
            for l, (g, _) in enumerate(hidden):
                Z = W[l] @ A[l]
                Z += b[l]
                A.append(g(Z))
            AL, costs[epoch] = head(W[-1] @ A[-1] + b[-1], Y)
            dZ = (AL - Y) / m
            for l in reversed(range(L)):
                dW, db = dZ @ A[l].T, dZ.sum(axis=1, keepdims=True)
                if l > 0:
                    dZ = W[l].T @ dZ
                    dZ *= hidden[l - 1][1](A[l])
                W[l] -= rate * dW
                b[l] -= rate * db
        return costs

    return run


JAX_HIDDEN = {"relu": jax.nn.relu, "tanh": jnp.tanh}


def optax_cost(output: str, logits: jax.Array, Y: jax.Array) -> jax.Array:
    """The mean loss of logits (m, n_L): rows are examples in these libraries."""
    import optax

    if output == "softmax":
        return optax.softmax_cross_entropy(logits, Y).mean()
    return optax.sigmoid_binary_cross_entropy(logits, Y).sum(axis=1).mean()


def build_equinox(problem: Problem) -> Run:
    """Equinox's and Optax's usual loop: a filter_jit step called from Python."""
    import equinox as eqx
    import optax

    network = problem.network
    hidden = [JAX_HIDDEN[g.name] for g in network.activations]
    X, Y = problem.X.T, problem.Y.T

    class MLP(eqx.Module):
        layers: list[Any]

        def __call__(self, x: jax.Array) -> jax.Array:
            for g, layer in zip(hidden, self.layers, strict=False):
                x = g(layer(x))
            return self.layers[-1](x)

    def linear(W: jax.Array, b: jax.Array) -> Any:
        # Shapes only: nothing is drawn that W and b replace at once.
        empty = eqx.filter_eval_shape(
            eqx.nn.Linear, W.shape[1], W.shape[0], key=jax.random.key(0)
        )
        return eqx.tree_at(
            lambda layer: (layer.weight, layer.bias), empty, (W, b[:, 0])
        )

    first = MLP([linear(*layer) for layer in problem.params])
    optimizer = optax.sgd(problem.rate)

    @eqx.filter_value_and_grad
    def cost_and_slopes(model: Any, X: jax.Array, Y: jax.Array) -> jax.Array:
        return optax_cost(network.output, jax.vmap(model)(X), Y)

    @eqx.filter_jit
    def step(model: Any, state: Any, X: jax.Array, Y: jax.Array) -> Any:
        J, grads = cost_and_slopes(model, X, Y)
        updates, state = optimizer.update(grads, state)
        return eqx.apply_updates(model, updates), state, J

    def run(epochs: int) -> list[jax.Array]:
        model, state = first, optimizer.init(eqx.filter(first, eqx.is_array))
        costs: list[jax.Array] = []
        for _ in range(epochs):
            model, state, J = step(model, state, X, Y)
            costs.append(J)
        jax.block_until_ready((jax.tree.leaves(model), costs[-1]))
        return costs

    return run


def build_nnx(problem: Problem) -> Run:
    """Flax NNX's usual loop: an nnx.jit step that updates model and optimizer."""
    import optax
    from flax import nnx

    network = problem.network
    hidden = [JAX_HIDDEN[g.name] for g in network.activations]
    X, Y = problem.X.T, problem.Y.T

    def linear(W: jax.Array, b: jax.Array) -> Any:
        return nnx.Linear(
            W.shape[1],
            W.shape[0],
            kernel_init=lambda *_: W.T,
            bias_init=lambda *_: b[:, 0],
            rngs=nnx.Rngs(0),
        )

    class MLP(nnx.Module):
        def __init__(self) -> None:
            self.layers = nnx.List([linear(*layer) for layer in problem.params])

        def __call__(self, x: jax.Array) -> jax.Array:
            for g, layer in zip(hidden, self.layers, strict=False):
                x = g(layer(x))
            return self.layers[-1](x)

    first, rule = MLP(), optax.sgd(problem.rate)

    @nnx.jit
    def step(model: Any, optimizer: Any, X: jax.Array, Y: jax.Array) -> jax.Array:
        J, grads = nnx.value_and_grad(
            lambda model: optax_cost(network.output, model(X), Y)
        )(model)
        optimizer.update(model, grads)
        return J

    def run(epochs: int) -> list[jax.Array]:
        model = nnx.clone(first)
        optimizer = nnx.Optimizer(model, rule, wrt=nnx.Param)
        costs = [step(model, optimizer, X, Y) for _ in range(epochs)]
        jax.block_until_ready((nnx.state(model), costs[-1]))
        return costs

    return run


def build_scikit_learn(problem: Problem) -> Run:
    """scikit-learn's MLPClassifier: no momentum, no penalty."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    network, params, rate = problem.network, problem.params, problem.rate
    X, Y = np.ascontiguousarray(problem.X.T), np.asarray(problem.Y)
    labels = Y.argmax(axis=0) if network.output == "softmax" else Y[0].astype(int)
    (hidden,) = {g.name for g in network.activations}
    model = MLPClassifier(
        hidden_layer_sizes=network.layer_dims[1:-1],
        activation=hidden,
        solver="sgd",
        alpha=0.0,
        batch_size=problem.batch_size or len(X),  # pyright: ignore[reportArgumentType]
        learning_rate_init=rate,
        momentum=0.0,
        shuffle=problem.batch_size is not None,
        n_iter_no_change=np.inf,  # pyright: ignore[reportArgumentType]
        warm_start=True,
    )

    def run(epochs: int) -> list[float]:
        model.set_params(max_iter=epochs)
        # A warm start goes on from coefs_ and loss_curve_: both begin anew here.
        model.coefs_ = [np.array(W.T, order="C") for W, _ in params]
        model.intercepts_ = [np.array(b[:, 0]) for _, b in params]
        model.loss_curve_ = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, labels)
        return model.loss_curve_

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.set_params(max_iter=1).fit(X, labels)
    return run


# In this order: what computes with NumPy leaves its threads busy, and goes last.
PEERS = {
    peer.name: peer
    for peer in (
        Peer("fit", (), build_fit),
        Peer(
            "cost_and_gradients", (), partial(build_compiled_loop, cost_and_gradients)
        ),
        Peer("value_and_grad", (), partial(build_compiled_loop, value_and_grad)),
        Peer("equinox", ("equinox", "optax"), build_equinox),
        Peer("flax-nnx", ("flax", "optax"), build_nnx),
        Peer("numpy-float32", (), partial(build_numpy, np.float32)),
        Peer("numpy-float64", (), partial(build_numpy, np.float64)),
        Peer("scikit-learn", ("sklearn",), build_scikit_learn),
    )
}
