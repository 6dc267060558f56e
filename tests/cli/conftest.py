"""What all tests of the command line need."""

from pathlib import Path

import pytest

from jaxdnn import cli, plots
from jaxdnn.models import training
from jaxdnn.training import compiling
from tests.cli.screen import QUICK, REPORTS
from tests.tables import pets


@pytest.fixture(scope="module", autouse=True)
def own_cache(shared_programs):
    """Neither this process nor those it starts touch the user's compiled programs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "enable_compilation_cache", lambda: None)
        patch.setenv("JAX_COMPILATION_CACHE_DIR", shared_programs)
        yield


@pytest.fixture(scope="module", autouse=True)
def no_check():
    """Most runs go without the gradient check, which is compiled anew in each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "verify", lambda *_, **__: REPORTS["verified"])
        yield


@pytest.fixture(autouse=True)
def no_drawing(request, monkeypatch):
    """Most runs have figures that nobody looks at: who does uses `drawn`."""

    def save(figure, path):
        Path(path).touch()
        return Path(path)

    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(plots, "save", save)


@pytest.fixture
def drawn():
    """Figures are drawn."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with pets.csv and what training on it wrote, in out/."""
    folder = tmp_path_factory.mktemp("trained")
    pets().to_csv(folder / "pets.csv", index=False)
    data, out = str(folder / "pets.csv"), str(folder / "out")
    assert cli.main(["train", "--data", data, "--out", out, "--quiet", *QUICK]) == 0
    return folder
