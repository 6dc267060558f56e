"""scikit-learn's own tests of its MLP, with our classes in the place of its own."""

from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("sklearn", minversion="1.9")

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

_FILE = find_spec("sklearn.neural_network.tests.test_mlp").origin
_IMPORT = "from sklearn.neural_network import MLPClassifier, MLPRegressor"
_SOURCE = Path(_FILE).read_text()
exec(
    compile(
        _SOURCE.replace(
            _IMPORT, _IMPORT.replace("sklearn.neural_network", "jaxdnn.sklearn")
        ),
        _FILE,
        "exec",
    )
)

# Of the four that they go through: test_same_model.py has each of them, digit by digit.
ACTIVATION_TYPES = ["identity", "logistic"]


@pytest.fixture
def global_random_seed():
    """What scikit-learn's conftest would give."""
    return 42


def test_they_are_about_our_classes():
    assert _IMPORT in _SOURCE
    assert MLPClassifier.__module__ == MLPRegressor.__module__ == "jaxdnn.sklearn"  # noqa: F821
