"""What X and Y are is decided once: columns, rows, or a source of pieces."""

import jax
import numpy as np
import pandas as pd
import pytest

from jaxdnn import Network, fit, sweep
from jaxdnn.training.examples import (
    Columns,
    Rows,
    arranged,
    count_of,
    examples_of,
)
from jaxdnn.training.file_pieces import FilePieces
from jaxdnn.training.source import Source

NETWORK = Network((2, 3), (), "softmax")
X = np.arange(10.0, dtype=np.float32).reshape(2, 5)
LABELS = np.array([0, 2, 1, 1, 0])
Y = np.eye(3, dtype=np.float32)[:, LABELS]


@pytest.mark.parametrize("targets", [LABELS, Y], ids=["labels", "columns"])
def test_the_type_says_how_the_examples_lie(targets):
    columns = examples_of(NETWORK, X, targets)
    rows = examples_of(NETWORK, X, targets, batch_size=2)
    source = examples_of(NETWORK, FilePieces(X, targets, columns=2), batch_size=2)
    assert [type(of) for of in (columns, rows, source)] == [Columns, Rows, Source]
    assert [count_of(of) for of in (columns, rows, source)] == [5, 5, 5]
    assert source.labels == (targets is LABELS)
    np.testing.assert_array_equal(rows.X, columns.X.T)
    np.testing.assert_array_equal(arranged(NETWORK, columns, np.float32).Y, Y)


def test_weights_of_classes_and_of_examples_multiply():
    weight = np.array([1.0, 1.0, 0.0, 2.0, 1.0])
    of = examples_of(NETWORK, X, LABELS, weight=weight, class_weight={0: 1, 1: 3, 2: 0})
    np.testing.assert_array_equal(of.weight, [1, 0, 0, 6, 1])
    assert of.total == 8


@pytest.mark.parametrize("batch_size", [None, 2])
def test_filling_weighs_nothing_and_is_a_copy_of_an_example(batch_size):
    given = examples_of(NETWORK, X, LABELS, batch_size=batch_size)
    filled = arranged(NETWORK, given, np.float32, 8)
    assert count_of(filled) == 8
    columns = filled.X if batch_size is None else filled.X.T
    np.testing.assert_array_equal(columns, X[:, [0, 1, 2, 3, 4, 0, 0, 0]])
    if batch_size is None:
        assert filled.weight.tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    else:
        assert filled.real == 5


def test_what_the_caller_does_afterwards_is_not_seen():
    mine = X.copy()
    held = arranged(NETWORK, examples_of(NETWORK, mine, LABELS), np.float32)
    mine[:] = 0
    np.testing.assert_array_equal(held.X, X)


# ---- arrays as they come -----------------------------------------------------------


@pytest.mark.parametrize("batch_size", [None, np.int32(5)])
def test_nested_lists_are_arrays(batch_size):
    network = Network((3, 4, 3), output="softmax")
    X = np.random.default_rng(0).normal(size=(3, 12)).astype(np.float32)
    labels = np.arange(12) % 3
    run = {"key": jax.random.key(0), "epochs": np.int64(3), "batch_size": batch_size}
    wanted = fit(network, X, labels, **run)
    for same in (X.tolist(), list(X), tuple(map(tuple, X.tolist()))):
        found = fit(network, same, labels.tolist(), **run)
        np.testing.assert_array_equal(found.params[0].W, wanted.params[0].W)
    (lane,) = sweep(
        network, X.tolist(), labels.tolist(), epochs=3, batch_size=batch_size
    )
    np.testing.assert_allclose(lane.params[0].W, wanted.params[0].W, rtol=1e-5)


def test_pieces_hold_arrays_of_any_make():
    network = Network((3, 1))
    X = np.random.default_rng(0).normal(size=(3, 12)).astype(np.float32)
    Y = (X[:1] > 0).astype(np.float32)
    run = {"key": jax.random.key(0), "epochs": 2, "batch_size": 4}
    wanted = fit(network, [(X, Y)], **run).params[0].W
    frame = pd.DataFrame(X).astype("Float32"), pd.DataFrame(Y).astype("boolean")
    for piece in (frame, (X.tolist(), Y.tolist()), (X.astype(">f4"), Y > 0)):
        found = fit(network, [piece], **run).params[0].W
        np.testing.assert_array_equal(found, wanted)
    masked = np.ma.array(X, mask=X > 1)
    with pytest.raises(ValueError, match="fit: piece 1: X must have no masked entries"):
        fit(network, [(X, Y), (masked, Y)], **run)


@pytest.mark.parametrize("name", ["epochs", "batch_size", "patience", "report_every"])
@pytest.mark.parametrize("count", [True, np.bool_(True), 0, 2.0, "3"])
def test_what_is_no_count_is_refused(name, count):
    X = np.ones((1, 4), np.float32)
    run = {"key": jax.random.key(0), "epochs": 2, "watch": "cost", name: count}
    with pytest.raises(ValueError, match=f"fit: {name} must be an int >= 1, got"):
        fit(Network((1, 1)), X, X, **run)
