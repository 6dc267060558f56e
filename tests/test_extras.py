"""The one line a missing library gets."""

import json
import sys

import pytest

from jaxdnn._extras import require


def test_what_is_there_is_imported():
    assert require("json") is json


@pytest.mark.parametrize(
    ("module", "library"),
    [("sklearn.datasets", "scikit-learn"), ("h5py", "h5py"), ("no_such", "no_such")],
)
def test_a_missing_library_gets_one_clear_line(monkeypatch, module, library):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ModuleNotFoundError) as caught:
        require(module)
    assert str(caught.value) == (
        f"jaxdnn: this needs {library}; install it with: pip install 'jaxdnn[app]'"
    )
    assert caught.value.name == module.partition(".")[0]


def test_a_broken_library_shows_its_own_cause(monkeypatch, tmp_path):
    (tmp_path / "broken_library.py").write_text("import its_missing_part\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'its_missing_part'"):
        require("broken_library")
