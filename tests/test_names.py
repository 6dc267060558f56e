"""The names are those of what there is, and known without anything else."""

import subprocess
import sys

import pytest

from jaxdnn import ACTIVATIONS, _names
from jaxdnn.data.columns.kinds import TASKS
from jaxdnn.data.datasets import DATASETS
from jaxdnn.export import FORMATS
from jaxdnn.models.optimizers import optimizer
from tests.cli.test_parsers import SLOW


@pytest.mark.parametrize(
    ("names", "things"),
    [
        (_names.ACTIVATIONS, ACTIVATIONS),
        (_names.DATASETS, DATASETS),
        (_names.TASKS, TASKS),
        (_names.EXPORTS, FORMATS),
    ],
    ids=["activations", "datasets", "tasks", "exports"],
)
def test_the_names_are_those_of_what_there_is(names, things):
    assert names == tuple(things)


@pytest.mark.parametrize("name", _names.LEARNING_RATES)
def test_every_named_optimizer_is_one(name):
    assert (optimizer(name) is None) == (name == "sgd")


def test_they_need_the_standard_library_alone():
    script = "import sys, jaxdnn._names; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    others = {*done.stdout.split()} - sys.stdlib_module_names
    # What an environment's own .pth files bring is not ours.
    assert {*SLOW} & others == set()
    assert "jaxdnn" in others
