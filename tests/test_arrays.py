"""What callers hand over as arrays: one rule, whatever made them."""

from inspect import signature

import jax
import jax.experimental.sparse
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from jaxdnn import (
    dropout_forward,
    linear_backward,
    linear_forward,
    sigmoid,
    silu_backward,
)
from jaxdnn._refusals import BadTypeError, BadValueError
from jaxdnn.arrays import admitted, complex_numbers

X = np.arange(6.0).reshape(2, 3)
MISSING = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [0.5, 2.0]})


@pytest.mark.parametrize(
    ("value", "dtype", "same"),
    [
        (X, "float32", X),
        (X.astype(">f4"), "float32", X),
        (X.astype(">f8"), "float32", X),
        (X.astype(">i2"), "int16", X),
        (X > 2, "bool", X > 2),
        (X.tolist(), "float32", X),
        ([[1, 2], [3, 4]], "int64", [[1, 2], [3, 4]]),
        (list(X), "float32", X),
        (np.asmatrix(X), "float32", X),
        (np.ma.array(X, mask=False), "float32", X),
        (jnp.asarray(X, jnp.bfloat16), "bfloat16", X),
        (pd.DataFrame(X), "float32", X),
        (pd.DataFrame(X).convert_dtypes(), "int64", X),
        (
            pd.DataFrame({"a": [True, False], "b": [1.0, 2.0]}),
            "float32",
            [[1, 1], [0, 2]],
        ),
        (MISSING, "float32", [[1, 0.5], [np.nan, 2]]),
        (pd.Series([1, None], dtype="Int64"), "float32", [1, np.nan]),
        (pd.Series([1, 2], dtype="Int64"), "int64", [1, 2]),
        (pd.Series([True, None], dtype="boolean"), "float32", [1, np.nan]),
    ],
)
def test_real_numbers_are_taken(value, dtype, same):
    array = admitted("X", value)
    assert array.dtype == dtype
    np.testing.assert_array_equal(np.asarray(array, float), np.asarray(same, float))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (X + 0j, "X must be real numbers, got dtype complex128"),
        (jnp.asarray(X + 0j), "X must be real numbers, got dtype complex64"),
        (X.astype(str), "X must be real numbers, got dtype <U32"),
        (X.astype("M8[s]"), r"X must be real numbers, got dtype datetime64\[s\]"),
        (X.astype(object), "X must be real numbers, got dtype object"),
        (X.astype(np.longdouble), "X must be real numbers, got dtype"),
        (jax.random.key(0), "X must be real numbers, got dtype key<fry>"),
        (pd.DataFrame({"a": ["1", "2"], "b": [1.0, 2.0]}), "got dtype object"),
        ([[1.0, None]], "X must be real numbers, got dtype object"),
        ([[1.0], [1.0, 2.0]], "X must be an array, got list: "),
        (None, "X must be an array, got NoneType"),
        (3.0, "X must be an array, got float"),
        ({"a": 1}, "X must be an array, got dict"),
        (scipy.sparse.csr_array(X), "X must be a dense array, got csr_array"),
        (jax.experimental.sparse.BCOO.fromdense(jnp.eye(2)), "a dense array, got BCOO"),
        (np.ma.array(X, mask=X > 3), "X must have no masked entries, got 2 of 6"),
        ([np.ma.array([1.0, 2.0], mask=[0, 1])], "no masked entries, got 1 of 2"),
    ],
)
def test_all_else_is_refused_by_what_it_is(value, says):
    with pytest.raises((BadTypeError, BadValueError), match=says):
        admitted("X", value)


def test_whole_numbers_keep_their_size_on_the_way_to_floats():
    large = np.array([[2**40, 1]])
    assert admitted("X", large, np.float32).tolist() == [[2.0**40, 1.0]]


@pytest.mark.parametrize(
    "function",
    [
        sigmoid,
        silu_backward,
        lambda A, B=None: dropout_forward(jax.random.key(0), A, 0.5)[0],
        lambda dZ, X=None: linear_backward(dZ, linear_forward(X, dZ, dZ[:, :1])[1]),
    ],
    ids=["sigmoid", "silu_backward", "dropout_forward", "linear_backward"],
)
def test_whole_numbers_of_jax_are_numbers_too(function):
    numbers = np.array([[2, -3], [0, 5]])
    given = [numbers] * len(signature(function).parameters)
    wanted = jax.tree.leaves(function(*given))
    arrays = [jnp.asarray(of) for of in given]
    for found in (function(*arrays), jax.jit(function)(*arrays)):
        for one, other in zip(jax.tree.leaves(found), wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6)


def test_beyond_float32_is_infinite_without_a_word():
    assert admitted("X", np.array([1e300])).tolist() == [np.inf]


def test_what_is_traced_is_taken_as_it_is():
    taken = jax.jit(lambda X: admitted("X", X))(jnp.array([[jnp.nan]]))
    assert np.isnan(taken).all()
    assert jax.jit(lambda X: admitted("X", X))(jnp.array([1j])).dtype == "complex64"


def test_complex_numbers_are_taken_only_where_they_are_meant():
    numbers = np.array([[1j]])
    with complex_numbers():
        assert admitted("X", numbers).dtype == "complex64"
    for given in (numbers, jnp.asarray(numbers)):
        with pytest.raises(BadTypeError, match="got dtype complex"):
            admitted("X", given)
