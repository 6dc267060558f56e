"""What the script times against each other says the same."""

import chex
import numpy as np

from jaxdnn import Network
from scripts.experiments import per_example as script


def test_both_ways_to_a_number_agree():
    every = script.calls(Network((5, 6, 3), output="softmax"), 8)
    said = {name: function(*arguments) for name, (function, arguments) in every.items()}
    norms = said["per_example_norms"]
    np.testing.assert_allclose(norms, said["norms of vmap(grad)"], rtol=1e-5)
    chex.assert_trees_all_close(
        said["hessian_vector_product"], said["jvp of grad"], rtol=1e-4, atol=1e-5
    )


def test_every_call_is_timed():
    every = script.calls(Network((5, 6, 3), output="softmax"), 8)
    few = {name: every[name] for name in list(every)[:2]}
    taken = script.times(few, 3)
    assert {name: len(seconds) for name, seconds in taken.items()} == dict.fromkeys(
        few, 3
    )
