"""Whose argument was refused, and where in it: said once, by the outermost function."""

import pickle

import pytest

from jaxdnn import cost, forward
from jaxdnn._checks import check_scalar
from jaxdnn._refusals import BadValueError, foreign, public, within


@public
def inner(x):
    check_scalar("x", x, low=0)
    return x


@public
def outer(function, x):
    with within("part 2"):
        return function(x)


def test_the_outermost_public_function_and_the_place_are_named():
    with pytest.raises(ValueError, match=r"^inner: x must be finite and >= 0, got -1$"):
        inner(-1.0)
    with pytest.raises(ValueError, match=r"^outer: part 2: x must be finite"):
        outer(inner, -1.0)
    with pytest.raises(TypeError, match=r"^outer: part 2: x must be a number"):
        outer(inner, None)


def test_what_leaves_is_a_plain_error_of_one_line():
    with pytest.raises(ValueError, match="inner") as caught:
        inner(-1.0)
    assert type(caught.value) is ValueError
    assert not isinstance(caught.value, BadValueError)
    assert caught.value.__suppress_context__


def test_errors_of_others_pass_unchanged():
    def fails(x):
        raise ValueError("mine")

    with pytest.raises(ValueError, match=r"^mine$"):
        outer(fails, 1.0)
    with pytest.raises(ValueError, match=r"^inner: x must"):
        outer(foreign(inner), -1.0)


def test_a_public_function_keeps_its_name_and_its_pickle():
    assert cost.__name__ == "cost"
    assert pickle.loads(pickle.dumps(forward)) is forward
