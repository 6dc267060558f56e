"""Every function over a network takes and refuses the same arrays and keys."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from jaxdnn import (
    Network,
    backward,
    clipped_gradients,
    cost,
    cost_and_gradients,
    cost_as_function,
    cotangents,
    dropout_forward,
    fit,
    forward,
    initialize_parameters,
    predict,
    predict_proba,
    score,
    sweep,
    update_parameters,
)

KEY = jax.random.key(0)
NETWORK = Network((2, 3, 1), "tanh")
PARAMS = initialize_parameters(KEY, NETWORK.layer_dims)
X = np.random.default_rng(0).normal(size=(2, 6)).astype(np.float32)
Y = (X[:1] > 0).astype(np.float32)
RUN = {"epochs": 2, "learning_rate": 0.1}

CALLS = {
    "forward": lambda X, Y: forward(NETWORK, PARAMS, X)[0],
    "predict": lambda X, Y: predict(NETWORK, PARAMS, X),
    "predict_proba": lambda X, Y: predict_proba(NETWORK, PARAMS, X),
    "score": lambda X, Y: score(NETWORK, PARAMS, X, Y),
    "cost": lambda X, Y: cost(NETWORK, PARAMS, X, Y),
    "cost_and_gradients": lambda X, Y: cost_and_gradients(NETWORK, PARAMS, X, Y),
    "fit": lambda X, Y: fit(NETWORK, X, Y, key=KEY, **RUN).params,
    "sweep": lambda X, Y: sweep(NETWORK, X, Y, **RUN)[0].params,
}
JUDGES = ("predict", "predict_proba", "score", "fit", "sweep")
each_call = pytest.mark.parametrize("name", CALLS)


def with_entry(value):
    spoiled = X.copy()
    spoiled[1, 4] = value
    return spoiled


@each_call
def test_arrays_of_any_make_give_the_same_bits(name):
    wanted = CALLS[name](X, Y)
    frame = pd.DataFrame(X).astype("Float32"), pd.DataFrame(Y).astype("Int64")
    others = [(X.astype(">f4"), Y.astype(">f8")), (X.tolist(), (Y > 0).tolist()), frame]
    for other in others:
        for found, bits in zip(
            jax.tree.leaves(CALLS[name](*other)), jax.tree.leaves(wanted), strict=True
        ):
            np.testing.assert_array_equal(found, bits)


@each_call
@pytest.mark.parametrize(
    ("spoiled", "says"),
    [
        (X + 0j, "X must be real numbers, got dtype complex"),
        (X.astype(str), "X must be real numbers, got dtype <U"),
        (np.ma.array(X, mask=X > 0), "X must have no masked entries"),
    ],
)
def test_the_same_kinds_are_refused(name, spoiled, says):
    with pytest.raises((TypeError, ValueError), match=f"^{name}: {says}"):
        CALLS[name](spoiled, Y)


@each_call
@pytest.mark.parametrize("value", [np.nan, -np.inf])
@pytest.mark.parametrize("place", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_what_judges_inputs_refuses_those_that_are_not_finite(name, value, place):
    spoiled = place(with_entry(value))
    if name not in JUDGES:
        CALLS[name](spoiled, Y)
        return
    says = rf"^{name}: X must be finite, got {value} at \[1, 4\]$"
    with pytest.raises(ValueError, match=says):
        CALLS[name](spoiled, Y)


def test_a_missing_cell_is_not_finite():
    frame = pd.DataFrame(with_entry(np.nan)).convert_dtypes()
    with pytest.raises(ValueError, match=r"predict: X must be finite, got nan at \[1"):
        predict(NETWORK, PARAMS, frame)


@pytest.mark.parametrize("name", ["score", "fit", "sweep"])
def test_targets_that_are_not_finite_are_named_by_their_place(name):
    spoiled = np.array(Y)
    spoiled[0, 3] = np.nan
    with pytest.raises(
        ValueError, match=rf"{name}: Y must be finite, got nan at \[0, 3"
    ):
        CALLS[name](X, spoiled)


def test_nothing_is_looked_at_in_a_traced_function():
    traced = jax.jit(lambda X: predict_proba(NETWORK, PARAMS, X))(with_entry(np.nan))
    assert np.isnan(traced).sum() == 1
    assert jax.vmap(lambda X: score(NETWORK, PARAMS, X, Y))(X[None]).shape == (1,)


def test_weights_cotangents_and_parameters_follow_the_rule():
    weights = np.arange(6)
    wanted = cost(NETWORK, PARAMS, X, Y, sample_weight=weights.astype(np.float32))
    foreign = [(np.asarray(W, ">f4"), np.asarray(b).tolist()) for W, b in PARAMS]
    assert cost(NETWORK, foreign, X, Y, sample_weight=weights.astype(">f4")) == wanted
    assert cost(NETWORK, PARAMS, X, Y, sample_weight=weights.tolist()) == wanted
    AL, caches = forward(NETWORK, PARAMS, X)
    grads = backward(NETWORK, PARAMS, caches, Y)
    again = backward(NETWORK, foreign, caches, Y.astype(int).tolist())
    np.testing.assert_array_equal(grads[0].W, again[0].W)
    with pytest.raises(TypeError, match="cotangents: dZL must be real numbers"):
        cotangents(NETWORK, PARAMS, caches, np.asarray(AL) + 0j)
    with pytest.raises(TypeError, match="cost: W1 must be real numbers, got dtype <U"):
        cost(NETWORK, [(np.asarray(W).astype(str), b) for W, b in PARAMS], X, Y)


def test_whole_inputs_keep_digits_that_32_bits_have_not():
    large = np.array([[2**40], [0]])
    found = predict_proba(NETWORK, PARAMS, large)
    assert found == predict_proba(NETWORK, PARAMS, large.astype(np.float32))


@pytest.mark.parametrize(
    "call",
    [
        lambda key: fit(NETWORK, X, Y, key=key, **RUN),
        lambda key: forward(NETWORK, PARAMS, X, key=key, keep_prob=0.5),
        lambda key: initialize_parameters(key, (2, 1)),
        lambda key: dropout_forward(key, jnp.ones((2, 2)), 0.5),
    ],
    ids=["fit", "forward", "initialize_parameters", "dropout_forward"],
)
@pytest.mark.parametrize("key", [0, [0, 1], "a", np.zeros(2), jax.random.split(KEY)])
def test_what_is_no_key_is_refused(call, key):
    says = "key must be a key made by jax.random.key, as key=jax.random.key"
    with pytest.raises(TypeError, match=says):
        call(key)


def test_keys_of_the_old_kind_are_keys():
    old = jax.random.PRNGKey(0)
    drawn, same = (initialize_parameters(key, (2, 1))[0].W for key in (KEY, old))
    np.testing.assert_array_equal(drawn, same)


NUMBERS = {
    "cost": lambda l2: cost(NETWORK, PARAMS, X, Y, l2=l2),
    "backward": lambda l2: backward(
        NETWORK, PARAMS, forward(NETWORK, PARAMS, X)[1], Y, l2=l2
    ),
    "cost_(as_)?function": lambda l2: cost_as_function(NETWORK, l2=l2)(
        PARAMS, X, Y, np.ones(6)
    ),
    "clipped_gradients": lambda C: clipped_gradients(
        NETWORK, PARAMS, X, Y, max_norm=C, noise=C, noise_key=KEY
    ),
    "update_parameters": lambda rate: update_parameters(
        PARAMS, PARAMS, learning_rate=rate
    ),
    "initialize_parameters": lambda scale: initialize_parameters(
        KEY, (2, 1), method="normal", scale=scale
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_taken_whole_or_refused(name):
    call = NUMBERS[name]
    wanted = jax.tree.leaves(call(2.0**40))
    for large in (2**40, np.int64(2**40), np.array(2.0**40, ">f8")):
        for found, same in zip(jax.tree.leaves(call(large)), wanted, strict=True):
            np.testing.assert_array_equal(found, same)
    for number in (1e-50, 1e50, np.float64(1e300)):
        says = f"^{name}: .* must not be 0 or infinite in float32, got "
        with pytest.raises(ValueError, match=says):
            call(number)
    with pytest.raises(TypeError, match=f"^{name}: .* must be a number, got masked"):
        call(np.ma.masked_array(0.5, mask=True))


@pytest.mark.parametrize(
    ("argument", "value"),
    [("record", np.array(0.5)), ("record", KEY), ("compute_dtype", np.ones(3))],
)
def test_arrays_where_names_are_due_are_refused(argument, value):
    with pytest.raises((TypeError, ValueError), match=f"^fit: {argument} must be "):
        fit(NETWORK, X, Y, key=KEY, **RUN, **{argument: value})
