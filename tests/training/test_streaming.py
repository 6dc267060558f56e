"""Pieces that come anew every epoch train as the arrays they are cut from."""

import tracemalloc
from itertools import pairwise

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import Network, fit
from jaxdnn.training.file_pieces import FilePieces
from jaxdnn.training.source import Share, batches_of, source_of

KEY = jax.random.key(0)
NETWORK = Network((3, 5, 4), "tanh", "softmax")
M = 23
LABELS_TO_7 = r"piece 0: labels must be 0 to 3 \(n_L from layer_dims\), got 0 to 7"
ARGUMENTS = {"key": KEY, "epochs": 4, "batch_size": 5, "learning_rate": 0.3}


def data():
    X = np.random.default_rng(0).normal(size=(3, M)).astype(np.float32)
    return X, X.argmax(axis=0)


def cut(X, Y, sizes, *weight):
    edges = np.cumsum([0, *sizes])
    return [tuple(of[..., a:b] for of in (X, Y, *weight)) for a, b in pairwise(edges)]


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(23,), (10, 13), (1, 9, 13), (22, 1)], ids=str)
def test_pieces_of_any_size_train_as_the_whole(sizes):
    X, labels = data()
    arguments = ARGUMENTS | {"shuffle": False, "l2": 0.2, "keep_prob": 0.8}
    streamed = fit(NETWORK, cut(X, labels, sizes), **arguments)
    whole = fit(NETWORK, X, labels, **arguments)
    # Not to the bit: rows that come cut to batches are another program's.
    chex.assert_trees_all_close(streamed.params, whole.params, atol=1e-6)
    chex.assert_trees_all_close(streamed.history, whole.history, atol=1e-6)


def test_two_pieces_are_held_and_no_third_is_read_before_the_first_is_done():
    """The device may lag behind the reader by one piece, not more."""
    X = np.random.default_rng(0).normal(size=(11, M)).astype(np.float32)
    labels, held = X[:4].argmax(axis=0), []

    class Pieces:
        def __iter__(self):
            for piece in cut(X, labels, (5, 5, 5, 5, 3)):
                held.append(sum(of.shape == (1, 5, 11) for of in jax.live_arrays()))
                yield piece

    network = Network((11, 6, 4), "tanh", "softmax")
    streamed = fit(network, Pieces(), **(ARGUMENTS | {"epochs": 2}))
    # The first pass counts the examples; then the third piece finds one still there.
    assert held[:5] == 5 * [0]
    assert held[5:10] == [0, 1, 1, 1, 1]
    assert max(held) == 1
    assert streamed.history.cost[-1] < streamed.history.cost[0]


def test_memory_maps_are_read_part_by_part(tmp_path, monkeypatch):
    X, labels = data()
    rows = np.memmap(tmp_path / "X", np.float32, "w+", shape=(M, 3))
    rows[:] = X.T
    read = []
    plain = FilePieces.__iter__

    def counted(self):
        for piece in plain(self):
            read.append(piece[0].shape)
            yield piece

    monkeypatch.setattr(FilePieces, "__iter__", counted)
    arguments = ARGUMENTS | {"shuffle": False}
    mapped = fit(NETWORK, rows.T, labels, **arguments)
    whole = fit(NETWORK, X, labels, **arguments)
    # Not to the bit: see `test_pieces_of_any_size_train_as_the_whole`.
    chex.assert_trees_all_close(mapped.params, whole.params, atol=1e-6)
    assert set(read) == {(3, M)}


def test_epochs_validation_and_resuming_work_as_in_memory():
    X, labels = data()
    pieces = cut(X, labels, (10, 13))
    arguments = ARGUMENTS | {"validation": (X, labels), "patience": 3, "epochs": 9}
    states = []
    whole = fit(
        NETWORK,
        pieces,
        **arguments,
        on_progress=lambda info: states.append(info.snapshot),
    )
    assert [int(found.state.epoch) for found in states][:3] == [1, 2, 3]
    rest = fit(NETWORK, pieces, **arguments, resume=states[1])
    chex.assert_trees_all_equal(rest.params, whole.params)
    chex.assert_trees_all_equal(rest.history, whole.history)


def test_a_divergence_is_found_in_its_part():
    X, labels = data()
    pieces = cut(X, labels, (10, 13))
    network = Network((3, 5, 4), "relu", "softmax")
    rate = lambda step: jnp.where(step == 2, 1e30, 0.1)
    arguments = ARGUMENTS | {"shuffle": False, "learning_rate": rate}
    with pytest.warns(RuntimeWarning, match="Z2 of layer 2 was not finite in step 3"):
        result = fit(network, pieces, **arguments)
    assert result.divergence[:2] == (0, 3)
    chex.assert_tree_all_finite(result.params)


@pytest.mark.parametrize(
    ("pieces", "says"),
    [
        ([], "there are no pieces"),
        ([(np.ones((2, 3)), np.ones(3, int))], r"piece 0 must be X \(3, k\)"),
        ([(np.ones((3, 3)), np.ones((4, 2)))], "piece 0 must be"),
        (
            [(np.ones((3, 2)), np.zeros(2, int)), (np.ones((3, 2)), np.eye(4)[:, :2])],
            "piece 1: Y must be labels, as in piece 0, got columns of targets",
        ),
        ([3], r"piece 0 must be a pair \(X, Y\), or \(X, Y, weight\), got int"),
        ([(np.ones((3, 2)), np.array([0, 7]))], LABELS_TO_7),
        (
            [
                (np.ones((3, 2)), np.zeros(2, int)),
                (np.full((3, 1), np.nan), np.ones(1)),
            ],
            r"piece 1: X must be finite, got nan at \[0, 0\]",
        ),
        (iter([(np.ones((3, 2)), np.zeros(2, int))]), "pieces must come anew"),
    ],
)
def test_what_is_no_source_is_refused(pieces, says):
    with pytest.raises(ValueError, match=says):
        fit(NETWORK, pieces, **ARGUMENTS)


def test_labels_that_are_no_whole_numbers_are_refused():
    pieces = [(np.ones((3, 2)), np.zeros(2))]
    says = "piece 0: labels must be whole numbers, got float32"
    with pytest.raises(TypeError, match=says):
        fit(NETWORK, pieces, **ARGUMENTS)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"batch_size": None}, "pieces need a batch_size"),
        ({"sample_weight": np.ones(M)}, "sample_weight does not go with pieces"),
        ({"shuffle_buffer": 0}, "shuffle_buffer must be an int >= 1"),
        (
            {"shuffle_buffer": 9, "shuffle": False},
            "shuffle_buffer goes with pieces that are shuffled",
        ),
    ],
)
def test_what_does_not_go_with_pieces_is_refused(options, says):
    X, labels = data()
    with pytest.raises(ValueError, match=says):
        fit(NETWORK, cut(X, labels, (10, 13)), **(ARGUMENTS | options))


def batches(sizes, share, **options):
    X, labels = data()
    source = source_of(NETWORK, cut(X, labels, sizes))
    return list(batches_of(NETWORK, source, share, np.float32, **options))


@pytest.mark.parametrize("places", [3, 5])
def test_batches_keep_the_order_and_fill_up(places):
    found = batches((4, 19), Share(3, places))
    assert [of.X.shape for of in found] == [(2, places, 3)] * 4
    assert [of.real.sum() for of in found] == [6, 6, 6, 5]
    rows = np.concatenate([of.X[of.real] for of in found])
    np.testing.assert_array_equal(rows, data()[0].T)


@pytest.mark.parametrize("buffer", [0, 4, 9, 100])
def test_a_buffer_mixes_rows_of_pieces_that_lie_apart(buffer):
    draws = np.random.default_rng(0)
    found = batches((5, 5, 13), Share(5, 5), draws=draws, buffer=buffer)
    rows = np.concatenate([of.X[of.real] for of in found])
    X = data()[0].T
    came = [int((row == X).all(axis=1).argmax()) for row in rows]
    assert sorted(came) == list(range(M)) != came
    # How many of the first five rows are among the five that came first.
    assert (sum(row < 5 for row in came[:5]) == 5) == (buffer == 0)


def test_pieces_must_be_the_same_again():
    X, labels = data()
    for later, says in ((22, "got 22"), (24, "got more")):

        class Pieces:
            m = iter((M, later))

            def __iter__(self):
                places = np.arange(next(self.m)) % M
                yield X[:, places], labels[places]

        with pytest.raises(ValueError, match=f"pieces must hold 23 rows again, {says}"):
            fit(NETWORK, Pieces(), **ARGUMENTS)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("class_weight", "l2_over"),
    [(None, "all"), ("balanced", "batch"), ({0: 0.0, 2: 3.0}, "all")],
    ids=str,
)
def test_pieces_bring_weights_and_classes_have_theirs(class_weight, l2_over):
    X, labels = data()
    weight = np.linspace(0.0, 2.0, M).astype(np.float32)
    arguments = ARGUMENTS | {"class_weight": class_weight, "l2_over": l2_over}
    arguments |= {"shuffle": False, "l2": 0.3, "validation": (X, labels)}
    streamed = fit(NETWORK, cut(X, labels, (4, 1, M - 5), weight), **arguments)
    whole = fit(NETWORK, X, labels, sample_weight=weight, **arguments)
    chex.assert_trees_all_close(streamed.params, whole.params, atol=1e-6)
    chex.assert_trees_all_close(streamed.history, whole.history, atol=1e-6)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        (
            (None, np.ones(13)),
            "piece 1: weight must be none, as in piece 0, got weights",
        ),
        ((np.ones(10), np.ones(12)), r"piece 1: weight must have shape \(13,\)"),
        ((np.ones(10), np.full(13, -1.0)), "piece 1: sample_weight must be finite"),
        ((np.zeros(10), np.zeros(13)), "the weights of all pieces must not all be 0"),
    ],
)
def test_weights_that_are_none_are_refused(weights, says):
    X, labels = data()
    pieces = [
        piece if weight is None else (*piece, weight)
        for piece, weight in zip(cut(X, labels, (10, 13)), weights, strict=True)
    ]
    with pytest.raises(ValueError, match=says):
        fit(NETWORK, pieces, **ARGUMENTS)


def test_targets_beside_pieces_are_refused():
    pieces = [(np.ones((3, 2)), np.zeros(2, int))]
    with pytest.raises(ValueError, match="Y does not go with pieces"):
        fit(NETWORK, pieces, np.zeros(2, int), **ARGUMENTS)


def test_a_stream_trains_in_its_own_precision():
    X, labels = data()
    with jax.enable_x64(True):
        found = fit(NETWORK, [(X, labels)], **ARGUMENTS)
    assert found.params[0].W.dtype == np.float32


def test_pieces_of_another_dtype_are_not_copied_to_the_runs_first():
    network = Network((5, 4), output="softmax")
    piece = np.ones((5, 100_000)), np.zeros(100_000, int)
    source = source_of(network, [piece])
    tracemalloc.start()
    for batches in batches_of(network, source, Share(1000, 1000), np.float32):
        held = batches.X.nbytes + batches.targets.nbytes + batches.real.nbytes
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The order in which rows are put, and which of them are real, come besides.
    assert peak < 2 * held


# ---- several processes -------------------------------------------------------------


def beside(look):
    """What another process says: twice as many rows of each class, the rest alike."""
    seen = look()
    other = seen.copy()
    other[0] += 1
    other[5:] *= 2
    return np.stack([seen, other])


def test_examples_of_all_processes_are_added_up():
    X, labels = data()
    pieces = cut(X, labels, (4, 19))
    own = source_of(NETWORK, pieces, "balanced")
    both = source_of(NETWORK, pieces, "balanced", beside)
    assert (both.m, both.rows, both.most_rows, both.piece_rows) == (3 * M, M, 2 * M, 5)
    assert both.total == pytest.approx(3 * own.total)
    # No example is of class 3.
    assert [both.of_class[k] == own.of_class[k] for k in range(4)] == [1, 1, 1, 0]
    found = list(batches_of(NETWORK, both, Share(4, 4), np.float32))
    # The other one comes to 46 rows: of this one's last batches none is real.
    assert [int(of.real.sum()) for of in found] == [8, 8, 7, 0, 0, 0]
    assert {of.X.shape for of in found} == {(2, 4, 3)}


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (3, "pieces must be alike in all processes"),
        (slice(5, None), "there are no pieces to learn from in process 1"),
    ],
    ids=["labels", "none"],
)
def test_processes_that_do_not_go_together_are_refused(place, says):
    def everyones(look):
        seen = look()
        other = seen.copy()
        other[place] = 0
        return np.stack([seen, other])

    with pytest.raises(ValueError, match=says):
        source_of(NETWORK, cut(*data(), (4, 19)), None, everyones)


def test_a_mesh_of_one_device_trains_as_none():
    X, labels = data()
    mesh = jax.sharding.Mesh(jax.devices()[:1], ("examples",))
    run = ARGUMENTS | {"class_weight": "balanced", "shuffle_buffer": 7}
    pieces = cut(X, labels, (10, 13))
    alone, found = fit(NETWORK, pieces, **run), fit(NETWORK, pieces, **run, mesh=mesh)
    chex.assert_trees_all_close(found.params, alone.params, atol=1e-6)
