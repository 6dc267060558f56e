"""The compiled programs: epochs of batches, a batch of its own, outputs, a cost.

A program is compiled for a plan and for sizes that runs of nearly as many examples
share; every number is traced, the count of examples among them. Rows are examples here,
as they are in scikit-learn; what fills an array up has weight 0.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from jaxdnn import propagation
from jaxdnn._programs import compiled
from jaxdnn.architecture import Network
from jaxdnn.arrays import PyTree, Scalar
from jaxdnn.dropout import Dropout
from jaxdnn.objective import Mean
from jaxdnn.parameters import Layer, Parameters
from jaxdnn.sklearn.ending import Ending, Record, Rules, end_epoch
from jaxdnn.sklearn.scores import judge
from jaxdnn.sklearn.solvers import Solver, Step, update
from jaxdnn.sklearn.sparse import cost, cost_and_gradients
from jaxdnn.training.optimizers import Schedule


@dataclass(frozen=True)
class Plan:
    """What the programs of a run are compiled for; everything else is traced.

    schedule: updates done -> learning rate, or None for the rate of `Ending`. width:
    how many examples a batch has room for.
    """

    network: Network
    solver: Solver
    schedule: Schedule | None
    drops_out: bool
    width: int


class Numbers(NamedTuple):
    """The numbers of a run.

    rows: how many examples there are; batch: how many make a batch. solver: what an
    update is told, see `Step`; rules: an epoch's end. threshold: the probability above
    which an output is a yes.
    """

    rows: int
    batch: int
    alpha: float
    keep_prob: float
    seed: int
    threshold: float
    solver: dict[str, Scalar]
    rules: Rules


class Examples(NamedTuple):
    """X (m, n_x), or its entries; Y (m, n_L); weight (m,): 0 for what fills them up."""

    X: Any  # Array, or `Entries`
    Y: Array
    weight: Array


class State(NamedTuple):
    """What an update changes; ending, an epoch's end."""

    params: Parameters
    solver: PyTree
    updates: Any  # a number of JAX's or NumPy's
    ending: Ending


def train_batches(
    plan: Plan,
    numbers: Numbers,
    state: State,
    total: Array,
    examples: Examples,
    order: Array,
) -> tuple[State, Array]:
    """Every batch of the examples once, in this order.

    Returns the state, and `total` with each batch's cost added, times its rows.
    """

    def batch(i: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
        state, total = carry
        start, places = i * numbers.batch, jnp.arange(plan.width)
        count = jnp.minimum(numbers.batch, numbers.rows - start)
        rows = order.at[start + places].get(mode="clip")
        taken = Examples(*(of.at[rows].get(mode="clip") for of in examples))
        # A row of 0 is the last to overflow, and 0 times infinity is no 0.
        real = places < count
        taken = taken._replace(
            X=jnp.where(real[:, None], taken.X, 0),
            weight=jnp.where(real, taken.weight, 0),
        )
        state, J = _one_update(plan, numbers, state, taken)
        return state, total + J.astype(total.dtype) * count

    batches = -(-numbers.rows // numbers.batch)
    return jax.lax.fori_loop(0, batches, batch, (state, total))


def _one_update(
    plan: Plan, numbers: Numbers, state: State, batch: Examples
) -> tuple[State, Array]:
    network, params = plan.network, state.params
    # Divided by the batch's weight at the end: what overflows does so in this order.
    whole, total = batch.weight.sum(), Mean(batch.weight, 1, numbers.alpha)
    dropout, rate = _dropout(plan, numbers, state), state.ending.rate
    if plan.schedule is not None:
        rate = jnp.asarray(plan.schedule(state.updates), rate.dtype)
    J, grads = cost_and_gradients(network, params, batch, total, dropout)
    J, grads = jax.tree.map(lambda of: of / whole, (J, grads))

    def again(params: Parameters) -> Array:
        return cost(network, params, batch, total, dropout) / whole

    step = Step(numbers.solver, rate, state.updates, params, grads, again, J)
    params, solver = update(plan.solver, step, state.solver)
    return State(params, solver, state.updates + 1, state.ending), J


def _dropout(plan: Plan, numbers: Numbers, state: State) -> Dropout | None:
    if not plan.drops_out:
        return None
    key = jax.random.key(numbers.seed)
    for drawn in (state.ending.seen, state.updates):
        key = jax.random.fold_in(key, drawn.astype(jnp.uint32))
    return Dropout(key, numbers.keep_prob)


@compiled(static_argnums=0)
def run_epochs(
    plan: Plan,
    numbers: Numbers,
    state: State,
    examples: Examples,
    watched: Examples | None,
    orders: Array,
    epochs: Array,
) -> tuple[State, Record, Array]:
    """So many epochs, or up to the one that ends the run.

    Args:
      plan, numbers, state, examples: of the run.
      watched: the validation part.
      orders: (room, m), a row for each epoch; room >= epochs.
      epochs: how many.

    Returns:
      The state, the epochs' records, (room,) each, and how many there are.
    """
    blank = jnp.full(orders.shape[0], jnp.nan)

    def more(carry: Any) -> Array:
        i, state, _ = carry
        return (i < epochs) & ~state.ending.stopped

    def epoch(carry: Any) -> Any:
        i, state, records = carry
        none = jnp.zeros((), float)
        state, total = train_batches(plan, numbers, state, none, examples, orders[i])
        verdict = None
        if watched is not None:
            ZL, _ = propagation.forward(plan.network, state.params, watched.X.T)
            verdict = _verdict(plan, numbers, ZL.T, watched)
        state, record = _ended(numbers, state, numbers.rows, total, verdict)
        records = jax.tree.map(lambda of, x: of.at[i].set(x), records, record)
        return i + 1, state, records

    start = jnp.zeros((), int), state, Record(*4 * [blank])
    done, state, records = jax.lax.while_loop(more, epoch, start)
    return state, records, done


def _ended(
    numbers: Numbers,
    state: State,
    count: Scalar,
    total: Array,
    verdict: tuple[Array, Array] | None,
) -> tuple[State, Record]:
    ending, record = end_epoch(
        numbers.rules, state.ending, state.params, count, total / count, verdict
    )
    return state._replace(ending=ending), record


def _verdict(
    plan: Plan, numbers: Numbers, ZL: Array, watched: Examples
) -> tuple[Array, Array]:
    head = plan.network.head
    return judge(head, numbers.threshold, ZL.T, watched.Y.T, watched.weight)


@compiled(static_argnums=0)
def run_batch(
    plan: Plan,
    numbers: Numbers,
    state: State,
    total: Array,
    batch: Examples,
    rows: Array,
) -> tuple[State, Array]:
    """One update, from a batch that has so many rows: see `train_batches`."""
    state, J = _one_update(plan, numbers, state, batch)
    return state, total + J.astype(total.dtype) * rows


# The end of an epoch on its own, where its examples came batch by batch.
close_epoch = compiled(_ended)
verdict_on = compiled(_verdict, static_argnums=0)


@compiled(static_argnums=0)
def packed_cost(
    network: Network, packed: Array, examples: Examples, whole: Array
) -> tuple[Array, Array]:
    """The examples' part of the mean cost, without L2, and its gradient (n,).

    packed: all weights, then all biases, as scikit-learn packs them; whole: the weight
    of all examples.
    """
    params = unpack(network.layer_dims, packed)
    mean = Mean(examples.weight, whole.astype(packed.dtype))
    J, grads = cost_and_gradients(network, params, examples, mean)
    parts = [dW.T.ravel() for dW, _ in grads] + [db.ravel() for _, db in grads]
    return J, jnp.concatenate(parts)


def unpack(layer_dims: tuple[int, ...], packed: Any) -> Parameters:
    """The layers of packed parameters.

    Example:
      >>> [(layer.W.shape, layer.b.shape) for layer in unpack((2, 3), jnp.arange(9))]
      [((3, 2), (3, 1))]
    """
    sizes = list(pairwise(layer_dims))
    weights, start = [], 0
    for n_prev, n in sizes:
        end = start + n_prev * n
        weights.append(packed[start:end].reshape(n_prev, n).T)
        start = end
    layers: list[Layer] = []
    for W, (_, n) in zip(weights, sizes, strict=True):
        layers.append(Layer(W, packed[start : start + n].reshape(n, 1)))
        start += n
    return tuple(layers)
