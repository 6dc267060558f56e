"""The files that scikit-learn brings: read without it, or refused by their names."""

import subprocess
import sys

import pytest

from jaxdnn.data import bundled
from jaxdnn.data.datasets import load


@pytest.mark.slow
def test_nobody_waits_for_scikit_learn():
    script = """
import sys
from jaxdnn.data.datasets import load
for name in ("breast_cancer", "iris", "wine", "digits"):
    load(name)
print({"sklearn", "scipy"} & set(sys.modules))
import scipy
print({"sklearn", "scipy"} & set(sys.modules))
"""
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["set()", "{'scipy'}"]


@pytest.mark.parametrize("text", ["", "150,4,a,b\n1,2,x\n", "150,4,a,b\n1,2\n1\n"])
def test_a_damaged_file_is_named(tmp_path, monkeypatch, text):
    monkeypatch.setattr(bundled, "_folder", lambda: tmp_path)
    (tmp_path / "iris.csv").write_text(text)
    with pytest.raises(ValueError, match=r"iris\.csv: damaged CSV file: "):
        load("iris")
