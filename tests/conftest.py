"""What every test runs under, and where the course's data are looked for."""

import json
import os
from pathlib import Path

import jax
import pytest

# A shape that is wrong must not broadcast its way through a test.
jax.config.update("jax_numpy_rank_promotion", "raise")

_SHARED = Path(__file__).resolve().parents[2] / "shared"


def _folder(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable, default))
    if not folder.is_dir():
        pytest.skip(f"no course data: {folder} is missing (set {variable})")
    return folder


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the course's data files."""
    return _folder("JAXDNN_DATA", _SHARED / "data")


@pytest.fixture(scope="session")
def reference() -> dict[str, dict]:
    """The course's published numbers, by identifier."""
    folder = _folder("JAXDNN_REFERENCE", _SHARED / "reference")
    vectors = json.loads((folder / "vectors.json").read_text())["vectors"]
    return {vector["id"]: vector for vector in vectors}
