"""Models of every kind of column, with parameters drawn at random."""

from itertools import pairwise

import numpy as np

import jaxdnn as dnn
from jaxdnn.data.columns.categories import Categories
from jaxdnn.data.columns.counts import Counts
from jaxdnn.data.columns.numbers import Numbers
from jaxdnn.data.preprocessing import Preprocessing
from jaxdnn.data.tables import Table
from jaxdnn.models import Model

COLUMNS = (
    Numbers("price", mean=20_000.0, deviation=3_000.0, indicator=True),
    Categories("coat", ("", "long", "short")),
    Numbers("legs", mean=4.0, deviation=0.0),
    Numbers("age", mean=3.0, deviation=2.0, filler=2.5),
)
TARGETS = {
    "two classes": (Categories("kind", ("cat", "dog")),),
    "three classes": (Categories("kind", ("cat", "cow", "dog")),),
    "numbers": (Numbers("weight", mean=12.0, deviation=4.0),),
    "counts": (Counts("visits"),),
    "numbers of two": (Numbers("a", mean=12.0, deviation=4.0), Numbers("b", 0.0, 1.0)),
    "labels": (Categories("a", ("no", "yes")), Categories("b", ("0", "1"))),
}


def parameters(network, seed=0, dtype=np.float32):
    """Of the sizes, biases too drawn at random."""
    rng = np.random.default_rng(seed)
    return tuple(
        dnn.Layer(
            (rng.normal(size=(n, n_prev)) / n_prev**0.5).astype(dtype),
            (0.1 * rng.normal(size=(n, 1))).astype(dtype),
        )
        for n_prev, n in pairwise(network.layer_dims)
    )


def network(hidden="tanh", output="sigmoid", dims=(5, 7, 4)):
    return dnn.Network((*dims, 3 if output == "softmax" else 2), hidden, output)


# Every head, and every activation in one of them: neither is told of the other.
EVERY = {
    head: network(hidden, head, dims=(5, 7, *[4] * (len(hidden) - 1)))
    for head, hidden in (
        (head, tuple(dnn.ACTIVATIONS)[i :: len(dnn.HEADS)])
        for i, head in enumerate(dnn.HEADS)
    )
}


def model(targets="two classes", missing="mean", columns=COLUMNS, dtype=np.float32):
    columns = Preprocessing(columns, TARGETS[targets], missing)
    shape = dnn.Network((columns.n_x, 6, columns.n_L), "relu", columns.output)
    return Model(shape, parameters(shape, dtype=dtype), columns)


def table(rows=40, seed=0, gaps=True):
    """Rows for COLUMNS, among them gaps and texts that are no category."""
    rng = np.random.default_rng(seed)
    price = 20_000 + 3_000 * rng.normal(size=rows)
    age = 3 + rng.normal(size=rows)
    coats = ["long", "short"]
    if gaps:
        price[::5] = np.nan
        age[1::7] = np.nan
        coats += ["", "curly"]
    coat = rng.choice(np.array(coats, dtype=object), rows)
    legs = np.full(rows, 4.0)
    return Table("t", {"price": price, "age": age, "coat": coat, "legs": legs})
