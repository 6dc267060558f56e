"""A recipe can be written down, and `train` does with it what the command does."""

import json
from dataclasses import replace

import numpy as np
import pytest

from jaxdnn.cli import main
from jaxdnn.models import (
    DataRecipe,
    NetworkRecipe,
    Recipe,
    TrainingRecipe,
    load_model,
    train,
)
from jaxdnn.models import training as running
from jaxdnn.models.checkpoints import Checkpoints
from jaxdnn.models.choosing import FEW, chosen
from jaxdnn.models.prepared import prepare
from tests.tables import pets, save

NOT_DEFAULT = Recipe(
    DataRecipe(
        source="t.csv",
        targets=("kind", "sort"),
        drop=("a",),
        only=("b",),
        categorical=("c",),
        numeric=("d",),
        task="multilabel",
        missing="drop",
        missing_values=("-",),
        delimiter=";",
        decimal=",",
        encoding="latin-1",
        test_fraction=0.3,
        validation_fraction=0.2,
        split="last",
        stream=True,
        memory_limit=5,
        seed=2,
    ),
    NetworkRecipe(layers=(3, 4), hidden="tanh"),
    TrainingRecipe(
        epochs=7,
        batch_size=8,
        shuffle_buffer=500,
        optimizer="adam",
        learning_rate=0.5,
        schedule="cosine",
        l2=0.25,
        keep_prob=0.8,
        class_weight="balanced",
        patience=3,
        watch="score",
        seed=4,
        initialization="lecun",
        record=("gradient_norm",),
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with pets.csv."""
    folder = tmp_path_factory.mktemp("data")
    save(pets(), folder / "pets.csv")
    return folder


def recipe_for(folder, **training):
    few = {"epochs": 20, "batch_size": 16, "keep_prob": 0.8, "l2": 1.0, **training}
    few = {"optimizer": "sgd", **few}
    data = DataRecipe(str(folder / "pets.csv"))
    return Recipe(data, NetworkRecipe((3,)), TrainingRecipe(**few))


# ---- written down ------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [Recipe(), NOT_DEFAULT])
def test_a_recipe_survives_json(recipe):
    said = recipe.to_json()
    assert list(said) == ["data", "network", "training"]
    assert Recipe.from_json(json.loads(json.dumps(said))) == recipe


def test_every_field_of_the_round_trip_was_another_than_its_default():
    default, other = Recipe().to_json(), NOT_DEFAULT.to_json()
    for part, fields in default.items():
        assert not [name for name in fields if fields[name] == other[part][name]]


def test_what_is_left_open_follows_from_the_rest(folder):
    streamed = Recipe(DataRecipe(str(folder / "pets.csv"), stream=True)).settled()
    assert (streamed.training.batch_size, streamed.data.test_fraction) == (128, 0.2)
    assert streamed.settled() == streamed


def test_a_run_of_another_length_is_the_same_run_unless_its_rates_depend_on_it():
    def same(**options):
        one, other = (
            Recipe(training=TrainingRecipe(epochs=n, **options)).identity("")
            for n in (5, 6)
        )
        return one == other

    assert same()
    assert not same(schedule="cosine")


def test_the_number_of_rows_chooses_what_is_left_open():
    few, many = (chosen(Recipe(), rows) for rows in (FEW - 1, FEW))
    assert few.network.layers == (100,)
    assert few.data.validation_fraction == 0
    assert (few.training.schedule, few.training.patience) == ("cosine", None)
    assert few.training.epochs == 200
    assert chosen(Recipe(), 10).training.epochs == 1000
    million = chosen(Recipe(), 10**6).training
    assert (million.epochs, million.patience) == (12, 4)
    assert chosen(Recipe(), 10**9).training.epochs == 10
    assert many.network.layers == (128, 64)
    assert many.data.validation_fraction == 0.1
    assert (many.training.schedule, many.training.patience) == ("constant", 30)
    assert few.training.batch_size < many.training.batch_size


def test_what_is_said_is_not_chosen():
    network = NetworkRecipe((), "tanh")
    said = replace(NOT_DEFAULT.training, schedule="cosine", l2=0.0, keep_prob=1.0)
    recipe = Recipe(DataRecipe(validation_fraction=0.3), network, said)
    assert chosen(recipe, 10**6) == recipe
    patient = chosen(Recipe(training=TrainingRecipe(patience=3)), 10)
    assert patient.data.validation_fraction == 0.1
    assert patient.training.schedule == "constant"


@pytest.mark.parametrize("rows", [10, 10**6])
def test_sgd_is_plain_descent_on_all_rows(rows):
    plain = chosen(Recipe(training=TrainingRecipe(optimizer="sgd")), rows)
    assert plain.data.validation_fraction == 0
    assert plain.training == TrainingRecipe(
        epochs=1000,
        optimizer="sgd",
        learning_rate=0.1,
        schedule="constant",
        l2=1.0,
        keep_prob=1.0,
        initialization="he",
    )


# ---- trained -----------------------------------------------------------------------


@pytest.mark.slow
def test_train_gives_what_the_command_gives(folder, tmp_path, capsys):
    words = "--layers 3 --epochs 20 --batch-size 16 --keep-prob 0.8 --patience 5"
    words += " --optimizer sgd"
    data = str(folder / "pets.csv")
    assert main(["train", "--data", data, "--out", str(tmp_path), *words.split()]) == 0
    printed = capsys.readouterr().out
    trained = train(recipe_for(folder, patience=5))
    saved = load_model(tmp_path / "model.safetensors")
    assert saved.network == trained.model.network
    assert saved.preprocessing == trained.model.preprocessing
    for layer, same in zip(saved.params, trained.model.params, strict=True):
        np.testing.assert_array_equal(layer.W, same.W)
        np.testing.assert_array_equal(layer.b, same.b)
    assert trained.check.ok
    assert trained.divergence is None
    assert f"after epoch {trained.history.best_epoch} of " in printed
    for scores in trained.scores.values():
        assert f"{scores.measures['accuracy']:.4f}" in printed
    whole = trained.model.evaluate(data)
    assert whole.rows == sum(scores.rows for scores in trained.scores.values()) == 60


def test_train_goes_on_from_its_own_checkpoints_only(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(running, "verify", lambda *_, **__: None)
    wanted = train(recipe_for(folder))
    train(recipe_for(folder, epochs=9), checkpoints=tmp_path)
    begun = []
    again = train(recipe_for(folder), checkpoints=tmp_path, on_progress=begun.append)
    assert min(info.epoch for info in begun) > 9
    np.testing.assert_array_equal(again.history.cost, wanted.history.cost)
    with pytest.raises(ValueError, match=r"of another run: its l2 is 1\.0, not 2\.0"):
        train(recipe_for(folder, l2=2.0), checkpoints=tmp_path)
    save(pets().iloc[::-1], tmp_path / "pets.csv")
    with pytest.raises(ValueError, match="of another run: its data is"):
        train(recipe_for(tmp_path), checkpoints=tmp_path)


def test_who_watches_has_rows_to_watch(folder, monkeypatch):
    monkeypatch.setattr(running, "verify", lambda *_, **__: None)
    told = chosen(Recipe(training=TrainingRecipe(watch="score")), 10)
    assert told.data.validation_fraction == 0.1
    history = train(recipe_for(folder, watch="score")).history
    scores = np.asarray(history.validation_score)
    assert scores[history.best_epoch] == scores.max()


@pytest.mark.slow
def test_a_run_that_diverges_says_so_and_leaves_no_checkpoint(folder, tmp_path):
    recipe = recipe_for(folder, learning_rate=1e25)
    with pytest.warns(RuntimeWarning, match="was not finite"):
        trained = train(recipe, checkpoints=tmp_path)
    assert trained.divergence is not None
    assert (trained.scores, trained.check) == ({}, None)
    assert all(np.isfinite(layer.W).all() for layer in trained.model.params)
    assert Checkpoints(tmp_path, prepare(recipe).identity()).latest() is None


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"learning_rate": -1.0}, "^train: learning_rate must be finite and > 0, got"),
        ({"optimizer": "adm"}, "^train: optimizer must be one of 'sgd', .*, got 'adm'"),
        (
            {"schedule": "linear"},
            "^train: schedule must be one of 'constant', 'cosine', got",
        ),
        (
            {"watch": "loss"},
            "^train: watch must be one of 'cost', 'score', got 'loss'",
        ),
    ],
)
def test_bad_recipes_are_refused(folder, training, message):
    with pytest.raises(ValueError, match=message):
        train(recipe_for(folder, **training))
