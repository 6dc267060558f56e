"""Editions: they nest, they end, and are a module, a namespace and a `with` alike."""

import pickle
import threading

import numpy as np
import pytest

from jaxdnn import course


def test_editions_nest_and_end():
    assert course.two_layer_model.__name__ == "two_layer_model"
    with course.edition(2017):
        with course.edition(2021, "planar"):
            assert isinstance(course.sigmoid(0.0), np.ndarray)
        with pytest.raises(ZeroDivisionError), course.edition(2021):
            raise ZeroDivisionError
        assert course.predict({"W1": [[1]], "b1": [[0]]}, [[1.0]]).dtype == np.int64
    assert course.predict({"W1": [[1]], "b1": [[0]]}, [[1.0]]).dtype == np.bool_


def test_threads_have_their_own():
    seen = []
    with course.edition(2017):
        thread = threading.Thread(
            target=lambda: seen.append(
                course.predict({"W1": [[1]], "b1": [[0]]}, [[1]])
            )
        )
        thread.start()
        thread.join()
    assert seen[0].dtype == np.bool_


@pytest.mark.parametrize("year", [2017, 2021])
def test_an_edition_is_a_module_too(year):
    names = {}
    exec(f"from jaxdnn.course.edition_{year} import *", names)
    assert set(course.__all__) <= set(names)
    said = names["predict"]({"W1": [[1]], "b1": [[0]]}, [[1.0]])
    assert said.dtype == {2017: np.int64, 2021: np.bool_}[year]
    assert names["nn_model"].__name__ == "nn_model"
    module = getattr(course, f"edition_{year}")
    with pytest.raises(AttributeError, match="no 'nn_mode'"):
        _ = module.nn_mode
    assert pickle.loads(pickle.dumps(course.edition(year))) == course.edition(year)
