"""What a recipe leaves open, chosen by the number of rows.

    optimizer given as sgd: plain gradient descent on all rows, 1000 steps at 0.1
    else, with Adam unless another is named, mini-batches:

                below FEW rows                 from FEW rows on
    layers      100                            128, 64
    batch       64 rows                        128 rows
    epochs      200 or 1000 updates, the       at most 400, or 100,000 updates
                rate falling to 0              and 10 epochs
    watched     nothing                        a tenth of the rows, patience 30,
                                               or a third of the epochs

and for both Xavier's weights and dropout that keeps 0.9. Measured by
`scripts/experiments/compare_defaults.py`.
"""

from dataclasses import replace
from typing import TypeVar

from jaxdnn._names import LEARNING_RATES, STREAM_BATCH_SIZE, VALIDATION_FRACTION
from jaxdnn.models.recipe import NetworkRecipe, Recipe

Number = TypeVar("Number", int, float)

# Below so many rows a tenth of them is worth more to learn from than to watch.
FEW = 2000

_EPOCHS, _UPDATES = 200, 1000
_LARGE_EPOCHS, _MOST_UPDATES, _LEAST_EPOCHS, _PATIENCE = 400, 100_000, 10, 30
_BATCH, _LARGE_BATCH = 64, STREAM_BATCH_SIZE
_L2, _KEEP_PROB = 1.0, 0.9
_LAYERS, _LARGE_LAYERS = (100,), (128, 64)


def chosen(recipe: Recipe, rows: int) -> Recipe:
    """The recipe with nothing left open.

    Args:
      recipe: as `settled` left it.
      rows: how many there are, those to test on included.

    Example:
      >>> training = chosen(Recipe().settled(), rows=150).training
      >>> training.optimizer, training.batch_size, training.epochs, training.schedule
      ('adam', 64, 334, 'cosine')
    """
    data, training = recipe.data, recipe.training
    plain = training.optimizer == "sgd"
    few = rows < FEW
    optimizer = training.optimizer or "adam"
    batch_size = training.batch_size
    if batch_size is None and not plain:
        batch_size = _BATCH if few else _LARGE_BATCH
    epochs = _default(training.epochs, 1000 if plain else _epochs(rows, batch_size))
    watched = data.validation_fraction
    if watched is None:
        asked = training.patience is not None or training.watch is not None
        # A rate that falls to 0 is for a run of a given length.
        fixed = plain or few or training.schedule == "cosine"
        watched = VALIDATION_FRACTION if asked or not fixed else 0.0
    patience = training.patience
    if patience is None and watched and not plain:
        patience = min(_PATIENCE, max(1, epochs // 3))
    schedule = training.schedule
    if schedule is None:
        schedule = "constant" if plain or watched else "cosine"
    training = replace(
        training,
        optimizer=optimizer,
        learning_rate=_default(training.learning_rate, LEARNING_RATES[optimizer]),
        epochs=epochs,
        batch_size=batch_size,
        schedule=schedule,
        patience=patience,
        l2=_default(training.l2, _L2),
        keep_prob=_default(training.keep_prob, 1.0 if plain else _KEEP_PROB),
        initialization=training.initialization or ("he" if plain else "xavier"),
    )
    layers = recipe.network.layers
    if layers is None:
        layers = _LAYERS if few else _LARGE_LAYERS
    return replace(
        recipe,
        data=replace(data, validation_fraction=watched),
        network=NetworkRecipe(layers, recipe.network.hidden),
        training=training,
    )


def _epochs(rows: int, batch_size: int | None) -> int:
    """How often the rows are seen; few in many updates, many in not too many."""
    batches = -(-rows // (batch_size or rows))
    if rows < FEW:
        return max(_EPOCHS, -(-_UPDATES // batches))
    return min(_LARGE_EPOCHS, max(_LEAST_EPOCHS, _MOST_UPDATES // batches))


def _default(value: Number | None, otherwise: Number) -> Number:
    return otherwise if value is None else value
