"""A target of counts goes into the Poisson head as it is."""

import numpy as np
import pytest

from jaxdnn.data.columns.counts import Counts
from tests.tables import learn_all, learned_from, table

COUNTS = {"task": "counts"}


def test_counts_are_predicted_as_they_are():
    whole = table(x=[1, 2, 3], y=[0, 4, 2])
    learned = learn_all(whole, **COUNTS)
    assert learned.preprocessing.targets == (Counts("y"),)
    assert learned.preprocessing.output == "exp"
    assert learned.preprocessing.outputs(whole).tolist() == [[0, 4, 2]]
    said = np.array([[0.5, 3.5, 2.0]], np.float32)
    assert Counts("y").decode(said).tolist() == [0.5, 3.5, 2.0]
    assert Counts("y").describe(learned.found["y"]) == "counts from 0 to 4"


@pytest.mark.parametrize(("cell", "shown"), [(-1, "-1"), (0.5, "0.5")])
def test_what_counts_nothing_is_refused(cell, shown):
    with pytest.raises(ValueError, match=rf"'y', row 2: {shown} is no count"):
        learned_from(COUNTS, x=[1, 2], y=[1, cell])
