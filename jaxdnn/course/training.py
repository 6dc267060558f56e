"""Training: every notebook's loop is one call of `fit`, one compiled program.

The costs are printed and plotted when the run is over. They come from the logits.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from jaxdnn.course._programs import (
    Activations,
    Dictionary,
    Matrix,
    row,
    to_dictionary,
    to_network,
    to_params,
)
from jaxdnn.course.dropout import dropped_relus
from jaxdnn.course.figures import plot_costs
from jaxdnn.course.initialization import (
    initialize_parameters,
    initialize_parameters_deep,
    initialize_parameters_he,
    initialize_parameters_random,
    initialize_parameters_zeros,
    layer_sizes,
)
from jaxdnn.training import fit


def train(
    X: Matrix,
    Y: Matrix,
    parameters: Mapping[str, Matrix],
    *,
    learning_rate: float,
    num_iterations: int,
    hidden: str | Activations = "relu",
    lambd: float = 0.0,
) -> tuple[Dictionary, NDArray[np.float64]]:
    """Gradient descent from given parameters: the loop of every notebook, as `fit`.

    Args:
      X: (n_x, m); Y: (1, m).
      parameters: W_l (n_l, n_{l-1}), b_l (n_l, 1).
      learning_rate, num_iterations: as in the notebooks.
      hidden: the hidden activation, or one for each hidden layer.
      lambd: λ of the L2 term.

    Returns:
      The trained parameters and every iteration's cost (num_iterations,).

    Raises:
      ValueError: shapes disagree, or a value is out of its range.

    Example:
      >>> from jaxdnn.course.data import load_planar_dataset
      >>> X, Y = load_planar_dataset()
      >>> parameters, costs = train(
      ...     X,
      ...     Y,
      ...     initialize_parameters(2, 4, 1),
      ...     hidden="tanh",
      ...     learning_rate=1.2,
      ...     num_iterations=1001,
      ... )
      >>> costs[[0, 1000]].round(6).tolist()
      [0.693048, 0.288083]
    """
    params = to_params(parameters)
    with jax.enable_x64(True):
        result = fit(
            to_network(params, hidden),
            jnp.asarray(X, float),
            jnp.asarray(row(Y)),
            params=params,
            learning_rate=learning_rate,
            epochs=num_iterations,
            l2=lambd,
        )
    return to_dictionary(result.params), np.array(result.history.cost)


def _print_costs(costs: Matrix, every: int, form: str = "") -> None:
    for iteration, J in enumerate(costs):
        if iteration % every == 0:
            print(f"Cost after iteration {iteration}: {J:{form}}")


def nn_model(
    X: Matrix,
    Y: Matrix,
    n_h: int,
    num_iterations: int = 10000,
    print_cost: bool = False,
    *,
    learning_rate: float = 1.2,
    seed: int = 2,
) -> Dictionary:
    """The planar network: n_h tanh units, then sigmoid.

    Args:
      X: (n_x, m); Y: (n_y, m).
      n_h: the hidden layer's size.
      num_iterations: how many updates.
      print_cost: whether to print the cost of every 1000th iteration.
      learning_rate: the step.
      seed: what the weights are drawn from; a later release of the notebook has 3.

    Returns:
      The trained parameters.

    Example:
      >>> from jaxdnn.course.data import load_planar_dataset
      >>> X, Y = load_planar_dataset()
      >>> parameters = nn_model(X, Y, 4, num_iterations=1001, print_cost=True)
      Cost after iteration 0: 0.693048
      Cost after iteration 1000: 0.288083
    """
    n_x, _, n_y = layer_sizes(X, Y)
    parameters, costs = train(
        X,
        Y,
        initialize_parameters(n_x, n_h, n_y, seed=seed),
        hidden="tanh",
        learning_rate=learning_rate,
        num_iterations=num_iterations,
    )
    if print_cost:
        _print_costs(costs, 1000, "f")
    return parameters


def two_layer_model(
    X: Matrix,
    Y: Matrix,
    layers_dims: Sequence[int],
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
) -> Dictionary:
    """LINEAR -> RELU -> LINEAR -> SIGMOID, from normal weights x 0.01, seed 1.

    Args:
      X: (n_x, m); Y: (1, m).
      layers_dims: (n_x, n_h, n_y).
      learning_rate: the step.
      num_iterations: how many updates.
      print_cost: whether to print the cost of every 100th iteration.

    Returns:
      The trained parameters. (A later release returns the costs too: see `train`.)

    Example:
      >>> from jaxdnn.course.data import load_planar_dataset
      >>> X, Y = load_planar_dataset()
      >>> _ = two_layer_model(X, Y, (2, 7, 1), num_iterations=101, print_cost=True)
      Cost after iteration 0: 0.69315115448...
      Cost after iteration 100: 0.69313244374...
    """
    n_x, n_h, n_y = layers_dims
    start = initialize_parameters(n_x, n_h, n_y, seed=1)
    return _train_cats(X, Y, start, learning_rate, num_iterations, print_cost)


def L_layer_model(
    X: Matrix,
    Y: Matrix,
    layers_dims: Sequence[int],
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
) -> Dictionary:
    """[LINEAR -> RELU] x (L-1) -> LINEAR -> SIGMOID, seed 1, normal / sqrt(n_prev).

    Args:
      X, Y, learning_rate, num_iterations, print_cost: as for two_layer_model.
      layers_dims: (n_x, n_1, ..., n_L).

    Returns:
      The trained parameters. (A later release returns the costs too: see `train`.)

    Example:
      >>> from jaxdnn.course.data import load_planar_dataset
      >>> X, Y = load_planar_dataset()
      >>> _ = L_layer_model(X, Y, (2, 5, 3, 1), num_iterations=101, print_cost=True)
      Cost after iteration 0: 0.83691179122...
      Cost after iteration 100: 0.73888272228...
    """
    start = initialize_parameters_deep(layers_dims, seed=1, scale=None)
    return _train_cats(X, Y, start, learning_rate, num_iterations, print_cost)


def _train_cats(
    X: Matrix,
    Y: Matrix,
    start: Dictionary,
    learning_rate: float,
    num_iterations: int,
    print_cost: bool,
) -> Dictionary:
    parameters, costs = train(
        X, Y, start, learning_rate=learning_rate, num_iterations=num_iterations
    )
    if print_cost:
        _print_costs(costs, 100)
    plot_costs(costs, 100, learning_rate)
    return parameters


class _Recipe(NamedTuple):
    """What a notebook's `model` takes where it is not told."""

    initialize: Callable[[Sequence[int]], Dictionary]
    hidden_sizes: tuple[int, int]
    learning_rate: float
    num_iterations: int
    print_every: int


_RECIPES: Mapping[str | None, _Recipe] = {
    "zeros": _Recipe(initialize_parameters_zeros, (10, 5), 0.01, 15000, 1000),
    "random": _Recipe(initialize_parameters_random, (10, 5), 0.01, 15000, 1000),
    "he": _Recipe(initialize_parameters_he, (10, 5), 0.01, 15000, 1000),
    None: _Recipe(initialize_parameters, (20, 3), 0.3, 30000, 10000),
}


def model(
    X: Matrix,
    Y: Matrix,
    learning_rate: float | None = None,
    num_iterations: int | None = None,
    print_cost: bool = True,
    *,
    initialization: str | None = None,
    lambd: float = 0,
    keep_prob: float = 1,
) -> Dictionary:
    """The three-layer ReLU network of the initialisation and regularisation notebooks.

    With an initialization it is the first notebook's: (n_x, 10, 5, 1), rate 0.01,
    15,000 iterations, every 1000th cost printed. Without one it is the second's:
    (n_x, 20, 3, 1) from normal weights / sqrt(n_prev), seed 3, rate 0.3, 30,000
    iterations, every 10,000th cost printed. Costs are taken from the logits, so the
    first of "random" is finite; the notebook's is inf.

    Args:
      X: (n_x, m); Y: (1, m).
      learning_rate, num_iterations: the notebook's, if None.
      print_cost: whether to print the cost.
      initialization: "zeros", "random" or "he".
      lambd: λ of the L2 term.
      keep_prob: below 1, hidden units are dropped out; as in the notebook, by one mask
        that stays the same at every iteration.

    Returns:
      The trained parameters.

    Raises:
      ValueError: another initialization, or shapes disagree.

    Example:
      >>> from jaxdnn.course.data import load_dataset
      >>> train_X, train_Y, test_X, test_Y = load_dataset()
      >>> _ = model(train_X, train_Y, num_iterations=1001, initialization="he")
      Cost after iteration 0: 0.883053746341...
      Cost after iteration 1000: 0.687982591972...
    """
    if initialization not in _RECIPES:
        raise ValueError(
            "model: initialization must be 'zeros', 'random', 'he' or None, "
            f"got {initialization!r}"
        )
    recipe = _RECIPES[initialization]
    rate = recipe.learning_rate if learning_rate is None else learning_rate
    hidden: str | Activations = "relu"
    if keep_prob != 1:
        hidden = dropped_relus(recipe.hidden_sizes, X.shape[1], keep_prob)
    parameters, costs = train(
        X,
        Y,
        recipe.initialize((X.shape[0], *recipe.hidden_sizes, 1)),
        hidden=hidden,
        learning_rate=rate,
        num_iterations=num_iterations or recipe.num_iterations,
        lambd=lambd,
    )
    if print_cost:
        _print_costs(costs, recipe.print_every)
    plot_costs(costs, 1000, rate)
    return parameters
