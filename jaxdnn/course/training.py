"""Training: every notebook's loop is one call of `fit`, one compiled program.

The costs are printed and plotted when the run is over. They come from the logits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from jaxdnn.arrays import on_device
from jaxdnn.course._programs import (
    Activations,
    check_input,
    check_targets,
    to_dictionary,
    to_network,
    to_params,
)
from jaxdnn.course.admission import (
    Dictionary,
    Matrix,
    activations,
    admits,
    three_sizes,
)
from jaxdnn.course.dropout import dropped_relus
from jaxdnn.course.editions import current
from jaxdnn.course.figures import plot_costs
from jaxdnn.course.initialization import (
    initialize_parameters,
    initialize_parameters_deep,
    initialize_parameters_he,
    initialize_parameters_random,
    initialize_parameters_zeros,
    layer_sizes,
)
from jaxdnn.heads import HEADS
from jaxdnn.training import fit

# The notebooks' test cases draw targets from a normal distribution, and descend.
_SIGMOID = replace(
    HEADS["sigmoid"],
    targets="finite numbers",
    accepts=lambda Y: bool(np.isfinite(Y).all()),
)


@admits(hidden=activations)
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
      X: (n_x, m); Y: (n_L, m) or (m,), any finite numbers.
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
    check_input(params, X)
    check_targets(params, X, Y)
    with jax.enable_x64(True):
        X, Y, params = on_device((X, Y, params))
        result = fit(
            to_network(params, hidden, _SIGMOID),
            X,
            Y,
            params=params,
            learning_rate=learning_rate,
            epochs=num_iterations,
            l2=lambd,
        )
    return to_dictionary(result.params), np.array(result.history.cost)


def _print_costs(
    costs: Matrix, every: int, form: str = "", *, told: bool, last: bool = False
) -> None:
    """Every so-many-th cost, where told to; the last one, where that is to be seen."""
    for iteration, J in enumerate(costs):
        if (told and iteration % every == 0) or (last and iteration == len(costs) - 1):
            print(f"Cost after iteration {iteration}: {J:{form}}")


@admits()
def nn_model(
    X: Matrix,
    Y: Matrix,
    n_h: int,
    num_iterations: int = 10000,
    print_cost: bool = False,
    *,
    learning_rate: float = 1.2,
    seed: int | None = None,
) -> Dictionary:
    """The planar network: n_h tanh units, then sigmoid.

    Args:
      X: (n_x, m); Y: (n_y, m) or (m,), any finite numbers. The notebook's test case of
        2017 has normal ones: the cost falls for ever, the units saturate, and what is
        published of W1 is portable to 0.05 only.
      n_h: the hidden layer's size.
      num_iterations: how many updates.
      print_cost: whether to print the cost of every 1000th iteration.
      learning_rate: the step.
      seed: what the weights are drawn from; the edition's, 3 in 2021 and 2 in 2017, if
        None.

    Returns:
      The trained parameters.

    Raises:
      TypeError, ValueError: shapes disagree, or a value is out of its range.

    Example:
      >>> from jaxdnn.course.data import load_planar_dataset
      >>> X, Y = load_planar_dataset()
      >>> parameters = nn_model(X, Y, 4, num_iterations=1001, print_cost=True, seed=2)
      Cost after iteration 0: 0.693048
      Cost after iteration 1000: 0.288083
    """
    n_x, _, n_y = layer_sizes(X, Y)
    drawn_from = current().seed if seed is None else seed
    parameters, costs = train(
        X,
        Y,
        initialize_parameters(n_x, n_h, n_y, seed=drawn_from),
        hidden="tanh",
        learning_rate=learning_rate,
        num_iterations=num_iterations,
    )
    _print_costs(costs, 1000, "f", told=print_cost)
    return parameters


@admits(layers_dims=three_sizes)
def two_layer_model(
    X: Matrix,
    Y: Matrix,
    layers_dims: Sequence[int],
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
) -> Any:
    """LINEAR -> RELU -> LINEAR -> SIGMOID, from normal weights x 0.01, seed 1.

    Args:
      X: (n_x, m); Y: (n_y, m) or (m,), any finite numbers.
      layers_dims: (n_x, n_h, n_y).
      learning_rate: the step.
      num_iterations: how many updates.
      print_cost: whether to print the cost of every 100th iteration. In the edition of
        2021 that of the last one is printed in any case.

    Returns:
      The trained parameters and the cost of every 100th iteration, a list of (). In the
      edition of 2017 the parameters alone, and the costs are plotted.

    Raises:
      TypeError, ValueError: shapes disagree, or a value is out of its range.

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


@admits()
def L_layer_model(
    X: Matrix,
    Y: Matrix,
    layers_dims: Sequence[int],
    learning_rate: float = 0.0075,
    num_iterations: int = 3000,
    print_cost: bool = False,
) -> Any:
    """[LINEAR -> RELU] x (L-1) -> LINEAR -> SIGMOID, seed 1, normal / sqrt(n_prev).

    Args:
      X, Y, learning_rate, num_iterations, print_cost: as for two_layer_model.
      layers_dims: (n_x, n_1, ..., n_L).

    Returns, Raises:
      As two_layer_model.

    Example:
      >>> from jaxdnn.course.data import load_planar_dataset
      >>> X, Y = load_planar_dataset()
      >>> _ = L_layer_model(X, Y, (2, 5, 3, 1), num_iterations=101, print_cost=True)
      Cost after iteration 0: 0.83691179122...
      Cost after iteration 100: 0.73888272228...
    """
    start = initialize_parameters_deep(layers_dims, seed=1, scale=None)
    form = current().deep_form
    return _train_cats(X, Y, start, learning_rate, num_iterations, print_cost, form)


def _train_cats(
    X: Matrix,
    Y: Matrix,
    start: Dictionary,
    learning_rate: float,
    num_iterations: int,
    print_cost: bool,
    form: str = "",
) -> Dictionary | tuple[Dictionary, list[Matrix]]:
    edition = current()
    parameters, costs = train(
        X, Y, start, learning_rate=learning_rate, num_iterations=num_iterations
    )
    _print_costs(costs, 100, form, told=print_cost, last=edition.prints_last)
    if edition.plots_costs:
        plot_costs(costs[::100], learning_rate)
    if not edition.returns_costs:
        return parameters
    # Arrays of shape (), which is what the notebook's test takes a cost to be.
    return parameters, list(map(np.array, costs[::100]))


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


@admits()
def model(
    X: Matrix,
    Y: Matrix,
    learning_rate: float | None = None,
    num_iterations: int | None = None,
    print_cost: bool = True,
    lambd: float = 0,
    keep_prob: float = 1,
    *,
    initialization: str | None = None,
) -> Dictionary:
    """The three-layer ReLU network of the initialisation and regularisation notebooks.

    With an initialization it is the first notebook's: (n_x, 10, 5, 1), rate 0.01,
    15,000 iterations, every 1000th cost printed. Without one it is the second's:
    (n_x, 20, 3, 1) from normal weights / sqrt(n_prev), seed 3, rate 0.3, 30,000
    iterations, every 10,000th cost printed; or, in `edition(2021, "initialization")`,
    the first's with "he". Costs are taken from the logits, so the first of "random" is
    finite; the notebook's is inf.

    Args:
      X: (n_x, m); Y: (1, m).
      learning_rate, num_iterations: the notebook's, if None.
      print_cost: whether to print the cost.
      lambd: λ of the L2 term.
      keep_prob: below 1, hidden units are dropped out; as in the notebook, by one mask
        that stays the same at every iteration.
      initialization: "zeros", "random" or "he".

    Returns:
      The trained parameters.

    Raises:
      TypeError, ValueError: another initialization, shapes disagree, or a value is out
        of its range.

    Example:
      >>> from jaxdnn.course.data import load_dataset
      >>> train_X, train_Y, test_X, test_Y = load_dataset()
      >>> _ = model(train_X, train_Y, num_iterations=1001, initialization="he")
      Cost after iteration 0: 0.883053746341...
      Cost after iteration 1000: 0.687982591972...
    """
    recipe = _RECIPES[initialization or current().notebook.initialization]
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
    _print_costs(costs, recipe.print_every, told=print_cost)
    plot_costs(costs[::1000], rate, every=1000)
    return parameters
