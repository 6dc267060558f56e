"""What a prompt and a notebook show is short, and changes nothing else of a value."""

import pickle
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import (
    ACTIVATIONS,
    HEADS,
    Activation,
    Layer,
    Network,
    dropout_forward,
    fit,
    forward,
    initialize_parameters,
    linear_activation_forward,
    selftest,
    sweep,
    verify,
)
from jaxdnn._html import BAD, GOOD, OPEN
from jaxdnn._html import table as html_table
from jaxdnn._shown import series, sparkline
from jaxdnn.data.datasets import Dataset
from jaxdnn.explain import record
from jaxdnn.models import DataRecipe, NetworkRecipe, Recipe, TrainingRecipe, train
from jaxdnn.plots import plot_cost
from jaxdnn.training.lanes import Lanes

NETWORK = Network((2, 4, 1), "tanh")
X = np.random.default_rng(1).normal(size=(2, 20)).astype(np.float32)
Y = (X[:1] > 0).astype(float)
run = partial(fit, NETWORK, X, Y, key=jax.random.key(0))


@pytest.fixture(scope="module")
def result():
    return run(epochs=1000, validation=(X[:, :9], Y[:, :9]))


@pytest.fixture(scope="module")
def lanes():
    return sweep(NETWORK, X, Y, seeds=range(4), learning_rate=(0.1, 0.5, 1.0))


def test_a_result_says_what_came_of_it(result):
    first, *lines, last = repr(result).splitlines()
    assert first == "FitResult: 2-4-1, 17 parameters, float32, 1000 epochs"
    assert [line.split()[0] for line in lines] == [
        "cost",
        "validation_cost",
        "validation_score",
        "best_epoch",
    ]
    assert f"-> {result.history.cost[-1]:.4g}" in lines[0]
    assert last.split() == ["has:", "params,", "history,", "snapshot,", "divergence"]


def test_what_a_run_carries_is_a_line_or_a_line_a_quantity(result):
    assert repr(result.snapshot) == (
        "Snapshot: epoch 1000, step 1000; 2-4-1, 17 parameters, float32; "
        "for fit(resume=...)"
    )
    assert "epoch 1000, step 1000" in repr(result.snapshot.state)
    assert len(repr(result.history).splitlines()) == 7
    told = []
    run(
        epochs=4,
        report_every=4,
        on_progress=lambda progress: told.append(repr(progress)),
    )
    assert told[0].startswith("Progress: epoch 4 of 4, cost 0.")


def test_whatever_was_recorded_is_told():
    clipped = run(epochs=4, clip_examples=0.1, record=("gradient_norm",))
    assert [line.split()[0] for line in repr(clipped.history).splitlines()[1:]] == [
        name for name, of in vars(clipped.history).items() if of is not None
    ]
    assert "clipped_share" in repr(clipped)


@pytest.mark.slow
def test_a_divergence_is_told():
    with pytest.warns(RuntimeWarning):
        diverged = run(epochs=5, learning_rate=1e38)
    assert f"DIVERGED: {diverged.divergence}" in repr(diverged)


def test_a_sweep_is_a_table_best_first(lanes):
    heading, columns, *rows, more = repr(lanes).splitlines()
    assert heading == "12 lanes, lowest cost first"
    assert columns.split()[:3] == ["hidden", "seed", "learning_rate"]
    costs = [float(row.split()[5]) for row in rows]
    assert len(rows) == 8
    assert costs == sorted(costs)
    assert more.strip() == "... 4 more"
    assert repr(lanes[0]).startswith("Lane(hidden 4, seed 0, learning_rate 0.1, ")


def test_a_lane_that_diverged_is_the_last(lanes):
    history = replace(lanes[0].history, cost=np.array([0.5, np.nan]))
    *_, row = repr(Lanes([replace(lanes[0], history=history), lanes[1]])).splitlines()
    assert row.split()[5] == "nan"


def test_a_sweep_is_a_tuple_and_a_tree(lanes):
    assert isinstance(lanes, tuple)
    assert lanes == tuple(lanes)
    assert hash(Lanes()) == hash(())
    assert sorted(lanes, key=lambda lane: lane.seed)[0] is lanes[0]
    leaves, structure = jax.tree.flatten(lanes)
    assert leaves == jax.tree.leaves(tuple(lanes))
    again = jax.tree.unflatten(structure, leaves)
    assert type(again) is Lanes
    assert again[3].network == lanes[3].network
    paths = [path for path, _ in jax.tree.leaves_with_path(lanes)]
    assert paths == [path for path, _ in jax.tree.leaves_with_path(tuple(lanes))]
    assert repr(pickle.loads(pickle.dumps(lanes))) == repr(lanes)


@pytest.mark.parametrize("size", [1, 1000])
def test_large_layers_are_shapes_and_small_ones_numbers(size):
    layer = Layer(jnp.zeros((size, 3)), jnp.zeros((size, 1)))
    small = f"Layer(W={layer.W!r}, b={layer.b!r})"
    large = "Layer(W=(1000, 3) float32, b=(1000, 1) float32)"
    assert repr(layer) == (small if size == 1 else large)


def test_what_holds_no_numbers_is_told_field_by_field(result, lanes):
    shown = []

    @jax.jit
    def traced(*values):
        shown.extend(map(repr, values))
        return values

    jax.block_until_ready(traced(result, lanes, result.params))
    assert shown[0].startswith("FitResult(params=(Layer(W=")
    assert shown[1].startswith("Lanes(")
    assert repr(jax.tree.map(lambda _: None, result.history)).startswith(
        "History(cost=None, "
    )
    many = jax.vmap(lambda rate: run(epochs=3, learning_rate=rate))(jnp.ones(2))
    assert repr(many.history).startswith("History(cost=Array([[")
    gone = jax.tree.map(jnp.copy, result)
    jax.tree.map(lambda leaf: leaf.delete(), gone.params)
    assert "FitResult" in repr(gone)


@pytest.mark.slow
def test_what_holds_every_example_is_a_few_lines(params):
    _, caches = forward(NETWORK, params, np.tile(X, 50))
    assert repr(caches[0]) == (
        "LayerCache(A_prev=(2, 1000) float32, activation=None, dropout=None)"
    )
    Z, cache = linear_activation_forward(caches[1].A_prev, *params[1], "sigmoid")
    _, mask = dropout_forward(jax.random.key(0), Z, 0.5)
    for value in (cache, mask, record(NETWORK, X, Y, key=jax.random.key(0), epochs=2)):
        assert len(repr(value)) < 300


@pytest.mark.slow
def test_a_model_and_what_came_of_training_are_told_in_lines():
    training = TrainingRecipe(epochs=5)
    recipe = Recipe(DataRecipe("breast_cancer"), NetworkRecipe((4,)), training)
    assert eval(repr(recipe)) == recipe
    assert repr(recipe.data) == "DataRecipe()"
    trained = train(recipe)
    first, inputs, target, cost, *parts = repr(trained).splitlines()
    assert first == "Trained: 30-4-1, 129 parameters, float32, 5 epochs"
    assert inputs.split(maxsplit=1)[1] == "mean radius, mean texture, 28 more"
    assert target.split(maxsplit=1)[1] == "class: benign, malignant"
    assert cost.split()[0] == "cost"
    names = [part.split()[0] for part in parts]
    assert names == ["train", "test", "gradient", "has:"]
    assert repr(trained.model).splitlines()[1:] == [inputs, target]
    assert repr(trained.scores["test"]).startswith("Scores: 113 rows; accuracy 0.")


def test_trees_equality_hashing_and_pickling_are_as_they_were(result):
    leaves, structure = jax.tree.flatten(result)
    assert repr(jax.tree.unflatten(structure, leaves)) == repr(result)
    assert repr(pickle.loads(pickle.dumps(result.params))) == repr(result.params)
    W, b = result.params[0]
    assert result.params[0] == (W, b)
    assert Network((2, 4, 1), "tanh") == NETWORK
    assert hash(Network((2, 4, 1), "tanh")) == hash(NETWORK)
    assert pickle.loads(pickle.dumps(ACTIVATIONS["tanh"])) == ACTIVATIONS["tanh"]
    assert len({*HEADS.values()}) == len(HEADS)


def test_functions_are_told_by_name():
    cube = Activation("cube", lambda Z: Z**3, lambda dA, Z: dA * 3 * Z**2)
    assert repr(cube) == "Activation('cube', reads='Z')"
    assert repr(HEADS["softmax"]).startswith("Head('softmax', targets=")
    assert repr(Network((2, 4, 1), cube)) == (
        "Network(layer_dims=(2, 4, 1), hidden=(Activation('cube', reads='Z'),), "
        "output='sigmoid')"
    )


def test_a_data_set_counts_its_classes():
    labels = np.array([[0, 1, 1]])
    data = Dataset("spots", np.zeros((2, 3)), labels, ("a", "b"), ("red", "blue"))
    assert repr(data) == "Dataset spots: X (2, 3), Y (1, 3); red 1, blue 2"


class Printer:
    """As much of IPython's as is asked for."""

    said = ""

    def text(self, text):
        self.said += text


@pytest.fixture(scope="module")
def params():
    return initialize_parameters(jax.random.key(0), NETWORK.layer_dims)


@pytest.mark.parametrize("check", [verify, selftest])
def test_what_a_check_found(check, params):
    found, printer = check(NETWORK, params, X, Y), Printer()
    verdict = found.verdict_line
    assert "\n" not in repr(found)
    assert repr(found).endswith(verdict)
    found._repr_pretty_(printer, False)
    assert printer.said == str(found)
    page = found._repr_html_()
    assert page.index(verdict) < page.index("<table>")
    head, first = page.split("<th ")[1], page.split("<td ")[1]
    assert ">status<" in head or ">caught<" in head
    assert ">ok<" in first or ">yes<" in first
    assert "http" not in page


def test_html_is_escaped_and_empty_columns_are_left_out():
    page = html_table("<x>", BAD, "a & b", ["a", "b"], [(BAD, ["<i>", ""])], ["<n>"])
    assert "<x>" not in page
    assert "&lt;i&gt;" in page
    assert page.count("<th ") == 1


@pytest.mark.parametrize("colour", [GOOD, BAD, OPEN])
def test_a_verdict_stands_out_from_white_and_from_black(colour):
    shares = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(
        shares > 0.03928, ((shares + 0.055) / 1.055) ** 2.4, shares / 12.92
    )
    luminance = linear @ [0.2126, 0.7152, 0.0722]
    assert 1.05 / (luminance + 0.05) >= 4.5
    assert (luminance + 0.05) / 0.05 >= 4.5


def test_curves_of_any_numbers():
    assert sparkline(np.full(3, np.nan)) == "!!!"
    assert sparkline(np.array([-1e308, 1e308])) == "▁█"
    assert len(sparkline(np.arange(1000.0))) == 32
    assert series("learning_rate", np.full(4, 0.5)).split() == ["learning_rate", "0.5"]
    assert series("learning_rate", np.full(4, np.nan)).split()[1] == "nan"


@pytest.mark.slow
def test_a_figure_is_its_picture():
    figure = plot_cost([2.0, 1.0])
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert pickle.loads(pickle.dumps(figure))._repr_png_() == figure._repr_png_()
