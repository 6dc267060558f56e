"""Data are handed on as they are: nothing is lost, and nothing written into."""

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from jaxdnn.verification import verify_gradient

RNG = np.random.default_rng(0)
X, Y, P = RNG.normal(size=(20, 3)), RNG.normal(size=20), RNG.normal(size=3)
MASKED = np.ma.masked_array(Y, mask=np.arange(20) % 3 == 0)


def loss(p, X, y):
    return 0.5 * ((X @ p - y) ** 2).mean()


def grad(p, X, y):
    return X.T @ (X @ p - y) / len(y)


def column(p):
    return np.asarray(p)[:, None]


KINDS = {
    "sparse": (loss, grad, (sp.csr_matrix(X), Y)),
    "sparse array": (loss, grad, (sp.csr_array(X), Y)),
    "frame": (
        lambda p, X, y: 0.5 * ((X.dot(p) - y) ** 2).mean(),
        lambda p, X, y: (X.T.dot(X.dot(p) - y) / len(y)).values,
        (pd.DataFrame(X), pd.Series(Y)),
    ),
    "frame's values": (
        lambda p, X, y: loss(np.asarray(p), X.values, y.values),
        lambda p, X, y: grad(p, X.values, y.values),
        (pd.DataFrame(X), pd.Series(Y)),
    ),
    "matrix": (  # NumPy would rather have no more of them
        lambda p, X, y: 0.5 * np.square(X * column(p) - y[:, None]).mean(),
        lambda p, X, y: np.ravel(X.T * (X * column(p) - y[:, None])) / len(y),
        (X.view(np.matrix), Y),
    ),
    "masked": (
        loss,
        lambda p, X, y: (
            np.asarray(X[~y.mask].T @ (X @ p - y)[~y.mask]) / (~y.mask).sum()
        ),
        (X, MASKED),
    ),
    "tree": (
        lambda p, d: loss(p, d["X"], d["y"][0]) + d["n"],
        lambda p, d: grad(p, d["X"], d["y"][0]),
        ({"X": X, "y": [Y, None], "n": 3, "name": "tree"},),
    ),
    "strings": (
        lambda p, X, y, names: loss(p, X, y) * (names[0] == "a"),
        lambda p, X, y, names: grad(p, X, y),
        (X, Y, np.array(["a", "b"])),
    ),
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the matrix subclass")
@pytest.mark.parametrize(("loss", "grad", "data"), KINDS.values(), ids=KINDS)
def test_data_of_every_kind(loss, grad, data):
    assert verify_gradient(loss, grad, P, *data).ok
    wrong = verify_gradient(loss, lambda *a: grad(*a) * 1.001, P, *data)
    assert wrong.verdict == "wrong"
    assert wrong.hints == {"dparams": "factor 1.001"}


def test_a_gradient_that_forgets_the_mask_is_wrong():
    forgets = lambda p, X, y: grad(p, X, y.data)
    assert verify_gradient(loss, forgets, P, X, MASKED).verdict == "wrong"


def test_params_that_are_more_than_an_array_are_refused():
    with pytest.raises(TypeError, match="params must be a plain array, got Masked"):
        verify_gradient(loss, grad, np.ma.masked_array(P), X, Y)
    with pytest.raises(TypeError, match="w of params must be a plain array, got Ser"):
        verify_gradient(loss, grad, {"w": pd.Series(P)}, X, Y)


def test_by_name():
    def ridge(p, X, y, *, l2):
        return loss(p, X, y) + l2 * (p**2).sum()

    def slope(p, X, y, *, l2):
        return grad(p, X, y) + 2 * l2 * p

    assert verify_gradient(ridge, slope, P, X, y=Y, l2=0.3).ok
    forgets = lambda p, X, y, l2: grad(p, X, y)
    assert verify_gradient(ridge, forgets, P, X, y=Y, l2=0.3).verdict == "wrong"


def test_a_loss_that_writes_into_its_data_is_told_so():
    def writes(p, d):
        d *= 1.1
        return float((p * d).sum())

    data = np.ones(3)
    report = verify_gradient(writes, lambda p, d: 1.1 * d, P, data)
    assert report.ok
    assert "writes changes its data: it was handed a copy each time" in report.notes
    assert (data == 1).all()


def test_a_loss_that_writes_into_its_parameters():
    def writes(p):
        p *= 2
        return float((p**2).sum())

    assert verify_gradient(writes, lambda p: 8 * p, P).ok


class Layer:
    """backward reads what forward left behind."""

    def loss(self, p, X, y):
        self.X, self.error = X, X @ p - y
        return (self.error**2).mean()

    def grad(self, p, X, y):
        return 2 * self.X.T @ self.error / len(y)


class HostLayer(Layer):
    def loss(self, p, X, y):
        return float(super().loss(np.asarray(p), X, y))


@pytest.mark.parametrize("kind", [Layer, HostLayer])
def test_what_the_loss_leaves_behind_is_there_for_the_gradient(kind):
    layer = kind()
    assert verify_gradient(layer.loss, layer.grad, P, X, Y).ok
    half = lambda p, X, y: layer.grad(p, X, y) / 2
    assert verify_gradient(layer.loss, half, P, X, Y).hints == {"dparams": "factor 1/2"}


@pytest.mark.parametrize("wrap", [np.asarray, jnp.asarray], ids=["numpy", "jax"])
def test_leaves_without_entries(wrap):
    params = {"a": P, "b": np.zeros((0, 2))}

    def loss(p):
        return (wrap(p["a"]) ** 2).sum() + wrap(p["b"]).sum()

    def grad(p):
        return {"a": 2 * p["a"], "b": np.zeros((0, 2))}

    assert verify_gradient(loss, grad, params).ok


BOTH = {
    "numpy": lambda p, a: (float(a * (p**2).sum()), 2 * a * p),
    "jax": lambda p, a: (a * jnp.sum(p**2), 2 * a * p),
}


@pytest.mark.parametrize("both", BOTH.values(), ids=BOTH)
def test_a_loss_that_returns_its_gradient(both):
    assert verify_gradient(both, P, 3.0, has_gradient=True).ok
    off = lambda p, a: (both(p, a)[0], 2 * both(p, a)[1])
    report = verify_gradient(off, P, 3.0, has_gradient=True)
    assert report.hints == {"dparams": "factor 2"}


def test_where_its_arguments_stand():
    both = BOTH["numpy"]
    assert verify_gradient(both, None, P, 3.0, has_gradient=True).ok
    assert verify_gradient(both, P, a=3.0, has_gradient=True).ok
    with pytest.raises(TypeError, match=r"jax\.grad"):
        verify_gradient(jax.value_and_grad(jnp.sum), P, has_gradient=True)


ONES = {
    "(1,)": lambda p: (p**2).sum(keepdims=True)[0],
    "(1, 1)": lambda p: (p**2).sum(keepdims=True),
    "column": lambda p: np.dot(np.asarray(p), np.asarray(p).T),
    "list": lambda p: [float((p**2).sum())],
}


@pytest.mark.parametrize("loss", ONES.values(), ids=ONES)
def test_an_array_of_one_number_is_a_number(loss):
    assert verify_gradient(loss, lambda p: 2 * p, P[None]).ok


ANSWERS = {
    "masked gradient": (loss, lambda p, X, y: np.ma.masked_less(p, 0.1), "no masked"),
    "masked loss": (lambda p, X, y: np.ma.sum(y[y.mask]), grad, "no masked entries"),
    "sparse": (loss, lambda p, X, y: sp.csr_array(p[None]), "numbers, got csr_array"),
}


@pytest.mark.parametrize(("loss", "grad", "said"), ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_would_lose_something_is_refused(loss, grad, said):
    with pytest.raises(ValueError, match=f"must return {said}"):
        verify_gradient(loss, grad, P, X, MASKED)
