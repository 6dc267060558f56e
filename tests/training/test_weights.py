"""Class weights: for heads of classes alone, and alike in what is watched."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxdnn import Head, Network, cost, fit, predict, sweep
from jaxdnn.decisions import EACH_OUTPUT, NUMBERS, ONE_OUTPUT
from jaxdnn.heads import get_head
from tests.reference import data

KEY = jax.random.key(0)
X = np.linspace(-1, 1, 20)[None].astype(np.float32)
TWO = np.concatenate([X > 0.5, X > -0.5]).astype(np.float32)
RUN = {"epochs": 3, "learning_rate": 0.5}


def own(decision):
    sigmoid = get_head("sigmoid")
    return Head("own", sigmoid.output, sigmoid.losses, decision=decision)


@pytest.mark.parametrize("class_weight", ["balanced", {0: 1.0, 1: 2.0}])
@pytest.mark.parametrize(
    ("n_L", "output"),
    [
        *((n_L, output) for n_L in (1, 2, 3) for output in ("identity", "exp")),
        *((2, "sigmoid"), (3, "sigmoid"), (1, own(NUMBERS)), (2, own(EACH_OUTPUT))),
        # Three classes told apart by one output: which is which is not in Y.
        (1, own(NUMBERS._replace(classes=lambda n_L: 3))),
        (2, own(ONE_OUTPUT._replace(classes=lambda n_L: 3))),
    ],
)
def test_heads_without_classes_have_none_to_weigh(n_L, output, class_weight):
    network = Network((1, 4, n_L), output=output)
    Y = np.concatenate([TWO, X > 0]).astype(np.float32)[:n_L]
    says = "class_weight goes with a softmax or with one sigmoid output, not with "
    run = RUN | {"class_weight": class_weight}
    with pytest.raises(ValueError, match=f"fit: {says}{n_L} .* output"):
        fit(network, X, Y, key=KEY, **run)
    with pytest.raises(ValueError, match=f"sweep: {says}"):
        sweep(network, X, Y, **run)
    with pytest.raises(ValueError, match=f"fit: {says}"):
        fit(network, [(X, Y)], key=KEY, batch_size=5, **run)


@pytest.mark.parametrize(
    ("network", "Y"),
    [
        (Network((1, 1)), TWO[:1]),
        (Network((1, 1), output=own(EACH_OUTPUT)), TWO[:1]),
        (Network((1, 2), output="softmax"), TWO[0].astype(int)),
    ],
)
def test_balanced_is_weighing_the_examples(network, Y):
    weights = np.where(TWO[0] > 0, 20 / (2 * 5), 20 / (2 * 15))
    weighed = fit(network, X, Y, key=KEY, class_weight="balanced", **RUN)
    same = fit(network, X, Y, key=KEY, sample_weight=weights, **RUN)
    np.testing.assert_allclose(weighed.params[0].W, same.params[0].W, rtol=1e-6)


@pytest.mark.parametrize(
    ("class_weight", "error"),
    [
        ([1, 2], TypeError),
        (np.array([1, 2]), TypeError),
        (3, TypeError),
        ("even", ValueError),
        ({0: "a"}, ValueError),
        ({0: None}, ValueError),
        ({0: np.nan}, ValueError),
        ({2: 1.0}, ValueError),
    ],
)
def test_other_class_weights_are_refused(class_weight, error):
    with pytest.raises(error, match="fit: class_weight must"):
        fit(Network((1, 1)), X, TWO[:1], key=KEY, class_weight=class_weight, **RUN)


NETWORK = Network((3, 5, 4), "tanh", "softmax")
INPUTS, LABELS = data(NETWORK, 40)
OTHERS, THEIRS = data(NETWORK, 11, seed=2)
CLASSES = {0: 3.0, 1: 0.5, 2: 1.0, 3: 0.0}


def balanced(labels):
    counts = np.bincount(labels, minlength=4)
    present = (counts > 0).sum()
    return {k: len(labels) / (present * max(1, n)) for k, n in enumerate(counts)}


@pytest.mark.parametrize("class_weight", ["balanced", CLASSES])
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("own", [None, np.linspace(0, 1, 11)])
def test_class_weights_reach_what_is_watched(class_weight, batch_size, own):
    watched = (OTHERS, THEIRS) if own is None else (OTHERS, THEIRS, own)
    result = fit(
        NETWORK,
        INPUTS,
        LABELS,
        key=KEY,
        class_weight=class_weight,
        validation=watched,
        batch_size=batch_size,
        **RUN,
    )
    of = class_weight if isinstance(class_weight, dict) else balanced(LABELS)
    weights = np.array([of[k] for k in THEIRS.tolist()])
    weights = weights if own is None else weights * own
    latest = result.snapshot.params
    Y = np.eye(4)[:, THEIRS]
    J = cost(NETWORK, latest, OTHERS, Y, sample_weight=weights)
    np.testing.assert_allclose(result.history.validation_cost[-1], J, rtol=1e-6)
    right = np.asarray(predict(NETWORK, latest, OTHERS))[0] == THEIRS
    np.testing.assert_allclose(
        result.history.validation_score[-1],
        (right * weights).sum() / weights.sum(),
        rtol=1e-6,
    )


def test_lanes_are_watched_alike():
    run = {"class_weight": "balanced", "validation": (OTHERS, THEIRS), **RUN}
    (lane,) = sweep(NETWORK, INPUTS, LABELS, **run)
    alone = fit(NETWORK, INPUTS, LABELS, key=KEY, **run)
    for name in ("validation_cost", "validation_score"):
        np.testing.assert_allclose(
            getattr(lane.history, name), getattr(alone.history, name), rtol=1e-5
        )


def test_weights_of_validation_count_rows():
    weights = np.array([0, 2] + 9 * [1])
    rows = np.repeat(np.arange(11), weights)
    network = Network((3, 2), output="identity")
    Y, Yv = (np.random.default_rng(0).normal(size=(2, m)) for m in (40, 11))
    weighed, counted = (
        fit(network, INPUTS, Y, key=KEY, validation=watched, **RUN).history
        for watched in ((OTHERS, Yv, weights), (OTHERS[:, rows], Yv[:, rows]))
    )
    for name in ("validation_cost", "validation_score"):
        np.testing.assert_allclose(
            getattr(weighed, name), getattr(counted, name), rtol=1e-5
        )


def test_a_score_of_ones_own_must_be_able_to_weigh():
    plain = ONE_OUTPUT._replace(score=lambda said, Y: jnp.mean(said[0] == Y.argmax(0)))
    softmax = get_head("softmax")
    head = Head("own", softmax.output, softmax.losses, decision=plain)
    network = Network((3, 4), output=head)
    run = {"key": KEY, **RUN}
    fit(network, INPUTS, LABELS, validation=(OTHERS, THEIRS), **run)
    with pytest.raises(
        TypeError, match="validation: the decision of 'own' has a score"
    ):
        fit(network, INPUTS, LABELS, validation=(OTHERS, THEIRS, np.ones(11)), **run)


@pytest.mark.parametrize(
    ("validation", "says"),
    [
        ((OTHERS,), r"must be \(X, Y\) or \(X, Y, sample_weight\), got 1 items"),
        (3, "must be .*, got 3"),
        ((OTHERS, THEIRS, np.zeros(11)), "validation: sample_weight must be finite"),
        ((OTHERS, THEIRS, np.ones(3)), r"validation: sample_weight must have shape"),
    ],
)
def test_other_validation_is_refused(validation, says):
    with pytest.raises(ValueError, match=f"fit: .*{says}"):
        fit(NETWORK, INPUTS, LABELS, key=KEY, validation=validation, **RUN)
