"""What every test runs under, and where the course's data are looked for.

XLA would spend the suite's time optimising programs that run once, so tests run with
most of that switched off. Tests marked own_flags measure what users' programs do: they
run without, each in a process of its own. JAXDNN_TEST_FLAGS=own runs all of them so.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FAST = (
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_use_fusion_emitters=false",
)
OWN_FLAGS = os.environ.get("JAXDNN_TEST_FLAGS") == "own"


def users_environment() -> dict[str, str]:
    """The environment without what this file put there: for processes of tests."""
    own = [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag not in FAST]
    return os.environ | {"XLA_FLAGS": " ".join(own), "JAXDNN_TEST_FLAGS": "own"}


if not OWN_FLAGS:
    os.environ["XLA_FLAGS"] = " ".join([users_environment()["XLA_FLAGS"], *FAST])

import jax  # noqa: E402 (it reads XLA_FLAGS)

# A shape that is wrong must not broadcast its way through a test.
jax.config.update("jax_numpy_rank_promotion", "raise")

_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is marked own_flags in a process without FAST."""
    if OWN_FLAGS or pyfuncitem.get_closest_marker("own_flags") is None:
        return None
    command = [sys.executable, "-m", "pytest", "-q", "-rs", pyfuncitem.nodeid]
    done = subprocess.run(
        command,
        cwd=pyfuncitem.config.rootpath,
        env=users_environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr, pytrace=False)
    if " skipped" in done.stdout:
        pytest.skip(done.stdout)
    return True


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
